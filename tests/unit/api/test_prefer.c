/* Tests of api/prefer.c. */
#include "api/prefer.h"

#include "tests/support/unit.h"

static void test_prefer_wait_of__what_clients_write__is_found(void **state)
{
	static const struct { const char *text; long seconds; } cases[] = {
		{ "wait=30", 30 },
		{ "respond-async, wait=10", 10 },
		{ " Wait = \"7\" ; x=y , foo", 7 },
		{ "a=\"wait=5, wait=6\", wait=8", 8 },
		{ "wait=0", 0 },
		{ "wait=99999999999999999999", PREFER_WAIT_MAX_S },
		{ "wait=1,wait=2", 1 },
		{ "", -1 },
		{ "wait", -1 },
		{ "wait=", -1 },
		{ "wait=-1", -1 },
		{ "wait=abc", -1 },
		{ "wait=5x", -1 },
		{ "wait=\"5", -1 },
		{ "waiting=5", -1 },
		{ "nowait=5", -1 },
		{ "a=\"\\", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		long seconds = prefer_wait_of(cases[i].text);
		if (seconds != cases[i].seconds)
			fail_with("%s: %ld, not %ld", cases[i].text, seconds, cases[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefer_wait_of__what_clients_write__is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
