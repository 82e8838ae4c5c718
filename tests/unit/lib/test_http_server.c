/* The HTTP server over real sockets: replies, limits, time, faults, streams and every way to end. */
#include "lib/http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "lib/loop.h"
#include "lib/xalloc.h"
#include "tests/support/loop_test.h"
#include "tests/support/raw_http.h"
#include "tests/support/unit.h"

#define BODY_MAX 1000

/* What handlers have seen, for the test bodies. */
static struct {
	int calls;
	bool is_client_gone;
	int stream_rc;
	size_t stream_written;
	int waits;           /* that http_stream_body asked for */
	struct cond release; /* lets /wait go on */
	bool is_released;
	int running;
} seen;

/* /stream copies, /body gives its buffer away. */
static int stream(const struct http_request *request, struct http_response *response, const void *data,
		  size_t len)
{
	if (strcmp(request->path, "/stream") == 0)
		return http_stream_write(response, data, len);
	buf_append(&response->body, data, len);
	int rc = http_stream_body(response);
	loop_test_note(response->body.len == 0, __FILE__, __LINE__, "the body has stayed");
	seen.waits += rc > 0;
	return rc > 0 ? http_stream_wait(response) : rc;
}

static void handle_stream(struct http_request *request, struct http_response *response)
{
	static char block[10000];
	int blocks = strcmp(request->query, "endless") == 0 ? 100000 : 300;

	memset(block, 's', sizeof(block));
	http_stream_begin(response);
	for (int i = 0; i < blocks && seen.stream_rc == 0; i++) {
		seen.stream_rc = stream(request, response, block, sizeof(block));
		if (seen.stream_rc == 0)
			seen.stream_written += sizeof(block);
	}
}

static void handle_wait(struct http_response *response)
{
	while (!seen.is_released) {
		if (cond_wait(&seen.release, clock_ms() + 10000) < 0)
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
	seen.is_client_gone = true;
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

static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	(void)arg;
	seen.calls++;
	seen.running++;
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
	seen.running--;
}

static struct http_server *start(struct http_server_options options)
{
	struct http_server *server = NULL;
	struct error err;

	memset(&seen, 0, sizeof(seen));
	if (options.address == NULL)
		options.address = "127.0.0.1";
	options.max_body_bytes = BODY_MAX;
	options.handle = handle;
	if (http_server_new(&options, &server, &err) < 0)
		loop_test_note(false, __FILE__, __LINE__, "%s", err.text);
	return server;
}

static struct raw_http ask(const struct http_server *server, const char *send)
{
	struct raw_http raw = { .port = http_server_port(server), .send = send, .timeout_ms = 400 };

	raw_http(&raw);
	return raw;
}

/* ---- replies ---- */

struct row {
	const char *send;
	const char *statuses;
	bool is_closed;  /* by the server */
	const char *has; /* text in the answer; NULL: any */
};

/* clang-format off */
static const struct row rows[] = {
	{"GET /a?b=1 HTTP/1.1\r\n\r\n", "200", false, "\r\n\r\nGET /a?b=1 []"},
	{"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "200", true, "\r\nConnection: close\r\n"},
	{"GET /a HTTP/1.0\r\n\r\n", "200", true, "\r\nConnection: close\r\n"},
	{"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200", false, "\r\nConnection: keep-alive\r\n"},
	{"HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
	 "200 200", false, "\r\nContent-Length: 11\r\n\r\nHTTP/1.1 200"},
	{"GET /204 HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "204 200", false, "GMT\r\n\r\nHTTP/1.1 200"},
	{"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz", "200", false, "POST /a? [xyz]"},
	{"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n1\r\nz\r\n0\r\n\r\n",
	 "200", false, "[xyz]"},
	{"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "100", false, NULL},
	{"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nxyz", "200", false, "[xyz]"},
	{"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
	 "413", true, "exceeds 1000 bytes"},
	{"POST /a HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", "413", true, NULL},
	{"GET /none HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "500 200", false, NULL},
	{"GET /much HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "500 200", false, "The answer is too large."},
	{"HEAD /none HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "500 200", false, "\r\n\r\nHTTP/1.1 200"},
	{"GET /inject HTTP/1.1\r\n\r\n",
	 "200 299", false, "\r\nX-Value: a  X-Forged: b    HTTP/1.1 299 c\r\n\r\n"},
	{"GET /a HTTP/1.1\r\n\r\nBROKEN\r\n\r\n", "200 400", true, "\r\nConnection: close\r\n"},
	{"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\nGET /c HTTP/1.1\r\n\r\n",
	 "200 200", true, NULL},
	{"GET /close HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "200", true, "\r\nConnection: close\r\n"},
	{"GET /truncate HTTP/1.1\r\n\r\n",
	 "200", true, "\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n0123456789"},
	{"\x16\x03\x01\x02\x00\x01", "400", true, NULL},
	{"GET / HTTP/1.1\r\nA: b\n\r\n", "400", true, NULL},
	{"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400", true, NULL},
	{"GET /stream HTTP/1.0\r\n\r\n", "200", true, "\r\nConnection: close\r\n"},
	{"HEAD /stream HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
	 "200 200", false, "chunked\r\n\r\nHTTP/1.1 200"},
	{"GET /body HTTP/1.0\r\n\r\n", "200", true, "\r\nConnection: close\r\n"},
	{"HEAD /body HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
	 "200 200", false, "chunked\r\n\r\nHTTP/1.1 200"},
};
/* clang-format on */

static void run_replies(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	char statuses[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct raw_http raw;

		seen.stream_rc = 0;
		raw = ask(server, rows[i].send);
		loop_test_note(
			strcmp(raw_http_statuses(&raw, statuses, sizeof(statuses)), rows[i].statuses) == 0,
			__FILE__, __LINE__, "row %zu: statuses %s, not %s", i, statuses, rows[i].statuses);
		loop_test_note(!raw.is_reset && raw.is_eof == rows[i].is_closed, __FILE__, __LINE__,
			       "row %zu: eof %d, reset %d", i, raw.is_eof, raw.is_reset);
		loop_test_note(rows[i].has == NULL || strstr(raw.answer, rows[i].has) != NULL, __FILE__,
			       __LINE__, "row %zu: %.300s", i, raw.answer);
		raw_http_release(&raw);
	}
	http_server_free(server);
}

static void test_http_server__table__replies_and_closes(void **state)
{
	(void)state;
	loop_test(run_replies);
}

static void run_pipelining(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	struct buf wire;
	struct raw_http raw = { .port = http_server_port(server), .is_half_closed = true };
	const char *at;

	buf_init(&wire, 100000);
	for (int i = 0; i < 100; i++)
		buf_printf(&wire, "%s /%d HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s", i % 3 ? "GET" : "POST",
			   i, i % 3 ? 0 : 4, i % 3 ? "" : "body");
	raw.send = wire.data;
	raw_http(&raw);
	at = raw.answer;
	for (int i = 0; i < 100; i++) {
		char want[32];

		snprintf(want, sizeof(want), " /%d?", i);
		at = strstr(at, want);
		CHECK(at != NULL);
	}
	CHECK_INT(seen.calls, 100);
	CHECK(raw.is_eof);
	raw_http_release(&raw);
	buf_release(&wire);
	http_server_free(server);
}

static void test_http_server__100_pipelined__answered_in_order(void **state)
{
	(void)state;
	loop_test(run_pipelining);
}

static void run_big(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	struct raw_http raw = {
		.port = http_server_port(server),
		.send = "GET /big HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n",
		.pause_ms = 100
	};
	const char *body;

	raw_http(&raw);
	body = strstr(raw.answer, "\r\n\r\n");
	CHECK(body != NULL && strstr(raw.answer, "Content-Length: 3000000\r\n") != NULL);
	CHECK(raw.answer_len > 3000100);
	CHECK(memcmp(body + 4 + 2999990, "0123456789HTTP/1.1 200", 22) == 0);
	CHECK(raw.is_eof);
	raw_http_release(&raw);
	http_server_free(server);
}

static void test_http_server__large_body_to_slow_reader__arrives_whole(void **state)
{
	(void)state;
	loop_test(run_big);
}

/* ---- the client's end ---- */

static void run_half_close(void)
{
	static const struct {
		const char *send, *statuses;
	} cases[] = {
		{ "GET /a HTTP/1.1\r\n\r\n", "200" },
		{ "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "200 200" },
		{ "GET /a HTTP/1.1\r\n\r\nGET /b", "200 400" },
		{ "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nxy", "400" },
		{ "\r\n", "" },
	};
	struct http_server *server = start((struct http_server_options){ 0 });
	char statuses[100];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct raw_http raw = { .port = http_server_port(server),
					.send = cases[i].send,
					.is_half_closed = true };

		raw_http(&raw);
		CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), cases[i].statuses);
		CHECK(raw.is_eof);
		raw_http_release(&raw);
	}
	http_server_free(server);
}

static void test_http_server__half_closed__answers_what_was_whole(void **state)
{
	(void)state;
	loop_test(run_half_close);
}

static void run_gone(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	struct raw_http raw = { .port = http_server_port(server),
				.send = "GET /gone HTTP/1.1\r\n\r\n",
				.is_hanging_up = true,
				.pause_ms = 50 };

	raw_http(&raw);
	for (int i = 0; i < 100 && !seen.is_client_gone; i++)
		fiber_sleep(10);
	CHECK(seen.is_client_gone);
	http_server_free(server);
}

static void test_http_server__client_leaves__waiting_handler_sees_it(void **state)
{
	(void)state;
	loop_test(run_gone);
}

static void run_refused_upload(void)
{
	static char wire[600000];
	struct http_server *server = start((struct http_server_options){ 0 });
	struct raw_http raw = { .port = http_server_port(server),
				.send = wire,
				.send_len = sizeof(wire),
				.is_half_closed = true };
	char statuses[20];
	int len =
		snprintf(wire, sizeof(wire), "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", sizeof(wire));

	memset(wire + len, 'x', sizeof(wire) - (size_t)len);
	raw_http(&raw);
	CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), "413");
	CHECK_INT(raw.sent, sizeof(wire));
	CHECK(raw.is_eof && !raw.is_reset);
	CHECK_INT(seen.calls, 0);
	raw_http_release(&raw);
	http_server_free(server);
}

static void test_http_server__too_large_upload__reply_is_readable(void **state)
{
	(void)state;
	loop_test(run_refused_upload);
}

static void run_flood(void)
{
	enum { SIZE = 64 * 1024 * 1024 };
	static const char one[] = "GET /wait HTTP/1.1\r\n\r\n";
	struct http_server *server = start((struct http_server_options){ 0 });
	struct raw_http raw = {
		.port = http_server_port(server), .send_len = SIZE, .timeout_ms = 300, .is_hanging_up = true
	};
	char *wire = xmalloc(SIZE);

	for (size_t at = 0; at < SIZE; at++)
		wire[at] = one[at % (sizeof(one) - 1)];
	raw.send = wire;
	raw_http(&raw);
	/* What went is in the kernel's socket buffers, not in ours. */
	CHECK(raw.sent < SIZE / 2);
	CHECK_INT(seen.calls, 1);
	seen.is_released = true;
	cond_broadcast(&seen.release);
	http_server_free(server);
	xfree(wire);
}

static void test_http_server__flood_behind_a_request__is_not_read(void **state)
{
	(void)state;
	loop_test(run_flood);
}

static void run_memory(void)
{
	enum { COUNT = 20, LEN = 8000 };
	static char part[LEN];
	struct http_server *server = start((struct http_server_options){ .max_buffered_bytes = 10 * LEN });
	struct raw_http raw;
	char statuses[20];
	int fds[COUNT];

	memset(part, 'a', LEN);
	memcpy(part, "GET /", 5);
	for (int i = 0; i < COUNT; i++) {
		fds[i] = raw_http_connect(http_server_port(server));
		CHECK_INT(send(fds[i], part, i < 7 ? LEN : 1, MSG_NOSIGNAL), i < 7 ? LEN : 1);
	}
	fiber_sleep(100);
	raw = (struct raw_http){ .port = http_server_port(server), .send = part, .send_len = LEN };
	for (int i = 7; i < COUNT; i++)
		send(fds[i], part + 1, LEN - 1, MSG_NOSIGNAL);
	raw_http(&raw);
	CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), "503");
	raw_http_release(&raw);
	raw = ask(server, "GET /a HTTP/1.1\r\n\r\n"); /* whole ones still pass */
	CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), "200");
	raw_http_release(&raw);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	fiber_sleep(100);
	/* What was held is given back. */
	raw = (struct raw_http){
		.port = http_server_port(server), .send = part, .send_len = LEN, .is_half_closed = true
	};
	raw_http(&raw);
	CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), "400");
	raw_http_release(&raw);
	http_server_free(server);
}

static void test_http_server__many_large_requests__503_beyond_the_memory(void **state)
{
	(void)state;
	loop_test(run_memory);
}

/* ---- time ---- */

static void run_slowloris(void)
{
	static const char *const sends[] = {
		"GET "
		"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"POST / HTTP/1.1\r\nContent-Length: "
		"900\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"GET / HTTP/1.1\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: "
		"b\r\nA: b\r\n",
	};
	struct http_server *server = start((struct http_server_options){ .request_timeout_ms = 400 });
	char statuses[20];

	for (size_t i = 0; i < sizeof(sends) / sizeof(*sends); i++) {
		struct raw_http raw = { .port = http_server_port(server), .send = sends[i], .drip_ms = 10 };

		raw_http(&raw);
		CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), "408");
		CHECK(raw.elapsed_ms >= 390 && raw.elapsed_ms < 4000);
		raw_http_release(&raw);
	}
	CHECK_INT(seen.calls, 0);
	http_server_free(server);
}

static void test_http_server__bytes_drip__408_in_time(void **state)
{
	(void)state;
	loop_test(run_slowloris);
}

static void run_idle(void)
{
	static const char *const sends[] = { "\r\n", "GET / HTTP/1.1\r\n\r\n" };
	struct http_server *server = start((struct http_server_options){ .idle_timeout_ms = 300 });

	for (size_t i = 0; i < 2; i++) {
		struct raw_http raw = { .port = http_server_port(server), .send = sends[i] };

		raw_http(&raw);
		CHECK(raw.is_eof && !raw.is_reset);
		CHECK(raw.elapsed_ms >= 290 && raw.elapsed_ms < 3000);
		CHECK_INT(strstr(raw.answer, "408") != NULL, 0);
		raw_http_release(&raw);
	}
	http_server_free(server);
}

static void test_http_server__idle__closed_in_silence(void **state)
{
	(void)state;
	loop_test(run_idle);
}

/* The bytes of a TLS record that never ends: the handshake counts as a request, not as idling. */
static void run_tls_stall(void)
{
	struct http_server *server;
	struct raw_http raw = { .send = "\x16\x03\x01\x02", .timeout_ms = 3000 };
	struct error err;
	void *tls = NULL;
	int silent;

	CHECK_INT(http_tls_server_context(NULL, NULL, &tls, &err), 0);
	server = start((struct http_server_options){ .tls = tls, .request_timeout_ms = 300 });
	silent = raw_http_connect(http_server_port(server));
	raw.port = http_server_port(server);
	raw_http(&raw);
	CHECK(raw.is_eof && raw.elapsed_ms >= 290 && raw.elapsed_ms < 2000);
	CHECK_INT(raw.answer_len, 0);
	CHECK_INT(recv(silent, raw.answer, 1, MSG_DONTWAIT), 0);
	close(silent);
	raw_http_release(&raw);
	/* Another is in the middle of it when the server goes. */
	silent = raw_http_connect(http_server_port(server));
	CHECK_INT(send(silent, "\x16\x03\x01\x02", 4, MSG_NOSIGNAL), 4);
	fiber_sleep(50);
	http_server_free(server);
	close(silent);
	http_tls_context_free(tls);
}

static void test_http_server__tls_handshake_stalls__closed_in_time(void **state)
{
	(void)state;
	loop_test(run_tls_stall);
}

/* ---- streams ---- */

/* Bytes in the chunks of a whole answer, or -1. */
static int64_t chunked_len(const char *answer)
{
	const char *at = strstr(answer, "\r\n\r\n");
	int64_t len = 0;

	for (at = at ? at + 4 : answer;;) {
		char *end;
		unsigned long size = strtoul(at, &end, 16);
		if (end == at || strncmp(end, "\r\n", 2) != 0)
			return -1;
		if (size == 0)
			return strcmp(end, "\r\n\r\n") == 0 ? len : -1;
		if (strlen(end) < size + 4 || strspn(end + 2, "s") != size ||
		    strncmp(end + 2 + size, "\r\n", 2) != 0)
			return -1;
		at = end + 2 + size + 2;
		len += (int64_t)size;
	}
}

static void run_stream(void)
{
	static const char *const requests[] = { "GET /stream HTTP/1.1\r\nConnection: close\r\n\r\n",
						"GET /body HTTP/1.1\r\nConnection: close\r\n\r\n" };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct http_server *server = start((struct http_server_options){ 0 });
		struct raw_http raw = { .port = http_server_port(server),
					.send = requests[i],
					.pause_ms = 100 };

		raw_http(&raw);
		CHECK(strstr(raw.answer, "\r\nTransfer-Encoding: chunked\r\n") != NULL);
		CHECK_INT(seen.stream_written, 3000000);
		CHECK(raw.is_eof);
		CHECK_INT(chunked_len(raw.answer), 3000000);
		raw_http_release(&raw);
		http_server_free(server);
	}
}

static void test_http_server__stream__arrives_in_chunks(void **state)
{
	(void)state;
	loop_test(run_stream);
}

static void run_stalled_reader(void)
{
	static const char *const requests[] = { "GET /stream?endless HTTP/1.1\r\n\r\n",
						"GET /body?endless HTTP/1.1\r\n\r\n" };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct http_server *server = start((struct http_server_options){ .write_timeout_ms = 400 });
		struct raw_http raw = { .port = http_server_port(server),
					.send = requests[i],
					.pause_ms = 2500 };

		raw_http(&raw);
		CHECK_INT(seen.stream_rc, -ERR_TIMEOUT);
		CHECK_INT(seen.running, 0);
		CHECK(i == 0 || seen.waits == 1);
		/* It stopped at the kernel's buffers and ours, not at the end. */
		CHECK(seen.stream_written < (size_t)100000 * 10000 / 10);
		CHECK(raw.is_reset);
		raw_http_release(&raw);
		http_server_free(server);
	}
}

static void test_http_server__reader_stalls__stream_times_out(void **state)
{
	(void)state;
	loop_test(run_stalled_reader);
}

static void run_lost_reader(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	struct raw_http raw = { .port = http_server_port(server),
				.send = "GET /stream?endless HTTP/1.1\r\n\r\n",
				.pause_ms = 100,
				.is_hanging_up = true };

	raw_http(&raw);
	for (int i = 0; i < 100 && seen.running > 0; i++)
		fiber_sleep(10);
	CHECK_INT(seen.stream_rc, -ERR_CLOSED);
	http_server_free(server);
}

static void test_http_server__reader_leaves__stream_ends(void **state)
{
	(void)state;
	loop_test(run_lost_reader);
}

/* ---- faults ---- */

static void run_reset(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	struct raw_http raw = ask(server, "GET /reset HTTP/1.1\r\n\r\n");

	CHECK(raw.is_reset);
	CHECK_INT(raw.answer_len, 0);
	raw_http_release(&raw);
	http_server_free(server);
}

static void test_http_server__reset_wanted__client_sees_rst(void **state)
{
	(void)state;
	loop_test(run_reset);
}

/* ---- many, few, none ---- */

static struct {
	int port;
	int fds[1000];
	int answered;
	bool is_closing;
} crowd;

static void crowd_work(void *arg)
{
	static const char send_text[] = "GET /a HTTP/1.1\r\n\r\n";
	char answer[500];

	(void)arg;
	for (int i = 0; i < 1000 && !crowd.is_closing; i++)
		crowd.fds[i] = raw_http_connect(crowd.port);
	for (int i = 0; i < 1000 && !crowd.is_closing; i++)
		send(crowd.fds[i], send_text, sizeof(send_text) - 1, MSG_NOSIGNAL);
	for (int i = 0; i < 1000; i++) {
		ssize_t len = crowd.is_closing ? 0 : recv(crowd.fds[i], answer, sizeof(answer) - 1, 0);

		answer[len > 0 ? len : 0] = '\0';
		crowd.answered += strstr(answer, "GET /a? []") != NULL;
		if (crowd.is_closing)
			close(crowd.fds[i]);
	}
}

static void run_crowd(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });

	memset(&crowd, 0, sizeof(crowd));
	crowd.port = http_server_port(server);
	offload(crowd_work, NULL);
	CHECK_INT(crowd.answered, 1000);
	crowd.answered = 0;
	crowd.is_closing = true;
	offload(crowd_work, NULL);
	http_server_drain(server, clock_ms() + 3000);
	http_server_free(server);
}

static void test_http_server__1000_connections__all_answered(void **state)
{
	(void)state;
	loop_test(run_crowd);
}

static void release_later(void *arg)
{
	(void)arg;
	fiber_sleep(200);
	seen.is_released = true;
	cond_broadcast(&seen.release);
}

static void run_full(void)
{
	struct http_server *server = start((struct http_server_options){ .max_connections = 1 });
	int idle = raw_http_connect(http_server_port(server)), busy;
	struct raw_http raw = { .port = http_server_port(server),
				.send = "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n" };
	char byte;

	/* An idle one gives way at once. */
	fiber_sleep(50);
	raw_http(&raw);
	CHECK(strstr(raw.answer, "200 OK") != NULL && raw.elapsed_ms < 1000);
	CHECK_INT(recv(idle, &byte, 1, 0), 0);
	close(idle);
	raw_http_release(&raw);
	/* A busy one is waited for. */
	busy = raw_http_connect(http_server_port(server));
	CHECK(send(busy, "GET /wait HTTP/1.1\r\n\r\n", 22, MSG_NOSIGNAL) == 22);
	while (seen.running == 0)
		fiber_sleep(10);
	fiber_spawn("release", release_later, NULL);
	raw = (struct raw_http){ .port = raw.port, .send = raw.send };
	raw_http(&raw);
	CHECK(strstr(raw.answer, "200 OK") != NULL && seen.is_released);
	raw_http_release(&raw);
	close(busy);
	http_server_free(server);
}

static void test_http_server__connections_at_the_limit__next_waits(void **state)
{
	(void)state;
	loop_test(run_full);
}

static void run_port_taken(void)
{
	struct http_server *server = start((struct http_server_options){ 0 }), *second = NULL;
	struct http_server_options options = { .address = "127.0.0.1",
					       .port = http_server_port(server),
					       .handle = handle };
	struct error err;
	char want[100];

	CHECK_INT(http_server_new(&options, &second, &err), -ERR_CONFLICT);
	snprintf(want, sizeof(want), "Cannot listen on 127.0.0.1 port %d: the address is already in use",
		 options.port);
	CHECK_TEXT(err.text, want);
	options.address = "not an address";
	CHECK_INT(http_server_new(&options, &second, &err), -ERR_INVALID);
	options.address = "192.0.2.1";
	CHECK_INT(http_server_new(&options, &second, &err), -ERR_INVALID);
	http_server_free(server);
}

static void test_http_server__port_in_use__conflict_names_it(void **state)
{
	(void)state;
	loop_test(run_port_taken);
}

/* ---- the server's end ---- */

/* A second client, beside the test's body. */
static struct raw_http side;
static bool is_side_done;

static void run_side(void *arg)
{
	(void)arg;
	is_side_done = false;
	raw_http(&side);
	is_side_done = true;
}

static void run_drain(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	int idle = raw_http_connect(http_server_port(server));
	char byte;

	side = (struct raw_http){ .port = http_server_port(server), .send = "GET /wait HTTP/1.1\r\n\r\n" };
	fiber_spawn("side", run_side, NULL);
	while (seen.running == 0)
		fiber_sleep(10);
	fiber_spawn("release", release_later, NULL);
	http_server_drain(server, clock_ms() + 5000);
	CHECK(seen.is_released);
	CHECK_INT(recv(idle, &byte, 1, 0), 0);
	CHECK_INT(raw_http_connect(http_server_port(server)), -1);
	http_server_free(server);
	while (!is_side_done)
		fiber_sleep(10);
	CHECK(strstr(side.answer, "Connection: close") != NULL && strstr(side.answer, "waited") != NULL);
	raw_http_release(&side);
	close(idle);
}

static void test_http_server_drain__request_running__is_answered_first(void **state)
{
	(void)state;
	loop_test(run_drain);
}

static void run_drain_late(void)
{
	struct http_server *server = start((struct http_server_options){ 0 });
	int64_t begin_ms;

	side = (struct raw_http){ .port = http_server_port(server), .send = "GET /wait HTTP/1.1\r\n\r\n" };
	fiber_spawn("side", run_side, NULL);
	while (seen.running == 0)
		fiber_sleep(10);
	begin_ms = clock_ms();
	http_server_drain(server, begin_ms + 200);
	CHECK(clock_ms() - begin_ms >= 200 && clock_ms() - begin_ms < 2000);
	CHECK_INT(seen.running, 1);
	http_server_free(server); /* cancels the handler */
	while (!is_side_done)
		fiber_sleep(10);
	CHECK_INT(seen.running, 0);
	raw_http_release(&side);
}

static void test_http_server_drain__past_the_deadline__free_cancels(void **state)
{
	(void)state;
	loop_test(run_drain_late);
}

/* One connection in each state; a leak checker looks at the end. */
static void run_free_in_any_state(void)
{
	static const char *const sends[] = {
		"",
		"GET /a HTTP/1.1\r\n\r\n",
		"GET /half",
		"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\nhalf",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
		"BROKEN\r\n\r\n",
		"GET /wait HTTP/1.1\r\n\r\nGET /behind HTTP/1.1\r\n\r\nGET /half",
		"GET /gone HTTP/1.1\r\n\r\n",
		"GET /stream?endless HTTP/1.1\r\n\r\n",
		"GET /big HTTP/1.1\r\n\r\nGET /big HTTP/1.1\r\n\r\nGET /big HTTP/1.1\r\n\r\n",
	};
	enum { COUNT = sizeof(sends) / sizeof(*sends) };
	struct http_server *server = start((struct http_server_options){ 0 });
	int fds[COUNT];

	for (int i = 0; i < COUNT; i++) {
		fds[i] = raw_http_connect(http_server_port(server));
		CHECK(send(fds[i], sends[i], strlen(sends[i]), MSG_NOSIGNAL) == (ssize_t)strlen(sends[i]));
	}
	fiber_sleep(200);
	CHECK_INT(seen.running, 3);
	http_server_free(server);
	for (int i = 0; i < 20; i++)
		fiber_yield();
	CHECK_INT(seen.running, 0);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
}

static void test_http_server_free__connections_in_any_state__leaves_nothing(void **state)
{
	(void)state;
	loop_test(run_free_in_any_state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_server__table__replies_and_closes),
		cmocka_unit_test(test_http_server__100_pipelined__answered_in_order),
		cmocka_unit_test(test_http_server__large_body_to_slow_reader__arrives_whole),
		cmocka_unit_test(test_http_server__half_closed__answers_what_was_whole),
		cmocka_unit_test(test_http_server__client_leaves__waiting_handler_sees_it),
		cmocka_unit_test(test_http_server__too_large_upload__reply_is_readable),
		cmocka_unit_test(test_http_server__flood_behind_a_request__is_not_read),
		cmocka_unit_test(test_http_server__many_large_requests__503_beyond_the_memory),
		cmocka_unit_test(test_http_server__bytes_drip__408_in_time),
		cmocka_unit_test(test_http_server__idle__closed_in_silence),
		cmocka_unit_test(test_http_server__tls_handshake_stalls__closed_in_time),
		cmocka_unit_test(test_http_server__stream__arrives_in_chunks),
		cmocka_unit_test(test_http_server__reader_stalls__stream_times_out),
		cmocka_unit_test(test_http_server__reader_leaves__stream_ends),
		cmocka_unit_test(test_http_server__reset_wanted__client_sees_rst),
		cmocka_unit_test(test_http_server__1000_connections__all_answered),
		cmocka_unit_test(test_http_server__connections_at_the_limit__next_waits),
		cmocka_unit_test(test_http_server__port_in_use__conflict_names_it),
		cmocka_unit_test(test_http_server_drain__request_running__is_answered_first),
		cmocka_unit_test(test_http_server_drain__past_the_deadline__free_cancels),
		cmocka_unit_test(test_http_server_free__connections_in_any_state__leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
