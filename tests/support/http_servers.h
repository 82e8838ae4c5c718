#pragma once
/*
 * http_servers: a plain and a TLS server of ours, each on a port of its own, and the HTTP client around a
 * test's body. The servers say back what they got; some paths misbehave (http_servers.c).
 */
#include <stdbool.h>

#include "lib/http_server.h"

extern struct http_server *server, *tls_server;

/* What the servers have seen since the test began. */
extern struct http_servers_seen {
	int calls;
	bool is_gone; /* the client of /wait went away */
} seen;

/* Another one; tls: a context, or NULL. */
struct http_server *http_server_start(void *tls);
/* Runs fn in a fiber, with both servers up. */
void with_servers(void (*fn)(void));
/* A URL on one of the servers; valid until the next call but one. */
const char *url_of(const struct http_server *on, const char *target);
