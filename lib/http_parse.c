#include "lib/http_parse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/xalloc.h"

/* Buffers up to this size stay with an idle parser. */
#define KEEP_BYTES ((size_t)16 * 1024)
/* Most requests have fewer header fields. */
#define HEADERS_FIRST 16
/* Chunk sizes, extensions and trailers may take this much, and this many bytes for each body byte. */
#define FRAMING_BYTES ((size_t)64 * 1024)
#define FRAMING_RATIO 16

enum http_parse_result http_parser_refuse(struct http_parser *parser, int status, const char *format, ...)
{
	va_list args;

	if (parser->phase != HTTP_PHASE_REFUSED) {
		parser->phase = HTTP_PHASE_REFUSED;
		parser->status = status;
		va_start(args, format);
		vsnprintf(parser->sentence, sizeof(parser->sentence), format, args);
		va_end(args);
		buf_release(&parser->body);
	}
	return HTTP_PARSE_REFUSED;
}

/* ---- llhttp callbacks: they note where things are, and stop at the limits ---- */

static int on_url(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	if (parser->target_len == 0)
		parser->target = (size_t)(at - parser->in.data);
	parser->target_len += len;
	return 0;
}

static int on_trailer_field(struct http_parser *parser, const char *at, size_t len)
{
	size_t room = sizeof(parser->trailer) - parser->trailer_len;

	if (len > room)
		len = room;
	memcpy(parser->trailer + parser->trailer_len, at, len);
	parser->trailer_len += len;
	return 0;
}

static void make_header_room(struct http_parser *parser)
{
	unsigned room = parser->header_room * 2;

	if (parser->header_count < parser->header_room)
		return;
	room = room < HEADERS_FIRST ? HEADERS_FIRST : room;
	room = room > parser->options->max_header_count ? parser->options->max_header_count : room;
	parser->spans = xreallocarray(parser->spans, room, sizeof(*parser->spans));
	parser->headers = xreallocarray(parser->headers, room, sizeof(*parser->headers));
	parser->header_room = room;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;
	struct http_parse_span *span;

	if (parser->phase != HTTP_PHASE_HEAD)
		return on_trailer_field(parser, at, len);
	if (parser->header_count == parser->options->max_header_count) {
		http_parser_refuse(parser, 431, "The request has more than %u header fields.",
				   parser->header_count);
		return -1;
	}
	make_header_room(parser);
	span = &parser->spans[parser->header_count];
	if (!parser->is_field_open) {
		*span = (struct http_parse_span){ .name = (size_t)(at - parser->in.data) };
		parser->is_field_open = true;
	}
	span->name_len += len;
	return 0;
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;
	struct http_parse_span *span;

	if (parser->phase != HTTP_PHASE_HEAD || len == 0)
		return 0;
	span = &parser->spans[parser->header_count];
	if (span->value == 0)
		span->value = (size_t)(at - parser->in.data);
	span->value_len = (size_t)(at - parser->in.data) + len - span->value;
	return 0;
}

static int on_trailer_complete(struct http_parser *parser)
{
	size_t len = parser->trailer_len;

	parser->trailer_len = 0;
	if (++parser->trailer_count > parser->options->max_header_count) {
		http_parser_refuse(parser, 431, "The request has more than %u trailer fields.",
				   parser->options->max_header_count);
		return -1;
	}
	if (http_head_is_framing(parser->trailer, len)) {
		http_parser_refuse(parser, 400, "The field %.*s is not allowed in a trailer.", (int)len,
				   parser->trailer);
		return -1;
	}
	return 0;
}

static int on_header_value_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = llhttp->data;

	if (parser->phase != HTTP_PHASE_HEAD)
		return on_trailer_complete(parser);
	parser->is_field_open = false;
	parser->header_count++;
	return 0;
}

static int on_headers_complete(llhttp_t *llhttp)
{
	(void)llhttp;
	return HPE_PAUSED; /* the head is checked as a whole before the body is looked at */
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;

	if (len > parser->body_max - parser->body.len) {
		http_parser_refuse(parser, 413, "The body of the request exceeds %zu bytes.",
				   parser->body_max);
		return -1;
	}
	buf_append(&parser->body, at, len);
	return 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
	(void)llhttp;
	return HPE_PAUSED; /* one request at a time */
}

static const llhttp_settings_t callbacks = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static enum http_parse_result refuse_grammar(struct http_parser *parser)
{
	const char *reason = llhttp_get_error_reason(&parser->llhttp);

	if (llhttp_get_errno(&parser->llhttp) == HPE_INVALID_METHOD &&
	    isupper((unsigned char)parser->in.data[parser->start]))
		return http_parser_refuse(parser, 405, "The method of the request is unknown.");
	return http_parser_refuse(parser, 400, "The request is malformed: %s.",
				  reason != NULL && *reason != '\0' ? reason : "not HTTP");
}

/* ---- phases ---- */

static enum http_parse_result complete(struct http_parser *parser)
{
	parser->phase = HTTP_PHASE_DONE;
	parser->request.body = parser->body.len > 0 ? parser->body.data : "";
	parser->request.body_len = parser->body.len;
	return HTTP_PARSE_COMPLETE;
}

/* Body bytes are parsed where they lie; ret_used says how many belonged to this request. */
static enum http_parse_result parse_body(struct http_parser *parser, const char *data, size_t len,
					 size_t *ret_used)
{
	llhttp_errno_t rc = llhttp_execute(&parser->llhttp, data, len);

	if (parser->phase == HTTP_PHASE_REFUSED)
		return HTTP_PARSE_REFUSED;
	if (rc != HPE_OK && rc != HPE_PAUSED)
		return refuse_grammar(parser);
	*ret_used = rc == HPE_PAUSED ? (size_t)(llhttp_get_error_pos(&parser->llhttp) - data) : len;
	parser->wire_len += *ret_used;
	if (parser->wire_len > 0)
		parser->is_continue_wanted = false;
	if (rc == HPE_PAUSED)
		return complete(parser);
	if (parser->wire_len / FRAMING_RATIO > parser->body.len + FRAMING_BYTES / FRAMING_RATIO)
		return http_parser_refuse(parser, 400,
					  "The chunks of the request carry too little for their number.");
	return HTTP_PARSE_MORE;
}

static enum http_parse_result begin_body(struct http_parser *parser)
{
	size_t used = 0, rest = parser->in.len - parser->parsed;
	enum http_parse_result result;

	parser->phase = HTTP_PHASE_BODY;
	llhttp_resume(&parser->llhttp);
	if (rest == 0)
		return HTTP_PARSE_MORE;
	result = parse_body(parser, parser->in.data + parser->parsed, rest, &used);
	parser->parsed += used;
	return result;
}

static enum http_parse_result parse_head(struct http_parser *parser)
{
	struct buf *in = &parser->in;
	enum http_parse_result result;
	llhttp_errno_t rc;

	if (parser->parsed == parser->start) {
		while (parser->start < in->len &&
		       (in->data[parser->start] == '\r' || in->data[parser->start] == '\n'))
			parser->start++; /* empty lines between requests */
		parser->parsed = parser->start;
	}
	if (parser->parsed == in->len) {
		if (parser->parsed == parser->start) {
			buf_clear(in);
			parser->start = parser->parsed = 0;
		}
		return HTTP_PARSE_MORE;
	}
	rc = llhttp_execute(&parser->llhttp, in->data + parser->parsed, in->len - parser->parsed);
	if (parser->phase == HTTP_PHASE_REFUSED)
		return HTTP_PARSE_REFUSED;
	if (rc == HPE_OK) {
		parser->parsed = in->len;
		if (in->len - parser->start > parser->options->max_header_bytes) {
			return http_parser_refuse(parser, 431,
						  "The request line and header fields exceed %zu bytes.",
						  parser->options->max_header_bytes);
		}
		return HTTP_PARSE_MORE;
	}
	if (rc != HPE_PAUSED)
		return refuse_grammar(parser);
	parser->parsed = (size_t)(llhttp_get_error_pos(&parser->llhttp) - in->data);
	result = http_head_take(parser, parser->parsed);
	if (result == HTTP_PARSE_MORE)
		return begin_body(parser);
	return result == HTTP_PARSE_COMPLETE ? complete(parser) : result;
}

static void begin_request(struct http_parser *parser)
{
	llhttp_init(&parser->llhttp, HTTP_REQUEST, &callbacks);
	parser->llhttp.data = parser;
	parser->phase = HTTP_PHASE_HEAD;
	parser->header_count = 0;
	parser->trailer_count = 0;
	parser->trailer_len = 0;
	parser->target_len = 0;
	parser->wire_len = 0;
	parser->is_field_open = false;
	parser->is_continue_wanted = false;
	buf_clear(&parser->body);
}

enum http_parse_result http_parser_feed(struct http_parser *parser, const char *data, size_t len)
{
	enum http_parse_result result;
	size_t used = 0;

	switch (parser->phase) {
	case HTTP_PHASE_HEAD:
		buf_append(&parser->in, data, len);
		if (parser->in.overflow)
			return http_parser_refuse(parser, 431,
						  "The request is larger than the buffer for it.");
		return parse_head(parser);
	case HTTP_PHASE_BODY:
		result = parse_body(parser, data, len, &used);
		if (result == HTTP_PARSE_COMPLETE && used < len)
			buf_append(&parser->ahead, data + used, len - used);
		return result;
	case HTTP_PHASE_DONE:
		buf_append(&parser->ahead, data, len);
		return HTTP_PARSE_COMPLETE;
	case HTTP_PHASE_REFUSED:
		break;
	}
	return HTTP_PARSE_REFUSED;
}

enum http_parse_result http_parser_next(struct http_parser *parser)
{
	if (parser->phase == HTTP_PHASE_REFUSED)
		return HTTP_PARSE_REFUSED;
	parser->start = parser->parsed;
	if (parser->start == parser->in.len) {
		buf_clear(&parser->in);
		parser->start = 0;
	}
	if (parser->ahead.len > 0) {
		if (parser->start > 0)
			buf_consume(&parser->in, parser->start);
		parser->start = 0;
		buf_append(&parser->in, parser->ahead.data, parser->ahead.len);
		buf_clear(&parser->ahead);
	}
	parser->parsed = parser->start;
	begin_request(parser);
	return parse_head(parser);
}

enum http_parse_result http_parser_finish(struct http_parser *parser)
{
	if (parser->phase == HTTP_PHASE_DONE)
		return HTTP_PARSE_COMPLETE;
	if (http_parser_is_idle(parser))
		return HTTP_PARSE_MORE;
	return http_parser_refuse(parser, 400, "The request ended too early.");
}

size_t http_parser_ahead(const struct http_parser *parser)
{
	return parser->in.len - parser->parsed + parser->ahead.len;
}

size_t http_parser_held(const struct http_parser *parser)
{
	return parser->in.size + parser->ahead.size + parser->body.size;
}

bool http_parser_is_idle(const struct http_parser *parser)
{
	return parser->phase == HTTP_PHASE_HEAD && parser->in.len == parser->start;
}

static void trim(struct buf *buf)
{
	if (buf->size > KEEP_BYTES)
		buf_release(buf);
}

void http_parser_trim(struct http_parser *parser)
{
	trim(&parser->in);
	trim(&parser->ahead);
	trim(&parser->body);
	parser->start = parser->parsed = 0;
}

void http_parser_init(struct http_parser *parser, const struct http_server_options *options,
		      struct arena *arena)
{
	*parser = (struct http_parser){ .options = options, .request = { .arena = arena } };
	buf_init(&parser->in, options->max_header_bytes + 2 * HTTP_READ_AHEAD + 2 * HTTP_READ_BYTES);
	buf_init(&parser->ahead, HTTP_READ_AHEAD + HTTP_READ_BYTES);
	buf_init(&parser->body, options->max_body_bytes);
	begin_request(parser);
}

void http_parser_release(struct http_parser *parser)
{
	buf_release(&parser->in);
	buf_release(&parser->ahead);
	buf_release(&parser->body);
	xfree(parser->spans);
	xfree(parser->headers);
}
