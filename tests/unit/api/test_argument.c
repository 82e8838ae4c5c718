#include "api/argument.h"

#include <string.h>

#include "lib/json.h"
#include "tests/support/unit.h"

static const struct argument table[] = {
	{ "target", BODY_TEXT, true, 0 },   { "timeout", BODY_INT, false, 27 },
	{ "enabled", BODY_BOOL, false, 0 }, { "steps", BODY_LIST, false, 0 },
	{ "info", BODY_OBJECT, false, 0 },  { "node", BODY_UUID, false, 0 },
	{ "any", BODY_ANY, false, 0 },      { 0 },
};

static struct error err;

static int check(const char *text, int version)
{
	json_t *body = NULL;

	if (text)
		assert_int_equal(json_parse(text, strlen(text), 10, &body, &err), 0);
	int rc = argument_check(body, table, version, &err);
	json_decref(body);
	return rc;
}

static void test_argument__wrong_bodies__are_refused_in_ironics_words(void **state)
{
	static const struct {
		const char *body, *sentence;
	} cases[] = {
		{ NULL, "Missing mandatory parameter: target" },
		{ "{}", "Missing mandatory parameter: target" },
		{ "{\"target\":\"a\",\"x\":1}", "Unexpected arguments: x" },
		{ "{\"target\":5}", "Expected string for target: 5" },
		{ "{\"target\":\"a\",\"timeout\":\"x\"}", "Expected an integer for timeout: x" },
		{ "{\"target\":\"a\",\"timeout\":1.5}", "Expected an integer for timeout: 1.5" },
		{ "{\"target\":\"a\",\"node\":\"x\"}", "Expected UUID for node: x" },
		{ "{\"target\":\"a\",\"steps\":{}}", "Expected a list for steps: {}" },
		{ "{\"target\":\"a\",\"info\":[]}", "Expected an object for info: []" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(check(cases[i].body, 115) < 0);
		assert_string_equal(err.text, cases[i].sentence);
	}
}

static void test_argument__right_bodies__pass(void **state)
{
	(void)state;
	assert_int_equal(check("{\"target\":null}", 115), 0);
	assert_int_equal(
		check("{\"target\":\"a\",\"timeout\":\"60\",\"enabled\":\"yes\",\"steps\":[],\"info\":{},"
		      "\"any\":[1]}",
		      115),
		0);
}

static void test_argument__newer_than_the_version__is_not_acceptable(void **state)
{
	(void)state;
	assert_int_equal(check("{\"target\":\"a\",\"timeout\":5}", 26), -ERR_NOT_ACCEPTABLE);
	assert_int_equal(check("{\"target\":\"a\",\"timeout\":5}", 27), 0);
}

static void test_argument__values__are_read(void **state)
{
	json_t *body = json_pack("{s:s, s:s, s:b, s:n, s:i}", "text", "t", "word", "off", "flag", 1, "null",
				 "number", 7);

	(void)state;
	assert_string_equal(argument_text(body, "text"), "t");
	assert_null(argument_text(body, "number"));
	assert_int_equal(argument_bool(body, "word"), 0);
	assert_int_equal(argument_bool(body, "flag"), 1);
	assert_int_equal(argument_bool(body, "null"), -1);
	assert_int_equal(argument_bool(NULL, "flag"), -1);
	assert_int_equal(argument_int(body, "number", 3), 7);
	assert_int_equal(argument_int(body, "absent", 3), 3);
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argument__wrong_bodies__are_refused_in_ironics_words),
		cmocka_unit_test(test_argument__right_bodies__pass),
		cmocka_unit_test(test_argument__newer_than_the_version__is_not_acceptable),
		cmocka_unit_test(test_argument__values__are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
