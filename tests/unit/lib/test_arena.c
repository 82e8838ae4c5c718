#include "lib/arena.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_arena__many_sizes__zeroed_aligned_apart(void **state)
{
	struct arena arena;
	unsigned char *parts[200];

	(void)state;
	arena_init(&arena);
	assert_null(arena.blocks);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 200; i++) {
			size_t size = i * i;
			parts[i] = arena_alloc(&arena, size);
			assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
			for (size_t at = 0; at < size; at++)
				assert_int_equal(parts[i][at], 0);
			memset(parts[i], (int)i, size);
		}
		for (size_t i = 0; i < 200; i++)
			for (size_t at = 0; at < i * i; at++)
				assert_int_equal(parts[i][at], (unsigned char)i);
		arena_release(&arena);
		assert_null(arena.blocks);
	}
}

static void test_arena__large_first_and_between__small_block_goes_on(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	char *large = arena_alloc(&arena, 1000000);
	char *small = arena_alloc(&arena, 10);
	char *next = arena_alloc(&arena, 10);
	assert_true(small < large || small >= large + 1000000);
	memset(large, 1, 1000000);
	char *larger = arena_alloc(&arena, 2000000);
	memset(larger, 2, 2000000);
	char *after = arena_alloc(&arena, 10);
	assert_true(next > small && next - small < 100);
	assert_true(after > next && after - next < 100);
	arena_release(&arena);
}

static void test_arena__texts__copied_and_printed(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_string_equal(arena_strdup(&arena, "a"), "a");
	assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
	assert_string_equal(arena_strndup(&arena, "abc", 9), "abc");
	assert_string_equal(arena_printf(&arena, "%s-%d", "x", 5), "x-5");
	assert_int_equal(strlen(arena_printf(&arena, "%5000d", 1)), 5000);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena__many_sizes__zeroed_aligned_apart),
		cmocka_unit_test(test_arena__large_first_and_between__small_block_goes_on),
		cmocka_unit_test(test_arena__texts__copied_and_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
