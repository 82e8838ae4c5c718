#include "api/problem.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INNER_MAX (256 * 1024)

static void put_string(struct buf *buf, const char *text)
{
	buf_json_string(buf, text, strlen(text));
}

static const char *fault_code(int status)
{
	return status >= 500 ? "Server" : "Client";
}

static void put_envelope(struct buf *body, const struct buf *inner)
{
	buf_puts(body, "{\"error_message\":");
	buf_json_string(body, inner->data ? inner->data : "", inner->len);
	buf_putc(body, '}');
}

void problem_fault(struct buf *body, int status, const char *sentence)
{
	struct buf inner;

	buf_init(&inner, INNER_MAX);
	buf_printf(&inner, "{\"faultcode\": \"%s\", \"faultstring\": ", fault_code(status));
	put_string(&inner, sentence);
	buf_puts(&inner, ", \"debuginfo\": null}");
	put_envelope(body, &inner);
	buf_release(&inner);
}

void problem_router(struct buf *body, int status, const char *description)
{
	struct buf inner;

	buf_init(&inner, INNER_MAX);
	buf_printf(&inner, "{\"code\": %d, \"title\": ", status);
	put_string(&inner, problem_title(status));
	buf_puts(&inner, ", \"description\": ");
	put_string(&inner, description);
	buf_putc(&inner, '}');
	put_envelope(body, &inner);
	buf_release(&inner);
}

void problem_plain(struct buf *body, const char *text)
{
	buf_puts(body, "{\"error_message\":");
	put_string(body, text);
	buf_putc(body, '}');
}

void problem_bare(struct buf *body, int status, const char *sentence)
{
	buf_printf(body, "{\"faultcode\": \"%s\", \"faultstring\": ", fault_code(status));
	put_string(body, sentence);
	buf_putc(body, '}');
}

void problem_auth(struct buf *body, int status, const char *sentence)
{
	buf_puts(body, "{\"error\": {\"message\": ");
	put_string(body, sentence);
	buf_printf(body, ", \"code\": %d}}", status);
}

const char *problem_title(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Request Entity Too Large" },
		{ 422, "Unprocessable Entity" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}
