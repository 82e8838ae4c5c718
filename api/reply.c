/* reply: how a handler answers. See request.h. */
#include <stdarg.h>

#include "api/problem.h"
#include "api/request.h"
#include "lib/url.h"

#define JSON_TYPE "Content-Type: application/json\r\n"

void reply_json(struct api_request *request, int status)
{
	request->out->status = status;
	buf_append(&request->out->headers, JSON_TYPE, sizeof JSON_TYPE - 1);
}

void reply_empty(struct api_request *request, int status)
{
	request->out->status = status;
}

void reply_location(struct api_request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *path = arena_vprintf(request->arena, format, args);
	va_end(args);
	buf_puts(&request->out->headers, "Location: ");
	buf_puts(&request->out->headers, request->base);
	url_encode(&request->out->headers, path, "/@:");
	buf_puts(&request->out->headers, "\r\n");
}

int reply_router_refusal(struct api_request *request, int status, const char *description)
{
	reply_json(request, status);
	problem_router(&request->out->body, status, description);
	request->version_headers = VERSION_HEADERS_NONE;
	return 0;
}

void reply_fault(struct api_request *request, int status, const char *sentence)
{
	buf_clear(&request->out->body);
	reply_json(request, status);
	problem_fault(&request->out->body, status, sentence);
}
