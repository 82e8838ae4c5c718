#include "lib/error.h"

#include <string.h>

#include "lib/utf8.h"
#include "tests/support/unit.h"

static void test_fail__sentence__code_negative(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(fail(&err, ERR_NODE_LOCKED, "Node %s is locked by host %s", "n", "h"),
			 -ERR_NODE_LOCKED);
	assert_int_equal(err.code, ERR_NODE_LOCKED);
	assert_string_equal(err.text, "Node n is locked by host h");
	assert_int_equal(fail_prefix(&err, "while %s", "testing"), -ERR_NODE_LOCKED);
	assert_string_equal(err.text, "while testing: Node n is locked by host h");
	assert_int_equal(fail(&err, ERR_BMC, "%s, again", err.text), -ERR_BMC);
	assert_string_equal(err.text, "while testing: Node n is locked by host h, again");
	assert_int_equal(fail(NULL, ERR_INVALID, "unheard"), -ERR_INVALID);
}

static void test_fail__too_long__cut_between_characters(void **state)
{
	struct error err;
	char text[ERROR_TEXT_MAX * 2];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		fail(&err, ERR_INVALID, "%s", text);
		size_t len = strlen(err.text);
		assert_true(len >= ERROR_TEXT_MAX - 4 && len < ERROR_TEXT_MAX);
		for (size_t at = 0; at < len;) {
			size_t length = utf8_length(err.text + at, len - at);
			assert_int_not_equal(length, 0);
			at += length;
		}
	}
}

static void test_error_info__each_code__has_status_and_fault(void **state)
{
	(void)state;
	for (int code = 1; code < ERR_COUNT; code++) {
		const struct error_info *info = error_info(code);
		assert_true(info->http_status >= 400 && info->http_status < 600);
		assert_true(*info->fault);
		assert_true(code == ERR_INTERNAL || info != error_info(ERR_INTERNAL));
	}
	assert_ptr_equal(error_info(ERR_COUNT), error_info(ERR_INTERNAL));
	assert_ptr_equal(error_info(-1), error_info(ERR_INTERNAL));
	assert_int_equal(error_info(ERR_NODE_LOCKED)->http_status, 409);
	assert_string_equal(error_info(ERR_NODE_LOCKED)->fault, "NodeLocked");
	assert_int_equal(error_info(ERR_NO_WORKER)->http_status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail__sentence__code_negative),
		cmocka_unit_test(test_fail__too_long__cut_between_characters),
		cmocka_unit_test(test_error_info__each_code__has_status_and_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
