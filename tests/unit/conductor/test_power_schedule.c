/* Tests of conductor/power_schedule.c. */
#include "conductor/power_schedule.h"

#include <stdlib.h>

#include "tests/support/unit.h"

static void test_power_schedule_take__nothing_due__gives_nothing(void **state)
{
	struct power_schedule schedule = { 0 };

	(void)state;
	assert_null(power_schedule_take(&schedule, POWER_HEALTHY, INT64_MAX));
	assert_true(power_schedule_due_ms(&schedule, POWER_HEALTHY) == INT64_MAX);
	power_schedule_add(&schedule, 7, POWER_HEALTHY, 100);
	assert_null(power_schedule_take(&schedule, POWER_HEALTHY, 99));
	assert_null(power_schedule_take(&schedule, POWER_SUSPECT, 1000));
	assert_int_equal(power_schedule_take(&schedule, POWER_HEALTHY, 100)->node_id, 7);
	assert_null(power_schedule_take(&schedule, POWER_HEALTHY, 1000));
	power_schedule_release(&schedule);
}

/* Random work; whatever is taken must be the earliest of its class. */
static void test_power_schedule__random_work__keeps_the_order(void **state)
{
	enum { NODES = 300 };
	struct power_schedule schedule = { 0 };
	struct power_target *running[NODES + 1] = { 0 };

	(void)state;
	srandom(11);
	for (int i = 0; i < 100000; i++) {
		int64_t id = 1 + random() % NODES;
		enum power_class class = (enum power_class)(random() % POWER_CLASS_COUNT);
		int64_t due = random() % 1000;
		struct power_target *target = power_schedule_find(&schedule, id);

		switch (random() % 4) {
		case 0:
			if (!target && !running[id])
				power_schedule_add(&schedule, id, class, due);
			else if (target && !target->is_running)
				power_schedule_put(&schedule, target, class, due);
			break;
		case 1:
			if (running[id])
				power_schedule_end(&schedule, running[id], class, due);
			running[id] = NULL;
			break;
		case 2:
			if (target && random() % 4 == 0)
				power_schedule_drop(&schedule, target);
			break;
		default:
			target = power_schedule_take(&schedule, class, due);
			if (!target)
				break;
			assert_true(target->due_ms <= power_schedule_due_ms(&schedule, class));
			assert_null(running[target->node_id]);
			running[target->node_id] = target;
		}
	}
	for (size_t i = 0; i <= NODES; i++) {
		if (running[i])
			power_schedule_end(&schedule, running[i], POWER_HEALTHY, 0);
	}
	size_t queued = 0;
	for (int i = 0; i < POWER_CLASS_COUNT; i++)
		queued += schedule.queues[i].count;
	assert_int_equal(queued, schedule.targets.count);
	power_schedule_release(&schedule);
}

static void test_power_schedule_sweep__unlisted__are_dropped_also_while_running(void **state)
{
	struct power_schedule schedule = { 0 };

	(void)state;
	for (int64_t id = 1; id <= 10; id++)
		power_schedule_add(&schedule, id, POWER_HEALTHY, id)->round = id % 2 ? 5 : 4;
	struct power_target *one = power_schedule_take(&schedule, POWER_HEALTHY, 100);
	struct power_target *two = power_schedule_take(&schedule, POWER_HEALTHY, 100);
	power_schedule_sweep(&schedule, 5);
	assert_int_equal(schedule.targets.count, 5);
	assert_false(one->is_gone);
	assert_true(two->is_gone);
	power_schedule_end(&schedule, two, POWER_HEALTHY, 1);
	power_schedule_end(&schedule, one, POWER_SUSPECT, 1);
	assert_int_equal(schedule.queues[POWER_HEALTHY].count, 4);
	assert_int_equal(schedule.queues[POWER_SUSPECT].count, 1);
	power_schedule_release(&schedule);
}

static void test_power_schedule_phase_ms__consecutive_nodes__are_spread_evenly(void **state)
{
	unsigned slots[60] = { 0 };

	(void)state;
	for (int64_t id = 1; id <= 6000; id++) {
		int64_t phase = power_schedule_phase_ms(id, 60000);
		assert_in_range(phase, 0, 59999);
		slots[phase / 1000]++;
	}
	for (size_t i = 0; i < 60; i++)
		assert_in_range(slots[i], 80, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_schedule_take__nothing_due__gives_nothing),
		cmocka_unit_test(test_power_schedule__random_work__keeps_the_order),
		cmocka_unit_test(test_power_schedule_sweep__unlisted__are_dropped_also_while_running),
		cmocka_unit_test(test_power_schedule_phase_ms__consecutive_nodes__are_spread_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
