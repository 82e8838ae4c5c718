#include "lib/clock.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_clock__read_twice__goes_on_and_agrees(void **state)
{
	char text[32];

	(void)state;
	int64_t ns = clock_ns(), ms = clock_ms();
	assert_true(ns > 0);
	assert_true(ms >= ns / 1000000 && ms < ns / 1000000 + 1000);
	clock_wall_text(text, sizeof(text));
	assert_int_equal(strlen(text), 25);
	assert_string_equal(text + 19, "+00:00");
	assert_int_equal(text[10], 'T');
	clock_wall_text(text, 5);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock__read_twice__goes_on_and_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
