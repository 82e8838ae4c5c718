/* Tests of the workflows: every verb in every state against the contract's table, and what steps leave
 * behind. */
#include "conductor/provision.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/options.h"
#include "lib/config.h"
#include "model/disallowed_steps.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

#define UUID "00000000-0000-4000-8000-000000000001"

static struct job job;
static struct error err;

static void node_new(const char *state)
{
	memset(&job, 0, sizeof(job));
	node_init(&job.node);
	job.node.id = 1;
	node_set_text(&job.node, NODE_UUID, UUID);
	node_set_text(&job.node, NODE_DRIVER, "fake-hardware");
	node_set_text(&job.node, NODE_PROVISION_STATE, state);
	task_init_permissive(&job.task, &job.node);
	buf_init(&job.result, RESULT_MAX);
}

static void node_end(void)
{
	json_decref(job.args);
	buf_release(&job.result);
	node_release(&job.node);
	task_release(&job.task);
}

static int set_up(void **state)
{
	(void)state;
	if (config_load(NULL, &err) < 0 ||
	    config_set("DEFAULT", "enabled_hardware_types", "fake-hardware", &err) < 0 ||
	    config_set("conductor", "max_concurrent_deploy", "0", &err) < 0 ||
	    config_set("conductor", "max_concurrent_clean", "0", &err) < 0 || drivers_check_config(&err) < 0)
		return -1;
	node_new("manageable");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	node_end();
	return 0;
}

static void set_args(json_t *take_args)
{
	json_decref(job.args);
	job.args = take_args;
	assert(job.args);
}

static json_t *steps_of(const char *first, const char *second)
{
	json_t *list = json_array();

	json_array_append_new(list, json_pack("{s:s, s:s}", "interface", "bios", "step", first));
	if (second)
		json_array_append_new(list, json_pack("{s:s, s:s}", "interface", "raid", "step", second));
	return list;
}

/* The body that each verb needs. */
static void ask(const char *verb)
{
	json_t *args = json_pack("{s:s}", "target", verb);

	if (strcmp(verb, "clean") == 0)
		json_object_set_new(args, "clean_steps", steps_of("factory_reset", "delete_configuration"));
	if (strcmp(verb, "service") == 0)
		json_object_set_new(args, "service_steps", steps_of("factory_reset", NULL));
	if (strcmp(verb, "rescue") == 0)
		json_object_set_new(args, "rescue_password", json_string("pw"));
	set_args(args);
}

static int run_kind(const char *kind)
{
	const struct operation *operation = operation_find(kind);
	int rc = operation->begin(&job, &err);

	if (rc < 0)
		return rc;
	rc = operation->run(&job, &err);
	if (rc < 0)
		operation->undo(&job, &err);
	return rc;
}

static int walk(const char *verb)
{
	ask(verb);
	return run_kind("provision");
}

static const char *field(enum node_field which)
{
	const char *text = node_text(&job.node, which);

	return text ? text : "null";
}

/* ---- every verb in every state ---- */

struct row {
	const char *from, *verb, *next, *end; /* the state that is promised, and the one in the end */
};

static const struct row rows[] = {
	{ "enroll", "manage", "verifying", "manageable" },
	{ "manageable", "provide", "cleaning", "available" },
	{ "manageable", "inspect", "inspecting", "manageable" },
	{ "manageable", "clean", "cleaning", "manageable" },
	{ "manageable", "adopt", "adopting", "active" },
	{ "available", "active", "deploying", "active" },
	{ "available", "manage", "manageable", "manageable" },
	{ "wait call-back", "deleted", "deleting", "available" },
	{ "wait call-back", "abort", "deploy failed", "deploy failed" },
	{ "deploy hold", "unhold", "wait call-back", "wait call-back" },
	{ "deploy hold", "abort", "deploy failed", "deploy failed" },
	{ "deploy failed", "active", "deploying", "active" },
	{ "deploy failed", "rebuild", "deploying", "active" },
	{ "deploy failed", "deleted", "deleting", "available" },
	{ "active", "rebuild", "deploying", "active" },
	{ "active", "deleted", "deleting", "available" },
	{ "active", "rescue", "rescuing", "rescue" },
	{ "active", "service", "servicing", "active" },
	{ "error", "rebuild", "deploying", "active" },
	{ "error", "deleted", "deleting", "available" },
	{ "clean wait", "abort", "clean failed", "clean failed" },
	{ "clean hold", "unhold", "clean wait", "clean wait" },
	{ "clean hold", "abort", "clean failed", "clean failed" },
	{ "clean failed", "manage", "manageable", "manageable" },
	{ "inspect wait", "abort", "inspect failed", "inspect failed" },
	{ "inspect failed", "inspect", "inspecting", "manageable" },
	{ "inspect failed", "manage", "manageable", "manageable" },
	{ "adopt failed", "adopt", "adopting", "active" },
	{ "adopt failed", "manage", "manageable", "manageable" },
	{ "rescue wait", "deleted", "deleting", "available" },
	{ "rescue wait", "abort", "rescue failed", "rescue failed" },
	{ "rescue failed", "rescue", "rescuing", "rescue" },
	{ "rescue failed", "unrescue", "unrescuing", "active" },
	{ "rescue failed", "deleted", "deleting", "available" },
	{ "rescue", "rescue", "rescuing", "rescue" },
	{ "rescue", "unrescue", "unrescuing", "active" },
	{ "rescue", "deleted", "deleting", "available" },
	{ "unrescue failed", "rescue", "rescuing", "rescue" },
	{ "unrescue failed", "unrescue", "unrescuing", "active" },
	{ "unrescue failed", "deleted", "deleting", "available" },
	{ "service wait", "abort", "service failed", "active" },
	{ "service wait", "deleted", "deleting", "available" },
	{ "service hold", "unhold", "service wait", "active" },
	{ "service hold", "service", "servicing", "active" },
	{ "service hold", "abort", "service failed", "active" },
	{ "service failed", "service", "servicing", "active" },
	{ "service failed", "rescue", "rescuing", "rescue" },
	{ "service failed", "abort", "active", "active" },
	{ "service failed", "deleted", "deleting", "available" },
};

static const char *const verbs[] = { "active",   "rebuild", "deleted", "manage", "provide",
				     "inspect",  "abort",   "clean",   "adopt",  "rescue",
				     "unrescue", "unhold",  "service", NULL };

static const struct row *row_of(const char *from, const char *verb)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].from, from) == 0 && strcmp(rows[i].verb, verb) == 0)
			return &rows[i];
	}
	return NULL;
}

static void check_row(const struct row *row)
{
	const struct operation *operation = operation_find("provision");

	ask(row->verb);
	node_set_text(&job.node, NODE_LAST_ERROR, "old");
	CHECK_INT(operation->begin(&job, &err), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), row->next);
	CHECK_TEXT(field(NODE_LAST_ERROR), "null");
	CHECK_INT(operation->run(&job, &err), 0);
	if (strcmp(field(NODE_PROVISION_STATE), row->end) != 0)
		print_error("%s in %s\n", row->verb, row->from);
	CHECK_TEXT(field(NODE_PROVISION_STATE), row->end);
	if (provision_state_info(provision_state_find(row->end))->is_stable)
		CHECK_TEXT(field(NODE_TARGET_PROVISION_STATE), "null");
	CHECK(!node_bool(&job.node, NODE_MAINTENANCE));
}

static void check_illegal(const char *from, const char *verb)
{
	ask(verb);
	CHECK_INT(operation_find("provision")->begin(&job, &err), -ERR_INVALID_STATE_REQUEST);
	CHECK_TEXT(field(NODE_PROVISION_STATE), from);
	CHECK(strstr(err.text, verb) && strstr(err.text, from));
}

static void matrix_body(void)
{
	size_t legal = 0;

	for (enum provision_state from = 0; from < PROVISION_STATE_COUNT; from++) {
		for (size_t i = 0; verbs[i]; i++) {
			const char *name = provision_state_info(from)->name;
			const struct row *row = row_of(name, verbs[i]);

			node_end();
			node_new(name);
			legal += row != NULL;
			if (row)
				check_row(row);
			else
				check_illegal(name, verbs[i]);
		}
	}
	CHECK_INT(legal, sizeof(rows) / sizeof(rows[0]));
}

static void test_every_verb_in_every_state__as_the_contract_says(void **state)
{
	(void)state;
	loop_test(matrix_body);
}

/* ---- failures ---- */

static void fail_on(const char *operation)
{
	node_set_object(&job.node, NODE_DRIVER_INFO, json_pack("{s:s}", "fake_fail", operation));
}

static void failures_body(void)
{
	static const struct {
		const char *from, *verb, *fails, *end, *target, *fault;
	} cases[] = {
		{ "manageable", "inspect", "inspect", "inspect failed", "manageable", "null" },
		{ "manageable", "clean", "raid", "clean failed", "manageable", "clean failure" },
		{ "manageable", "clean", "deploy.clean_finish", "clean failed", "manageable",
		  "clean failure" },
		{ "manageable", "adopt", "deploy.take_over", "adopt failed", "active", "null" },
		{ "available", "active", "deploy.deploy", "deploy failed", "active", "null" },
		{ "active", "rescue", "rescue", "rescue failed", "rescue", "null" },
		{ "rescue", "unrescue", "unrescue", "unrescue failed", "active", "null" },
		{ "rescue", "deleted", "rescue.clean_up", "error", "available", "null" },
		{ "active", "deleted", "deploy.tear_down", "error", "available", "null" },
		{ "active", "service", "bios", "service failed", "active", "service failure" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node_end();
		node_new(cases[i].from);
		fail_on(cases[i].fails);
		CHECK_INT(walk(cases[i].verb), -ERR_BMC);
		CHECK_TEXT(field(NODE_PROVISION_STATE), cases[i].end);
		CHECK_TEXT(field(NODE_TARGET_PROVISION_STATE), cases[i].target);
		CHECK_TEXT(field(NODE_FAULT), cases[i].fault);
		CHECK_INT(node_bool(&job.node, NODE_MAINTENANCE), strcmp(cases[i].fault, "null") != 0);
		CHECK(strstr(field(NODE_LAST_ERROR), cases[i].fails));
		CHECK_INT(json_object_size(node_object(&job.node, NODE_CLEAN_STEP)), 0);
	}
}

static void test_failures__end_in_their_states(void **state)
{
	(void)state;
	loop_test(failures_body);
}

static void unknown_step_body(void)
{
	set_args(json_pack("{s:s, s:[{s:s, s:s}]}", "target", "clean", "clean_steps", "interface", "raid",
			   "step", "dance"));
	CHECK_INT(run_kind("provision"), -ERR_INVALID);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean failed");
	CHECK_TEXT(field(NODE_FAULT), "null");
	CHECK(!node_bool(&job.node, NODE_MAINTENANCE));
}

static void test_failure__before_any_step__leaves_no_fault(void **state)
{
	(void)state;
	loop_test(unknown_step_body);
}

static void stopped_body(void)
{
	fail_on("raid");
	snprintf(job.stop_asked, sizeof(job.stop_asked), "the conductor stops");
	CHECK_INT(walk("clean"), -ERR_BMC);
	CHECK(strstr(field(NODE_LAST_ERROR), "It was in clean step raid.delete_configuration (2 of 2)."));
}

static void test_stopped_from_outside__the_step_is_named(void **state)
{
	(void)state;
	loop_test(stopped_body);
}

static void rescue_abort_body(void)
{
	node_set_text(&job.node, NODE_PROVISION_STATE, "rescue wait");
	fail_on("rescue.clean_up");
	CHECK_INT(walk("abort"), -ERR_BMC);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "rescue failed");
	CHECK_TEXT(field(NODE_FAULT), "rescue abort failure");
	CHECK(node_bool(&job.node, NODE_MAINTENANCE));
}

static void test_abort__clean_up_of_rescue_fails__is_a_fault(void **state)
{
	(void)state;
	loop_test(rescue_abort_body);
}

static void service_abort_body(void)
{
	node_set_text(&job.node, NODE_PROVISION_STATE, "service failed");
	node_set_bool(&job.node, NODE_MAINTENANCE, true);
	CHECK_INT(walk("abort"), -ERR_CONFLICT);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "service failed");
}

static void test_abort__service_failed_in_maintenance__is_refused(void **state)
{
	(void)state;
	loop_test(service_abort_body);
}

/* ---- who may ---- */

static void maintenance_body(void)
{
	static const struct {
		const char *from, *verb;
		bool is_refused;
	} cases[] = {
		{ "manageable", "clean", true },    { "available", "active", true },
		{ "active", "rebuild", true },      { "active", "rescue", true },
		{ "rescue", "unrescue", true },     { "active", "service", true },
		{ "manageable", "provide", false }, { "active", "deleted", false },
		{ "manageable", "inspect", false }, { "enroll", "manage", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node_end();
		node_new(cases[i].from);
		node_set_bool(&job.node, NODE_MAINTENANCE, true);
		CHECK_INT(walk(cases[i].verb), cases[i].is_refused ? -ERR_MAINTENANCE : 0);
	}
	CHECK_INT(config_set("conductor", "allow_provisioning_in_maintenance", "false", &err), 0);
	node_set_text(&job.node, NODE_PROVISION_STATE, "manageable");
	CHECK_INT(walk("provide"), -ERR_MAINTENANCE);
}

static void test_maintenance__refuses_what_it_must(void **state)
{
	(void)state;
	loop_test(maintenance_body);
}

static void retired_body(void)
{
	node_set_text(&job.node, NODE_PROVISION_STATE, "active");
	node_set_bool(&job.node, NODE_RETIRED, true);
	CHECK_INT(walk("deleted"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "manageable");
	CHECK_TEXT(field(NODE_TARGET_PROVISION_STATE), "null");
}

static void test_retired__ends_in_manageable(void **state)
{
	(void)state;
	loop_test(retired_body);
}

static void password_body(void)
{
	const json_t *info;

	node_set_text(&job.node, NODE_PROVISION_STATE, "active");
	CHECK_INT(walk("rescue"), 0);
	info = node_object(&job.node, NODE_INSTANCE_INFO);
	CHECK(strncmp(json_string_value(json_object_get(info, "hashed_rescue_password")), "$5$", 3) == 0);
	CHECK_TEXT(json_string_value(json_object_get(info, "rescue_password")), "******");
	CHECK_INT(walk("deleted"), 0);
	CHECK_INT(json_object_size(node_object(&job.node, NODE_INSTANCE_INFO)), 0);
}

static void test_rescue_password__only_its_hash_is_kept(void **state)
{
	(void)state;
	loop_test(password_body);
}

/* ---- waiting ---- */

static void clean_with(const char *step, const char *then)
{
	json_t *list = json_array();

	json_array_append_new(list, json_pack("{s:s, s:s}", "interface", "power", "step", step));
	json_array_append_new(list, json_pack("{s:s, s:s}", "interface", "raid", "step", then));
	set_args(json_pack("{s:s, s:o}", "target", "clean", "clean_steps", list));
}

static json_int_t step_index(void)
{
	return json_integer_value(
		json_object_get(node_object(&job.node, NODE_DRIVER_INTERNAL_INFO), "clean_step_index"));
}

static void wait_body(void)
{
	clean_with("wait", "delete_configuration");
	CHECK_INT(run_kind("provision"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean wait");
	CHECK_TEXT(field(NODE_TARGET_PROVISION_STATE), "manageable");
	CHECK_INT(step_index(), 0);
	set_args(json_object());
	CHECK_INT(run_kind("provision_resume"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "manageable");
	CHECK_INT(run_kind("provision_resume"), -ERR_CONFLICT);
	clean_with("hold", "delete_configuration");
	CHECK_INT(run_kind("provision"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean hold");
	set_args(json_object());
	CHECK_INT(run_kind("provision_resume"), -ERR_CONFLICT);
	CHECK_INT(walk("unhold"), 0);
	fail_on("raid");
	set_args(json_object());
	CHECK_INT(run_kind("provision_resume"), -ERR_BMC);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean failed");
	CHECK_TEXT(field(NODE_FAULT), "clean failure");
}

static void test_wait__is_resumed_after_its_step(void **state)
{
	(void)state;
	loop_test(wait_body);
}

static void unabortable_body(void)
{
	clean_with("wait", "delete_configuration");
	CHECK_INT(run_kind("provision"), 0);
	json_object_set_new(node_object(&job.node, NODE_CLEAN_STEP), "abortable", json_false());
	CHECK_INT(walk("abort"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean wait");
	CHECK(json_is_true(json_object_get(node_object(&job.node, NODE_CLEAN_STEP), "abort_after")));
	set_args(json_object());
	CHECK_INT(run_kind("provision_resume"), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean failed");
	CHECK(strstr(field(NODE_LAST_ERROR), "power.wait (1 of 2)"));
	CHECK(!node_bool(&job.node, NODE_MAINTENANCE));
}

static void test_abort__of_a_step_that_must_end__waits_for_it(void **state)
{
	(void)state;
	loop_test(unabortable_body);
}

static void lost_body(void)
{
	json_t *info = node_object(&job.node, NODE_DRIVER_INTERNAL_INFO);

	node_set_text(&job.node, NODE_PROVISION_STATE, "cleaning");
	node_set_text(&job.node, NODE_TARGET_PROVISION_STATE, "manageable");
	node_set_text(&job.node, NODE_LAST_ERROR, "The conductor that ran this action stopped");
	json_object_set_new(info, "clean_steps", json_pack("[{}, {}, {}]"));
	json_object_set_new(info, "clean_step_index", json_integer(1));
	node_set_object(&job.node, NODE_CLEAN_STEP,
			json_pack("{s:s, s:s}", "interface", "raid", "step", "delete_configuration"));
	set_args(json_object());
	CHECK_INT(operation_find("recover")->run(&job, &err), 0);
	CHECK_TEXT(field(NODE_PROVISION_STATE), "clean failed");
	CHECK(strstr(field(NODE_LAST_ERROR), "clean step raid.delete_configuration (2 of 3)"));
	CHECK_TEXT(job.event, field(NODE_LAST_ERROR));
	CHECK_TEXT(field(NODE_FAULT), "clean failure");
	CHECK(node_bool(&job.node, NODE_MAINTENANCE));
}

static void test_lost_conductor__the_step_is_named(void **state)
{
	(void)state;
	loop_test(lost_body);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_every_verb_in_every_state__as_the_contract_says),
		CASE(test_failures__end_in_their_states),
		CASE(test_stopped_from_outside__the_step_is_named),
		CASE(test_failure__before_any_step__leaves_no_fault),
		CASE(test_abort__clean_up_of_rescue_fails__is_a_fault),
		CASE(test_abort__service_failed_in_maintenance__is_refused),
		CASE(test_maintenance__refuses_what_it_must),
		CASE(test_retired__ends_in_manageable),
		CASE(test_rescue_password__only_its_hash_is_kept),
		CASE(test_wait__is_resumed_after_its_step),
		CASE(test_abort__of_a_step_that_must_end__waits_for_it),
		CASE(test_lost_conductor__the_step_is_named),
	};
	int rc;

	drivers_config_register();
	conductor_options_register();
	disallowed_steps_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
