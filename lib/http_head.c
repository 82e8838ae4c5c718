/* http_head: judges the head of a request when it is whole. Declared in http_parse.h. */
#include "lib/http_parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

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

bool http_head_is_framing(const char *name, size_t len)
{
	const struct field_rule *rule = find_rule(name, len);

	return rule != NULL && rule->is_framing;
}

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
			return http_parser_refuse(parser, 400,
						  "The request target has a character that is not allowed.");
	}
	if (strcmp(target, "*") == 0 && strcmp(request->method, "OPTIONS") == 0) {
		request->path = target;
		return HTTP_PARSE_COMPLETE;
	}
	if (*target != '/') {
		path += authority_end(target);
		if (path == target)
			return http_parser_refuse(parser, 400,
						  "The request target is neither a path nor an http URL.");
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
		return http_parser_refuse(parser, 400,
					  "The path of the request has a malformed percent escape.");
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
			return http_parser_refuse(parser, 400, "A header field has no name.");
		if (find_rule(name, span->name_len) == NULL)
			continue;
		for (unsigned j = 0; j < i; j++) {
			if (strcasecmp(name, parser->headers[j].name) == 0)
				return http_parser_refuse(parser, 400, "The header field %s is repeated.",
							  name);
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
		return http_parser_refuse(parser, 400,
					  "Content-Length and Transfer-Encoding exclude each other.");
	if (coding != NULL && parser->is_http10)
		return http_parser_refuse(parser, 400, "HTTP/1.0 knows no Transfer-Encoding.");
	if (coding != NULL && strcasecmp(coding, "chunked") != 0)
		return http_parser_refuse(parser, 501, "The only transfer coding understood is chunked.");
	if (expect != NULL && strcasecmp(expect, "100-continue") != 0)
		return http_parser_refuse(parser, 417, "The only expectation understood is 100-continue.");
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
		return http_parser_refuse(parser, 413, "The body of the request exceeds %zu bytes.",
					  parser->body_max);
	parser->body.max = parser->body_max;
	return HTTP_PARSE_COMPLETE;
}

static enum http_parse_result check_start_line(struct http_parser *parser)
{
	int major = llhttp_get_http_major(&parser->llhttp), minor = llhttp_get_http_minor(&parser->llhttp);
	int method = llhttp_get_method(&parser->llhttp);

	if (major != 1 || minor > 1)
		return http_parser_refuse(parser, 505, "Only HTTP/1.0 and HTTP/1.1 are supported.");
	if (method == HTTP_CONNECT)
		return http_parser_refuse(parser, 501, "The method CONNECT is not supported.");
	parser->is_http10 = minor == 0;
	parser->is_keep_alive = llhttp_should_keep_alive(&parser->llhttp);
	parser->request.method = llhttp_method_name((llhttp_method_t)method);
	return HTTP_PARSE_COMPLETE;
}

enum http_parse_result http_head_take(struct http_parser *parser, size_t end)
{
	bool has_body = false;

	if (end - parser->start > parser->options->max_header_bytes) {
		return http_parser_refuse(parser, 431, "The request line and header fields exceed %zu bytes.",
					  parser->options->max_header_bytes);
	}
	if (has_odd_lines(parser->in.data + parser->start, parser->in.data + end))
		return http_parser_refuse(parser, 400,
					  "The request has a folded header line or a line without CR.");
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
