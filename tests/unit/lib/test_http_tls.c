/* TLS of the HTTP client and server: whom each trusts, and what certificates and files may be. */
#include "lib/http_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/http_client.h"
#include "lib/http_server.h"
#include "lib/xalloc.h"
#include "tests/support/http_servers.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

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
	other = http_server_start(context);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_fetch__tls__trusts_what_it_is_told),
		cmocka_unit_test(test_http_server__tls_large_both_ways__arrives_whole),
		cmocka_unit_test(test_http_server__tls_and_plain_mixed_up__refused),
		cmocka_unit_test(test_http_tls_server_context__bad_files__are_named),
	};

	return cmocka_run_group_tests(tests, make_pem, remove_pem);
}
