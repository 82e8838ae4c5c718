/* The HTTP server over real sockets: replies, limits, time and faults. */
#include "lib/http_server.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"
#include "tests/support/loop_test.h"
#include "tests/support/odd_server.h"
#include "tests/support/unit.h"

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
	{"GET /a HTTP/1.1\r\n\r\nBROKEN\r\n\r\n", "200 405", true, "\r\nConnection: close\r\n"},
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	char statuses[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct raw_http raw;

		odd_seen.stream_rc = 0;
		raw = odd_server_ask(server, rows[i].send);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
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
	CHECK_INT(odd_seen.calls, 100);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
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
	struct http_server *server =
		odd_server_start((struct http_server_options){ .request_timeout_ms = 400 });
	char statuses[20];

	for (size_t i = 0; i < sizeof(sends) / sizeof(*sends); i++) {
		struct raw_http raw = { .port = http_server_port(server), .send = sends[i], .drip_ms = 10 };

		raw_http(&raw);
		CHECK_TEXT(raw_http_statuses(&raw, statuses, sizeof(statuses)), "408");
		CHECK(raw.elapsed_ms >= 390 && raw.elapsed_ms < 4000);
		raw_http_release(&raw);
	}
	CHECK_INT(odd_seen.calls, 0);
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
	struct http_server *server = odd_server_start((struct http_server_options){ .idle_timeout_ms = 300 });

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
	server = odd_server_start((struct http_server_options){ .tls = tls, .request_timeout_ms = 300 });
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

/* ---- faults ---- */

static void run_reset(void)
{
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	struct raw_http raw = odd_server_ask(server, "GET /reset HTTP/1.1\r\n\r\n");

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

static void run_port_taken(void)
{
	struct http_server *server = odd_server_start((struct http_server_options){ 0 }), *second = NULL;
	struct http_server_options options = { .address = "127.0.0.1",
					       .port = http_server_port(server),
					       .handle = odd_server_handle };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_server__table__replies_and_closes),
		cmocka_unit_test(test_http_server__100_pipelined__answered_in_order),
		cmocka_unit_test(test_http_server__large_body_to_slow_reader__arrives_whole),
		cmocka_unit_test(test_http_server__bytes_drip__408_in_time),
		cmocka_unit_test(test_http_server__idle__closed_in_silence),
		cmocka_unit_test(test_http_server__tls_handshake_stalls__closed_in_time),
		cmocka_unit_test(test_http_server__reset_wanted__client_sees_rst),
		cmocka_unit_test(test_http_server__port_in_use__conflict_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
