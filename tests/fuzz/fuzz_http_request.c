/* Bytes of a connection into http_parse: nothing is read out of bounds, completed requests keep the
 * limits, and how the bytes were cut makes no difference. The first byte says how they are cut. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_server_options limits = {
	.max_header_bytes = 2048,
	.max_header_count = 16,
	.max_body_bytes = 4096,
};

/* A sum over everything that a handler would see. */
struct seen {
	uint64_t sum;
	unsigned completed;
	int status;
};

static void add_text(struct seen *seen, const char *text)
{
	for (; *text != '\0'; text++)
		seen->sum = seen->sum * 31 + (unsigned char)*text;
	seen->sum = seen->sum * 31 + 1;
}

static void look(struct seen *seen, const struct http_request *request)
{
	seen->completed++;
	assert(request->header_count <= limits.max_header_count);
	assert(request->body_len <= limits.max_body_bytes);
	assert(request->body[request->body_len] == '\0');
	assert(*request->path == '/' || strcmp(request->path, "*") == 0);
	add_text(seen, request->method);
	add_text(seen, request->target);
	add_text(seen, request->path);
	add_text(seen, request->query);
	for (size_t i = 0; i < request->header_count; i++) {
		assert(*request->headers[i].name != '\0');
		assert(strpbrk(request->headers[i].value, "\r\n") == NULL);
		add_text(seen, request->headers[i].name);
		add_text(seen, request->headers[i].value);
	}
	for (size_t i = 0; i < request->body_len; i++)
		seen->sum = seen->sum * 31 + (unsigned char)request->body[i];
}

static struct seen parse(const char *data, size_t size, size_t piece)
{
	struct seen seen = { 0 };
	struct http_parser parser;
	struct arena arena;
	enum http_parse_result result = HTTP_PARSE_MORE;

	arena_init(&arena);
	http_parser_init(&parser, &limits, &arena);
	for (size_t at = 0; at < size && result != HTTP_PARSE_REFUSED; at += piece) {
		result = http_parser_feed(&parser, data + at, size - at < piece ? size - at : piece);
		while (result == HTTP_PARSE_COMPLETE) {
			look(&seen, &parser.request);
			arena_release(&arena);
			result = http_parser_next(&parser);
		}
	}
	if (result == HTTP_PARSE_MORE)
		result = http_parser_finish(&parser);
	if (result == HTTP_PARSE_REFUSED) {
		seen.status = parser.status;
		assert(seen.status >= 400 && seen.status < 600 && parser.sentence[0] != '\0');
	}
	http_parser_release(&parser);
	arena_release(&arena);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, cut;

	/* The connection reads at most so much at once. */
	if (size < 2 || size > HTTP_READ_BYTES)
		return 0;
	whole = parse((const char *)data + 1, size - 1, size - 1);
	cut = parse((const char *)data + 1, size - 1, (size_t)data[0] % 32 + 1);
	assert(whole.completed == cut.completed && whole.sum == cut.sum);
	assert((whole.status == 0) == (cut.status == 0));
	return 0;
}
