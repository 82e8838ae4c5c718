#include "model/states.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_power_states__every_name__is_found_again(void **state)
{
	(void)state;
	for (enum power_state power = POWER_ON; power < POWER_STATE_COUNT; power++)
		assert_int_equal(power_state_find(power_state_name(power)), power);
	assert_int_equal(power_state_find(NULL), POWER_UNKNOWN);
	assert_int_equal(power_state_find("power sideways"), POWER_UNKNOWN);
}

static void test_power_result__requests__lead_to_a_stable_state(void **state)
{
	(void)state;
	assert_int_equal(power_state_result(POWER_REBOOT), POWER_ON);
	assert_int_equal(power_state_result(POWER_SOFT_REBOOT), POWER_ON);
	assert_int_equal(power_state_result(POWER_SOFT_OFF), POWER_OFF);
	assert_int_equal(power_state_result(POWER_OFF), POWER_OFF);
}

static void test_provision_states__every_name__is_found_again_and_in_one_class_at_most(void **state)
{
	(void)state;
	for (enum provision_state one = 0; one < PROVISION_STATE_COUNT; one++) {
		const struct provision_state_info *info = provision_state_info(one);

		assert_int_equal(provision_state_find(info->name), one);
		assert_in_range(info->is_stable + info->is_transitional + info->is_failure, 0, 1);
	}
	assert_int_equal(provision_state_find("dancing"), PROVISION_STATE_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_states__every_name__is_found_again),
		cmocka_unit_test(test_power_result__requests__lead_to_a_stable_state),
		cmocka_unit_test(test_provision_states__every_name__is_found_again_and_in_one_class_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
