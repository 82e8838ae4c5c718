#include "lib/http_parse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/xalloc.h"

/* Buffers up to this size stay with an idle parser. */
#define KEEP_BYTES (16 * 1024)
/* Chunk sizes, extensions and trailers may take this much, and this many bytes for each body byte. */
#define FRAMING_BYTES (64 * 1024)
#define FRAMING_RATIO 16

static enum http_parse_result refuse(struct http_parser *parser, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

static enum http_parse_result refuse(struct http_parser *parser, int status, const char *format, ...)
{
	va_list args;

	if (parser->phase != HTTP_PHASE_REFUSED) {
		parser->phase = HTTP_PHASE_REFUSED;
		parser->status = status;
		va_start(args, format);
		vsnprintf(parser->sentence, sizeof(parser->sentence), format, args);
		va_end(args);
	}
	return HTTP_PARSE_REFUSED;
}

/* Fields whose repetition would let two readers see two requests. */
static const struct field_rule {
	size_t len;
	const char *name;
	bool is_framing; /* routes or frames the message: never in a trailer (RFC 9110 section 6.5.1) */
} singletons[] = {
	{ 4, "host", true },
	{ 12, "content-type", false },
	{ 14, "content-length", true },
	{ 17, "transfer-encoding", true },
};

static const struct field_rule *find_rule(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(singletons) / sizeof(*singletons); i++) {
		if (singletons[i].len == len && strncasecmp(singletons[i].name, name, len) == 0)
			return &singletons[i];
	}
	return NULL;
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

static int on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
	struct http_parser *parser = llhttp->data;
	struct http_parse_span *span;

	if (parser->phase != HTTP_PHASE_HEAD)
		return on_trailer_field(parser, at, len);
	if (parser->header_count == parser->options->max_header_count) {
		refuse(parser, 431, "The request has more than %u header fields.", parser->header_count);
		return -1;
	}
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
	const struct field_rule *rule = find_rule(parser->trailer, len);

	parser->trailer_len = 0;
	if (++parser->trailer_count > parser->options->max_header_count) {
		refuse(parser, 431, "The request has more than %u trailer fields.",
		       parser->options->max_header_count);
		return -1;
	}
	if (rule != NULL && rule->is_framing) {
		refuse(parser, 400, "The field %.*s is not allowed in a trailer.", (int)len, parser->trailer);
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
		refuse(parser, 413, "The body of the request exceeds %zu bytes.", parser->body_max);
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

	return refuse(parser, 400, "The request is malformed: %s.",
		      reason != NULL && *reason != '\0' ? reason : "not HTTP");
}

/* ---- the head, once it is whole ---- */

/* llhttp 8 takes folded lines and, in its loose build, bare line feeds; neither is allowed here. */
static bool has_odd_lines(const char *head, const char *end)
{
	const char *line_end = head;

	while ((line_end = memchr(line_end, '\n', (size_t)(end - line_end))) != NULL) {
		if (line_end == head || line_end[-1] != '\r')
			return true;
		line_end++;
		if (line_end < end && (*line_end == ' ' || *line_end == '\t'))
			return true;
	}
	return false;
}

static bool is_path_well_formed(const char *path)
{
	for (; *path != '\0'; path++) {
		if (*path != '%')
			continue;
		if (!isxdigit((unsigned char)path[1]) || !isxdigit((unsigned char)path[2]))
			return false;
		if (path[1] == '0' && path[2] == '0')
			return false;
	}
	return true;
}

/* Length of "http://authority" at the start of an absolute-form target; 0 when it is none. */
static size_t authority_end(const char *target)
{
	size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
			: strncasecmp(target, "https://", 8) == 0 ? 8
								  : 0;
	size_t len = scheme > 0 ? strcspn(target + scheme, "/?#") : 0;

	return len > 0 ? scheme + len : 0;
}

static enum http_parse_result split_target(struct http_parser *parser, char *target)
{
	struct http_request *request = &parser->request;
	struct arena *arena = request->arena;
	const char *path = target;
	size_t path_len;

	request->target = target;
	request->query = "";
	for (const char *c = target; *c != '\0'; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			return refuse(parser, 400, "The request target has a character that is not allowed.");
	}
	if (strcmp(target, "*") == 0 && strcmp(request->method, "OPTIONS") == 0) {
		request->path = target;
		return HTTP_PARSE_COMPLETE;
	}
	if (*target != '/') {
		path += authority_end(target);
		if (path == target)
			return refuse(parser, 400, "The request target is neither a path nor an http URL.");
	}
	path_len = strcspn(path, "?#");
	if (path[path_len] == '?') {
		const char *query = path + path_len + 1;
		size_t query_len = strcspn(query, "#");

		request->query = query[query_len] == '\0' ? query : arena_strndup(arena, query, query_len);
	}
	if (path_len == 0)
		request->path = "/";
	else
		request->path = path[path_len] == '\0' ? path : arena_strndup(arena, path, path_len);
	if (!is_path_well_formed(request->path))
		return refuse(parser, 400, "The path of the request has a malformed percent escape.");
	return HTTP_PARSE_COMPLETE;
}

/* Ends each name and value in place: a colon and a CR (or blanks before it) follow them. */
static void end_texts(struct http_parser *parser)
{
	char *data = parser->in.data;

	for (unsigned i = 0; i < parser->header_count; i++) {
		const struct http_parse_span *span = &parser->spans[i];
		char *value = data + span->value;
		size_t len = span->value_len;

		while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
			len--;
		data[span->name + span->name_len] = '\0';
		parser->headers[i].name = data + span->name;
		parser->headers[i].value = "";
		if (len > 0) {
			value[len] = '\0';
			parser->headers[i].value = value;
		}
	}
	data[parser->target + parser->target_len] = '\0';
}

static enum http_parse_result check_names(struct http_parser *parser)
{
	for (unsigned i = 0; i < parser->header_count; i++) {
		const struct http_parse_span *span = &parser->spans[i];
		const char *name = parser->headers[i].name;

		if (span->name_len == 0)
			return refuse(parser, 400, "A header field has no name.");
		if (find_rule(name, span->name_len) == NULL)
			continue;
		for (unsigned j = 0; j < i; j++) {
			if (strcasecmp(name, parser->headers[j].name) == 0)
				return refuse(parser, 400, "The header field %s is repeated.", name);
		}
	}
	return HTTP_PARSE_COMPLETE;
}

/* Chunked alone is understood; RFC 9112 section 6.1 answers others with 501. */
static enum http_parse_result check_framing(struct http_parser *parser, bool *ret_has_body)
{
	const char *coding = http_request_header(&parser->request, "Transfer-Encoding");
	const char *length = http_request_header(&parser->request, "Content-Length");
	const char *expect = http_request_header(&parser->request, "Expect");

	if (coding != NULL && length != NULL)
		return refuse(parser, 400, "Content-Length and Transfer-Encoding exclude each other.");
	if (coding != NULL && parser->is_http10)
		return refuse(parser, 400, "HTTP/1.0 knows no Transfer-Encoding.");
	if (coding != NULL && strcasecmp(coding, "chunked") != 0)
		return refuse(parser, 501, "The only transfer coding understood is chunked.");
	if (expect != NULL && strcasecmp(expect, "100-continue") != 0)
		return refuse(parser, 417, "The only expectation understood is 100-continue.");
	*ret_has_body = coding != NULL || parser->llhttp.content_length > 0;
	parser->is_continue_wanted = expect != NULL && !parser->is_http10 && *ret_has_body;
	return HTTP_PARSE_COMPLETE;
}

static enum http_parse_result check_body_limit(struct http_parser *parser)
{
	const struct http_server_options *options = parser->options;

	parser->body_max = options->max_body_bytes;
	if (options->body_limit != NULL) {
		parser->body_max =
			options->body_limit(parser->request.method, parser->request.path, options->arg);
	}
	if (parser->llhttp.content_length > parser->body_max)
		return refuse(parser, 413, "The body of the request exceeds %zu bytes.", parser->body_max);
	parser->body.max = parser->body_max;
	return HTTP_PARSE_COMPLETE;
}

static enum http_parse_result check_start_line(struct http_parser *parser)
{
	int major = llhttp_get_http_major(&parser->llhttp), minor = llhttp_get_http_minor(&parser->llhttp);
	int method = llhttp_get_method(&parser->llhttp);

	if (major != 1 || minor > 1)
		return refuse(parser, 505, "Only HTTP/1.0 and HTTP/1.1 are supported.");
	if (method == HTTP_CONNECT)
		return refuse(parser, 501, "The method CONNECT is not supported.");
	parser->is_http10 = minor == 0;
	parser->is_keep_alive = llhttp_should_keep_alive(&parser->llhttp);
	parser->request.method = llhttp_method_name((llhttp_method_t)method);
	return HTTP_PARSE_COMPLETE;
}

/* Turns the spans into the request. The result says whether a body follows (MORE). */
static enum http_parse_result take_head(struct http_parser *parser, size_t end)
{
	bool has_body = false;

	if (end - parser->start > parser->options->max_header_bytes) {
		return refuse(parser, 431, "The request line and header fields exceed %zu bytes.",
			      parser->options->max_header_bytes);
	}
	if (has_odd_lines(parser->in.data + parser->start, parser->in.data + end))
		return refuse(parser, 400, "The request has a folded header line or a line without CR.");
	end_texts(parser);
	parser->request.headers = parser->headers;
	parser->request.header_count = parser->header_count;
	if (check_start_line(parser) == HTTP_PARSE_REFUSED || check_names(parser) == HTTP_PARSE_REFUSED ||
	    split_target(parser, parser->in.data + parser->target) == HTTP_PARSE_REFUSED ||
	    check_framing(parser, &has_body) == HTTP_PARSE_REFUSED ||
	    check_body_limit(parser) == HTTP_PARSE_REFUSED)
		return HTTP_PARSE_REFUSED;
	return has_body ? HTTP_PARSE_MORE : HTTP_PARSE_COMPLETE;
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
		return refuse(parser, 400, "The chunks of the request carry too little for their number.");
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
			return refuse(parser, 431, "The request line and header fields exceed %zu bytes.",
				      parser->options->max_header_bytes);
		}
		return HTTP_PARSE_MORE;
	}
	if (rc != HPE_PAUSED)
		return refuse_grammar(parser);
	parser->parsed = (size_t)(llhttp_get_error_pos(&parser->llhttp) - in->data);
	result = take_head(parser, parser->parsed);
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
			return refuse(parser, 431, "The request is larger than the buffer for it.");
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
	return refuse(parser, 400, "The request ended too early.");
}

size_t http_parser_ahead(const struct http_parser *parser)
{
	return parser->in.len - parser->parsed + parser->ahead.len;
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
	parser->spans = xcalloc(options->max_header_count, sizeof(*parser->spans));
	parser->headers = xcalloc(options->max_header_count, sizeof(*parser->headers));
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
