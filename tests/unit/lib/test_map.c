/* Tests of lib/map.c. */
#include "lib/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int values[1000];

static void test_map__empty__finds_nothing(void **state)
{
	struct map map = { 0 };
	size_t cursor = 0;
	int64_t key;

	(void)state;
	assert_null(map_get(&map, 1));
	assert_null(map_take(&map, 1));
	assert_null(map_next(&map, &cursor, &key));
	map_release(&map);
}

/* Random puts and takes against an array that is right by construction. */
static void test_map__random_work__agrees_with_an_array(void **state)
{
	struct map map = { 0 };
	void *expected[1000] = { 0 };
	size_t count = 0, cursor = 0, walked = 0;
	int64_t key;

	(void)state;
	srandom(7);
	for (int i = 0; i < 200000; i++) {
		size_t k = (size_t)random() % 1000;
		void *value = &values[random() % 1000];

		if (random() % 2) {
			count += !expected[k];
			map_put(&map, (int64_t)k + 1, value);
			expected[k] = value;
		} else {
			count -= !!expected[k];
			assert_ptr_equal(map_take(&map, (int64_t)k + 1), expected[k]);
			expected[k] = NULL;
		}
		assert_int_equal(map.count, count);
	}
	for (size_t k = 0; k < 1000; k++)
		assert_ptr_equal(map_get(&map, (int64_t)k + 1), expected[k]);
	for (void *value; (value = map_next(&map, &cursor, &key)); walked++)
		assert_ptr_equal(value, expected[key - 1]);
	assert_int_equal(walked, count);
	map_release(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map__empty__finds_nothing),
		cmocka_unit_test(test_map__random_work__agrees_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
