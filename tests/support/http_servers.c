/* http_servers: see http_servers.h. */
#include "tests/support/http_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/http_tls.h"
#include "tests/support/loop_test.h"

struct http_servers_seen seen;
struct http_server *server, *tls_server;

static void handle_wait(struct http_response *response)
{
	int64_t end_ms = clock_ms() + 3000;

	while (!http_response_is_gone(response)) {
		if (clock_ms() >= end_ms || fiber_sleep(2) < 0)
			return;
	}
	seen.is_gone = true;
}

static void handle_size(struct http_request *request, struct http_response *response)
{
	int size = atoi(request->query);

	if (strcmp(request->path, "/headers") == 0) {
		for (int i = 0; i < size; i++)
			http_response_header(response, "X-Much", "%060d", i);
		return;
	}
	if (strcmp(request->path, "/chunks") == 0)
		http_stream_begin(response);
	for (int i = 0; i < size; i++) {
		if (response->stream == NULL)
			buf_putc(&response->body, 'x');
		else if (http_stream_write(response, "x", 1) < 0)
			return;
	}
}

/* Says back what it got. */
static void handle_echo(struct http_request *request, struct http_response *response)
{
	buf_printf(&response->body, "%s %s\n", request->method, request->target);
	for (size_t i = 0; i < request->header_count; i++) {
		if (strcasecmp(request->headers[i].name, "Host") != 0)
			buf_printf(&response->body, "%s: %s\n", request->headers[i].name,
				   request->headers[i].value);
	}
	buf_printf(&response->body, "\n%s", request->body);
	http_response_header(response, "X-Method", "%s", request->method);
}

static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	(void)arg;
	seen.calls++;
	response->status = 200;
	if (strcmp(request->path, "/wait") == 0) {
		handle_wait(response);
	} else if (strcmp(request->path, "/redirect") == 0) {
		response->status = 302;
		http_response_header(response, "Location", "/elsewhere");
	} else if (strcmp(request->path, "/reset") == 0) {
		response->is_reset = true;
	} else if (strcmp(request->path, "/truncate") == 0) {
		buf_puts(&response->body, "0123456789");
		response->truncate_at = 5;
	} else if (strcmp(request->path, "/size") == 0 || strcmp(request->path, "/chunks") == 0 ||
		   strcmp(request->path, "/headers") == 0) {
		handle_size(request, response);
	} else {
		handle_echo(request, response);
	}
}

struct http_server *http_server_start(void *tls)
{
	struct http_server_options options = {
		.address = "127.0.0.1", .tls = tls, .max_body_bytes = 1 << 20, .handle = handle
	};
	struct http_server *started = NULL;
	struct error err;

	if (http_server_new(&options, &started, &err) < 0)
		loop_test_note(false, __FILE__, __LINE__, "%s", err.text);
	return started;
}

static void (*body_of_test)(void);

/* Client, plain and TLS server around a test's body. */
static void run_with_servers(void)
{
	struct error err;
	void *tls = NULL;

	memset(&seen, 0, sizeof(seen));
	http_client_init();
	CHECK_INT(http_tls_server_context(NULL, NULL, &tls, &err), 0);
	server = http_server_start(NULL);
	tls_server = http_server_start(tls);
	body_of_test();
	http_server_free(server);
	http_server_free(tls_server);
	http_tls_context_free(tls);
	http_client_release();
}

void with_servers(void (*fn)(void))
{
	body_of_test = fn;
	loop_test(run_with_servers);
}

const char *url_of(const struct http_server *on, const char *target)
{
	static char urls[2][200];
	static int turn;
	char *url = urls[turn ^= 1];

	snprintf(url, sizeof(urls[0]), "%s://127.0.0.1:%d%s", on == tls_server ? "https" : "http",
		 http_server_port(on), target);
	return url;
}
