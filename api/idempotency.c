#include "api/idempotency.h"

#include <string.h>

#include "lib/digest.h"

static bool is_key(const char *text)
{
	size_t len = 0;

	while (text[len] > ' ' && text[len] < 0x7f)
		len++;
	return len > 0 && len <= IDEMPOTENCY_KEY_MAX && text[len] == '\0';
}

static const char *print_of(const struct api_request *request)
{
	const struct http_request *http = request->http;
	const struct digest_part parts[] = {
		{ http->method, strlen(http->method) },
		{ http->target, strlen(http->target) },
		{ http->body, http->body_len },
	};
	char *text = arena_alloc(request->arena, DIGEST_TEXT);

	digest_of(parts, sizeof parts / sizeof parts[0], text);
	return text;
}

int idempotency_read(const struct api_request *request, struct action_request *row, struct error *err)
{
	const char *key = http_request_header(request->http, "Idempotency-Key");

	if (!key)
		return 0;
	if (!is_key(key))
		return fail(err, ERR_INVALID,
			    "An Idempotency-Key has 1 to %d printable characters, no spaces.",
			    IDEMPOTENCY_KEY_MAX);
	row->idem_scope = request->user ? request->user : "";
	row->idem_key = key;
	row->idem_print = print_of(request);
	return 0;
}
