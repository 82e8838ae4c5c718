#include "model/rendezvous.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define KEYS 3000

static void key_of(int i, char key[64])
{
	snprintf(key, 64, "00000000-0000-4000-8000-%012d", i);
}

/* The protocol: another value here moves every node of a running fleet. */
static void test_rendezvous__weights__never_change(void **state)
{
	(void)state;
	assert_true(rendezvous_weight("host-a", "00000000-0000-4000-8000-000000000001") ==
		    0xe55fa3095fdfbc69u);
	assert_true(rendezvous_weight("vm.example", "x") == 0x6cd4a8ffa0e99084u);
	assert_true(rendezvous_weight("host-a", "x") != rendezvous_weight("host-b", "x"));
	assert_true(rendezvous_weight("ab", "c") != rendezvous_weight("a", "bc"));
}

static void test_rendezvous__nodes__are_shared_evenly(void **state)
{
	static const char *const hosts[] = { "a", "b", "c" };
	int counts[3] = { 0 };
	char key[64];

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		key_of(i, key);
		counts[rendezvous_pick(hosts, 3, key)]++;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(counts[i], KEYS / 3 - KEYS / 12, KEYS / 3 + KEYS / 12);
}

static void test_rendezvous__a_host_that_leaves__moves_only_its_own(void **state)
{
	static const char *const hosts[] = { "a", "b", "c" };
	char key[64];

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		key_of(i, key);
		size_t before = rendezvous_pick(hosts, 3, key);
		if (before < 2)
			assert_int_equal(rendezvous_pick(hosts, 2, key), before);
	}
}

static void test_rendezvous__the_order_of_hosts__does_not_matter(void **state)
{
	static const char *const one[] = { "a", "b", "c" }, *const other[] = { "c", "a", "b" };
	char key[64];

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		key_of(i, key);
		assert_string_equal(one[rendezvous_pick(one, 3, key)], other[rendezvous_pick(other, 3, key)]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rendezvous__weights__never_change),
		cmocka_unit_test(test_rendezvous__nodes__are_shared_evenly),
		cmocka_unit_test(test_rendezvous__a_host_that_leaves__moves_only_its_own),
		cmocka_unit_test(test_rendezvous__the_order_of_hosts__does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
