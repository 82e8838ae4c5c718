#include "db/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct resource *const resources[] = {
	&port_resource,
	&chassis_resource,
	&portgroup_resource,
	&volume_connector_resource,
	&volume_target_resource,
	&allocation_resource,
	&deploy_template_resource,
	&runbook_resource,
	&inspection_rule_resource,
};
#define COUNT (sizeof resources / sizeof resources[0])

static void test_field_tables__every_row__is_complete_and_found_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const struct resource *resource = resources[i];

		assert_in_range(resource->field_count, 5, RESOURCE_FIELD_MAX);
		for (size_t field = 0; field < resource->field_count; field++) {
			assert_in_range(resource->fields[field].since, 1, 115);
			assert_int_equal(resource_field_find(resource, resource->fields[field].name), field);
		}
		assert_int_equal(resource_field_find(resource, "colour"), resource->field_count);
	}
}

static void test_field_tables__every_resource__begins_with_a_uuid_and_has_links_and_times(void **state)
{
	static const char *const common[] = { "created_at", "updated_at", "links" };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const struct resource *resource = resources[i];

		assert_string_equal(resource->fields[0].name, "uuid");
		assert_true(resource->fields[0].flags & FIELD_IN_POST);
		assert_false(resource->fields[0].flags & FIELD_IN_PATCH);
		for (size_t j = 0; j < sizeof common / sizeof common[0]; j++)
			assert_true(resource_field_find(resource, common[j]) < resource->field_count);
	}
}

static void test_field_tables__documents__are_never_sortable(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t field = 0; field < resources[i]->field_count; field++) {
			const struct node_field_info *info = &resources[i]->fields[field];

			if (info->type == FIELD_OBJECT || info->type == FIELD_LIST ||
			    info->type == FIELD_LINKS)
				assert_true(info->flags & FIELD_UNSORTABLE);
			if (info->flags & FIELD_TRUE)
				assert_int_equal(info->type, FIELD_BOOL);
		}
	}
}

/* What clients may write has a column; only `node` of an allocation is asked for and not kept. */
static void test_changes__every_written_field__has_a_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t field = 0; field < resources[i]->field_count; field++) {
			const struct node_field_info *info = &resources[i]->fields[field];
			struct change change = resource_change(resources[i], field, "x");

			if (info->flags & FIELD_HIDDEN)
				assert_null(change.column);
			else if (info->flags & (FIELD_IN_POST | FIELD_IN_PATCH))
				assert_non_null(change.column);
			if (info->type == FIELD_LINKS)
				assert_null(change.column);
		}
	}
}

static void test_path__volumes__stand_below_volume(void **state)
{
	(void)state;
	assert_string_equal(resource_path(&volume_connector_resource), "volume/connectors");
	assert_string_equal(resource_path(&volume_target_resource), "volume/targets");
	assert_string_equal(resource_path(&port_resource), "ports");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field_tables__every_row__is_complete_and_found_by_name),
		cmocka_unit_test(
			test_field_tables__every_resource__begins_with_a_uuid_and_has_links_and_times),
		cmocka_unit_test(test_field_tables__documents__are_never_sortable),
		cmocka_unit_test(test_changes__every_written_field__has_a_column),
		cmocka_unit_test(test_path__volumes__stand_below_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
