#include "api/step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int check(const char *text, const char *rank)
{
	json_t *steps = json_loads(text, JSON_DECODE_ANY, NULL);
	struct error err;

	assert_non_null(steps);
	int rc = step_check_list(steps, "runbook", rank, &err);
	json_decref(steps);
	return rc;
}

#define STEP(interface, name, args, rank)                                                                    \
	"{\"interface\": " interface ", \"step\": " name ", \"args\": " args ", \"order\": " rank "}"
#define GOOD STEP("\"bios\"", "\"apply\"", "{}", "1")

static void test_step_list__good_ones__pass(void **state)
{
	(void)state;
	assert_int_equal(check("[" GOOD "]", "order"), 0);
	assert_int_equal(
		check("[{\"interface\": \"vendor\", \"step\": \"a\", \"order\": 1}]", "order"), 0);
	assert_int_equal(
		check("[" STEP("\"raid\"", "\"apply\"", "{\"a\": 1}", "\"10\"") ", " GOOD "]", "order"), 0);
}

static void test_step_list__bad_ones__are_refused(void **state)
{
	static const char *const lists[] = {
		"null",
		"{}",
		"\"x\"",
		"[]",
		"[1]",
		"[{}]",
		"[" GOOD ", " GOOD "]",
		"[" STEP("\"console\"", "\"a\"", "{}", "1") "]",
		"[" STEP("1", "\"a\"", "{}", "1") "]",
		"[" STEP("\"bios\"", "\"\"", "{}", "1") "]",
		"[" STEP("\"bios\"", "null", "{}", "1") "]",
		"[" STEP("\"bios\"", "\"a\"", "[]", "1") "]",
		"[" STEP("\"bios\"", "\"a\"", "{}", "-1") "]",
		"[" STEP("\"bios\"", "\"a\"", "{}", "1.5") "]",
		"[" STEP("\"bios\"", "\"a\"", "{}", "\"\"") "]",
		"[" STEP("\"bios\"", "\"a\"", "{}", "\"1x\"") "]",
		"[" STEP("\"bios\"", "\"a\"", "{}", "\"99999999999\"") "]",
		"[{\"interface\": \"bios\", \"step\": \"a\", \"args\": {}, \"order\": 1, \"x\": 1}]",
		"[{\"interface\": \"bios\", \"step\": \"a\", \"order\": 1, \"x\": 1}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		assert_true(check(lists[i], "order") < 0);
	assert_true(check("[" GOOD "]", "priority") < 0);
	assert_true(check("[{\"interface\": \"bios\", \"step\": \"a\", \"priority\": 1}]", "priority") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_list__good_ones__pass),
		cmocka_unit_test(test_step_list__bad_ones__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
