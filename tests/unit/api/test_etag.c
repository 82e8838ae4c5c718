#include "api/etag.h"

#include <string.h>

#include "api/route.h"
#include "tests/support/unit.h"

static const struct etag_row row = { "Node", "u", 0x1f, 0xa0 };

/* -ERR_PRECONDITION or 0 for up to two If-Match lines. */
static int check(const char *first, const char *second)
{
	const struct http_header headers[] = { { "Accept", "*/*" },
					       { "if-match", first },
					       { "If-Match", second } };
	struct http_request http = { .method = "PATCH",
				     .headers = headers,
				     .header_count = second  ? 3
						     : first ? 2
							     : 1 };
	const struct api_request request = { .http = &http };
	struct error err;

	return etag_check(&request, &row, &err);
}

static void test_if_match__absent__is_no_condition(void **state)
{
	(void)state;
	assert_int_equal(check(NULL, NULL), 0);
}

static void test_if_match__names_the_state__is_fine(void **state)
{
	static const char *const good[] = { "*",
					    "\"1f-a0-0\"",
					    "\"1f-a0-ffffffffffffffff\"",
					    "\"x\",\"1f-a0-1\"",
					    " , \"a,b\" ,, \"1f-a0-1\"",
					    "W/\"1f-a0-1\", \"1f-a0-1\"" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (check(good[i], NULL) != 0)
			fail_with("%s", good[i]);
	}
	assert_int_equal(check("\"x\"", "\"1f-a0-1\""), 0);
}

static void test_if_match__names_others_or_nothing__is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "\"\"",
					   "\"1f-a0\"",
					   "\"1f-a1-0\"",
					   "\"1-a0-0\"",
					   "W/\"1f-a0-1\"",
					   "1f-a0-1",
					   "\"1f-a0-1",
					   "**",
					   "\"",
					   ",,,",
					   "W/",
					   "\"1f-a00-1\"",
					   "\"x\" y \"z\"" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (check(bad[i], NULL) != -ERR_PRECONDITION)
			fail_with("%s", bad[i]);
	}
}

static void answer(struct http_response *out, const char *body, const char *known)
{
	const struct http_header headers[] = { { "If-None-Match", known } };
	struct http_request http = { .method = "GET", .headers = headers, .header_count = known ? 1 : 0 };
	struct api_request request = { .http = &http, .out = out };

	*out = (struct http_response){ .status = 200 };
	buf_init(&out->headers, 4096);
	buf_init(&out->body, 4096);
	buf_puts(&out->body, body);
	etag_reply(&request, 1, 2);
	buf_putc(&out->headers, '\0');
}

static void answer_release(struct http_response *out)
{
	buf_release(&out->headers);
	buf_release(&out->body);
}

/* The tag in "ETag: <tag>\r\n". */
static void tag_of(const char *body, char tag[64])
{
	struct http_response out;

	answer(&out, body, NULL);
	const char *begin = strchr(out.headers.data, '"');
	size_t len = strcspn(begin, "\r");
	assert_true(len < 64);
	memcpy(tag, begin, len);
	tag[len] = '\0';
	answer_release(&out);
}

static void test_etag__same_document__same_tag_and_304(void **state)
{
	char tag[64], other[64];
	struct http_response out;

	(void)state;
	tag_of("{\"a\":1}", tag);
	tag_of("{\"a\":2}", other);
	assert_string_not_equal(tag, other);
	tag_of("{\"a\":1,\"b\":22222222222222}", other);
	assert_string_not_equal(tag, other);
	answer(&out, "{\"a\":1}", tag);
	assert_int_equal(out.status, 304);
	assert_int_equal(out.body.len, 0);
	answer_release(&out);
	answer(&out, "{\"a\":1}", other);
	assert_int_equal(out.status, 200);
	assert_int_equal(out.body.len, 7);
	answer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_if_match__absent__is_no_condition),
		cmocka_unit_test(test_if_match__names_the_state__is_fine),
		cmocka_unit_test(test_if_match__names_others_or_nothing__is_refused),
		cmocka_unit_test(test_etag__same_document__same_tag_and_304),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
