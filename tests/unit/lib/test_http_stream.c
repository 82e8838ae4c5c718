/* Streamed answers of the HTTP server over real sockets. */
#include "lib/http_server.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "tests/support/loop_test.h"
#include "tests/support/odd_server.h"
#include "tests/support/unit.h"

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
		struct http_server *server = odd_server_start((struct http_server_options){ 0 });
		struct raw_http raw = { .port = http_server_port(server),
					.send = requests[i],
					.pause_ms = 100 };

		raw_http(&raw);
		CHECK(strstr(raw.answer, "\r\nTransfer-Encoding: chunked\r\n") != NULL);
		CHECK_INT(odd_seen.stream_written, 3000000);
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
		struct http_server *server =
			odd_server_start((struct http_server_options){ .write_timeout_ms = 400 });
		struct raw_http raw = { .port = http_server_port(server),
					.send = requests[i],
					.pause_ms = 2500 };

		raw_http(&raw);
		CHECK_INT(odd_seen.stream_rc, -ERR_TIMEOUT);
		CHECK_INT(odd_seen.running, 0);
		CHECK(i == 0 || odd_seen.waits == 1);
		/* It stopped at the kernel's buffers and ours, not at the end. */
		CHECK(odd_seen.stream_written < (size_t)100000 * 10000 / 10);
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
	struct http_server *server = odd_server_start((struct http_server_options){ 0 });
	struct raw_http raw = { .port = http_server_port(server),
				.send = "GET /stream?endless HTTP/1.1\r\n\r\n",
				.pause_ms = 100,
				.is_hanging_up = true };

	raw_http(&raw);
	for (int i = 0; i < 100 && odd_seen.running > 0; i++)
		fiber_sleep(10);
	CHECK_INT(odd_seen.stream_rc, -ERR_CLOSED);
	http_server_free(server);
}

static void test_http_server__reader_leaves__stream_ends(void **state)
{
	(void)state;
	loop_test(run_lost_reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_server__stream__arrives_in_chunks),
		cmocka_unit_test(test_http_server__reader_stalls__stream_times_out),
		cmocka_unit_test(test_http_server__reader_leaves__stream_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
