#pragma once
/*
 * problem: error bodies exactly as Ironic writes them. Almost all are {"error_message": "<JSON text>"}; what
 * the inner text looks like depends on who refused.
 */
#include "lib/buf.h"

/* Refused by a handler or a conductor: {"faultcode", "faultstring", "debuginfo"}. */
void problem_fault(struct buf *body, int status, const char *sentence);
/* Refused by the router: {"code", "title", "description"}. */
void problem_router(struct buf *body, int status, const char *description);
/* An unacceptable Accept: the inner text is plain. */
void problem_plain(struct buf *body, const char *text);
/* Body too large or too deep: the fault without the envelope, {"faultcode", "faultstring"}. */
void problem_bare(struct buf *body, int status, const char *sentence);
/* http_basic 401 and 400: {"error": {"message", "code"}}. */
void problem_auth(struct buf *body, int status, const char *sentence);
/* "Not Found". */
const char *problem_title(int status);
