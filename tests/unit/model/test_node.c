#include "model/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_field_table__every_row__is_complete_and_found_by_name(void **state)
{
	(void)state;
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);

		assert_non_null(info->name);
		assert_in_range(info->since, 1, 115);
		assert_int_equal(node_field_find(info->name), field);
	}
	assert_int_equal(node_field_find("colour"), NODE_FIELD_COUNT);
}

static void test_field_table__objects__are_never_sortable(void **state)
{
	(void)state;
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		if (node_field_info(field)->type == FIELD_OBJECT)
			assert_true(node_field_info(field)->flags & FIELD_UNSORTABLE);
	}
}

static void test_interface_field__every_type__has_the_types_name_and_version(void **state)
{
	(void)state;
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		const struct node_field_info *info = node_field_info(node_interface_field(type));
		const char *name = interface_type_info(type)->name;

		assert_int_equal(strncmp(info->name, name, strlen(name)), 0);
		assert_string_equal(info->name + strlen(name), "_interface");
		assert_int_equal(info->since, interface_type_info(type)->since);
	}
}

static void test_changes__same_value_set__are_none(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_load(&node, NODE_POWER_STATE, "power on", 8);
	node_load(&node, NODE_EXTRA, "{\"a\": 1}", 8);
	node_set_text(&node, NODE_POWER_STATE, "power on");
	node_set_text(&node, NODE_LAST_ERROR, NULL);
	node_set_object(&node, NODE_EXTRA, json_pack("{s:i}", "a", 1));
	assert_null(node_take_changes(&node));
	node_release(&node);
}

static void test_changes__text_bool_null_and_object__are_taken_once(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_load(&node, NODE_LAST_ERROR, "old", 3);
	node_set_text(&node, NODE_LAST_ERROR, NULL);
	node_set_bool(&node, NODE_MAINTENANCE, true);
	json_object_set_new(node_object(&node, NODE_DRIVER_INTERNAL_INFO), "k", json_integer(7));
	node_mark_dirty(&node, NODE_DRIVER_INTERNAL_INFO);

	json_t *changes = node_take_changes(&node);
	json_t *expected = json_pack("{s:n, s:b, s:{s:i}}", "last_error", "maintenance", 1,
				     "driver_internal_info", "k", 7);
	assert_true(json_equal(changes, expected));
	assert_null(node_take_changes(&node));
	json_decref(changes);
	json_decref(expected);
	node_release(&node);
}

static void test_object__text_that_is_none__reads_as_empty(void **state)
{
	static const char *const texts[] = { "[1]", "null", "{", "" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct node node;

		node_init(&node);
		node_load(&node, NODE_DRIVER_INFO, texts[i], strlen(texts[i]));
		assert_int_equal(json_object_size(node_object(&node, NODE_DRIVER_INFO)), 0);
		node_release(&node);
	}
}

static void test_text__that_is_not_utf8__is_repaired_in_changes(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_set_text(&node, NODE_LAST_ERROR, "BMC said \xff\xfe!");
	json_t *changes = node_take_changes(&node);
	assert_non_null(json_object_get(changes, "last_error"));
	assert_non_null(strstr(json_string_value(json_object_get(changes, "last_error")), "BMC said "));
	json_decref(changes);
	node_release(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field_table__every_row__is_complete_and_found_by_name),
		cmocka_unit_test(test_field_table__objects__are_never_sortable),
		cmocka_unit_test(test_interface_field__every_type__has_the_types_name_and_version),
		cmocka_unit_test(test_changes__same_value_set__are_none),
		cmocka_unit_test(test_changes__text_bool_null_and_object__are_taken_once),
		cmocka_unit_test(test_object__text_that_is_none__reads_as_empty),
		cmocka_unit_test(test_text__that_is_not_utf8__is_repaired_in_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
