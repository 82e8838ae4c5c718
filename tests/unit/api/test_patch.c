#include "api/patch.h"

#include <string.h>

#include "lib/json.h"
#include "tests/support/unit.h"

static struct error err;

static json_t *json_of(const char *text)
{
	json_t *value = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_VALUE_DEPTH_MAX, &value, &err), 0);
	return value;
}

static int check(const char *operations, int version)
{
	json_t *value = json_of(operations);
	int rc = patch_check(value, version, &err);

	json_decref(value);
	return rc;
}

/* Applies; wanted NULL: only the code counts. */
static int apply(const char *document, const char *operations, const char *wanted)
{
	json_t *value = json_of(document), *list = json_of(operations);
	int rc = patch_check(list, 115, &err);

	if (rc == 0)
		rc = patch_apply(value, list, &err);
	if (wanted) {
		json_t *want = json_of(wanted);

		assert_int_equal(rc, 0);
		assert_true(json_equal(value, want));
		json_decref(want);
	}
	json_decref(value);
	json_decref(list);
	return rc;
}

static void test_patch_check__what_is_no_patch__is_refused_in_ironics_words(void **state)
{
	static const struct {
		const char *operations, *sentence;
	} cases[] = {
		{ "{\"op\":\"add\"}", "Schema error for patch: {'op': 'add'} is not of type 'array'" },
		{ "[1]", "Schema error for patch: 1 is not of type 'object'" },
		{ "[{\"op\":\"add\"}]", "Schema error for patch: 'path' is a required property" },
		{ "[{\"path\":\"/a\"}]", "Schema error for patch: 'op' is a required property" },
		{ "[{\"op\":\"test\",\"path\":\"/a\"}]",
		  "Schema error for patch: 'test' is not one of ['add', 'replace', 'remove']" },
		{ "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b\"}]",
		  "Schema error for patch: Additional properties are not allowed ('from' was unexpected)" },
		{ "[{\"op\":\"add\",\"path\":\"a\"}]",
		  "Schema error for patch: 'a' does not match '^(/[\\\\w-]+)+$'" },
		{ "[{\"op\":\"add\",\"path\":5}]", "Schema error for patch: 5 is not of type 'string'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(check(cases[i].operations, 115), -ERR_INVALID);
		assert_string_equal(err.text, cases[i].sentence);
	}
}

static void test_patch_check__paths__follow_the_version(void **state)
{
	(void)state;
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/a-b/c_d/9\"}]", 1), 0);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/a~1b\"}]", 97), -ERR_INVALID);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/a~1b\"}]", 98), 0);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"\"}]", 98), -ERR_INVALID);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/\"}]", 98), -ERR_INVALID);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/a//b\"}]", 98), -ERR_INVALID);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/a/\"}]", 98), -ERR_INVALID);
	assert_int_equal(check("[{\"op\":\"remove\",\"path\":\"/a b\"}]", 98), -ERR_INVALID);
}

static void test_patch_root__nested_path__is_its_first_name(void **state)
{
	json_t *operation = json_of("{\"op\":\"add\",\"path\":\"/extra/a/b\"}");
	char root[PATCH_ROOT_MAX];

	(void)state;
	assert_true(patch_root(operation, root));
	assert_string_equal(root, "extra");
	json_object_set_new(operation, "path",
			    json_string("/"
					"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
					"xxxxxxxxxxxxxxxxxxxxxxxx"));
	assert_false(patch_root(operation, root));
	json_decref(operation);
}

static void test_patch_apply__members__are_added_replaced_and_removed(void **state)
{
	(void)state;
	apply("{\"e\":{}}", "[{\"op\":\"add\",\"path\":\"/e/a\",\"value\":1}]", "{\"e\":{\"a\":1}}");
	apply("{\"e\":{\"a\":1}}", "[{\"op\":\"add\",\"path\":\"/e/a\",\"value\":2}]", "{\"e\":{\"a\":2}}");
	apply("{\"e\":{\"a\":1}}", "[{\"op\":\"replace\",\"path\":\"/e\",\"value\":null}]", "{\"e\":null}");
	apply("{\"e\":{\"a\":1}}", "[{\"op\":\"remove\",\"path\":\"/e/a\"}]", "{\"e\":{}}");
	apply("{}",
	      "[{\"op\":\"add\",\"path\":\"/a~1b\",\"value\":1},{\"op\":\"add\",\"path\":\"/"
	      "c~0d\",\"value\":2}]",
	      "{\"a/b\":1,\"c~d\":2}");
	apply("{}", "[]", "{}");
}

static void test_patch_apply__lists__take_indexes_and_the_end(void **state)
{
	(void)state;
	apply("{\"l\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/l/-\",\"value\":3}]", "{\"l\":[1,2,3]}");
	apply("{\"l\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/l/0\",\"value\":0}]", "{\"l\":[0,1,2]}");
	apply("{\"l\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/l/2\",\"value\":3}]", "{\"l\":[1,2,3]}");
	apply("{\"l\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/l/1\",\"value\":9}]", "{\"l\":[1,9]}");
	apply("{\"l\":[1,2]}", "[{\"op\":\"remove\",\"path\":\"/l/0\"}]", "{\"l\":[2]}");
	assert_int_equal(apply("{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/2\",\"value\":1}]", NULL),
			 -ERR_PATCH);
	assert_int_equal(apply("{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/1\"}]", NULL), -ERR_PATCH);
	assert_int_equal(apply("{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/-\"}]", NULL), -ERR_PATCH);
	assert_int_equal(apply("{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/00\"}]", NULL), -ERR_PATCH);
	assert_int_equal(
		apply("{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/99999999999999999999\"}]", NULL),
		-ERR_PATCH);
}

static void test_patch_apply__what_is_not_there__is_named(void **state)
{
	(void)state;
	assert_int_equal(apply("{\"extra\":{}}", "[{\"op\":\"remove\",\"path\":\"/extra/never\"}]", NULL),
			 -ERR_PATCH);
	assert_string_equal(err.text,
			    "Couldn't apply patch '{'op': 'remove', 'path': '/extra/never'}'. Reason: can't "
			    "remove a non-existent object 'never'");
	assert_int_equal(
		apply("{\"extra\":{}}", "[{\"op\":\"replace\",\"path\":\"/extra/never\",\"value\":1}]", NULL),
		-ERR_PATCH);
	assert_string_equal(err.text,
			    "Couldn't apply patch '{'op': 'replace', 'path': '/extra/never', 'value': 1}'. "
			    "Reason: can't replace a non-existent object 'never'");
	assert_int_equal(apply("{\"extra\":{}}", "[{\"op\":\"add\",\"path\":\"/extra/a\"}]", NULL),
			 -ERR_PATCH);
	assert_string_equal(err.text,
			    "Couldn't apply patch '{'op': 'add', 'path': '/extra/a'}'. Reason: The operation "
			    "does not contain a 'value' member");
	assert_int_equal(apply("{\"a\":5}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", NULL),
			 -ERR_PATCH);
	assert_int_equal(apply("{}", "[{\"op\":\"add\",\"path\":\"/a/b/c\",\"value\":1}]", NULL), -ERR_PATCH);
}

static void test_patch_apply__one_value_in_two_places__is_not_shared(void **state)
{
	json_t *document = json_of("{}");
	json_t *value = json_of("{\"x\":1}");
	json_t *list = json_of("[{\"op\":\"add\",\"path\":\"/a\"},{\"op\":\"add\",\"path\":\"/b\"},"
			       "{\"op\":\"replace\",\"path\":\"/b/x\",\"value\":2}]");

	(void)state;
	json_object_set(json_array_get(list, 0), "value", value);
	json_object_set(json_array_get(list, 1), "value", value);
	assert_int_equal(patch_apply(document, list, &err), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "a"), "x")), 1);
	json_decref(list);
	json_decref(value);
	json_decref(document);
}

static void test_patch_apply__growing_deeper_step_by_step__is_stopped(void **state)
{
	json_t *document = json_of("{\"a\":{}}");
	json_t *list = json_array();
	char path[512] = "/a";

	(void)state;
	for (int i = 0; i < 100; i++) {
		strncat(path, "/a", sizeof path - strlen(path) - 1);
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:{}}", "op", "add", "path", path, "value"));
	}
	assert_int_equal(patch_apply(document, list, &err), -ERR_PATCH);
	assert_true(json_value_depth(document, 100) < 40);
	json_decref(list);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patch_check__what_is_no_patch__is_refused_in_ironics_words),
		cmocka_unit_test(test_patch_check__paths__follow_the_version),
		cmocka_unit_test(test_patch_root__nested_path__is_its_first_name),
		cmocka_unit_test(test_patch_apply__members__are_added_replaced_and_removed),
		cmocka_unit_test(test_patch_apply__lists__take_indexes_and_the_end),
		cmocka_unit_test(test_patch_apply__what_is_not_there__is_named),
		cmocka_unit_test(test_patch_apply__one_value_in_two_places__is_not_shared),
		cmocka_unit_test(test_patch_apply__growing_deeper_step_by_step__is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
