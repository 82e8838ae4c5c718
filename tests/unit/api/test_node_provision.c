/* Tests of what the body of PUT states/provision may hold: each refusal names the member. */
#include "api/node_provision.h"

#include <string.h>

#include "lib/config.h"
#include "lib/json.h"
#include "model/disallowed_steps.h"
#include "tests/support/unit.h"

static struct error err;

struct body_case {
	const char *body;
	enum provision_event event;
	int version, rc;
	const char *word; /* in the sentence */
};

static json_t *json_of(const char *text)
{
	json_t *value = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_DEPTH_MAX, &value, &err), 0);
	return value;
}

static void check_all(const struct body_case *cases, size_t count,
		      int (*check)(const json_t *body, enum provision_event event, int version,
				   struct error *ret_err))
{
	for (size_t i = 0; i < count; i++) {
		json_t *body = json_of(cases[i].body);
		int rc = check(body, cases[i].event, cases[i].version, &err);

		if (rc != cases[i].rc || (rc < 0 && !strstr(err.text, cases[i].word)))
			fail_with("%s: %d, %s", cases[i].body, rc, rc < 0 ? err.text : "accepted");
		json_decref(body);
	}
}

#define STEPS(list, step) "{\"" list "\": [" step "]}"
#define RAID              "\"interface\": \"raid\", \"step\": \"x\""

static void test_steps__shapes__are_checked(void **state)
{
	static const struct body_case cases[] = {
		{ STEPS("clean_steps", "{" RAID "}"), EVENT_CLEAN, 115, 0, NULL },
		{ STEPS("clean_steps",
			"{" RAID ", \"args\": {}, \"order\": 1, \"execute_on_child_nodes\": false,"
			" \"limit_child_node_execution\": []}"),
		  EVENT_CLEAN, 115, 0, NULL },
		{ "{\"clean_steps\": []}", EVENT_CLEAN, 115, -ERR_INVALID, "clean_steps" },
		{ STEPS("clean_steps", "5"), EVENT_CLEAN, 115, -ERR_INVALID, "item 0" },
		{ STEPS("clean_steps", "{" RAID "}, null"), EVENT_CLEAN, 115, -ERR_INVALID, "item 1" },
		{ STEPS("clean_steps", "{\"step\": \"x\"}"), EVENT_CLEAN, 115, -ERR_INVALID, "'interface'" },
		{ STEPS("clean_steps", "{\"interface\": \"raid\"}"), EVENT_CLEAN, 115, -ERR_INVALID,
		  "'step'" },
		{ STEPS("clean_steps", "{\"interface\": null, \"step\": \"x\"}"), EVENT_CLEAN, 115,
		  -ERR_INVALID, "'interface'" },
		{ STEPS("clean_steps", "{\"interface\": \"raid\", \"step\": \"\"}"), EVENT_CLEAN, 115,
		  -ERR_INVALID, "'step'" },
		{ STEPS("clean_steps", "{\"interface\": \"boot\", \"step\": \"x\"}"), EVENT_CLEAN, 115,
		  -ERR_INVALID, "'boot' is not one of" },
		{ STEPS("clean_steps", "{" RAID ", \"args\": [1]}"), EVENT_CLEAN, 115, -ERR_INVALID,
		  "'args'" },
		{ STEPS("clean_steps", "{" RAID ", \"priority\": 1}"), EVENT_CLEAN, 115, -ERR_INVALID,
		  "'priority' was unexpected" },
		{ STEPS("clean_steps", "{" RAID ", \"order\": -1}"), EVENT_CLEAN, 115, -ERR_INVALID,
		  "'order'" },
		{ STEPS("clean_steps", "{" RAID ", \"order\": 1.5}"), EVENT_CLEAN, 115, -ERR_INVALID,
		  "'order'" },
		{ STEPS("clean_steps", "{" RAID ", \"execute_on_child_nodes\": \"yes\"}"), EVENT_CLEAN, 115,
		  -ERR_INVALID, "execute_on_child_nodes" },
		{ STEPS("clean_steps", "{\"interface\": \"vendor\", \"step\": \"send_raw\"}"), EVENT_CLEAN,
		  115, -ERR_INVALID, "clean step 'vendor.send_raw' is not allowed" },
		{ STEPS("service_steps", "{\"interface\": \"vendor\", \"step\": \"send_raw\"}"),
		  EVENT_SERVICE, 115, 0, NULL },
		{ STEPS("service_steps", "{\"interface\": \"bios\", \"step\": \"factory_reset\"}"),
		  EVENT_SERVICE, 115, -ERR_INVALID, "[api]disallow_service_steps" },
		{ STEPS("service_steps", "{\"step\": \"x\"}"), EVENT_SERVICE, 115, -ERR_INVALID,
		  "service_steps" },
		{ STEPS("deploy_steps", "{" RAID ", \"args\": {}, \"priority\": 5}"), EVENT_DEPLOY, 115, 0,
		  NULL },
		{ STEPS("deploy_steps", "{" RAID ", \"args\": {}, \"priority\": \"5\"}"), EVENT_DEPLOY, 115,
		  0, NULL },
		{ STEPS("deploy_steps", "{" RAID ", \"priority\": 5}"), EVENT_DEPLOY, 115, -ERR_INVALID,
		  "'args'" },
		{ STEPS("deploy_steps", "{" RAID ", \"args\": {}}"), EVENT_DEPLOY, 115, -ERR_INVALID,
		  "'priority'" },
		{ STEPS("deploy_steps", "{" RAID ", \"args\": {}, \"priority\": \"5x\"}"), EVENT_DEPLOY, 115,
		  -ERR_INVALID, "'priority'" },
		{ STEPS("deploy_steps", "{" RAID ", \"args\": {}, \"priority\": 5, \"order\": 1}"),
		  EVENT_DEPLOY, 115, -ERR_INVALID, "'order' was unexpected" },
	};

	(void)state;
	check_all(cases, sizeof(cases) / sizeof(cases[0]), node_provision_check_body);
}

static void test_steps__too_many__are_refused(void **state)
{
	json_t *body = json_object(), *list = json_array();

	(void)state;
	json_object_set_new(body, "clean_steps", list);
	for (int i = 0; i < 1000; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "interface", "raid", "step", "x"));
	assert_int_equal(node_provision_check_body(body, EVENT_CLEAN, 115, &err), 0);
	json_array_append_new(list, json_pack("{s:s, s:s}", "interface", "raid", "step", "x"));
	assert_int_equal(node_provision_check_body(body, EVENT_CLEAN, 115, &err), -ERR_INVALID);
	assert_non_null(strstr(err.text, "more than 1000"));
	json_decref(body);
}

static void test_arguments__go_with_their_verbs(void **state)
{
	static const struct body_case cases[] = {
		{ "{}", EVENT_MANAGE, 115, 0, NULL },
		{ "{}", EVENT_CLEAN, 115, -ERR_INVALID, "\"clean_steps\" is required" },
		{ "{\"clean_steps\": null}", EVENT_CLEAN, 115, -ERR_INVALID, "\"clean_steps\" is required" },
		{ "{}", EVENT_SERVICE, 115, -ERR_INVALID, "\"service_steps\" is required" },
		{ "{}", EVENT_RESCUE, 115, -ERR_INVALID, "\"rescue_password\"" },
		{ "{\"rescue_password\": \" \\t\"}", EVENT_RESCUE, 115, -ERR_INVALID, "\"rescue_password\"" },
		{ "{\"rescue_password\": \"pw\"}", EVENT_RESCUE, 115, 0, NULL },
		{ "{\"rescue_password\": \"pw\"}", EVENT_UNRESCUE, 115, -ERR_INVALID, "\"rescue_password\"" },
		{ STEPS("clean_steps", "{" RAID "}"), EVENT_PROVIDE, 115, -ERR_INVALID, "state to clean" },
		{ STEPS("service_steps", "{" RAID "}"), EVENT_CLEAN, 115, -ERR_INVALID, "state to service" },
		{ "{\"deploy_steps\": []}", EVENT_DELETE, 115, -ERR_INVALID, "state to active or rebuild" },
		{ "{\"configdrive\": \"x\"}", EVENT_DELETE, 115, -ERR_INVALID, "state to active or rebuild" },
		{ "{\"disable_ramdisk\": true}", EVENT_INSPECT, 115, -ERR_INVALID, "\"disable_ramdisk\"" },
		{ "{\"disable_ramdisk\": true, \"service_steps\": [{" RAID "}]}", EVENT_SERVICE, 107,
		  -ERR_NOT_ACCEPTABLE, "not acceptable" },
		{ "{\"disable_ramdisk\": true, \"service_steps\": [{" RAID "}]}", EVENT_SERVICE, 108, 0,
		  NULL },
	};

	(void)state;
	check_all(cases, sizeof(cases) / sizeof(cases[0]), node_provision_check_body);
}

static void test_config_drive__text_or_documents(void **state)
{
	static const struct body_case cases[] = {
		{ "{}", EVENT_DEPLOY, 1, 0, NULL },
		{ "{\"configdrive\": \"http://x\"}", EVENT_DEPLOY, 1, 0, NULL },
		{ "{\"configdrive\": \"x\"}", EVENT_REBUILD, 34, -ERR_NOT_ACCEPTABLE, "not acceptable" },
		{ "{\"configdrive\": \"x\"}", EVENT_REBUILD, 35, 0, NULL },
		{ "{\"configdrive\": {}}", EVENT_DEPLOY, 55, -ERR_NOT_ACCEPTABLE, "not acceptable" },
		{ "{\"configdrive\": {\"meta_data\": {}, \"network_data\": {}, \"user_data\": \"x\"}}",
		  EVENT_DEPLOY, 56, 0, NULL },
		{ "{\"configdrive\": {\"user_data\": {\"a\": 1}}}", EVENT_DEPLOY, 56, 0, NULL },
		{ "{\"configdrive\": {\"vendor_data\": {}}}", EVENT_DEPLOY, 58, -ERR_NOT_ACCEPTABLE,
		  "not acceptable" },
		{ "{\"configdrive\": {\"vendor_data\": {}}}", EVENT_DEPLOY, 59, 0, NULL },
		{ "{\"configdrive\": {\"meta_data\": \"x\"}}", EVENT_DEPLOY, 115, -ERR_INVALID,
		  "'meta_data'" },
		{ "{\"configdrive\": {\"user_data\": [1]}}", EVENT_DEPLOY, 115, -ERR_INVALID, "'user_data'" },
		{ "{\"configdrive\": {\"colour\": {}}}", EVENT_DEPLOY, 115, -ERR_INVALID, "'colour'" },
		{ "{\"configdrive\": [1]}", EVENT_DEPLOY, 115, -ERR_INVALID, "configdrive" },
		{ "{\"configdrive\": true}", EVENT_DEPLOY, 115, -ERR_INVALID, "configdrive" },
	};

	(void)state;
	check_all(cases, sizeof(cases) / sizeof(cases[0]), node_provision_check_drive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps__shapes__are_checked),
		cmocka_unit_test(test_steps__too_many__are_refused),
		cmocka_unit_test(test_arguments__go_with_their_verbs),
		cmocka_unit_test(test_config_drive__text_or_documents),
	};

	int rc;

	disallowed_steps_register();
	if (config_load(NULL, &err) < 0 ||
	    config_set("api", "disallow_service_steps", "bios.factory_reset", &err) < 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
