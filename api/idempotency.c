#include "api/idempotency.h"

#include <string.h>

#include "lib/digest.h"
#include "lib/fiber.h"

#define OFFLOAD_BYTES ((size_t)512 * 1024) /* hashing more would keep other requests waiting */

static bool is_key(const char *text)
{
	size_t len = 0;

	while (text[len] > ' ' && text[len] < 0x7f)
		len++;
	return len > 0 && len <= IDEMPOTENCY_KEY_MAX && text[len] == '\0';
}

struct print {
	const struct http_request *http;
	char *text;
};

static void make_print(void *arg)
{
	struct print *print = arg;
	const struct http_request *http = print->http;
	const struct digest_part parts[] = {
		{ http->method, strlen(http->method) },
		{ http->target, strlen(http->target) },
		{ http->body, http->body_len },
	};

	digest_of(parts, sizeof parts / sizeof parts[0], print->text);
}

SUSPENDS static const char *print_of(const struct api_request *request)
{
	struct print print = { request->http, arena_alloc(request->arena, DIGEST_TEXT) };

	if (request->http->body_len > OFFLOAD_BYTES)
		offload(make_print, &print);
	else
		make_print(&print);
	return print.text;
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

int idempotency_is_again(const struct api_request *request, bool *ret, struct error *err)
{
	struct action_request row = { .uuid = "" };
	struct action_keyed keyed;

	*ret = false;
	int rc = idempotency_read(request, &row, err);
	if (rc < 0 || !row.idem_key)
		return rc;
	rc = action_find_keyed(request->db, &row, &keyed, err);
	*ret = rc == 0;
	return rc < 0 ? rc : 0;
}
