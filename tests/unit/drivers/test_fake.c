/* Tests of drivers/fake: delays, failures on order, memory, and that each change passes the gate. */
#include "drivers/fake/fake.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/config.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

static struct node node;
static struct task task;
static struct error err;
static unsigned writes;
static bool is_gate_open;

static int gate_wait(struct task *unused, struct error *gate_err)
{
	(void)unused;
	return is_gate_open ? 0 : fail(gate_err, ERR_FENCED, "shut");
}

static int gate_check(struct task *unused, const char *what, struct error *gate_err)
{
	(void)unused;
	(void)what;
	(void)gate_err;
	writes++;
	return 0;
}

static const struct task_ops counting_ops = { .gate_wait = gate_wait, .gate_check = gate_check };

static int set_up(void **state)
{
	(void)state;
	if (config_load(NULL, &err) < 0 ||
	    config_set("DEFAULT", "enabled_hardware_types", "fake-hardware", &err) < 0 ||
	    drivers_check_config(&err) < 0)
		return -1;
	node_init(&node);
	node.id = 7;
	node_set_text(&node, NODE_DRIVER, "fake-hardware");
	task_init_permissive(&task, &node);
	task.ops = &counting_ops;
	is_gate_open = true;
	writes = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	task_release(&task);
	node_release(&node);
	fake_forget();
	return 0;
}

static void power_body(void)
{
	enum power_state now = POWER_ERROR;

	CHECK_INT(fake_power.get(&task, &now, &err), 0);
	CHECK_INT(now, POWER_UNKNOWN);
	node_set_text(&node, NODE_POWER_STATE, "power off");
	CHECK_INT(fake_power.get(&task, &now, &err), 0);
	CHECK_INT(now, POWER_OFF);
	CHECK_INT(writes, 0);
	for (const enum power_state *target = fake_power.supported; *target != POWER_UNKNOWN; target++)
		CHECK_INT(fake_power.set(&task, *target, 60, &err), 0);
	CHECK_INT(writes, 5);
}

static void test_power__follows_the_node(void **state)
{
	(void)state;
	loop_test(power_body);
}

static void shut_body(void)
{
	is_gate_open = false;
	CHECK_INT(fake_power.set(&task, POWER_ON, 60, &err), -ERR_FENCED);
	CHECK_INT(fake_management.boot_device_set(&task, "pxe", true, &err), -ERR_FENCED);
	CHECK_INT(writes, 0);
	CHECK(!fake_state(&task)->boot_device_is_persistent);
}

static void test_gate__shut__nothing_changes(void **state)
{
	(void)state;
	loop_test(shut_body);
}

static void delay_body(void)
{
	enum power_state now;
	int64_t begun = clock_ms();

	CHECK_INT(fake_power.get(&task, &now, &err), 0);
	CHECK(clock_ms() - begun >= 150);
	begun = clock_ms();
	CHECK_INT(fake_power.set(&task, POWER_ON, 60, &err), 0); /* was spent on the reading before */
	CHECK(clock_ms() - begun < 100);
	begun = clock_ms();
	CHECK_INT(fake_power.set(&task, POWER_REBOOT, 60, &err), 0);
	CHECK(clock_ms() - begun >= 150);
	task.deadline_ms = clock_ms() + 50;
	begun = clock_ms();
	CHECK_INT(fake_power.get(&task, &now, &err), -ERR_TIMEOUT);
	CHECK(clock_ms() - begun < 140);
}

static void test_delay__is_spent_and_bounded_by_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(config_set("fake", "power_delay", "0.15", &err), 0);
	loop_test(delay_body);
}

static void failing_body(void)
{
	static const struct {
		const char *words;
		bool get_fails, set_fails;
	} cases[] = {
		{ "power", true, true },          { "power.set", false, true },
		{ "power.get", true, false },     { "management, power", true, true },
		{ " power.set ,x", false, true }, { "pow", false, false },
		{ "power.", false, false },       { "", false, false },
		{ "management", false, false },   { ",,,", false, false },
		{ "power.setter", false, false },
	};
	enum power_state now;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node_set_object(&node, NODE_DRIVER_INFO, json_pack("{s:s}", "fake_fail", cases[i].words));
		CHECK_INT(fake_power.get(&task, &now, &err), cases[i].get_fails ? -ERR_BMC : 0);
		CHECK_INT(fake_power.set(&task, POWER_OFF, 60, &err), cases[i].set_fails ? -ERR_BMC : 0);
	}
}

static void test_failures__on_order_of_the_node(void **state)
{
	(void)state;
	loop_test(failing_body);
}

static void option_fails_body(void)
{
	struct boot_device device;

	CHECK_INT(fake_management.boot_device_get(&task, &device, &err), -ERR_BMC);
	CHECK_TEXT(err.text, "The fake hardware was told to fail management.boot_device_get");
	CHECK_INT(fake_management.boot_device_set(&task, "pxe", true, &err), 0);
}

static void test_failures__on_order_of_the_option(void **state)
{
	(void)state;
	assert_int_equal(config_set("fake", "fail", "management.boot_device_get,inspect", &err), 0);
	loop_test(option_fails_body);
}

static void memory_body(void)
{
	const struct indicator *led = &fake_management.indicators[1];
	struct boot_device device;
	const char *lit;

	CHECK_INT(fake_management.boot_device_get(&task, &device, &err), 0);
	CHECK_TEXT(device.device, "pxe");
	CHECK_INT(device.persistent, 0);
	CHECK_INT(fake_management.boot_device_set(&task, "pxe", true, &err), 0);
	CHECK_INT(fake_management.boot_device_get(&task, &device, &err), 0);
	CHECK_INT(device.persistent, 1);
	CHECK_INT(fake_management.indicator_set(&task, led, "on", &err), 0);
	CHECK_INT(fake_management.indicator_get(&task, led, &lit, &err), 0);
	CHECK_TEXT(lit, "on");
	node.id = 8; /* another node remembers nothing of it */
	CHECK_INT(fake_management.boot_device_get(&task, &device, &err), 0);
	CHECK_INT(device.persistent, 0);
	CHECK_INT(fake_management.indicator_get(&task, led, &lit, &err), 0);
	CHECK_TEXT(lit, "blinking");
}

static void test_memory__is_of_each_node(void **state)
{
	(void)state;
	loop_test(memory_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_power__follows_the_node, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gate__shut__nothing_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_delay__is_spent_and_bounded_by_the_deadline, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_failures__on_order_of_the_node, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures__on_order_of_the_option, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory__is_of_each_node, set_up, tear_down),
	};
	int rc;

	drivers_config_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
