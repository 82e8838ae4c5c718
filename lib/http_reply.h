#pragma once
/*
 * http_reply: the text of replies: status line, the fields that the server adds, body framing
 * (RFC 9112 sections 4 and 6, RFC 9110 sections 6.6.1 and 8.6). Used by http_conn.c and http_stream.c.
 */
#include <stdbool.h>

#include "lib/buf.h"
#include "lib/http_server.h"

enum http_reply_framing {
	HTTP_REPLY_WHOLE,   /* Content-Length of response->body */
	HTTP_REPLY_CHUNKED, /* chunks follow */
	HTTP_REPLY_TO_CLOSE /* bytes follow until the connection closes (HTTP/1.0) */
};

struct http_reply_form {
	enum http_reply_framing framing;
	bool is_http10; /* the request's version */
	bool is_close;  /* the connection closes after this reply */
};

/* Appends status line and header fields, the empty line included. */
void http_reply_head(struct buf *out, const struct http_response *response, struct http_reply_form form);
/* False for statuses whose replies never carry a body (1xx, 204, 304). */
bool http_reply_has_body(int status);
/* Gives the response its empty state: no status, nothing truncated. Its buffers keep small memory. */
void http_response_reset(struct http_response *response);
void http_response_release(struct http_response *response);
