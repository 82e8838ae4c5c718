/* The HTTP client against the real server: what it sends, how each failure reads, and that nothing leaves
 * without being asked for. */
#include "lib/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/http_server.h"
#include "tests/support/http_servers.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

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
		cmocka_unit_test(test_http_fetch__cancelled__connection_is_closed),
		cmocka_unit_test(test_http_fetch__100_fibers__all_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
