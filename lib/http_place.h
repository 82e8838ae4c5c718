#pragma once
/* http_place: what an absolute http or https URL names. Private to http_client.c. Source: RFC 3986 section 3,
 * RFC 9110 section 4.2. */
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

struct http_place {
	bool is_tls;
	char host[256]; /* name or address, IPv6 without brackets */
	bool is_ip6;    /* the host is an IPv6 address */
	int port;
	const char *target; /* path and query, in the URL; "" stands for "/" */
	size_t target_len;  /* without the fragment */
	char where[280];    /* "https://host:port", for sentences; no credentials */
};

/* -ERR_INVALID; the sentence does not quote the URL, which may hold what is, or looks like, a password. */
int http_place_parse(const char *url, struct http_place *ret, struct error *err);
