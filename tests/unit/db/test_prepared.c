/* The set of prepared statements against a plain list, with removals in the middle of chains. */
#include "db/prepared.h"

#include <stdlib.h>

#include "tests/support/unit.h"

enum { STATEMENTS = 1500, STEPS = 200000 };

static void test_prepared__random_adds_and_removes__agrees_with_a_list(void **state)
{
	static struct db_statement statements[STATEMENTS];
	static bool is_in[STATEMENTS];
	static struct prepared prepared;
	unsigned count = 0;

	(void)state;
	srandom(1);
	for (int step = 0; step < STEPS; step++) {
		unsigned at = (unsigned)random() % STATEMENTS;
		assert_int_equal(prepared_has(&prepared, &statements[at]), is_in[at]);
		if (is_in[at]) {
			prepared_remove(&prepared, &statements[at]);
			count--;
		} else if (prepared_has_room(&prepared)) {
			prepared_add(&prepared, &statements[at]);
			count++;
		} else {
			assert_int_equal(count, PREPARED_MAX);
			continue;
		}
		is_in[at] = !is_in[at];
		assert_int_equal(prepared.count, count);
	}
	for (unsigned at = 0; at < STATEMENTS; at++)
		assert_int_equal(prepared_has(&prepared, &statements[at]), is_in[at]);
	prepared_clear(&prepared);
	for (unsigned at = 0; at < STATEMENTS; at++)
		assert_false(prepared_has(&prepared, &statements[at]));
	prepared_remove(&prepared, &statements[0]);
	assert_int_equal(prepared.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prepared__random_adds_and_removes__agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
