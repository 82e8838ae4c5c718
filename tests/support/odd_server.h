#pragma once
/*
 * odd_server: an HTTP server whose handlers say back what they got, stream, wait, fail and misbehave, by the
 * path (odd_server.c).
 */
#include "lib/http_server.h"
#include "tests/support/raw_http.h"

#define ODD_SERVER_BODY_MAX 1000

/* What handlers have seen since the latest start. */
extern struct odd_server_seen {
	int calls;
	bool is_client_gone;
	int stream_rc;
	size_t stream_written;
	int waits;           /* that http_stream_body asked for */
	struct cond release; /* lets /wait go on */
	bool is_released;
	int running;
} odd_seen;

void odd_server_handle(struct http_request *request, struct http_response *response, void *arg);
/* On a port of its own, on 127.0.0.1 unless the options say otherwise; http_server_free. */
struct http_server *odd_server_start(struct http_server_options options);
/* Sends the text and reads what comes; raw_http_release. */
SUSPENDS struct raw_http odd_server_ask(const struct http_server *server, const char *send);
