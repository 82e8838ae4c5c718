#include "lib/http_answer.h"

/* Interim answers before the final one; a server that sends more is out to hold us. */
#define INTERIM_MAX 10

static int on_message_begin(llhttp_t *llhttp)
{
	struct http_answer *answer = llhttp->data;

	buf_clear(answer->head);
	buf_clear(answer->body);
	return 0;
}

/* Appends to a buf; past its limit the parsing ends. */
static int append(struct http_answer *answer, struct buf *buf, const char *at, size_t len)
{
	buf_append(buf, at, len);
	answer->is_too_large |= buf->overflow;
	return buf->overflow ? -1 : 0;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_answer *answer = llhttp->data;

	return append(answer, answer->head, at, len);
}

static int on_header_field_complete(llhttp_t *llhttp)
{
	struct http_answer *answer = llhttp->data;

	return append(answer, answer->head, ": ", 2);
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_answer *answer = llhttp->data;

	return append(answer, answer->head, at, len);
}

static int on_header_value_complete(llhttp_t *llhttp)
{
	struct http_answer *answer = llhttp->data;

	return append(answer, answer->head, "\n", 1);
}

/* 1: no body follows. A length past the limit is known before the first byte of the body. */
static int on_headers_complete(llhttp_t *llhttp)
{
	struct http_answer *answer = llhttp->data;

	answer->status = llhttp->status_code;
	if (answer->is_head || answer->status == 204 || answer->status == 304)
		return 1;
	if ((llhttp->flags & F_CONTENT_LENGTH) && llhttp->content_length > answer->body->max) {
		answer->is_too_large = answer->body->overflow = true;
		return -1;
	}
	return 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_answer *answer = llhttp->data;

	return append(answer, answer->body, at, len);
}

static int on_message_complete(llhttp_t *llhttp)
{
	struct http_answer *answer = llhttp->data;

	if (answer->status / 100 == 1)
		return answer->status == 101 || ++answer->interim_count > INTERIM_MAX ? -1 : 0;
	answer->is_complete = true;
	answer->is_keepable = llhttp_should_keep_alive(llhttp);
	return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
	.on_message_begin = on_message_begin,
	.on_header_field = on_header_field,
	.on_header_field_complete = on_header_field_complete,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void http_answer_init(struct http_answer *answer, struct buf *head, struct buf *body, bool is_head)
{
	*answer = (struct http_answer){ .head = head, .body = body, .is_head = is_head };
	llhttp_init(&answer->llhttp, HTTP_RESPONSE, &callbacks);
	answer->llhttp.data = answer;
}

static enum http_answer_result result_of(const struct http_answer *answer, llhttp_errno_t rc)
{
	if (answer->is_too_large)
		return HTTP_ANSWER_TOO_LARGE;
	if (answer->is_complete)
		return HTTP_ANSWER_COMPLETE;
	return rc == HPE_OK ? HTTP_ANSWER_MORE : HTTP_ANSWER_BAD;
}

enum http_answer_result http_answer_feed(struct http_answer *answer, const char *data, size_t len,
					 size_t *ret_used)
{
	llhttp_errno_t rc = llhttp_execute(&answer->llhttp, data, len);

	answer->has_begun |= len > 0;
	*ret_used = rc == HPE_PAUSED ? (size_t)(llhttp_get_error_pos(&answer->llhttp) - data) : len;
	return result_of(answer, rc);
}

enum http_answer_result http_answer_finish(struct http_answer *answer)
{
	enum http_answer_result result;

	llhttp_finish(&answer->llhttp);
	result = result_of(answer, HPE_OK);
	return result == HTTP_ANSWER_MORE ? HTTP_ANSWER_BAD : result;
}
