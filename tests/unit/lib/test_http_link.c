/* The HTTP client against a scripted server: the silent second try, and answers that are none. */
#include "lib/http_link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "tests/support/http_servers.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

/* ---- the silent second try ---- */

/* A server that answers the first request, resets the kept-alive connection on the second and answers
 * again whatever comes on new connections. In a thread. */
static struct {
	int listener, port;
	int requests; /* whole ones that arrived */
} script;

static bool read_request(int fd)
{
	char data[4096];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t len = poll(&poll_fd, 1, 700) == 1 ? recv(fd, data, sizeof(data) - 1, 0) : 0;

	if (len <= 0)
		return false;
	script.requests++;
	return true;
}

static void close_with_reset(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void play(void *arg)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct pollfd poll_fd = { .fd = script.listener, .events = POLLIN };
	int fd;

	(void)arg;
	fd = accept(script.listener, NULL, NULL);
	if (read_request(fd))
		send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
	read_request(fd);
	close_with_reset(fd);
	if (poll(&poll_fd, 1, 700) == 1) {
		fd = accept(script.listener, NULL, NULL);
		if (read_request(fd))
			send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
		close(fd);
	}
}

static bool is_script_done;

static void run_script(void *arg)
{
	is_script_done = false;
	offload(play, arg);
	is_script_done = true;
}

static void begin_script(fiber_fn *player)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	script.requests = 0;
	script.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bind(script.listener, (struct sockaddr *)&address, sizeof(address));
	listen(script.listener, 5);
	getsockname(script.listener, (struct sockaddr *)&address, &len);
	script.port = ntohs(address.sin_port);
	fiber_spawn("script", player, NULL);
}

static void end_script(void)
{
	while (!is_script_done)
		fiber_sleep(10);
	close(script.listener);
}

static unsigned highest_attempt;

static int send_once(void *arg, unsigned attempt, struct error *err)
{
	(void)arg;
	highest_attempt = attempt;
	return attempt == 0 ? 0 : fail(err, ERR_UNKNOWN_OUTCOME, "Sent once already");
}

static int post_twice(int (*may_send)(void *, unsigned, struct error *), struct error *err)
{
	char url[100];
	struct http_fetch fetch = {
		.method = "POST", .url = url, .body = "x", .body_len = 1, .may_send = may_send
	};
	int rc;

	highest_attempt = 0;
	begin_script(run_script);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/reset", script.port);
	rc = http_fetch(&fetch, err);
	if (rc == 0)
		rc = http_fetch(&fetch, err);
	loop_test_note(fetch.is_sent, __FILE__, __LINE__, "the second request was not sent");
	http_fetch_release(&fetch);
	end_script();
	return rc;
}

static void run_second_try(void)
{
	struct error err;

	CHECK_INT(post_twice(send_once, &err), -ERR_UNKNOWN_OUTCOME);
	CHECK_TEXT(err.text, "Sent once already");
	CHECK_INT(highest_attempt, 1);
	CHECK_INT(script.requests, 2);
	/* Without the question, the second request is sent twice. */
	CHECK_INT(post_twice(NULL, &err), 0);
	CHECK_INT(script.requests, 3);
}

static void test_http_fetch__reused_connection_is_reset__post_is_not_sent_again(void **state)
{
	(void)state;
	with_servers(run_second_try);
}

/* ---- answers that are none ---- */

static const char *scripted_reply;

static void play_reply(void *arg)
{
	char data[4096];
	int fd = accept(script.listener, NULL, NULL);

	(void)arg;
	recv(fd, data, sizeof(data), 0);
	send(fd, scripted_reply, strlen(scripted_reply), MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	recv(fd, data, sizeof(data), 0);
	close(fd);
}

static void run_script_reply(void *arg)
{
	is_script_done = false;
	offload(play_reply, arg);
	is_script_done = true;
}

/* clang-format off */
static const struct {
	const char *reply;
	int rc;
	const char *text; /* in the sentence, or the whole answer */
} lies[] = {
	{"", -ERR_BMC_UNREACHABLE, "the connection was closed without an answer"},
	{"SSH-2.0-OpenSSH_9.2\r\n", -ERR_BMC_UNREACHABLE, "the answer is not HTTP"},
	{"HTTP/1.1 200 OK\r\n\r\nto the end", 0, "to the end"},
	{"HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "ok"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", -ERR_BMC_UNREACHABLE, "the answer was cut short"},
	{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", -ERR_BMC_UNREACHABLE, "the answer is not HTTP"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
	 -ERR_BMC_UNREACHABLE, "the answer was cut short"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	 -ERR_BMC_UNREACHABLE, "the answer is not HTTP"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
	 -ERR_TOO_LARGE, "the body of the answer exceeds 1000 bytes"},
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefgh", 0, "abc"},
};
/* clang-format on */

static void run_lies(void)
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		char url[100];
		struct http_fetch fetch = { .method = "GET",
					    .url = url,
					    .is_last = true,
					    .max_body_bytes = 1000,
					    .timeout_ms = 3000 };
		struct error err = { 0 };
		int rc;

		scripted_reply = lies[i].reply;
		begin_script(run_script_reply);
		snprintf(url, sizeof(url), "http://127.0.0.1:%d/", script.port);
		rc = http_fetch(&fetch, &err);
		end_script();
		loop_test_note(rc == lies[i].rc, __FILE__, __LINE__, "row %zu: %d, %s", i, rc, err.text);
		loop_test_note(strstr(rc < 0 ? err.text : fetch.answer.data, lies[i].text) != NULL, __FILE__,
			       __LINE__, "row %zu: %s", i, rc < 0 ? err.text : fetch.answer.data);
		CHECK(!http_fetch_header(&fetch, "X-A", url, sizeof(url)));
		http_fetch_release(&fetch);
	}
}

static void test_http_fetch__server_lies__reads_as_such(void **state)
{
	(void)state;
	with_servers(run_lies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_fetch__reused_connection_is_reset__post_is_not_sent_again),
		cmocka_unit_test(test_http_fetch__server_lies__reads_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
