/* The HTTP client against the real server and against a scripted one: what it sends, whom it trusts, how
 * each failure reads, and that nothing leaves without being asked for. */
#include "lib/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "lib/http_server.h"
#include "lib/resolve.h"
#include "lib/xalloc.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

static struct {
	int calls;
	bool is_gone;
} seen;

static void handle_wait(struct http_response *response)
{
	while (!http_response_is_gone(response)) {
		if (cond_wait(http_response_gone_cond(response), clock_ms() + 3000) < 0)
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

static struct http_server *server, *tls_server;

static struct http_server *start(void *tls)
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
	server = start(NULL);
	tls_server = start(tls);
	body_of_test();
	http_server_free(server);
	http_server_free(tls_server);
	http_tls_context_free(tls);
	http_client_release();
}

static void with_servers(void (*fn)(void))
{
	body_of_test = fn;
	loop_test(run_with_servers);
}

/* A URL on one of the servers; valid until the next call but one. */
static const char *url_of(const struct http_server *on, const char *target)
{
	static char urls[2][200];
	static int turn;
	char *url = urls[turn ^= 1];

	snprintf(url, sizeof(urls[0]), "%s://127.0.0.1:%d%s", on == tls_server ? "https" : "http",
		 http_server_port(on), target);
	return url;
}

/* ---- what is sent ---- */

struct request_row {
	const char *method, *body, *header;
	const char *received; /* the whole text that arrived, Host left out */
};

#define AGENT "User-Agent: Ferrule/" FERRULE_VERSION "\nAccept: */*\n"
/* clang-format off */
static const struct request_row requests[] = {
	{"GET", NULL, NULL, "GET /a?b=%20c\n" AGENT "\n"},
	{"DELETE", NULL, NULL, "DELETE /a?b=%20c\n" AGENT "\n"},
	{"POST", "{}", "Content-Type: application/json",
	 "POST /a?b=%20c\n" AGENT "Content-Type: application/json\nContent-Length: 2\n\n{}"},
	{"POST", NULL, NULL, "POST /a?b=%20c\n" AGENT "Content-Length: 0\n\n"},
	{"PATCH", "[]", "If-Match: \"x\"",
	 "PATCH /a?b=%20c\n" AGENT "If-Match: \"x\"\nContent-Length: 2\n\n[]"},
	{"PUT", "x", NULL, "PUT /a?b=%20c\n" AGENT "Content-Length: 1\n\nx"},
	{"DELETE", "x", NULL, "DELETE /a?b=%20c\n" AGENT "Content-Length: 1\n\nx"},
};
/* clang-format on */

static void run_requests(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		const char *const headers[] = { requests[i].header, NULL };
		struct http_fetch fetch = { .method = requests[i].method,
					    .url = url_of(server, "/a?b=%20c"),
					    .headers = headers,
					    .body = requests[i].body,
					    .body_len =
						    requests[i].body != NULL ? strlen(requests[i].body) : 0 };
		struct error err;
		char method[20];

		CHECK_INT(http_fetch(&fetch, &err), 0);
		CHECK_INT(fetch.status, 200);
		CHECK_TEXT(fetch.answer.data, requests[i].received);
		CHECK(http_fetch_header(&fetch, "x-METHOD", method, sizeof(method)));
		CHECK_TEXT(method, requests[i].method);
		CHECK(!http_fetch_header(&fetch, "X-Method", method, strlen(requests[i].method)));
		CHECK(!http_fetch_header(&fetch, "X-None", method, sizeof(method)));
		CHECK(fetch.is_sent && fetch.is_reused == (i > 0));
		http_fetch_release(&fetch);
	}
}

static void test_http_fetch__methods__send_what_they_should(void **state)
{
	(void)state;
	with_servers(run_requests);
}

static void run_head(void)
{
	struct http_fetch fetch = { .method = "HEAD", .url = url_of(server, "/a") };
	char length[20];

	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK_INT(fetch.answer.len, 0);
	CHECK(http_fetch_header(&fetch, "Content-Length", length, sizeof(length)) && atoi(length) > 0);
	http_fetch_release(&fetch);
}

static void test_http_fetch__head__has_headers_only(void **state)
{
	(void)state;
	with_servers(run_head);
}

static void run_basic(void)
{
	struct http_fetch fetch = {
		.method = "GET", .url = url_of(server, "/a"), .user = "root", .password = "calvin"
	};

	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK(strstr(fetch.answer.data, "\nAuthorization: Basic cm9vdDpjYWx2aW4=\n") != NULL);
	fetch.user = NULL;
	CHECK_INT(http_fetch(&fetch, NULL), 0); /* the recycled handle has forgotten them */
	CHECK(strstr(fetch.answer.data, "Authorization") == NULL);
	http_fetch_release(&fetch);
}

static void test_http_fetch__user__is_sent_once(void **state)
{
	(void)state;
	with_servers(run_basic);
}

static void run_manners(void)
{
	struct http_fetch fetch = { .method = "GET", .url = url_of(server, "/redirect") };

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	CHECK_INT(http_fetch(&fetch, NULL), 0);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	CHECK_INT(fetch.status, 302);
	CHECK_INT(seen.calls, 1);
	http_fetch_release(&fetch);
}

static void test_http_fetch__proxy_and_redirect__are_not_followed(void **state)
{
	(void)state;
	with_servers(run_manners);
}

static void run_reuse(void)
{
	struct http_fetch fetch = { .method = "GET", .url = url_of(server, "/a") };

	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK(!fetch.is_reused);
	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK(fetch.is_reused);
	fetch.is_fresh = true;
	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK(!fetch.is_reused);
	fetch.is_fresh = false;
	fetch.is_last = true; /* the one before was closed for it */
	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK(fetch.is_reused);
	CHECK_INT(http_fetch(&fetch, NULL), 0);
	CHECK(!fetch.is_reused);
	http_fetch_release(&fetch);
}

static void test_http_fetch__connections__are_kept_or_not(void **state)
{
	(void)state;
	with_servers(run_reuse);
}

static void run_keep(void)
{
	struct http_fetch plain = { .method = "GET", .url = url_of(server, "/a") };
	struct http_fetch tls = { .method = "GET",
				  .url = url_of(tls_server, "/a"),
				  .is_tls_unverified = true };

	http_client_keep(1);
	for (int i = 0; i < 2; i++) { /* each pushes out the other */
		CHECK_INT(http_fetch(&plain, NULL), 0);
		CHECK(!plain.is_reused);
		CHECK_INT(http_fetch(&tls, NULL), 0);
		CHECK(!tls.is_reused && tls.is_resumed == (i > 0));
	}
	http_client_keep(0);
	CHECK_INT(http_fetch(&tls, NULL), 0);
	CHECK(tls.is_reused);
	CHECK_INT(http_fetch(&tls, NULL), 0);
	CHECK(!tls.is_reused && tls.is_resumed);
	http_client_keep(1000);
	http_fetch_release(&plain);
	http_fetch_release(&tls);
}

static void test_http_client_keep__more_connections__the_longest_idle_go(void **state)
{
	(void)state;
	with_servers(run_keep);
}

/* What a session without verification has opened does not open one with it. */
static void run_resume(void)
{
	struct http_fetch fetch = { .method = "GET", .is_tls_unverified = true, .is_last = true };
	struct error err;

	for (int i = 0; i < 3; i++) {
		fetch.url = url_of(tls_server, "/a");
		CHECK_INT(http_fetch(&fetch, &err), 0);
		CHECK(fetch.is_resumed == (i > 0));
	}
	fetch.tls_minimum = "1.3"; /* other wishes, another session */
	CHECK_INT(http_fetch(&fetch, &err), 0);
	CHECK(!fetch.is_resumed);
	fetch.is_tls_unverified = false;
	CHECK_INT(http_fetch(&fetch, &err), -ERR_BMC_UNREACHABLE);
	CHECK(fetch.is_untrusted && !fetch.is_sent);
	http_fetch_release(&fetch);
}

static void test_http_fetch__tls_session__is_resumed_with_the_same_trust_only(void **state)
{
	(void)state;
	with_servers(run_resume);
}

static void run_line_break(void)
{
	static const char *const headers[] = { "X-A: b\r\nX-C: d", NULL };
	struct http_fetch fetch = { .method = "GET", .url = url_of(server, "/a"), .headers = headers };

	CHECK_INT(http_fetch(&fetch, NULL), -ERR_INVALID);
	CHECK_INT(seen.calls, 0);
	http_fetch_release(&fetch);
}

static void test_http_fetch__line_break_in_a_header__is_refused(void **state)
{
	(void)state;
	with_servers(run_line_break);
}

/* ---- failures ---- */

struct failure_row {
	const char *target;
	int rc;
	const char *text; /* behind "Request to http://127.0.0.1:PORT failed: " */
};

/* clang-format off */
static const struct failure_row failures[] = {
	{"/reset", -ERR_BMC_UNREACHABLE, "receiving failed: Connection reset by peer"},
	{"/truncate", -ERR_BMC_UNREACHABLE, "the answer was cut short"},
	{"/wait", -ERR_TIMEOUT, "no complete answer within 300 ms"},
	{"/size?1001", -ERR_TOO_LARGE, "the body of the answer exceeds 1000 bytes"},
	{"/chunks?1001", -ERR_TOO_LARGE, "the body of the answer exceeds 1000 bytes"},
	{"/headers?800", 0, NULL},
	{"/size?1000", 0, NULL},
	{"/chunks?1000", 0, NULL},
};
/* clang-format on */

static void run_failures(void)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
		struct http_fetch fetch = { .method = "GET",
					    .url = url_of(server, failures[i].target),
					    .is_fresh = true,
					    .timeout_ms = 300,
					    .max_body_bytes = 1000,
					    .user = "root",
					    .password = "calvin" };
		struct error err = { 0 };
		char want[300] = "";

		CHECK_INT(http_fetch(&fetch, &err), failures[i].rc);
		if (failures[i].text != NULL) {
			snprintf(want, sizeof(want), "Request to http://127.0.0.1:%d failed: %s",
				 http_server_port(server), failures[i].text);
		}
		CHECK_TEXT(err.text, want);
		CHECK(fetch.is_sent);
		http_fetch_release(&fetch);
	}
	fiber_sleep(50);
	CHECK(seen.is_gone); /* the connection of the timed out request was closed */
}

static void test_http_fetch__faulty_server__reads_as_such(void **state)
{
	(void)state;
	with_servers(run_failures);
}

static void run_unreachable(void)
{
	static const struct {
		const char *url;
		int rc;
		const char *text;
	} cases[] = {
		{ "http://127.0.0.1:1/", -ERR_BMC_UNREACHABLE,
		  "Request to http://127.0.0.1:1 failed: the connection failed: Connection refused" },
		{ "http://no-such-host.invalid/", -ERR_BMC_UNREACHABLE,
		  "The host name no-such-host.invalid does" },
		{ "ftp://127.0.0.1/", -ERR_INVALID, "The URL scheme ftp is neither http nor https" },
		{ "http://root:calvin@127.0.0.1/", -ERR_INVALID,
		  "The URL is not a valid http or https URL: " },
		{ "http://127.0.0.1:99999/", -ERR_INVALID, "The URL is not a valid http or https URL: " },
		{ "http://127.0.0.1/a b", -ERR_INVALID, "The URL is not a valid http or https URL: " },
		{ "", -ERR_INVALID, "The URL is not a valid http or https URL: " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_fetch fetch = {
			.method = "GET", .url = cases[i].url, .user = "root", .password = "calvin"
		};
		struct error err = { 0 };

		CHECK_INT(http_fetch(&fetch, &err), cases[i].rc);
		CHECK(strncmp(err.text, cases[i].text, strlen(cases[i].text)) == 0);
		CHECK(strstr(err.text, "calvin") == NULL);
		CHECK(!fetch.is_sent && !fetch.is_reused);
		http_fetch_release(&fetch);
	}
}

static void test_http_fetch__nobody_there__reads_as_such(void **state)
{
	(void)state;
	with_servers(run_unreachable);
}

static int refuse_all(void *arg, unsigned attempt, struct error *err)
{
	*(unsigned *)arg = attempt;
	return fail(err, ERR_FENCED, "The lease is lost");
}

static void run_refused(void)
{
	unsigned attempt = 99;
	struct http_fetch fetch = { .method = "POST",
				    .url = url_of(server, "/a"),
				    .body = "x",
				    .body_len = 1,
				    .may_send = refuse_all,
				    .may_send_arg = &attempt };
	struct error err;

	CHECK_INT(http_fetch(&fetch, &err), -ERR_FENCED);
	CHECK_TEXT(err.text, "The lease is lost");
	CHECK_INT(attempt, 0);
	CHECK(!fetch.is_sent);
	fiber_sleep(50);
	CHECK_INT(seen.calls, 0);
	http_fetch_release(&fetch);
}

static void test_http_fetch__may_not_send__nothing_leaves(void **state)
{
	(void)state;
	with_servers(run_refused);
}

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

/* ---- cancelling, many at once ---- */

static int cancelled_rc;

static void fetch_wait(void *arg)
{
	struct http_fetch fetch = { .method = "GET", .url = arg };

	cancelled_rc = http_fetch(&fetch, NULL);
	http_fetch_release(&fetch);
}

static void run_cancel(void)
{
	struct fiber *fiber;

	cancelled_rc = 0;
	fiber = fiber_spawn("fetch", fetch_wait, (void *)url_of(server, "/wait"));
	while (seen.calls == 0)
		fiber_sleep(10);
	fiber_cancel(fiber);
	for (int i = 0; i < 100 && !seen.is_gone; i++)
		fiber_sleep(10);
	CHECK_INT(cancelled_rc, -ERR_CANCELLED);
	CHECK(seen.is_gone);
}

static void test_http_fetch__cancelled__connection_is_closed(void **state)
{
	(void)state;
	with_servers(run_cancel);
}

static int fetched;

static void fetch_many(void *arg)
{
	const struct http_server *on = arg;
	struct http_fetch fetch = { .method = "GET", .is_tls_unverified = true };
	char url[200];

	for (int i = 0; i < 5; i++) {
		snprintf(url, sizeof(url), "%s", url_of(on, "/size?100"));
		fetch.url = url;
		fetched += http_fetch(&fetch, NULL) == 0 && fetch.answer.len == 100;
	}
	http_fetch_release(&fetch);
}

static void run_many(void)
{
	fetched = 0;
	for (int i = 0; i < 100; i++)
		fiber_spawn("fetch", fetch_many, i % 4 == 0 ? tls_server : server);
	for (int i = 0; i < 2000 && fiber_count() > 1; i++)
		fiber_sleep(10);
	CHECK_INT(fetched, 500);
}

static void test_http_fetch__100_fibers__all_answered(void **state)
{
	(void)state;
	with_servers(run_many);
}

/* ---- TLS ---- */

static char pem_folder[] = "/tmp/ferrule-tls-XXXXXX";

/* A certificate for localhost and 127.0.0.1 by the openssl tool, as cert.pem and key.pem. */
static int make_pem(void **state)
{
	char command[1000];

	(void)state;
	if (mkdtemp(pem_folder) == NULL)
		return -1;
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
		 "/CN=localhost "
		 "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout %s/key.pem -out %s/cert.pem "
		 "2>/dev/null",
		 pem_folder, pem_folder);
	return system(command) == 0 ? 0 : -1;
}

static int remove_pem(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", pem_folder);
	return system(command);
}

/* A file of authorities that changes is read again, for new connections. */
static void check_authority_changes(const struct http_server *other, const char *cert)
{
	char path[100], command[300], url[100];
	struct http_fetch fetch = { .method = "GET", .url = url, .ca_path = path, .is_fresh = true };
	struct error err;

	snprintf(path, sizeof(path), "%s/changing.pem", pem_folder);
	snprintf(command, sizeof(command), "cp %s %s", cert, path);
	CHECK_INT(system(command), 0);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/a", http_server_port(other));
	CHECK_INT(http_fetch(&fetch, &err), 0);
	snprintf(command, sizeof(command), "echo nothing > %s", path);
	CHECK_INT(system(command), 0);
	CHECK_INT(http_fetch(&fetch, &err), -ERR_INVALID);
	CHECK(strstr(err.text, "the CA file cannot be used") != NULL);
	http_fetch_release(&fetch);
}

static void run_tls(void)
{
	char cert[100], key[100];
	struct http_fetch fetch = { .method = "GET", .ca_path = cert };
	struct http_server *other;
	struct error err;
	void *context = NULL;

	snprintf(cert, sizeof(cert), "%s/cert.pem", pem_folder);
	snprintf(key, sizeof(key), "%s/key.pem", pem_folder);
	CHECK_INT(http_tls_server_context(cert, key, &context, &err), 0);
	other = start(context);
	/* The same certificate is trusted, with either version; another is not. */
	for (int i = 0; i < 3; i++) {
		char url[100];

		snprintf(url, sizeof(url), "https://127.0.0.1:%d/a", http_server_port(other));
		fetch.url = url;
		fetch.is_fresh = true;
		fetch.tls_minimum = (const char *[]){ NULL, "1.2", "1.3" }[i];
		CHECK_INT(http_fetch(&fetch, &err), 0);
		CHECK(strncmp(fetch.answer.data, "GET /a", 6) == 0);
	}
	check_authority_changes(other, cert);
	fetch.url = url_of(tls_server, "/a");
	CHECK_INT(http_fetch(&fetch, &err), -ERR_BMC_UNREACHABLE);
	CHECK(strstr(err.text, "the TLS certificate is not trusted") != NULL);
	CHECK(!fetch.is_sent);
	fetch.is_tls_unverified = true;
	CHECK_INT(http_fetch(&fetch, &err), 0);
	http_fetch_release(&fetch);
	http_server_free(other);
	http_tls_context_free(context);
}

static void test_http_fetch__tls__trusts_what_it_is_told(void **state)
{
	(void)state;
	with_servers(run_tls);
}

static void run_tls_large(void)
{
	struct http_fetch fetch = { .method = "POST",
				    .url = url_of(tls_server, "/size?3000000"),
				    .body_len = 1000000,
				    .is_tls_unverified = true };
	char *body = xcalloc(1, fetch.body_len);

	fetch.body = body;
	for (int i = 0; i < 3; i++) {
		CHECK_INT(http_fetch(&fetch, NULL), 0);
		CHECK_INT(fetch.answer.len, 3000000);
		CHECK(fetch.is_reused == (i > 0));
	}
	xfree(body);
	http_fetch_release(&fetch);
}

static void test_http_server__tls_large_both_ways__arrives_whole(void **state)
{
	(void)state;
	with_servers(run_tls_large);
}

static void run_wrong_protocol(void)
{
	char url[100];
	struct http_fetch fetch = { .method = "GET", .url = url, .is_tls_unverified = true };
	struct error err;

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", http_server_port(server));
	CHECK_INT(http_fetch(&fetch, &err), -ERR_BMC_UNREACHABLE);
	CHECK(strstr(err.text, "the TLS handshake failed") != NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", http_server_port(tls_server));
	CHECK_INT(http_fetch(&fetch, &err), -ERR_BMC_UNREACHABLE);
	CHECK_INT(seen.calls, 0);
	/* Both servers go on. */
	fetch.url = url_of(server, "/a");
	CHECK_INT(http_fetch(&fetch, &err), 0);
	fetch.url = url_of(tls_server, "/a");
	CHECK_INT(http_fetch(&fetch, &err), 0);
	http_fetch_release(&fetch);
}

static void test_http_server__tls_and_plain_mixed_up__refused(void **state)
{
	(void)state;
	with_servers(run_wrong_protocol);
}

static void test_http_tls_server_context__bad_files__are_named(void **state)
{
	struct error err;
	void *context = NULL;

	(void)state;
	assert_int_equal(
		http_tls_server_context("/nonexistent/cert.pem", "/nonexistent/key.pem", &context, &err),
		-ERR_INVALID);
	assert_non_null(strstr(err.text, "/nonexistent/cert.pem"));
	assert_int_equal(http_tls_server_context("/nonexistent/cert.pem", NULL, &context, &err),
			 -ERR_MISSING);
	assert_null(context);
}

/* ---- resolve ---- */

static void run_resolve(void)
{
	char address[46];
	struct error err;
	char all[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];

	CHECK_INT(resolve_host("192.0.2.7", address, sizeof(address), &err), 0);
	CHECK_TEXT(address, "192.0.2.7");
	CHECK_INT(resolve_host("2001:db8::7", address, sizeof(address), &err), 0);
	CHECK_TEXT(address, "2001:db8::7");
	CHECK_INT(resolve_host("localhost", address, sizeof(address), &err), 0);
	CHECK(strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0);
	CHECK_INT(resolve_host("no-such-host.invalid", address, sizeof(address), &err), -ERR_BMC_UNREACHABLE);
	CHECK(strstr(err.text, "no-such-host.invalid") != NULL);
	/* The asker leaves first; the answer must not touch it. */
	CHECK_INT(resolve_all("localhost", clock_ms() - 1, all, &err), -ERR_BMC_UNREACHABLE);
	fiber_sleep(100);
	CHECK_INT(resolve_host("localhost", address, sizeof(address), &err), 0);
}

static void test_resolve_host__names_and_numbers__resolve_or_say_why(void **state)
{
	(void)state;
	loop_test(run_resolve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_fetch__methods__send_what_they_should),
		cmocka_unit_test(test_http_fetch__head__has_headers_only),
		cmocka_unit_test(test_http_fetch__user__is_sent_once),
		cmocka_unit_test(test_http_fetch__proxy_and_redirect__are_not_followed),
		cmocka_unit_test(test_http_fetch__connections__are_kept_or_not),
		cmocka_unit_test(test_http_client_keep__more_connections__the_longest_idle_go),
		cmocka_unit_test(test_http_fetch__tls_session__is_resumed_with_the_same_trust_only),
		cmocka_unit_test(test_http_fetch__line_break_in_a_header__is_refused),
		cmocka_unit_test(test_http_fetch__faulty_server__reads_as_such),
		cmocka_unit_test(test_http_fetch__nobody_there__reads_as_such),
		cmocka_unit_test(test_http_fetch__may_not_send__nothing_leaves),
		cmocka_unit_test(test_http_fetch__reused_connection_is_reset__post_is_not_sent_again),
		cmocka_unit_test(test_http_fetch__server_lies__reads_as_such),
		cmocka_unit_test(test_http_fetch__cancelled__connection_is_closed),
		cmocka_unit_test(test_http_fetch__100_fibers__all_answered),
		cmocka_unit_test(test_http_fetch__tls__trusts_what_it_is_told),
		cmocka_unit_test(test_http_server__tls_large_both_ways__arrives_whole),
		cmocka_unit_test(test_http_server__tls_and_plain_mixed_up__refused),
		cmocka_unit_test(test_http_tls_server_context__bad_files__are_named),
		cmocka_unit_test(test_resolve_host__names_and_numbers__resolve_or_say_why),
	};

	return cmocka_run_group_tests(tests, make_pem, remove_pem);
}
