/* Connections of the HTTP server over real sockets: how clients leave, many at once, how the server ends. */
#include "lib/http_server.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tests/support/loop_test.h"
#include "tests/support/odd_server.h"
#include "tests/support/unit.h"

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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	struct raw_http raw = { .port = http_server_port(server),
				.send = "GET /gone HTTP/1.1\r\n\r\n",
				.is_hanging_up = true,
				.pause_ms = 50 };

	raw_http(&raw);
	for (int i = 0; i < 100 && !odd_seen.is_client_gone; i++)
		fiber_sleep(10);
	CHECK(odd_seen.is_client_gone);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
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
	CHECK_INT(odd_seen.calls, 0);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
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
	CHECK_INT(odd_seen.calls, 1);
	odd_seen.is_released = true;
	cond_broadcast(&odd_seen.release);
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
	struct http_server *server =
		odd_server_start((struct http_server_options){ .max_buffered_bytes = 10 * LEN });
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
	raw = odd_server_ask(server, "GET /a HTTP/1.1\r\n\r\n"); /* whole ones still pass */
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });

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
	odd_seen.is_released = true;
	cond_broadcast(&odd_seen.release);
}

static void run_full(void)
{
	struct http_server *server = odd_server_start((struct http_server_options){ .max_connections = 1 });
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
	while (odd_seen.running == 0)
		fiber_sleep(10);
	fiber_spawn("release", release_later, NULL);
	raw = (struct raw_http){ .port = raw.port, .send = raw.send };
	raw_http(&raw);
	CHECK(strstr(raw.answer, "200 OK") != NULL && odd_seen.is_released);
	raw_http_release(&raw);
	close(busy);
	http_server_free(server);
}

static void test_http_server__connections_at_the_limit__next_waits(void **state)
{
	(void)state;
	loop_test(run_full);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	int idle = raw_http_connect(http_server_port(server));
	char byte;

	side = (struct raw_http){ .port = http_server_port(server), .send = "GET /wait HTTP/1.1\r\n\r\n" };
	fiber_spawn("side", run_side, NULL);
	while (odd_seen.running == 0)
		fiber_sleep(10);
	fiber_spawn("release", release_later, NULL);
	http_server_drain(server, clock_ms() + 5000);
	CHECK(odd_seen.is_released);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	int64_t begin_ms;

	side = (struct raw_http){ .port = http_server_port(server), .send = "GET /wait HTTP/1.1\r\n\r\n" };
	fiber_spawn("side", run_side, NULL);
	while (odd_seen.running == 0)
		fiber_sleep(10);
	begin_ms = clock_ms();
	http_server_drain(server, begin_ms + 200);
	CHECK(clock_ms() - begin_ms >= 200 && clock_ms() - begin_ms < 2000);
	CHECK_INT(odd_seen.running, 1);
	http_server_free(server); /* cancels the handler */
	while (!is_side_done)
		fiber_sleep(10);
	CHECK_INT(odd_seen.running, 0);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	int fds[COUNT];

	for (int i = 0; i < COUNT; i++) {
		fds[i] = raw_http_connect(http_server_port(server));
		CHECK(send(fds[i], sends[i], strlen(sends[i]), MSG_NOSIGNAL) == (ssize_t)strlen(sends[i]));
	}
	fiber_sleep(200);
	CHECK_INT(odd_seen.running, 3);
	http_server_free(server);
	for (int i = 0; i < 20; i++)
		fiber_yield();
	CHECK_INT(odd_seen.running, 0);
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
		cmocka_unit_test(test_http_server__half_closed__answers_what_was_whole),
		cmocka_unit_test(test_http_server__client_leaves__waiting_handler_sees_it),
		cmocka_unit_test(test_http_server__too_large_upload__reply_is_readable),
		cmocka_unit_test(test_http_server__flood_behind_a_request__is_not_read),
		cmocka_unit_test(test_http_server__many_large_requests__503_beyond_the_memory),
		cmocka_unit_test(test_http_server__1000_connections__all_answered),
		cmocka_unit_test(test_http_server__connections_at_the_limit__next_waits),
		cmocka_unit_test(test_http_server_drain__request_running__is_answered_first),
		cmocka_unit_test(test_http_server_drain__past_the_deadline__free_cancels),
		cmocka_unit_test(test_http_server_free__connections_in_any_state__leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
