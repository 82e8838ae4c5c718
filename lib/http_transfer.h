#pragma once
/* http_transfer: one http_fetch as libcurl sees it: its options and callbacks. Private to http_client.c. */
#include <curl/curl.h>
#include <stdbool.h>

#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/http_client.h"

struct http_transfer {
	struct http_fetch *fetch;
	CURL *easy;
	struct curl_slist *headers, *resolved;
	struct cond done;
	bool is_done;
	CURLcode code; /* valid when done */
	long os_errno; /* of a failed connect, read or write; 0: none */
	int timeout_ms, connect_timeout_ms;
	unsigned attempts;        /* how often the request was about to leave */
	int refusal;              /* may_send's code; 0: none */
	struct error refusal_err; /* its sentence */
	char where[300];          /* "https://host:port", for sentences; no credentials */
	char curl_text[CURL_ERROR_SIZE];
};

/* Empties the answer and takes the limits. */
void http_transfer_init(struct http_transfer *transfer, struct http_fetch *fetch);
void http_transfer_release(struct http_transfer *transfer);
/* Checks the URL and resolves its host, which libcurl would do in a way that can block the loop. */
SUSPENDS int http_transfer_locate(struct http_transfer *transfer, struct error *err);
void http_transfer_set_options(struct http_transfer *transfer);
