#include "tests/support/odd_server.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "tests/support/loop_test.h"

struct odd_server_seen odd_seen;

/* /stream copies, /body gives its buffer away. */
static int stream(const struct http_request *request, struct http_response *response, const void *data,
		  size_t len)
{
	if (strcmp(request->path, "/stream") == 0)
		return http_stream_write(response, data, len);
	buf_append(&response->body, data, len);
	int rc = http_stream_body(response);
	loop_test_note(response->body.len == 0, __FILE__, __LINE__, "the body has stayed");
	odd_seen.waits += rc > 0;
	return rc > 0 ? http_stream_wait(response) : rc;
}

static void handle_stream(struct http_request *request, struct http_response *response)
{
	static char block[10000];
	int blocks = strcmp(request->query, "endless") == 0 ? 100000 : 300;

	memset(block, 's', sizeof(block));
	http_stream_begin(response);
	for (int i = 0; i < blocks && odd_seen.stream_rc == 0; i++) {
		odd_seen.stream_rc = stream(request, response, block, sizeof(block));
		if (odd_seen.stream_rc == 0)
			odd_seen.stream_written += sizeof(block);
	}
}

static void handle_wait(struct http_response *response)
{
	while (!odd_seen.is_released) {
		if (cond_wait(&odd_seen.release, clock_ms() + 10000) < 0)
			break;
	}
	buf_puts(&response->body, "waited");
}

static void handle_until_gone(struct http_response *response)
{
	int64_t end_ms = clock_ms() + 5000;

	while (!http_response_is_gone(response)) {
		if (clock_ms() >= end_ms || fiber_sleep(2) < 0)
			return;
	}
	odd_seen.is_client_gone = true;
}

static void handle_fault(struct http_request *request, struct http_response *response)
{
	for (int i = 0; i < 100; i++)
		buf_puts(&response->body, "0123456789");
	response->is_reset = strcmp(request->path, "/reset") == 0;
	response->is_close = strcmp(request->path, "/close") == 0;
	if (strcmp(request->path, "/truncate") == 0)
		response->truncate_at = 10;
}

static void handle_odd(struct http_request *request, struct http_response *response)
{
	if (strcmp(request->path, "/none") == 0) {
		response->status = 0;
	} else if (strcmp(request->path, "/204") == 0) {
		response->status = 204;
		buf_puts(&response->body, "never sent");
	} else if (strcmp(request->path, "/inject") == 0) {
		http_response_header(response, "X-Value", "%s", "a\r\nX-Forged: b\r\n\r\nHTTP/1.1 299 c");
	} else if (strcmp(request->path, "/much") == 0) {
		for (int i = 0; i < 1000; i++)
			http_response_header(response, "X-Much", "%0100d", i);
	} else if (strcmp(request->path, "/big") == 0) {
		buf_reserve(&response->body, 3000000);
		for (int i = 0; i < 300000; i++)
			buf_puts(&response->body, "0123456789");
	} else {
		buf_printf(&response->body, "%s %s?%s [%s]", request->method, request->path, request->query,
			   request->body);
	}
}

void odd_server_handle(struct http_request *request, struct http_response *response, void *arg)
{
	(void)arg;
	odd_seen.calls++;
	odd_seen.running++;
	response->status = 200;
	if (strcmp(request->path, "/stream") == 0 || strcmp(request->path, "/body") == 0)
		handle_stream(request, response);
	else if (strcmp(request->path, "/wait") == 0)
		handle_wait(response);
	else if (strcmp(request->path, "/gone") == 0)
		handle_until_gone(response);
	else if (strcmp(request->path, "/reset") == 0 || strcmp(request->path, "/close") == 0 ||
		 strcmp(request->path, "/truncate") == 0)
		handle_fault(request, response);
	else
		handle_odd(request, response);
	odd_seen.running--;
}

struct http_server *odd_server_start(struct http_server_options options)
{
	struct http_server *server = NULL;
	struct error err;

	memset(&odd_seen, 0, sizeof(odd_seen));
	if (options.address == NULL)
		options.address = "127.0.0.1";
	options.max_body_bytes = ODD_SERVER_BODY_MAX;
	options.handle = odd_server_handle;
	if (http_server_new(&options, &server, &err) < 0)
		loop_test_note(false, __FILE__, __LINE__, "%s", err.text);
	return server;
}

struct raw_http odd_server_ask(const struct http_server *server, const char *send)
{
	struct raw_http raw = { .port = http_server_port(server), .send = send, .timeout_ms = 400 };

	raw_http(&raw);
	return raw;
}
