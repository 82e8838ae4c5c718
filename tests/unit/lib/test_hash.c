#include "lib/hash.h"

#include <string.h>

#include "tests/support/unit.h"

/* Names in use are made of it, and conductors share nodes by it: it never changes. */
static void test_hash__texts__are_those_of_fnv_1a(void **state)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} rows[] = {
		{ "", 0xcbf29ce484222325 },
		{ "a", 0xaf63dc4c8601ec8c },
		{ "foobar", 0x85944171f73967e8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(hash_text(HASH_START, rows[i].text) == rows[i].hash);
		assert_true(hash_bytes(HASH_START, rows[i].text, strlen(rows[i].text)) == rows[i].hash);
	}
}

static void test_hash__in_parts__is_that_of_the_whole(void **state)
{
	(void)state;
	assert_true(hash_text(hash_text(HASH_START, "foo"), "bar") == hash_text(HASH_START, "foobar"));
	assert_true(hash_bytes(HASH_START, "a\0b", 3) != hash_text(HASH_START, "a"));
}

static void test_hash_key__zero__is_a_key(void **state)
{
	(void)state;
	assert_int_equal(hash_key(0), 1);
	assert_true(hash_key(UINT64_MAX) == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash__texts__are_those_of_fnv_1a),
		cmocka_unit_test(test_hash__in_parts__is_that_of_the_whole),
		cmocka_unit_test(test_hash_key__zero__is_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
