/* Tests of the operations by themselves: begin, run and undo on a node in memory, with the fake hardware. */
#include "conductor/operation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/options.h"
#include "lib/config.h"
#include "lib/json.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

#define UUID "00000000-0000-4000-8000-000000000001"

static struct job job;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	if (config_load(NULL, &err) < 0 ||
	    config_set("DEFAULT", "enabled_hardware_types", "fake-hardware,manual-management", &err) < 0 ||
	    config_set("conductor", "max_concurrent_deploy", "0", &err) < 0 ||
	    config_set("conductor", "max_concurrent_clean", "0", &err) < 0 || drivers_check_config(&err) < 0)
		return -1;
	memset(&job, 0, sizeof(job));
	node_init(&job.node);
	job.node.id = 1;
	node_set_text(&job.node, NODE_UUID, UUID);
	node_set_text(&job.node, NODE_DRIVER, "fake-hardware");
	node_set_text(&job.node, NODE_PROVISION_STATE, "manageable");
	task_init_permissive(&job.task, &job.node);
	buf_init(&job.result, RESULT_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(job.args);
	buf_release(&job.result);
	node_release(&job.node);
	task_release(&job.task);
	return 0;
}

/* One operation as operation_run walks it, but for the database. */
static int walk(const char *kind, const char *args)
{
	const struct operation *operation = operation_find(kind);
	int rc;

	json_decref(job.args);
	job.args = NULL;
	job.state = NULL;
	buf_clear(&job.result);
	assert(operation);
	if (json_parse(args, strlen(args), JSON_DEPTH_MAX, &job.args, &err) < 0)
		return -1;
	rc = operation->begin ? operation->begin(&job, &err) : 0;
	if (rc < 0)
		return rc;
	rc = operation->run(&job, &err);
	if (rc < 0 && operation->undo)
		operation->undo(&job, &err);
	return rc;
}

static const char *field(enum node_field which)
{
	const char *text = node_text(&job.node, which);

	return text ? text : "null";
}

/* ---- power ---- */

static void power_on_body(void)
{
	node_set_text(&job.node, NODE_LAST_ERROR, "old");
	CHECK_INT(walk("power", "{\"target\": \"power on\"}"), 0);
	CHECK_TEXT(field(NODE_POWER_STATE), "power on");
	CHECK_TEXT(field(NODE_TARGET_POWER_STATE), "null");
	CHECK_TEXT(field(NODE_LAST_ERROR), "null");
	CHECK(json_object_get(node_object(&job.node, NODE_DRIVER_INTERNAL_INFO), "last_power_state_change"));
	CHECK_INT(walk("power", "{\"target\": \"soft power off\", \"timeout\": 5}"), 0);
	CHECK_TEXT(field(NODE_POWER_STATE), "power off");
	CHECK_INT(walk("power", "{\"target\": \"rebooting\"}"), 0);
	CHECK_TEXT(field(NODE_POWER_STATE), "power on");
}

static void test_power__each_target__ends_in_its_state(void **state)
{
	(void)state;
	loop_test(power_on_body);
}

static void power_target_body(void)
{
	const struct operation *power = operation_find("power");

	job.args = json_pack("{s:s}", "target", "soft power off");
	CHECK_INT(power->begin(&job, &err), 0);
	CHECK_TEXT(field(NODE_TARGET_POWER_STATE), "power off");
}

static void test_power__begin__stores_the_final_state_as_target(void **state)
{
	(void)state;
	loop_test(power_target_body);
}

static void power_refused_body(void)
{
	CHECK_INT(walk("power", "{\"target\": \"error\"}"), -ERR_INVALID);
	CHECK_TEXT(err.text, "The driver fake-hardware does not support the power state, error");
	CHECK_INT(walk("power", "{}"), -ERR_INVALID);
	node_set_bool(&job.node, NODE_DISABLE_POWER_OFF, true);
	CHECK_INT(walk("power", "{\"target\": \"soft power off\"}"), -ERR_CONFLICT);
	CHECK_INT(walk("power", "{\"target\": \"power on\"}"), 0);
	node_set_text(&job.node, NODE_PROVISION_STATE, "clean wait");
	CHECK_INT(walk("power", "{\"target\": \"power on\"}"), -ERR_INVALID_STATE_REQUEST);
	CHECK_TEXT(err.text, "The requested action \"power on\" can not be performed on node \"" UUID
			     "\" while it is in state \"clean wait\".");
}

static void test_power__what_cannot_be__is_refused_before_the_promise(void **state)
{
	(void)state;
	loop_test(power_refused_body);
}

static void power_fails_body(void)
{
	node_set_text(&job.node, NODE_POWER_STATE, "power off");
	node_set_object(&job.node, NODE_DRIVER_INFO, json_pack("{s:s}", "fake_fail", "power.set"));
	CHECK_INT(walk("power", "{\"target\": \"power on\"}"), -ERR_BMC);
	CHECK_TEXT(field(NODE_LAST_ERROR),
		   "Failed to change power state to 'power on' by 'power on': The fake hardware "
		   "was told to fail power.set");
	CHECK_TEXT(field(NODE_TARGET_POWER_STATE), "null");
	CHECK_TEXT(field(NODE_POWER_STATE), "power off");
	/* there already: nothing is switched, so nothing fails */
	CHECK_INT(walk("power", "{\"target\": \"power off\"}"), 0);
	CHECK_TEXT(field(NODE_LAST_ERROR), "null");
	node_set_object(&job.node, NODE_DRIVER_INFO, json_pack("{s:s}", "fake_fail", "power.get"));
	CHECK_INT(walk("power", "{\"target\": \"power on\"}"), -ERR_BMC);
	CHECK_TEXT(field(NODE_LAST_ERROR),
		   "Failed to change power state to 'power on'. Error: The fake hardware was "
		   "told to fail power.get");
}

static void test_power__failing__is_told_as_ironic_tells_it(void **state)
{
	(void)state;
	loop_test(power_fails_body);
}

static void restore_body(void)
{
	node_set_text(&job.node, NODE_POWER_STATE, "power on");
	CHECK_INT(walk("power_restore", "{\"target\": \"power off\"}"), -ERR_CONFLICT);
	CHECK_TEXT(field(NODE_TARGET_POWER_STATE), "null");
	CHECK_INT(walk("power_restore", "{\"target\": \"power on\"}"), 0);
	node_set_bool(&job.node, NODE_MAINTENANCE, true);
	CHECK_INT(walk("power_restore", "{\"target\": \"power on\"}"), -ERR_CONFLICT);
}

static void test_power_restore__record_changed_meanwhile__is_refused(void **state)
{
	(void)state;
	loop_test(restore_body);
}

/* ---- provision ---- */

static void life_body(void)
{
	static const struct {
		const char *verb, *state;
	} steps[] = {
		{ "manage", "manageable" }, { "inspect", "manageable" }, { "provide", "available" },
		{ "active", "active" },     { "rescue", "rescue" },      { "unrescue", "active" },
		{ "rebuild", "active" },    { "deleted", "available" },  { "manage", "manageable" },
		{ "adopt", "active" },
	};

	node_set_text(&job.node, NODE_PROVISION_STATE, "enroll");
	node_set_object(&job.node, NODE_INSTANCE_INFO, json_pack("{s:s}", "image", "x"));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		json_t *args = json_pack("{s:s, s:s}", "target", steps[i].verb, "rescue_password", "pw");
		char *text = json_dumps(args, 0);

		CHECK_INT(walk("provision", text), 0);
		CHECK_TEXT(field(NODE_PROVISION_STATE), steps[i].state);
		CHECK_TEXT(field(NODE_TARGET_PROVISION_STATE), "null");
		CHECK_TEXT(field(NODE_LAST_ERROR), "null");
		json_decref(args);
		free(text);
	}
	CHECK_INT(json_object_size(node_object(&job.node, NODE_INSTANCE_INFO)), 0);
	CHECK(node_text(&job.node, NODE_INSPECTION_FINISHED_AT));
}

static void test_provision__a_fake_node__lives_its_life(void **state)
{
	(void)state;
	loop_test(life_body);
}

static void provision_refused_body(void)
{
	CHECK_INT(walk("provision", "{\"target\": \"active\"}"), -ERR_INVALID_STATE_REQUEST);
	CHECK_TEXT(err.text, "The requested action \"active\" can not be performed on node \"" UUID
			     "\" while it is in state \"manageable\".");
	CHECK_INT(walk("provision", "{\"target\": \"dance\"}"), -ERR_INVALID_STATE_REQUEST);
	node_set_bool(&job.node, NODE_RETIRED, true);
	CHECK_INT(walk("provision", "{\"target\": \"provide\"}"), -ERR_INVALID);
	node_set_text(&job.node, NODE_PROVISION_STATE, "available");
	node_set_bool(&job.node, NODE_MAINTENANCE, true);
	CHECK_INT(walk("provision", "{\"target\": \"active\"}"), -ERR_MAINTENANCE);
	node_set_text(&job.node, NODE_PROVISION_STATE, "active");
	node_set_bool(&job.node, NODE_PROTECTED, true);
	CHECK_INT(walk("provision", "{\"target\": \"deleted\"}"), -ERR_PROTECTED);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "active");
}

static void test_provision__guards__refuse_and_change_nothing(void **state)
{
	(void)state;
	loop_test(provision_refused_body);
}

static void verify_fails_body(void)
{
	node_set_text(&job.node, NODE_PROVISION_STATE, "enroll");
	node_set_object(&job.node, NODE_DRIVER_INFO, json_pack("{s:s}", "fake_fail", "power"));
	CHECK_INT(walk("provision", "{\"target\": \"manage\"}"), -ERR_BMC);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "enroll");
	CHECK_TEXT(field(NODE_TARGET_PROVISION_STATE), "null");
	CHECK_TEXT(field(NODE_LAST_ERROR),
		   "Failed to get power state for node " UUID ". Error: The fake hardware was told "
		   "to fail power.get");
}

static void test_provision__verify_fails__back_to_enroll(void **state)
{
	(void)state;
	loop_test(verify_fails_body);
}

static void repeat_body(void)
{
	job.is_accepted = true; /* the first attempt was accepted, and its conductor died */
	node_set_text(&job.node, NODE_PROVISION_STATE, "verifying");
	node_set_text(&job.node, NODE_TARGET_PROVISION_STATE, "manageable");
	CHECK_INT(walk("provision", "{\"target\": \"manage\"}"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "manageable");
}

static void test_provision__repeated_after_a_takeover__goes_on(void **state)
{
	(void)state;
	loop_test(repeat_body);
}

/* ---- the others ---- */

static void management_body(void)
{
	CHECK_INT(walk("boot_device_supported", "{}"), 0);
	CHECK_TEXT(job.result.data, "{\"supported_boot_devices\":[\"pxe\"]}");
	CHECK_INT(walk("boot_device_get", "{}"), 0);
	CHECK_TEXT(job.result.data, "{\"boot_device\":\"pxe\",\"persistent\":false}");
	CHECK_INT(walk("boot_device_set", "{\"boot_device\": \"disk\"}"), -ERR_INVALID);
	CHECK_TEXT(err.text, "Invalid boot device disk specified.");
	CHECK_INT(walk("inject_nmi", "{}"), -ERR_UNSUPPORTED);
	CHECK_TEXT(err.text,
		   "Driver fake-hardware does not support inject_nmi (disabled or not implemented).");
	CHECK_INT(walk("indicators", "{}"), 0);
	CHECK_TEXT(job.result.data,
		   "{\"indicators\":[{\"name\":\"led-0@chassis\",\"component\":\"chassis\",\"readonly\":true,"
		   "\"states\":[\"off\",\"on\"]},{\"name\":\"led@system\",\"component\":\"system\","
		   "\"readonly\":false,"
		   "\"states\":[\"blinking\",\"off\",\"on\"]}]}");
	CHECK_INT(walk("indicator_set", "{\"component\": \"system\", \"name\": \"led\", \"state\": \"off\"}"),
		  0);
	CHECK_INT(walk("indicator_get", "{\"component\": \"system\", \"name\": \"led\"}"), 0);
	CHECK_TEXT(job.result.data, "{\"state\":\"off\"}");
	CHECK_INT(
		walk("indicator_set", "{\"component\": \"system\", \"name\": \"led\", \"state\": \"green\"}"),
		-ERR_INVALID);
	CHECK_INT(
		walk("indicator_set", "{\"component\": \"chassis\", \"name\": \"led-0\", \"state\": \"on\"}"),
		-ERR_INVALID);
	CHECK_INT(walk("indicator_get", "{\"component\": \"x\", \"name\": \"led\"}"), -ERR_INVALID);
	CHECK_INT(walk("boot_mode_set", "{\"target\": \"uefi\"}"), -ERR_UNSUPPORTED);
	CHECK_TEXT(field(NODE_LAST_ERROR),
		   "Failed to change boot mode to uefi: Driver fake-hardware does not support "
		   "set_boot_mode (disabled or not implemented).");
	CHECK_TEXT(field(NODE_BOOT_MODE), "null");
}

static void test_management__answers_as_recorded(void **state)
{
	(void)state;
	loop_test(management_body);
}

static void validate_body(void)
{
	CHECK_INT(walk("validate", "{}"), 0);
	CHECK(strstr(job.result.data, "\"power\":{\"result\":true}"));
	CHECK(!strstr(job.result.data, "vendor"));
	CHECK(!strstr(job.result.data, "false"));
	node_set_text(&job.node, NODE_DRIVER, "manual-management");
	job.task.hardware = hardware_type_find("manual-management");
	CHECK_INT(walk("validate", "{}"), 0);
	CHECK(strstr(job.result.data,
		     "\"console\":{\"result\":false,\"reason\":\"Driver manual-management does not support "
		     "console (disabled or not implemented).\"}"));
	CHECK_INT(walk("boot_device_get", "{}"), -ERR_UNSUPPORTED);
}

static void test_validate__says_what_each_interface_says(void **state)
{
	(void)state;
	loop_test(validate_body);
}

static void console_body(void)
{
	CHECK_INT(walk("console_get", "{}"), 0);
	CHECK_TEXT(job.result.data, "{\"console_enabled\":false,\"console_info\":null}");
	CHECK_INT(walk("console_set", "{\"enabled\": true}"), 0);
	CHECK_INT(walk("console_get", "{}"), 0);
	CHECK_TEXT(job.result.data, "{\"console_enabled\":true,\"console_info\":{}}");
	CHECK_INT(walk("console_set", "{\"enabled\": false}"), 0);
	CHECK(!node_bool(&job.node, NODE_CONSOLE_ENABLED));
}

static void test_console__is_remembered_by_the_node(void **state)
{
	(void)state;
	loop_test(console_body);
}

static void passthru_body(void)
{
	CHECK_INT(walk("passthru", "{\"method\": \"third_method_sync\", \"verb\": \"POST\", \"args\": "
				   "{\"bar\": \"meow\"}}"),
		  0);
	CHECK_TEXT(job.result.data, "true");
	CHECK(!job.is_async);
	CHECK_INT(walk("passthru",
		       "{\"method\": \"second_method\", \"verb\": \"POST\", \"args\": {\"bar\": \"x\"}}"),
		  0);
	CHECK(job.is_async);
	CHECK_INT(walk("passthru", "{\"method\": \"x\", \"verb\": \"POST\"}"), -ERR_INVALID);
	CHECK_INT(walk("passthru", "{\"method\": \"second_method\", \"verb\": \"POST\", \"args\": []}"),
		  -ERR_INVALID);
	CHECK_INT(walk("passthru", "{}"), -ERR_INVALID);
	job.task.is_exclusive = false;
	CHECK_INT(walk("passthru", "{\"method\": \"third_method_sync\", \"verb\": \"POST\", \"args\": "
				   "{\"bar\": \"meow\"}}"),
		  -ERR_INTERNAL);
	CHECK_INT(walk("passthru", "{\"method\": \"fourth_method_shared_lock\", \"verb\": \"POST\", "
				   "\"args\": {\"bar\": \"woof\"}}"),
		  0);
}

static void test_passthru__goes_through_the_dispatcher(void **state)
{
	(void)state;
	loop_test(passthru_body);
}

static void recover_body(void)
{
	node_set_text(&job.node, NODE_PROVISION_STATE, "cleaning");
	node_set_text(&job.node, NODE_TARGET_PROVISION_STATE, "available");
	node_set_text(&job.node, NODE_POWER_STATE, "power off");
	node_set_text(&job.node, NODE_TARGET_POWER_STATE, "power on");
	CHECK_INT(walk("recover", "{}"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean failed");
	CHECK_TEXT(field(NODE_TARGET_POWER_STATE), "null");
	CHECK_TEXT(field(NODE_POWER_STATE), "power off");
	CHECK(node_text(&job.node, NODE_LAST_ERROR));
}

static void test_recover__ends_what_nobody_works_on(void **state)
{
	(void)state;
	loop_test(recover_body);
}

static void test_table__kinds_are_those_of_the_contract(void **state)
{
	static const char *const exclusive[] = { "power",           "provision",   "boot_device_get",
						 "boot_device_set", "inject_nmi",  "indicator_get",
						 "indicator_set",   "console_set", "boot_mode_set",
						 "secure_boot_set" };
	static const char *const shared[] = { "passthru", "driver_passthru", "boot_device_supported",
					      "validate", "indicators",      "console_get" };

	(void)state;
	for (size_t i = 0; i < sizeof(exclusive) / sizeof(*exclusive); i++)
		assert_int_equal(operation_find(exclusive[i])->lock, LOCK_EXCLUSIVE);
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		assert_int_equal(operation_find(shared[i])->lock, LOCK_SHARED);
	assert_null(operation_find("dance"));
}

static void test_options__lease_times_that_break_the_rules__are_refused(void **state)
{
	(void)state;
	assert_int_equal(conductor_options_check(&err), 0);
	assert_int_equal(config_set("conductor", "hold", "7", &err), 0);
	assert_int_equal(conductor_options_check(&err), -ERR_INVALID);
	assert_int_equal(config_set("conductor", "hold", "8.5", &err), 0);
	assert_int_equal(conductor_options_check(&err), -ERR_INVALID);
	assert_int_equal(config_set("conductor", "watch", "11", &err), 0);
	assert_int_equal(conductor_options_check(&err), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_power__each_target__ends_in_its_state),
		CASE(test_power__begin__stores_the_final_state_as_target),
		CASE(test_power__what_cannot_be__is_refused_before_the_promise),
		CASE(test_power__failing__is_told_as_ironic_tells_it),
		CASE(test_power_restore__record_changed_meanwhile__is_refused),
		CASE(test_provision__a_fake_node__lives_its_life),
		CASE(test_provision__guards__refuse_and_change_nothing),
		CASE(test_provision__verify_fails__back_to_enroll),
		CASE(test_provision__repeated_after_a_takeover__goes_on),
		CASE(test_management__answers_as_recorded),
		CASE(test_validate__says_what_each_interface_says),
		CASE(test_console__is_remembered_by_the_node),
		CASE(test_passthru__goes_through_the_dispatcher),
		CASE(test_recover__ends_what_nobody_works_on),
		CASE(test_table__kinds_are_those_of_the_contract),
		CASE(test_options__lease_times_that_break_the_rules__are_refused),
	};
	int rc;

	drivers_config_register();
	conductor_options_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
