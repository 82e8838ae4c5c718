/* Tests of drivers/driver.c: enabled lists, defaults, and the tables of all hardware types. */
#include "drivers/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/fake/fake.h"
#include "drivers/manual/manual.h"
#include "drivers/module.h"
#include "lib/config.h"

static struct error err;

/* Defaults but for these options: pairs of name and value in [DEFAULT], ending with NULL. */
static int configure(const char *const *pairs)
{
	if (config_load(NULL, &err) < 0)
		return -1;
	for (; *pairs; pairs += 2)
		assert_int_equal(config_set("DEFAULT", pairs[0], pairs[1], &err), 0);
	return drivers_check_config(&err);
}
#define CONFIGURE(...) configure((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void test_config__unset__enables_what_has_code(void **state)
{
	const struct interface *list[INTERFACES_MAX];

	(void)state;
	assert_int_equal(CONFIGURE("enabled_hardware_types", "fake-hardware"), 0);
	assert_true(hardware_type_is_enabled(&fake_hardware));
	assert_false(hardware_type_is_enabled(&manual_hardware));
	assert_false(hardware_type_is_enabled(NULL));
	assert_int_equal(hardware_type_enabled(&fake_hardware, INTERFACE_VENDOR, list, INTERFACES_MAX), 2);
	assert_string_equal(list[0]->name, "fake");
	assert_string_equal(list[1]->name, "no-vendor");
	assert_string_equal(hardware_type_default(&fake_hardware, INTERFACE_STORAGE)->name, "noop");
	assert_null(hardware_type_default(&manual_hardware, INTERFACE_POWER));
}

static void test_config__lists__narrow_and_reorder_defaults(void **state)
{
	(void)state;
	assert_int_equal(CONFIGURE("enabled_hardware_types", "fake-hardware,manual-management",
				   "enabled_vendor_interfaces", "no-vendor", "default_management_interface",
				   "noop"),
			 0);
	assert_string_equal(hardware_type_default(&fake_hardware, INTERFACE_VENDOR)->name, "no-vendor");
	assert_null(hardware_type_interface(&fake_hardware, INTERFACE_VENDOR, "fake"));
	assert_string_equal(hardware_type_default(&manual_hardware, INTERFACE_MANAGEMENT)->name, "noop");
	/* a default that the type does not have is no default for it */
	assert_string_equal(hardware_type_default(&fake_hardware, INTERFACE_MANAGEMENT)->name, "fake");
}

static void test_config__mistakes__are_named(void **state)
{
	(void)state;
	assert_int_equal(CONFIGURE("enabled_hardware_types", "fake-hardware,nope"), -ERR_INVALID);
	assert_non_null(strstr(err.text, "enabled_hardware_types"));
	assert_non_null(strstr(err.text, "nope"));
	assert_int_equal(CONFIGURE("enabled_hardware_types", "fake-hardware", "enabled_power_interfaces",
				   "fake,agent"),
			 -ERR_INVALID);
	assert_non_null(strstr(err.text, "enabled_power_interfaces"));
	assert_non_null(strstr(err.text, "agent"));
	assert_int_equal(
		CONFIGURE("enabled_hardware_types", "fake-hardware", "enabled_management_interfaces", "noop"),
		-ERR_INVALID);
	assert_non_null(
		strstr(err.text, "leaves the hardware type fake-hardware without a management interface"));
	assert_int_equal(
		CONFIGURE("enabled_hardware_types", "fake-hardware", "default_power_interface", "agent"),
		-ERR_INVALID);
	assert_non_null(strstr(err.text, "default_power_interface"));
	assert_int_equal(CONFIGURE("enabled_hardware_types", ""), -ERR_INVALID);
}

static void test_task_interface__follows_the_node(void **state)
{
	const struct interface *interface;
	struct node node;
	struct task task;

	(void)state;
	assert_int_equal(CONFIGURE("enabled_hardware_types", "fake-hardware,manual-management"), 0);
	node_init(&node);
	node_set_text(&node, NODE_DRIVER, "manual-management");
	task_init_permissive(&task, &node);
	assert_int_equal(task_interface(&task, INTERFACE_MANAGEMENT, &interface, &err), 0);
	assert_string_equal(interface->name, "noop");
	node_set_text(&node, NODE_MANAGEMENT_INTERFACE, "fake");
	assert_int_equal(task_interface(&task, INTERFACE_MANAGEMENT, &interface, &err), 0);
	assert_ptr_equal(interface, &fake_management.base);
	node_set_text(&node, NODE_POWER_INTERFACE, "ipmitool");
	assert_int_equal(task_interface(&task, INTERFACE_POWER, &interface, &err), -ERR_INTERFACE);
	assert_non_null(strstr(err.text, "'ironic.hardware.interfaces.power' entrypoint: ipmitool"));
	assert_int_equal(task_interface(&task, INTERFACE_BOOT, &interface, &err), -ERR_UNSUPPORTED);
	task_release(&task);
	node_release(&node);
}

static void test_driver_info__reads_as_text(void **state)
{
	struct node node;
	struct task task;

	(void)state;
	node_init(&node);
	node_set_text(&node, NODE_DRIVER, "fake-hardware");
	node_set_object(&node, NODE_DRIVER_INFO,
			json_pack("{s:s, s:i, s:b, s:n, s:[]}", "text", "t", "number", 623, "flag", 0, "null",
				  "list"));
	task_init_permissive(&task, &node);
	assert_string_equal(task_driver_info(&task, "text"), "t");
	assert_string_equal(task_driver_info(&task, "number"), "623");
	assert_string_equal(task_driver_info(&task, "flag"), "false");
	assert_null(task_driver_info(&task, "null"));
	assert_null(task_driver_info(&task, "list"));
	assert_null(task_driver_info(&task, "absent"));
	task_release(&task);
	node_release(&node);
}

/* What is listed works: no operation that every interface of its kind has is missing. */
static void check_interface(const struct hardware_type *hardware, enum interface_type type,
			    const struct interface *interface)
{
	const struct driver_property *property = interface->properties;

	if (interface->type != type)
		fail_msg("%s lists %s under the wrong type", hardware->name, interface->name);
	if (type == INTERFACE_POWER && !(power_interface(interface)->get && power_interface(interface)->set &&
					 power_interface(interface)->supported))
		fail_msg("%s: power interface %s is not whole", hardware->name, interface->name);
	if (type == INTERFACE_INSPECT && !inspect_interface(interface)->inspect)
		fail_msg("%s: inspect interface %s is not whole", hardware->name, interface->name);
	if (type == INTERFACE_CONSOLE &&
	    !(console_interface(interface)->start && console_interface(interface)->stop &&
	      console_interface(interface)->get))
		fail_msg("%s: console interface %s is not whole", hardware->name, interface->name);
	for (; property && property->name; property++) {
		const char *end = strrchr(property->help, ' ');

		if (!end || (strcmp(end, " Required.") != 0 && strcmp(end, " Optional.") != 0 &&
			     !strstr(property->help, " Required only if ") &&
			     !strstr(property->help, " Only required for ")))
			fail_msg("%s: property %s does not end as Ironic's do", hardware->name,
				 property->name);
	}
}

static void test_tables__every_interface_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; hardware_types[i]; i++) {
		const struct hardware_type *hardware = hardware_types[i];

		if (hardware_type_check(hardware, NULL, &err) < 0)
			fail_msg("%s", err.text);
		assert_ptr_equal(hardware_type_find(hardware->name), hardware);
		assert_non_null(hardware->interfaces[INTERFACE_POWER]);
		assert_non_null(hardware->interfaces[INTERFACE_MANAGEMENT]);
		assert_non_null(hardware->interfaces[INTERFACE_VENDOR]);
		for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
			const struct interface *const *list = hardware->interfaces[type];

			for (; list && *list; list++)
				check_interface(hardware, type, *list);
		}
	}
	assert_null(hardware_type_find("nope"));
	assert_null(hardware_type_find(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__unset__enables_what_has_code),
		cmocka_unit_test(test_config__lists__narrow_and_reorder_defaults),
		cmocka_unit_test(test_config__mistakes__are_named),
		cmocka_unit_test(test_task_interface__follows_the_node),
		cmocka_unit_test(test_driver_info__reads_as_text),
		cmocka_unit_test(test_tables__every_interface_is_whole),
	};
	int rc;

	drivers_config_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
