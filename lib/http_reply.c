#include "lib/http_reply.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/xalloc.h"

#define MAX_REPLY_HEADERS ((size_t)64 * 1024)
#define MAX_REPLY_BODY    ((size_t)1 << 30)
/* Buffers up to this size stay with a response that is used again. */
#define KEEP_BYTES ((size_t)16 * 1024)

/* clang-format off */
static const char *const reasons[600] = {
	[100] = "Continue", [101] = "Switching Protocols",
	[200] = "OK", [201] = "Created", [202] = "Accepted", [203] = "Non-Authoritative Information",
	[204] = "No Content", [205] = "Reset Content", [206] = "Partial Content", [207] = "Multi-Status",
	[300] = "Multiple Choices", [301] = "Moved Permanently", [302] = "Found", [303] = "See Other",
	[304] = "Not Modified", [307] = "Temporary Redirect", [308] = "Permanent Redirect",
	[400] = "Bad Request", [401] = "Unauthorized", [402] = "Payment Required", [403] = "Forbidden",
	[404] = "Not Found", [405] = "Method Not Allowed", [406] = "Not Acceptable",
	[407] = "Proxy Authentication Required", [408] = "Request Timeout", [409] = "Conflict",
	[410] = "Gone",
	[411] = "Length Required", [412] = "Precondition Failed", [413] = "Content Too Large",
	[414] = "URI Too Long", [415] = "Unsupported Media Type", [416] = "Range Not Satisfiable",
	[417] = "Expectation Failed", [421] = "Misdirected Request", [422] = "Unprocessable Content",
	[423] = "Locked", [424] = "Failed Dependency", [425] = "Too Early", [426] = "Upgrade Required",
	[428] = "Precondition Required", [429] = "Too Many Requests",
	[431] = "Request Header Fields Too Large",
	[500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
	[503] = "Service Unavailable", [504] = "Gateway Timeout", [505] = "HTTP Version Not Supported",
	[507] = "Insufficient Storage",
};
/* clang-format on */

static void put_text(struct buf *out, const char *text)
{
	buf_append(out, text, strlen(text));
}

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT", made once a second. */
static void put_date(struct buf *out)
{
	static char line[48];
	static size_t len;
	static time_t made_at;
	time_t now = time(NULL);
	struct tm tm;

	if (now != made_at || len == 0) {
		made_at = now;
		gmtime_r(&now, &tm);
		len = strftime(line, sizeof(line), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	}
	buf_append(out, line, len);
}

static void put_status(struct buf *out, int status)
{
	const char *reason = status >= 100 && status < 600 ? reasons[status] : NULL;

	put_text(out, "HTTP/1.1 ");
	buf_put_int(out, status);
	buf_putc(out, ' ');
	put_text(out, reason != NULL ? reason : "Unknown");
	buf_append(out, "\r\n", 2);
}

static void put_framing(struct buf *out, const struct http_response *response,
			enum http_reply_framing framing)
{
	if (!http_reply_has_body(response->status))
		return;
	if (framing == HTTP_REPLY_CHUNKED)
		put_text(out, "Transfer-Encoding: chunked\r\n");
	if (framing == HTTP_REPLY_WHOLE) {
		put_text(out, "Content-Length: ");
		buf_put_int(out, (int64_t)response->body.len);
		buf_append(out, "\r\n", 2);
	}
}

void http_reply_head(struct buf *out, const struct http_response *response, struct http_reply_form form)
{
	put_status(out, response->status);
	put_date(out);
	put_framing(out, response, form.framing);
	if (form.is_close)
		put_text(out, "Connection: close\r\n");
	else if (form.is_http10)
		put_text(out, "Connection: keep-alive\r\n");
	buf_append(out, response->headers.data, response->headers.len);
	buf_append(out, "\r\n", 2);
}

bool http_reply_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static void reset_buf(struct buf *buf, size_t max)
{
	if (buf->size > KEEP_BYTES)
		buf_release(buf);
	buf->max = max;
	buf_clear(buf);
}

void http_response_reset(struct http_response *response)
{
	response->status = 0;
	reset_buf(&response->headers, MAX_REPLY_HEADERS);
	reset_buf(&response->body, MAX_REPLY_BODY);
	response->is_close = false;
	response->is_reset = false;
	response->truncate_at = -1;
	response->stream = NULL;
}

void http_response_release(struct http_response *response)
{
	buf_release(&response->headers);
	buf_release(&response->body);
}

void http_response_header(struct http_response *response, const char *name, const char *format, ...)
{
	char small[512], *text = small;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (len >= (int)sizeof(small)) {
		text = xmalloc((size_t)len + 1);
		va_start(args, format);
		vsnprintf(text, (size_t)len + 1, format, args);
		va_end(args);
	}
	/* A value with a line end could forge fields or a second reply. */
	for (char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			*c = ' ';
	}
	put_text(&response->headers, name);
	buf_append(&response->headers, ": ", 2);
	put_text(&response->headers, text);
	buf_append(&response->headers, "\r\n", 2);
	if (text != small)
		xfree(text);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const char *found = request->headers[i].name;

		/* Most names differ in the first letter: spare the call. */
		if (((*found ^ *name) & ~0x20) == 0 && strcasecmp(found, name) == 0)
			return request->headers[i].value;
	}
	return NULL;
}
