/* Tests of conductor/step*.c: which steps there are, their order, and what is refused. */
#include "conductor/step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/options.h"
#include "conductor/provision_options.h"
#include "lib/config.h"
#include "lib/json.h"
#include "model/disallowed_steps.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

static struct node node;
static struct task task;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	if (config_load(NULL, &err) < 0 ||
	    config_set("DEFAULT", "enabled_hardware_types", "fake-hardware", &err) < 0 ||
	    drivers_check_config(&err) < 0)
		return -1;
	node_init(&node);
	node.id = 1;
	node_set_text(&node, NODE_UUID, "00000000-0000-4000-8000-000000000001");
	node_set_text(&node, NODE_DRIVER, "fake-hardware");
	node_set_text(&node, NODE_PROVISION_STATE, "cleaning");
	task_init_permissive(&task, &node);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	node_release(&node);
	task_release(&task);
	return 0;
}

static json_t *json_of(const char *text)
{
	json_t *value = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_DEPTH_MAX, &value, &err), 0);
	return value;
}

/* "interface.step:priority interface.step:priority" */
static void assert_list(json_t *take_list, const char *wanted)
{
	char text[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(take_list); i++) {
		const json_t *step = json_array_get(take_list, i);

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s.%s:%d", i ? " " : "",
					 json_string_value(json_object_get(step, "interface")),
					 json_string_value(json_object_get(step, "step")),
					 (int)json_integer_value(json_object_get(step, "priority")));
		assert_true(used < sizeof(text));
	}
	json_decref(take_list);
	assert_string_equal(text, wanted);
}

static void set(const char *option, const char *value)
{
	assert_int_equal(config_set("conductor", option, value, &err), 0);
}

static void test_collect__by_priority_then_by_interface(void **state)
{
	json_t *list;

	(void)state;
	assert_int_equal(steps_collect(&task, &clean_phase, &list, &err), 0);
	assert_list(list, "");
	set("clean_step_priority_override",
	    "raid.delete_configuration:10,bios.factory_reset:10,firmware.update:10,"
	    "raid.create_configuration:99,bios.apply_configuration:9,power.none:100,rubbish");
	assert_int_equal(steps_collect(&task, &clean_phase, &list, &err), 0);
	assert_list(list, "raid.create_configuration:99 firmware.update:10 bios.factory_reset:10 "
			  "raid.delete_configuration:10 bios.apply_configuration:9");
	assert_int_equal(steps_collect(&task, &deploy_phase, &list, &err), 0);
	assert_list(list, "deploy.deploy:100");
	set("deploy_step_priority_override", "deploy.deploy:0");
	assert_int_equal(steps_collect(&task, &deploy_phase, &list, &err), 0);
	assert_list(list, "");
}

static void test_merge__the_request_goes_between_replaces_and_removes(void **state)
{
	static const struct {
		const char *asked, *wanted;
	} cases[] = {
		{ "[]", "deploy.deploy:100" },
		{ "[{\"interface\": \"bios\", \"step\": \"factory_reset\", \"args\": {}, \"priority\": 150},"
		  " {\"interface\": \"raid\", \"step\": \"delete_configuration\", \"args\": {}, "
		  "\"priority\": 50}]",
		  "bios.factory_reset:150 deploy.deploy:100 raid.delete_configuration:50" },
		{ "[{\"interface\": \"deploy\", \"step\": \"deploy\", \"args\": {}, \"priority\": 0},"
		  " {\"interface\": \"raid\", \"step\": \"delete_configuration\", \"args\": {}, "
		  "\"priority\": \"50\"}]",
		  "raid.delete_configuration:50" },
		{ "[{\"interface\": \"bios\", \"step\": \"factory_reset\", \"args\": {}, \"priority\": 150},"
		  " {\"interface\": \"bios\", \"step\": \"factory_reset\", \"args\": {}, \"priority\": 20}]",
		  "deploy.deploy:100 bios.factory_reset:20" },
		{ "[{\"interface\": \"power\", \"step\": \"reboot\", \"args\": {}, \"priority\": 150},"
		  " {\"interface\": \"power\", \"step\": \"reboot\", \"args\": {}, \"priority\": 20}]",
		  "power.reboot:150 deploy.deploy:100 power.reboot:20" },
		{ "[{\"interface\": \"deploy\", \"step\": \"deploy\", \"args\": {}, \"priority\": 0}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *asked = json_of(cases[i].asked), *list;

		assert_int_equal(steps_merge(&task, &deploy_phase, asked, &list, &err), 0);
		assert_list(list, cases[i].wanted);
		json_decref(asked);
	}
}

static void test_disallowed__left_out(void **state)
{
	json_t *asked = json_of("[{\"interface\": \"bios\", \"step\": \"factory_reset\", \"args\": {}, "
				"\"priority\": 150}]");
	json_t *list;

	(void)state;
	set("clean_step_priority_override", "raid.delete_configuration:10,bios.factory_reset:20");
	assert_int_equal(config_set("api", "disallow_clean_steps", "bios.factory_reset", &err), 0);
	assert_int_equal(config_set("api", "disallow_deploy_steps", "bios.factory_reset", &err), 0);
	assert_int_equal(steps_collect(&task, &clean_phase, &list, &err), 0);
	assert_list(list, "raid.delete_configuration:10");
	assert_int_equal(steps_merge(&task, &deploy_phase, asked, &list, &err), 0);
	assert_list(list, "deploy.deploy:100");
	json_decref(asked);
}

#define STEP(interface, step, priority)                                                                      \
	"{\"interface\": \"" interface "\", \"step\": \"" step "\", \"args\": {}, \"priority\": " priority "}"

static void test_check_deploy__what_can_be_known_before(void **state)
{
	static const struct {
		const char *asked, *word; /* NULL: accepted */
	} cases[] = {
		{ "[]", NULL },
		{ "[" STEP("bios", "factory_reset", "150") "]", NULL },
		{ "[" STEP("bios", "factory_reset", "150") ", " STEP("bios", "factory_reset", "0") "]",
		  "Duplicate deploy steps for bios.factory_reset" },
		{ "[" STEP("power", "reboot", "150") ", " STEP("power", "reboot", "5") "]", NULL },
		{ "[" STEP("deploy", "deploy", "1") "]", "core step" },
		{ "[" STEP("deploy", "deploy", "0") "]", NULL },
		{ "[" STEP("bios", "apply_configuration", "1") "]", "\"settings\"" },
		{ "[" STEP("bios", "apply_configuration", "0") "]", NULL },
		{ "[" STEP("raid", "dance", "1") "]", NULL }, /* a ramdisk might know it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *asked = json_of(cases[i].asked);
		int rc = steps_check_deploy(&task, asked, &err);

		assert_int_equal(rc, cases[i].word ? -ERR_INVALID : 0);
		assert_true(!cases[i].word || strstr(err.text, cases[i].word));
		json_decref(asked);
	}
}

static void test_check__keeps_the_order_of_the_request_or_of_its_numbers(void **state)
{
	static const struct {
		const char *asked, *wanted;
	} cases[] = {
		{ "[{\"interface\": \"raid\", \"step\": \"delete_configuration\"},"
		  " {\"interface\": \"bios\", \"step\": \"factory_reset\"}]",
		  "raid.delete_configuration:0 bios.factory_reset:0" },
		{ "[{\"interface\": \"raid\", \"step\": \"delete_configuration\", \"order\": 2},"
		  " {\"interface\": \"bios\", \"step\": \"factory_reset\", \"order\": 1},"
		  " {\"interface\": \"power\", \"step\": \"reboot\", \"order\": 2}]",
		  "bios.factory_reset:0 raid.delete_configuration:0 power.reboot:0" },
		{ "[{\"interface\": \"raid\", \"step\": \"delete_configuration\", \"order\": 2},"
		  " {\"interface\": \"deploy\", \"step\": \"hold\"}]",
		  "raid.delete_configuration:0 deploy.hold:0" },
		{ "[{\"interface\": \"raid\", \"step\": \"delete_configuration\", \"order\": \"20\"},"
		  " {\"interface\": \"power\", \"step\": \"reboot\", \"order\": 3}]",
		  "power.reboot:0 raid.delete_configuration:0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *asked = json_of(cases[i].asked), *list;

		assert_int_equal(steps_check(&task, &clean_phase, asked, &list, &err), 0);
		assert_list(list, cases[i].wanted);
		json_decref(asked);
	}
}

/* Children may be of drivers that have other steps. */
static void test_check__step_on_children__is_kept_as_asked(void **state)
{
	json_t *asked = json_of("[{\"interface\": \"raid\", \"step\": \"dance\", \"args\": {\"a\": 1},"
				" \"execute_on_child_nodes\": true, \"limit_child_node_execution\":"
				" [\"00000000-0000-4000-8000-000000000002\"]}]");
	json_t *list, *wanted = json_deep_copy(asked);

	(void)state;
	assert_int_equal(steps_check(&task, &clean_phase, asked, &list, &err), 0);
	json_object_set_new(json_array_get(wanted, 0), "priority", json_integer(0));
	json_object_set_new(json_array_get(wanted, 0), "abortable", json_false());
	assert_true(json_equal(list, wanted));
	json_decref(list);
	json_decref(wanted);
	json_decref(asked);
}

static void test_check__what_there_is_not__is_named(void **state)
{
	static const struct {
		const char *asked, *word;
	} cases[] = {
		{ "[{\"interface\": \"raid\", \"step\": \"dance\"}]", "raid.dance" },
		{ "[{\"interface\": \"deploy\", \"step\": \"deploy\"}]",
		  "deploy.deploy" }, /* of deploying alone */
		{ "[{\"interface\": \"nothing\", \"step\": \"x\"}]", "nothing.x" },
		{ "[{\"interface\": \"power\", \"step\": \"x\"}]", "power.x" },
		{ "[{\"interface\": \"bios\", \"step\": \"apply_configuration\"}]", "\"settings\"" },
		{ "[{\"interface\": \"bios\", \"step\": \"apply_configuration\", \"args\": {\"settings\": "
		  "null}}]",
		  "\"settings\"" },
		{ "[{\"interface\": \"bios\", \"step\": \"factory_reset\", \"args\": {\"colour\": 1}}]",
		  "\"colour\"" },
		{ "[{\"interface\": \"power\", \"step\": \"hold\", \"args\": {\"seconds\": 1}}]",
		  "\"seconds\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *asked = json_of(cases[i].asked), *list;

		assert_int_equal(steps_check(&task, &clean_phase, asked, &list, &err), -ERR_INVALID);
		assert_non_null(strstr(err.text, cases[i].word));
		json_decref(asked);
	}
}

/* ---- running ---- */

static void begin(const char *asked)
{
	json_t *value = json_of(asked), *list;

	assert_int_equal(steps_check(&task, &clean_phase, value, &list, &err), 0);
	json_decref(value);
	steps_set(&node, &clean_phase, list);
}

static void run_body(void)
{
	const json_t *info;
	char step[128];

	begin("[{\"interface\": \"power\", \"step\": \"power_on\"},"
	      " {\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": \"0.01\"}},"
	      " {\"interface\": \"power\", \"step\": \"hold\"},"
	      " {\"interface\": \"power\", \"step\": \"power_off\"}]");
	CHECK_INT(steps_run(&task, &clean_phase, &err), STEP_WAITS);
	CHECK_TEXT(node_text(&node, NODE_PROVISION_STATE), "clean hold");
	CHECK_TEXT(node_text(&node, NODE_POWER_STATE), "power on");
	steps_current(&node, &clean_phase, step, sizeof(step));
	CHECK_TEXT(step, "power.hold (3 of 4)");
	CHECK(steps_is_in_one(&node, &clean_phase));
	CHECK_INT(steps_run(&task, &clean_phase, &err), 0);
	CHECK_TEXT(node_text(&node, NODE_POWER_STATE), "power off");
	steps_forget(&node, &clean_phase);
	info = node_object(&node, NODE_DRIVER_INTERNAL_INFO);
	CHECK(json_is_null(json_object_get(info, "clean_steps")));
	CHECK(!json_object_get(info, "clean_step_index"));
	CHECK(!steps_is_in_one(&node, &clean_phase));
}

static void test_run__goes_on_after_a_hold(void **state)
{
	(void)state;
	loop_test(run_body);
}

static void seconds_body(void)
{
	static const struct {
		const char *asked;
		int rc;
	} cases[] = {
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": 0}}]", 0 },
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": 31}}]",
		  STEP_WAITS },
		{ "[{\"interface\": \"power\", \"step\": \"wait\"}]", STEP_WAITS },
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": null}}]",
		  STEP_WAITS },
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": -1}}]",
		  -ERR_INVALID },
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": \"nan\"}}]",
		  -ERR_INVALID },
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": \"\"}}]",
		  -ERR_INVALID },
		{ "[{\"interface\": \"power\", \"step\": \"wait\", \"args\": {\"seconds\": []}}]",
		  -ERR_INVALID },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node_set_text(&node, NODE_PROVISION_STATE, "cleaning");
		begin(cases[i].asked);
		CHECK_INT(steps_run(&task, &clean_phase, &err), cases[i].rc);
	}
}

static void test_wait__seconds__are_checked(void **state)
{
	(void)state;
	loop_test(seconds_body);
}

static void disable_power_off_body(void)
{
	node_set_text(&node, NODE_POWER_STATE, "power on");
	node_set_bool(&node, NODE_DISABLE_POWER_OFF, true);
	begin("[{\"interface\": \"power\", \"step\": \"power_off\"}]");
	CHECK_INT(steps_run(&task, &clean_phase, &err), -ERR_CONFLICT);
	CHECK_TEXT(node_text(&node, NODE_POWER_STATE), "power on");
	CHECK(strstr(err.text, "failed clean step power.power_off"));
}

static void test_power_off__disabled__fails_the_step(void **state)
{
	(void)state;
	loop_test(disable_power_off_body);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_collect__by_priority_then_by_interface),
		CASE(test_merge__the_request_goes_between_replaces_and_removes),
		CASE(test_disallowed__left_out),
		CASE(test_check_deploy__what_can_be_known_before),
		CASE(test_check__keeps_the_order_of_the_request_or_of_its_numbers),
		CASE(test_check__step_on_children__is_kept_as_asked),
		CASE(test_check__what_there_is_not__is_named),
		CASE(test_run__goes_on_after_a_hold),
		CASE(test_wait__seconds__are_checked),
		CASE(test_power_off__disabled__fails_the_step),
	};
	int rc;

	drivers_config_register();
	conductor_options_register();
	disallowed_steps_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
