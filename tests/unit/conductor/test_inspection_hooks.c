/* Tests of conductor/inspection_hooks.c and its neighbours: what inventories become, and what hostile ones do
 * not. */
#include "conductor/inspection_hooks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conductor/inspection_options.h"
#include "lib/config.h"
#include "lib/json.h"
#include "lib/xalloc.h"

#define MAC  "52:54:00:00:00:01"
#define MAC2 "52:54:00:00:00:02"
#define ALL_HOOKS                                                                                            \
	"$default_hooks,memory,cpus,cpu-capabilities,boot-mode,root-device,extra-hardware,"                  \
	"local-link-connection,physical-network"

static struct error err;

/* With ' for ". */
static json_t *document(const char *text)
{
	char *quoted = xstrdup(text);
	json_t *value = NULL;

	for (char *p = quoted; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	if (json_parse(quoted, strlen(quoted), 50, &value, &err) < 0)
		fail_msg("%s: %s", quoted, err.text);
	xfree(quoted);
	return value;
}

/* Pairs of name and value in [inspector], ending with NULL. */
static int configure(const char *const *pairs)
{
	static bool is_registered;

	if (!is_registered)
		inspection_options_register();
	is_registered = true;
	if (config_load(NULL, &err) < 0)
		fail_msg("%s", err.text);
	for (; *pairs; pairs += 2)
		assert_int_equal(config_set("inspector", pairs[0], pairs[1], &err), 0);
	return inspection_options_check(&err);
}
#define CONFIGURE(...) configure((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static struct inspected make_node(const char *inventory, const char *plugin_data)
{
	return (struct inspected){ .node_uuid = "the-node",
				   .node = document("{'properties': {}}"),
				   .ports = document(
					   "[{'uuid': 'u', 'address': '52:54:00:00:00:09', 'extra': {},"
					   " 'pxe_enabled': true, 'local_link_connection': {}}]"),
				   .traits = json_array(),
				   .inventory = document(inventory),
				   .plugin_data = document(plugin_data) };
}

#define INTERFACES_OF(rest)                                                                                  \
	"{'cpu': {'architecture': 'x86_64'}, 'memory': {'physical_mb': 1}, 'interfaces': [{'name': 'a',"     \
	" 'mac_address': '" MAC "', 'ipv4_address': '192.0.2.1'}, {'name': 'b', 'mac_address': '" MAC2       \
	"'}]" rest "}"

/* Which ports there are afterwards; one more was there before. */
static const struct {
	const char *add, *keep, *rest;
	const char *addresses; /* in their order, each with "*" if it was booted from */
} port_rows[] = {
	{ "pxe", "all", ", 'boot': {'pxe_interface': '" MAC2 "'}", "52:54:00:00:00:09 " MAC2 "*" },
	{ "pxe", "all", ", 'boot': {'pxe_interface': '01-52-54-00-00-00-01'}", "52:54:00:00:00:09 " MAC "*" },
	{ "pxe", "all", "", "52:54:00:00:00:09 " MAC " " MAC2 },
	{ "pxe", "all", ", 'boot': {'pxe_interface': 'nonsense'}", "52:54:00:00:00:09 " MAC " " MAC2 },
	{ "pxe", "all", ", 'boot': 7", "52:54:00:00:00:09 " MAC " " MAC2 },
	{ "active", "present", "", MAC },
	{ "all", "added", "", MAC " " MAC2 },
	{ "disabled", "all", "", "52:54:00:00:00:09" },
	{ "disabled", "present", "", "" },
};

static void assert_ports(const struct inspected *inspected, const char *wanted)
{
	const json_t *port;
	char text[512] = "";
	size_t i;

	json_array_foreach(inspected->ports, i, port)
	{
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s", i ? " " : "",
			 json_string_value(json_object_get(port, "address")),
			 json_is_true(json_object_get(port, "pxe_enabled")) ? "*" : "");
	}
	assert_string_equal(text, wanted);
}

static void test_ports__each_way__those_that_are_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(port_rows) / sizeof(port_rows[0]); i++) {
		char inventory[1024];
		struct inspected inspected;

		assert_int_equal(CONFIGURE("add_ports", port_rows[i].add, "keep_ports", port_rows[i].keep),
				 0);
		snprintf(inventory, sizeof(inventory), INTERFACES_OF("%s"), port_rows[i].rest);
		inspected = make_node(inventory, "{}");
		assert_int_equal(inspection_hooks_run(&inspected, &err), 0);
		assert_ports(&inspected, port_rows[i].addresses);
		inspected_release(&inspected);
	}
}

/* What nobody expects where it stands: skipped, or refused with a sentence; never a crash. */
static void test_hostile_reports__skipped_or_refused(void **state)
{
	static const struct {
		const char *inventory, *plugin_data;
		const char *sentence; /* NULL: goes through */
	} rows[] = {
		{ "{}", "{}", "no valid network interfaces" },
		{ "{'interfaces': 7}", "{}", "no valid network interfaces" },
		{ "{'interfaces': [7, [], null, {}, {'name': 7, 'mac_address': '" MAC "'}, {'name': 'a',"
		  " 'mac_address': 'x'}, {'name': '', 'mac_address': '" MAC "'}]}",
		  "{}", "no valid network interfaces" },
		{ "{'interfaces': [{'name': 'a', 'mac_address': '" MAC "', 'ipv6_address': '::1'}]}", "{}",
		  "no network interfaces match" },
		{ INTERFACES_OF(", 'cpu': 7"), "{}", "CPU architecture" },
		{ INTERFACES_OF(", 'memory': {'physical_mb': -1}"), "{}", "memory" },
		{ INTERFACES_OF(", 'memory': {'physical_mb': '1'}"), "{}", "memory" },
		{ INTERFACES_OF(""), "{'error': 'no disks'}", "Ramdisk reported error: no disks" },
		{ INTERFACES_OF(""), "{'error': {'x': 1}}", "Ramdisk reported error" },
		{ INTERFACES_OF(""), "{'error': ''}", NULL },
		{ INTERFACES_OF(", 'boot': {'current_boot_mode': 'uefi,x:y'}"), "{}", NULL },
		{ INTERFACES_OF(", 'disks': 7"), "{'root_disk': 7, 'data': 7, 'lldp_raw': 7}", NULL },
		{ INTERFACES_OF(""),
		  "{'root_disk': {'size': -9}, 'data': [7, [], [1, 2, 3, 4], ['a', 'b', 'c', 'd'],"
		  " ['a', 'b', 'c', {}], ['a']], 'lldp_raw': {'a': [7, [], [1], [1, 'x'],"
		  " [1, 'abc'], [2, ''], ['1', 'ab'], [5, '00'], [99999999999, 'ab']]}}",
		  NULL },
	};

	(void)state;
	assert_int_equal(CONFIGURE("hooks", ALL_HOOKS), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inspected inspected = make_node(rows[i].inventory, rows[i].plugin_data);
		int rc = inspection_hooks_run(&inspected, &err);

		if (rows[i].sentence ? rc == 0 || !strstr(err.text, rows[i].sentence) : rc < 0)
			fail_msg("%s %s: %d %s", rows[i].inventory, rows[i].plugin_data, rc,
				 rc < 0 ? err.text : "");
		assert_null(json_object_get(json_object_get(inspected.node, "properties"), "capabilities"));
		inspected_release(&inspected);
	}
}

static void test_local_link__announcements__what_was_there_stays(void **state)
{
	struct inspected inspected = make_node(
		INTERFACES_OF(""),
		"{'lldp_raw': {'a': [[1, '04001122334455'], [2, '0345AABBCCDDEEFF'], [2, '03AABBCCDDEEFF'],"
		" [5, '73776974636800'], [5, '737769746368']]}}");
	json_t *wanted =
		document("{'switch_id': 'kept', 'port_id': 'aa:bb:cc:dd:ee:ff', 'switch_info': 'switch'}");
	json_t *link;

	(void)state;
	assert_int_equal(CONFIGURE("hooks", ALL_HOOKS, "add_ports", "all"), 0);
	link = json_object_get(inspected_add_port(&inspected, MAC), "local_link_connection");
	json_object_set_new(link, "switch_id", json_string("kept"));
	assert_int_equal(inspection_hooks_run(&inspected, &err), 0);
	if (!json_equal(link, wanted))
		fail_msg("%s", json_dumps(link, 0));
	json_decref(wanted);
	inspected_release(&inspected);
}

static void test_options__mistakes__are_named(void **state)
{
	static const struct {
		const char *name, *value, *sentence;
	} rows[] = {
		{ "hooks", "ports", "validate-interfaces" },
		{ "hooks", "$default_hooks,accelerators", "accelerators" },
		{ "add_ports", "some", "add_ports" },
		{ "keep_ports", "some", "keep_ports" },
		{ "cpu_capabilities", "vmx", "cpu_capabilities" },
		{ "physical_network_cidr_map", "192.0.2.0/24:", "physical_network_cidr_map" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(CONFIGURE(rows[i].name, rows[i].value), -ERR_INVALID);
		if (!strstr(err.text, rows[i].sentence))
			fail_msg("%s: %s", rows[i].name, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports__each_way__those_that_are_meant),
		cmocka_unit_test(test_hostile_reports__skipped_or_refused),
		cmocka_unit_test(test_local_link__announcements__what_was_there_stays),
		cmocka_unit_test(test_options__mistakes__are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
