/* Tests of passthru/passthru.c with the methods of the fake hardware. */
#include "passthru/passthru.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/fake/fake.h"
#include "lib/config.h"
#include "lib/json.h"
#include "lib/xalloc.h"

static struct node node;
static struct task task;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	node_init(&node);
	node.id = 1;
	node_set_text(&node, NODE_UUID, "00000000-0000-4000-8000-000000000001");
	node_set_text(&node, NODE_DRIVER, "fake-hardware");
	task_init_permissive(&task, &node);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	task_release(&task);
	node_release(&node);
	return 0;
}

/* Calls as the conductor does. args: JSON. Returns the result's value as text in the arena, NULL on failure.
 */
static const char *call(const char *method, const char *verb, const char *args)
{
	struct passthru_result result = { 0 };
	json_t *value = NULL;
	struct passthru_call call = { .verb = verb };
	const char *text = NULL;
	struct buf out;

	assert_int_equal(json_parse(args, strlen(args), JSON_DEPTH_MAX, &value, &err), 0);
	call.args = value;
	buf_init(&out, 4096);
	if (passthru_find(&task, method, verb, &call.method, &err) == 0 &&
	    passthru_check(&task, &call, &err) == 0 && passthru_run(&task, &call, &result, &err) == 0) {
		json_write(&out, result.value ? result.value : json_null());
		text = arena_strndup(&task.arena, out.data, out.len);
	}
	passthru_result_release(&result);
	buf_release(&out);
	json_decref(value);
	return text;
}

static void test_call__sync__answers_the_value(void **state)
{
	(void)state;
	assert_string_equal(call("third_method_sync", "POST", "{\"bar\": \"meow\"}"), "true");
	assert_string_equal(call("third_method_sync", "POST", "{\"bar\": \"x\"}"), "false");
	assert_string_equal(call("third_method_sync", "POST", "{\"bar\": 7}"), "false");
	assert_string_equal(call("second_method", "POST", "{\"bar\": \"kazoo\"}"), "true");
	assert_string_equal(call("fourth_method_shared_lock", "POST", "{\"bar\": \"woof\"}"), "true");
	assert_string_equal(call("log_passthrough", "POST", "{\"any\": [1]}"), "null");
}

/* Sentences that clients of Ironic read. */
static void test_call__refused__says_why(void **state)
{
	static const struct {
		const char *method, *verb, *args;
		enum errcode code;
		const char *text;
	} cases[] = {
		{ "x", "POST", "{}", ERR_INVALID, "No handler for method x" },
		{ "x", "BREW", "{}", ERR_INVALID, "No handler for method x" },
		{ "methods", "POST", "{}", ERR_INVALID, "No handler for method methods" },
		{ "third_method_sync", "PUT", "{\"bar\": \"meow\"}", ERR_INVALID,
		  "The method third_method_sync does not support HTTP PUT" },
		{ "third_method_sync", "post", "{\"bar\": \"meow\"}", ERR_INVALID,
		  "The method third_method_sync does not support HTTP post" },
		{ "third_method_sync", "POST", "{}", ERR_MISSING,
		  "Parameter 'bar' not passed to method 'third_method_sync'." },
		{ "third_method_sync", "POST", "{\"bar\": null}", ERR_MISSING,
		  "Parameter 'bar' not passed to method 'third_method_sync'." },
		{ "third_method_sync", "POST", "{\"bar\": \"meow\", \"z\": 1}", ERR_INVALID,
		  "Method third_method_sync() got an unexpected argument 'z'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(call(cases[i].method, cases[i].verb, cases[i].args));
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(error_info(err.code)->http_status, 400);
	}
}

static void test_call__no_vendor__has_no_methods(void **state)
{
	(void)state;
	node_set_text(&node, NODE_VENDOR_INTERFACE, "no-vendor");
	assert_null(call("third_method_sync", "POST", "{\"bar\": \"meow\"}"));
	assert_string_equal(err.text, "No handler for method third_method_sync");
}

static void test_call__interface_not_enabled__is_refused(void **state)
{
	(void)state;
	node_set_text(&node, NODE_VENDOR_INTERFACE, "ipmitool");
	assert_null(call("third_method_sync", "POST", "{\"bar\": \"meow\"}"));
	assert_int_equal(err.code, ERR_INTERFACE);
}

static void test_call__told_to_fail__fails(void **state)
{
	(void)state;
	node_set_object(&node, NODE_DRIVER_INFO, json_pack("{s:s}", "fake_fail", "power.get, vendor"));
	assert_null(call("third_method_sync", "POST", "{\"bar\": \"meow\"}"));
	assert_int_equal(err.code, ERR_BMC);
}

static void test_driver_level__without_methods__says_so(void **state)
{
	const struct passthru_method *method;
	struct task driver_task;

	(void)state;
	task_init_permissive(&driver_task, NULL);
	driver_task.hardware = &fake_hardware;
	assert_int_equal(passthru_find(&driver_task, "x", "GET", &method, &err), -ERR_INVALID);
	assert_string_equal(err.text, "No handler for method x");
	task_release(&driver_task);
}

/* ---- every method of every hardware type ---- */

static void check_method(const struct hardware_type *hardware, const struct passthru_method *method)
{
	if (!method->run || !method->help || !method->verbs || method->verbs > 31)
		fail_msg("%s: method %s has no code, help or verb", hardware->name, method->name);
	if (method->is_attach && method->mode == PASSTHRU_ASYNC)
		fail_msg("%s: method %s attaches what nobody waits for", hardware->name, method->name);
	for (const struct passthru_argument *row = method->arguments; row && row->name; row++) {
		if (strcmp(row->name, "http_method") == 0 || strcmp(row->name, "method") == 0)
			fail_msg("%s: argument %s of method %s is a word of Ironic's", hardware->name,
				 row->name, method->name);
	}
}

static void test_tables__every_method_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; hardware_types[i]; i++) {
		const struct interface *const *list = hardware_types[i]->interfaces[INTERFACE_VENDOR];

		for (; list && *list; list++) {
			const struct passthru_method *row = vendor_interface(*list)->node_methods;

			for (; row && row->name; row++)
				check_method(hardware_types[i], row);
			for (row = vendor_interface(*list)->driver_methods; row && row->name; row++)
				check_method(hardware_types[i], row);
		}
	}
}

/* ---- arguments by type ---- */

static int run_nothing(struct task *unused_task, const struct passthru_call *unused_call,
		       struct passthru_result *result, struct error *unused_err)
{
	(void)unused_task;
	(void)unused_call;
	(void)unused_err;
	result->bytes = xstrdup("bytes");
	result->bytes_len = 5;
	return 0;
}

static const struct passthru_argument typed_arguments[] = { { .name = "text", .type = ARGUMENT_TEXT },
							    { .name = "flag", .type = ARGUMENT_BOOL },
							    { .name = "number", .type = ARGUMENT_INT },
							    { .name = "list", .type = ARGUMENT_LIST },
							    { .name = "object", .type = ARGUMENT_OBJECT },
							    { .name = "any", .type = ARGUMENT_ANY },
							    { 0 } };
static const struct passthru_method typed = { .name = "typed",
					      .verbs = VERB_POST,
					      .mode = PASSTHRU_SYNC,
					      .is_attach = true,
					      .arguments = typed_arguments,
					      .run = run_nothing,
					      .help = "" };

static void test_arguments__of_each_type__are_checked(void **state)
{
	static const struct {
		const char *args;
		bool is_good;
	} cases[] = {
		{ "{}", true },
		{ "{\"text\": null, \"flag\": null, \"number\": null, \"list\": null, \"object\": null}",
		  true },
		{ "{\"text\": \"\", \"flag\": true, \"number\": 1, \"list\": [], \"object\": {}, \"any\": "
		  "[[]]}",
		  true },
		{ "{\"flag\": \"TRUE\"}", true },
		{ "{\"flag\": \"no\"}", true },
		{ "{\"flag\": 1}", true },
		{ "{\"flag\": 2}", false },
		{ "{\"flag\": \"maybe\"}", false },
		{ "{\"flag\": -1}", false },
		{ "{\"flag\": []}", false },
		{ "{\"text\": 1}", false },
		{ "{\"number\": \"1\"}", false },
		{ "{\"number\": 1.5}", false },
		{ "{\"list\": {}}", false },
		{ "{\"object\": []}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *args = NULL;
		struct passthru_call typed_call = { .method = &typed, .verb = "POST" };

		assert_int_equal(json_parse(cases[i].args, strlen(cases[i].args), 9, &args, &err), 0);
		typed_call.args = args;
		assert_int_equal(passthru_check(&task, &typed_call, &err) == 0, cases[i].is_good);
		json_decref(args);
	}
}

static void test_bool__reads_as_ironic_does(void **state)
{
	json_t *args = json_pack("{s:b, s:s, s:s, s:i, s:n}", "a", 1, "b", "Yes", "c", "off", "d", 0, "e");
	struct passthru_call bool_call = { .method = &typed, .args = args };

	(void)state;
	assert_true(passthru_bool(&bool_call, "a", false));
	assert_true(passthru_bool(&bool_call, "b", false));
	assert_false(passthru_bool(&bool_call, "c", true));
	assert_false(passthru_bool(&bool_call, "d", true));
	assert_true(passthru_bool(&bool_call, "e", true));
	assert_true(passthru_bool(&bool_call, "absent", true));
	json_decref(args);
}

static void test_verbs__have_names(void **state)
{
	(void)state;
	for (unsigned verb = VERB_GET; verb <= VERB_DELETE; verb <<= 1)
		assert_int_equal(http_verb_find(http_verb_name((enum http_verb)verb)), verb);
	assert_int_equal(http_verb_find("HEAD"), 0);
	assert_int_equal(http_verb_find(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call__sync__answers_the_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_call__refused__says_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_call__no_vendor__has_no_methods, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_call__interface_not_enabled__is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_call__told_to_fail__fails, set_up, tear_down),
		cmocka_unit_test(test_driver_level__without_methods__says_so),
		cmocka_unit_test(test_tables__every_method_is_whole),
		cmocka_unit_test_setup_teardown(test_arguments__of_each_type__are_checked, set_up, tear_down),
		cmocka_unit_test(test_bool__reads_as_ironic_does),
		cmocka_unit_test(test_verbs__have_names),
	};
	int rc;

	drivers_config_register();
	if (config_load(NULL, &err) < 0 ||
	    config_set("DEFAULT", "enabled_hardware_types", "fake-hardware", &err) < 0 ||
	    drivers_check_config(&err) < 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
