#pragma once
/*
 * http_answer: bytes of one connection to one HTTP/1.x answer, without any I/O. llhttp recognises the
 * grammar; this adds the limits, skips interim answers (1xx) and says whether the connection may be used
 * again. Source: RFC 9112 sections 4, 6, 9. Used by http_link.c and the fuzz target.
 */
#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

enum http_answer_result {
	HTTP_ANSWER_MORE,     /* bytes are missing */
	HTTP_ANSWER_COMPLETE, /* status, head and body are whole; only release follows */
	HTTP_ANSWER_BAD,      /* not HTTP */
	HTTP_ANSWER_TOO_LARGE /* head or body past its limit: the buf that has `overflow` */
};

struct http_answer {
	llhttp_t llhttp;
	struct buf *head, *body; /* borrowed: "Name: value\n" lines of the final answer, and its body */
	int status;              /* of the latest status line; 0: none yet */
	bool is_head;            /* to HEAD: there is no body */
	bool has_begun;          /* a byte has arrived */
	unsigned interim_count;
	bool is_complete, is_too_large;
	bool is_keepable; /* the connection may carry another request */
};

/* Limits are those of the bufs. */
void http_answer_init(struct http_answer *answer, struct buf *head, struct buf *body, bool is_head);
/* ret_used: bytes that belong to this answer. */
enum http_answer_result http_answer_feed(struct http_answer *answer, const char *data, size_t len,
					 size_t *ret_used);
/* The server has closed: COMPLETE when the answer ends thus, else BAD. */
enum http_answer_result http_answer_finish(struct http_answer *answer);
