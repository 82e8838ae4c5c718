/* Tests of model/rule*.c: every operator and action of the tables, interpolation, loops, what is refused. */
#include "model/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/xalloc.h"
#include "model/rule_private.h"

#define NODE_UUID "00000000-0000-4000-8000-000000000001"
#define PORT_UUID "00000000-0000-4000-8000-000000000002"

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

static struct inspected make_node(void)
{
	return (struct inspected){
		.node_uuid = NODE_UUID,
		.node = document(
			"{'uuid': '" NODE_UUID "', 'name': 'n', 'driver': 'ipmi', 'properties':"
			" {'cpus': 4, 'capabilities': 'a:b,c:d'}, 'extra': {'list': [1], 'deep': {}},"
			" 'driver_info': {'ipmi_password': 'hush', 'ipmi_address': '192.0.2.1'},"
			" 'maintenance': false, 'provision_state': 'inspecting'}"),
		.ports = document("[{'uuid': '" PORT_UUID "', 'address': '52:54:00:00:00:01', 'extra': {},"
				  " 'pxe_enabled': true}]"),
		.traits = document("['CUSTOM_OLD']"),
		.inventory =
			document("{'cpu': {'count': 16, 'model': 'X {node.name}'}, 'disks': [{'size': 10},"
				 " {'size': 20}], 'bmc_address': '192.0.2.7', 'password': 'hush', 'none':"
				 " null, 'flags': [], 'ok': true, 'ratio': 0.5, 'system_vendor':"
				 " {'manufacturer': 'Dell Inc.'}, 'secret': {'token': 'hush', 'x': 1}}"),
		.plugin_data = document("{'a': {'b': 1}, 'list': [1]}"),
	};
}

static int check_lists(const char *conditions, const char *actions)
{
	json_t *first = document(conditions), *second = document(actions);
	int rc = rule_check(first, second, &err);

	json_decref(first);
	json_decref(second);
	return rc;
}

static int apply(const char *conditions, const char *actions, bool is_sensitive, struct inspected *inspected)
{
	json_t *first = document(conditions), *second = document(actions);
	const struct rule rule = { .uuid = "the-rule",
				   .is_sensitive = is_sensitive,
				   .is_masked = true,
				   .conditions = first,
				   .actions = second };
	int rc;

	if (rule_check(first, second, &err) < 0)
		fail_msg("%s: %s", conditions, err.text);
	rc = rule_apply(&rule, inspected, &err);
	json_decref(first);
	json_decref(second);
	return rc;
}

/* ---- conditions ---- */

enum answer { NO, YES, FAILS };

/* Each with its inversion; FAILS also inverted. */
static const struct {
	const char *op, *args, *loop; /* loop with multiple; NULL: none */
	enum answer answer;
} conditions[] = {
	{ "eq", "{'values': [1, 1.0, true]}", NULL, YES },
	{ "eq", "{'values': ['{inventory[cpu][count]}', '16']}", NULL, YES },
	{ "eq", "{'values': ['{inventory[cpu][count]}', 16]}", NULL, NO }, /* interpolation makes texts */
	{ "eq", "{'values': ['{{x}}', '{plugin_data[a]}x']}", NULL, NO },
	{ "matches", "{'value': '{plugin_data[a]}', 'regex': '[{].b.: 1[}]'}", NULL, YES },
	{ "eq", "{'values': ['{inventory[ratio]}{inventory[ok]}{inventory[none]}', '0.5TrueNone']}", NULL,
	  YES },
	{ "eq", "{'values': ['{inventory[cpu][model]}', 'X {{node.name}}']}", NULL, YES },
	{ "eq", "{'values': ['{inventory[password]}', '******']}", NULL, YES },
	{ "eq", "{'values': ['{node.driver_info[ipmi_password]}', '******']}", NULL, YES },
	{ "contains", "{'value': '{inventory}', 'regex': 'hush'}", NULL, NO },
	{ "contains", "{'value': '{inventory[secret]}', 'regex': 'hush'}", NULL, NO },
	{ "contains", "{'value': '{node.driver_info}', 'regex': 'hush'}", NULL, NO },
	{ "contains", "{'value': '{node.driver_info!r}', 'regex': '192.0.2.1'}", NULL, YES },
	{ "eq", "{'values': ['{node.name}!s', 'n!s']}", NULL, YES },
	{ "eq", "{'values': ['{node.name!s}', 'n']}", NULL, YES },
	{ "eq", "{'values': ['x']}", NULL, YES },
	{ "eq", "{'values': 'x'}", NULL, FAILS },
	{ "eq", "['a', 'b']", NULL, FAILS },
	{ "eq", "{'values': [1, '1'], 'force_strings': true}", NULL, YES },
	{ "ne", "{'values': ['a', 'b', 'c']}", NULL, YES },
	{ "ne", "{'values': ['a', 'a']}", NULL, NO },
	{ "lt", "{'values': [1, 2, 3]}", NULL, YES },
	{ "lt", "{'values': [1, 3, 2]}", NULL, NO },
	{ "lt", "{'values': ['{inventory[cpu][count]}', 9]}", NULL, NO },
	{ "gt", "{'values': ['{inventory[cpu][count]}', 9]}", NULL, YES },
	{ "gt", "{'values': ['b', 'a']}", NULL, YES },
	{ "gt", "{'values': ['b', 1]}", NULL, FAILS },
	{ "lt", "{'values': [[], 1]}", NULL, FAILS },
	{ "le", "{'values': [1, 1, 2]}", NULL, YES },
	{ "le", "{'values': [2, 1]}", NULL, NO },
	{ "ge", "{'values': [2, 2, 1]}", NULL, YES },
	{ "ge", "{'values': [1, 2]}", NULL, NO },
	{ "is-empty", "{'value': ''}", NULL, YES },
	{ "is-empty", "{'value': '{inventory[nothing]}'}", NULL, YES },
	{ "is-empty", "{'value': '{inventory[none]}'}", NULL, YES },
	{ "is-empty", "{'value': '{inventory[flags]}'}", NULL, YES },
	{ "is-empty", "{'value': {}}", NULL, YES },
	{ "is-empty", "{'value': '{inventory[cpu]}'}", NULL, NO },
	{ "in-net", "{'address': '{inventory[bmc_address]}', 'subnet': '192.0.2.0/24'}", NULL, YES },
	{ "in-net", "{'address': '2001:db8::1', 'subnet': '2001:db8::/33'}", NULL, YES },
	{ "in-net", "{'address': '2001:db8:8000::1', 'subnet': '2001:db8::/33'}", NULL, NO },
	{ "in-net", "{'address': '192.0.2.7', 'subnet': '::/0'}", NULL, NO },
	{ "in-net", "{'address': 'x', 'subnet': '192.0.2.0/24'}", NULL, FAILS },
	{ "in-net", "{'address': '192.0.2.7', 'subnet': '192.0.2.0/33'}", NULL, FAILS },
	{ "in-net", "{'address': 7, 'subnet': '192.0.2.0/24'}", NULL, FAILS },
	{ "is-true", "{'value': '{inventory[ok]}'}", NULL, YES },
	{ "is-true", "{'value': 1}", NULL, YES },
	{ "is-true", "{'value': 'YES'}", NULL, YES },
	{ "is-true", "{'value': 'no'}", NULL, NO },
	{ "is-true", "{'value': null}", NULL, NO },
	{ "is-false", "{'value': 'No'}", NULL, YES },
	{ "is-false", "{'value': null}", NULL, YES },
	{ "is-false", "{'value': 0}", NULL, YES },
	{ "is-false", "{'value': []}", NULL, NO },
	{ "is-none", "{'value': null}", NULL, YES },
	{ "is-none", "{'value': '{inventory[nothing]}'}", NULL, NO },
	{ "one-of", "{'value': '{node.driver}', 'values': ['redfish', 'ipmi']}", NULL, YES },
	{ "one-of", "{'value': 'x'}", NULL, NO },
	{ "one-of", "{'value': 'b', 'values': 'abc'}", NULL, YES },
	{ "one-of", "{'value': 'b', 'values': 7}", NULL, FAILS },
	{ "matches", "{'value': '{inventory[system_vendor][manufacturer]}', 'regex': 'Dell.*'}", NULL, YES },
	{ "matches", "{'value': '{inventory[system_vendor][manufacturer]}', 'regex': 'Dell'}", NULL, NO },
	{ "matches", "{'value': 16, 'regex': '\\\\d+'}", NULL, YES },
	{ "matches", "{'value': 'x', 'regex': '('}", NULL, FAILS },
	{ "matches", "{'value': 'x', 'regex': 7}", NULL, FAILS },
	{ "matches", "{'value': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc', 'regex': '((a+)+)+c'}", NULL,
	  FAILS },
	{ "contains", "{'value': '{inventory[system_vendor][manufacturer]}', 'regex': '(?i)dell'}", NULL,
	  YES },
	{ "contains", "{'value': 'x', 'regex': 'y'}", NULL, NO },
	/* unusable fields stay as they are */
	{ "contains", "{'value': '{inventory[disks][7][size]}', 'regex': '^[{]inv'}", NULL, YES },
	{ "contains", "{'value': '{inventory.cpu}{', 'regex': '^[{]inv'}", NULL, YES },
	{ "contains", "{'value': '{node.nothing}', 'regex': '^[{]node'}", NULL, YES },
	{ "contains", "{'value': '{item}', 'regex': '^[{]item'}", NULL, YES },
	{ "eq", "{'values': ['{inventory[disks][1][size]:>9}', '20']}", NULL, NO },
	/* loops: numbers become texts, and so compare */
	{ "eq", "{'values': ['{item}', 2]}", "'loop': [1, 2], 'multiple': 'any'", YES },
	{ "eq", "{'values': ['{item}', 2]}", "'loop': [1, 2]", YES },
	{ "eq", "{'values': ['{item}', 2]}", "'loop': [1, 2], 'multiple': 'all'", NO },
	{ "eq", "{'values': ['{item}', 2]}", "'loop': [1, 2], 'multiple': 'first'", YES },
	{ "eq", "{'values': ['{item}', 2]}", "'loop': [1, 2], 'multiple': 'last'", YES },
	{ "eq", "{'values': ['{item}', 1]}", "'loop': [1, 2], 'multiple': 'last'", NO },
	{ "eq", "{'values': ['{item[a]}', 16]}", "'loop': {'a': '{inventory[cpu][count]}'}", YES },
	{ "contains", "{'value': '{item}', 'regex': '^X [{]node.name[}]$'}",
	  "'loop': ['{inventory[cpu][model]}']", YES },
	{ "eq", "{'values': [1, 2]}", "'loop': []", NO },
};

static bool is_inverted_too(size_t i)
{
	return !conditions[i].loop; /* an inverted loop is no inverted answer */
}

static void check_condition(size_t i, bool is_inverted)
{
	struct inspected inspected = make_node();
	char text[1024];
	int rc;

	snprintf(text, sizeof(text), "[{'op': '%s%s', 'args': %s%s%s}]", is_inverted ? "!" : "",
		 conditions[i].op, conditions[i].args, conditions[i].loop ? ", " : "",
		 conditions[i].loop ? conditions[i].loop : "");
	rc = apply(text, "[{'op': 'add-trait', 'args': {'name': 'CUSTOM_DONE'}}]", false, &inspected);
	enum answer answer = rc < 0 ? FAILS : json_array_size(inspected.traits) == 2 ? YES : NO;
	enum answer wanted = conditions[i].answer;
	if (is_inverted && wanted != FAILS)
		wanted = wanted == YES ? NO : YES;
	if (answer != wanted)
		fail_msg("%s: %d (%s)", text, answer, rc < 0 ? err.text : "");
	inspected.node_uuid = NULL;
	inspected_release(&inspected);
}

static void test_conditions__table__answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		check_condition(i, false);
		if (is_inverted_too(i))
			check_condition(i, true);
	}
}

/* ---- actions ---- */

/* What of the node an action leaves. */
static const struct {
	const char *op, *args;
	const char *field;  /* of the node, or "ports", "traits", "plugin_data"; NULL: it fails */
	const char *result; /* the field then, or what the failure's sentence contains */
} actions[] = {
	{ "set-attribute", "{'path': '/properties/x/y', 'value': '{inventory[cpu][count]}'}", "properties",
	  "{'cpus': 4, 'capabilities': 'a:b,c:d', 'x': {'y': '16'}}" },
	{ "set-attribute", "{'path': 'extra.new', 'value': {'k{node.name}': ['{node.name}', 1]}}", "extra",
	  "{'list': [1], 'deep': {}, 'new': {'kn': ['n', 1]}}" },
	{ "set-attribute", "['name', 'box-{inventory[cpu][count]}']", "name", "'box-16'" },
	{ "set-attribute", "{'path': '/driver_info/ipmi_password', 'value': 'new'}", "driver_info",
	  "{'ipmi_password': 'new', 'ipmi_address': '192.0.2.1'}" },
	{ "set-attribute", "{'path': 'resource_class', 'value': 'c'}", "resource_class", "'c'" },
	{ "set-attribute", "{'path': 'extra', 'value': null}", "extra", "{}" },
	{ "set-attribute", "{'path': 'name', 'value': 'no name'}", NULL, "invalid name" },
	{ "set-attribute", "{'path': 'maintenance', 'value': 'perhaps'}", NULL, "maintenance" },
	{ "set-attribute", "{'path': 'extra', 'value': 'x'}", NULL, "is not of type 'object'" },
	{ "set-attribute", "{'path': 'properties/cpus', 'value': 'many'}", NULL, "non-negative" },
	{ "set-attribute", "{'path': 'provision_state', 'value': 'active'}", NULL, "provision_state" },
	{ "set-attribute", "{'path': 'driver_internal_info/x', 'value': 'y'}", NULL, "driver_internal_info" },
	{ "set-attribute", "{'path': 'traits', 'value': []}", NULL, "traits" },
	{ "set-attribute", "{'path': 'name/x', 'value': 'y'}", NULL, "has no members" },
	{ "set-attribute", "{'path': 'extra/list/x', 'value': 'y'}", NULL, "no object on the way" },
	{ "set-attribute", "{'path': 'extra//x', 'value': 'y'}", NULL, "empty part" },
	{ "set-attribute", "{'path': 7, 'value': 'y'}", NULL, "path is not a text" },
	{ "set-attribute", "{'path': 'extra/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16', 'value': 'y'}", NULL,
	  "more than 16 parts" },
	{ "extend-attribute", "{'path': 'extra/list', 'value': 1}", "extra", "{'list': [1, 1], 'deep': {}}" },
	{ "extend-attribute", "{'path': 'extra/list', 'value': 1, 'unique': true}", "extra",
	  "{'list': [1], 'deep': {}}" },
	{ "extend-attribute", "{'path': 'extra/more', 'value': 1}", "extra",
	  "{'list': [1], 'deep': {}, 'more': [1]}" },
	{ "extend-attribute", "{'path': 'extra/deep', 'value': 1}", NULL, "non-list" },
	{ "extend-attribute", "{'path': 'extra', 'value': 1}", NULL, "non-list" },
	{ "del-attribute", "{'path': 'extra/list'}", "extra", "{'deep': {}}" },
	{ "del-attribute", "{'path': 'name'}", "name", "null" },
	{ "del-attribute", "{'path': 'extra'}", "extra", "{}" },
	{ "del-attribute", "{'path': 'driver'}", NULL, "driver" },
	{ "del-attribute", "{'path': 'extra/no/such'}", NULL, "no object on the way" },
	{ "del-attribute", "{'path': 'extra/no'}", NULL, "there is no 'no'" },
	{ "set-port-attribute", "{'port_id': '52:54:00:00:00:01', 'path': 'extra/a', 'value': '{node.name}'}",
	  "ports",
	  "[{'uuid': '" PORT_UUID
	  "', 'address': '52:54:00:00:00:01', 'extra': {'a': 'n'}, 'pxe_enabled': true}]" },
	{ "set-port-attribute", "{'port_id': '" PORT_UUID "', 'path': 'pxe_enabled', 'value': false}",
	  "ports",
	  "[{'uuid': '" PORT_UUID "', 'address': '52:54:00:00:00:01', 'extra': {}, 'pxe_enabled': false}]" },
	{ "set-port-attribute", "{'port_id': 'x', 'path': 'extra/a', 'value': 1}", NULL,
	  "Port x could not be found" },
	{ "set-port-attribute", "{'port_id': '" PORT_UUID "', 'path': 'address', 'value': 'x'}", NULL,
	  "address" },
	{ "set-port-attribute", "{'port_id': '" PORT_UUID "', 'path': 'physical_network', 'value': 7}", NULL,
	  "physical_network" },
	{ "extend-port-attribute", "{'port_id': '" PORT_UUID "', 'path': 'extra/l', 'value': 1}", "ports",
	  "[{'uuid': '" PORT_UUID
	  "', 'address': '52:54:00:00:00:01', 'extra': {'l': [1]}, 'pxe_enabled': true}]" },
	{ "del-port-attribute", "{'port_id': '" PORT_UUID "', 'path': 'extra/l'}", NULL, "there is no 'l'" },
	{ "add-trait", "{'name': 'CUSTOM_NEW'}", "traits", "['CUSTOM_OLD', 'CUSTOM_NEW']" },
	{ "add-trait", "{'name': 'CUSTOM_OLD'}", "traits", "['CUSTOM_OLD']" },
	{ "add-trait", "{'name': 'bad'}", NULL, "CUSTOM_" },
	{ "add-trait", "{'name': 7}", NULL, "CUSTOM_" },
	{ "remove-trait", "{'name': 'CUSTOM_OLD'}", "traits", "[]" },
	{ "remove-trait", "{'name': 'CUSTOM_OTHER'}", "traits", "['CUSTOM_OLD']" },
	{ "set-capability", "{'name': 'a', 'value': '{inventory[cpu][count]}'}", "properties",
	  "{'cpus': 4, 'capabilities': 'c:d,a:16'}" },
	{ "set-capability", "{'name': 'e', 'value': true}", "properties",
	  "{'cpus': 4, 'capabilities': 'a:b,c:d,e:True'}" },
	{ "set-capability", "{'name': 'e', 'value': 'x,boot_mode:bios'}", NULL, "has no ','" },
	{ "set-capability", "{'name': 'e:f', 'value': 'x'}", NULL, "name of a capability" },
	{ "unset-capability", "{'name': 'a'}", "properties", "{'cpus': 4, 'capabilities': 'c:d'}" },
	{ "set-plugin-data", "{'path': 'a.c.d', 'value': '{node.name}'}", "plugin_data",
	  "{'a': {'b': 1, 'c': {'d': 'n'}}, 'list': [1]}" },
	{ "set-plugin-data", "{'path': 'list.x', 'value': 1}", NULL, "no object on the way" },
	{ "set-plugin-data", "{'path': 'a..b', 'value': 1}", NULL, "has an empty part" },
	{ "set-plugin-data", "{'path': 'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t', 'value': 1}", NULL,
	  "has more than" },
	{ "extend-plugin-data", "{'path': 'list', 'value': 2}", "plugin_data",
	  "{'a': {'b': 1}, 'list': [1, 2]}" },
	{ "extend-plugin-data", "{'path': 'list', 'value': 1, 'unique': true}", "plugin_data",
	  "{'a': {'b': 1}, 'list': [1]}" },
	{ "unset-plugin-data", "{'path': 'a.b'}", "plugin_data", "{'list': [1]}" },
	{ "unset-plugin-data", "{'path': 'a.x.y'}", "plugin_data", "{'a': {'b': 1}, 'list': [1]}" },
	{ "log", "{'msg': 'hello {node.name}', 'level': 'debug'}", "name", "'n'" },
	{ "log", "{'msg': 'x', 'level': 'loud'}", NULL, "Invalid log level: loud" },
	{ "fail", "{'msg': 'no such machines here'}", NULL, "no such machines here" },
};

static const json_t *part_of(const struct inspected *inspected, const char *name)
{
	if (strcmp(name, "ports") == 0)
		return inspected->ports;
	if (strcmp(name, "traits") == 0)
		return inspected->traits;
	return strcmp(name, "plugin_data") == 0 ? inspected->plugin_data
						: json_object_get(inspected->node, name);
}

static void check_action(size_t i)
{
	struct inspected inspected = make_node();
	char text[1024];
	int rc;

	snprintf(text, sizeof(text), "[{'op': '%s', 'args': %s}]", actions[i].op, actions[i].args);
	rc = apply("[]", text, false, &inspected);
	if (!actions[i].field) {
		if (rc == 0 || !strstr(err.text, actions[i].result) || !strstr(err.text, "the-rule"))
			fail_msg("%s: %d %s", text, rc, rc < 0 ? err.text : "");
	} else {
		json_t *wanted = document(actions[i].result);
		const json_t *is = part_of(&inspected, actions[i].field);

		if (rc < 0 || !json_equal(wanted, is))
			fail_msg("%s: %s", text, rc < 0 ? err.text : json_dumps(is, JSON_ENCODE_ANY));
		json_decref(wanted);
	}
	inspected_release(&inspected);
}

static void test_actions__table__change_or_refuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		check_action(i);
}

/* A row that is added has a case above. */
static void test_tables__each_operator__has_a_case(void **state)
{
	(void)state;
	for (const struct rule_operator *row = rule_conditions; row->name; row++) {
		size_t i = 0;

		while (i < sizeof(conditions) / sizeof(conditions[0]) &&
		       strcmp(conditions[i].op, row->name) != 0)
			i++;
		if (i == sizeof(conditions) / sizeof(conditions[0]))
			fail_msg("no case for condition %s", row->name);
	}
	for (const struct rule_operator *row = rule_actions; row->name; row++) {
		size_t i = 0;

		while (i < sizeof(actions) / sizeof(actions[0]) && strcmp(actions[i].op, row->name) != 0)
			i++;
		if (i == sizeof(actions) / sizeof(actions[0]))
			fail_msg("no case for action %s", row->name);
	}
}

static void test_loop__of_an_action__each_item(void **state)
{
	struct inspected inspected = make_node();
	json_t *wanted = document("{'list': [1], 'deep': {}, 'a': 'n', 'b': '16'}");

	(void)state;
	assert_int_equal(
		apply("[]",
		      "[{'op': 'set-attribute', 'args': {'path': 'extra/{item[p]}', 'value': '{item[v]}'},"
		      " 'loop': [{'p': 'a', 'v': '{node.name}'}, {'p': 'b', 'v':"
		      " '{inventory[cpu][count]}'}]}]",
		      false, &inspected),
		0);
	assert_true(json_equal(json_object_get(inspected.node, "extra"), wanted));
	json_decref(wanted);
	inspected_release(&inspected);
}

static void test_sensitive__failure__tells_no_value(void **state)
{
	struct inspected inspected = make_node();

	(void)state;
	assert_int_equal(apply("[]", "[{'op': 'fail', 'args': {'msg': 'hush'}}]", true, &inspected),
			 -ERR_INVALID);
	assert_null(strstr(err.text, "hush"));
	assert_non_null(strstr(err.text, "the-rule"));
	inspected_release(&inspected);
}

static void test_too_many_traits__refused(void **state)
{
	struct inspected inspected = make_node();
	char text[32];

	(void)state;
	for (int i = 1; i < 50; i++) {
		snprintf(text, sizeof(text), "CUSTOM_%d", i);
		json_array_append_new(inspected.traits, json_string(text));
	}
	assert_int_equal(apply("[]", "[{'op': 'add-trait', 'args': ['CUSTOM_X']}]", false, &inspected),
			 -ERR_INVALID);
	assert_int_equal(json_array_size(inspected.traits), 50);
	inspected_release(&inspected);
}

static void test_check__mistakes__are_named(void **state)
{
	static const struct {
		const char *conditions, *actions, *sentence;
	} rows[] = {
		{ "[{'op': '!!eq', 'args': {'values': []}}]", "[]",
		  "'!!eq' is not a valid op in conditions" },
		{ "[{'op': 'eq x', 'args': {'values': []}}]", "[]", "not a valid op" },
		{ "[{'op': 7, 'args': {}}]", "[]", "'None' is not a valid op" },
		{ "[7]", "[]", "'None' is not a valid op" },
		{ "[{'op': 'eq', 'args': 'x'}]", "[]", "args of eq is not of type" },
		{ "[{'op': 'eq', 'args': {}}]", "[]", "missing required argument(s): values" },
		{ "[{'op': 'eq', 'args': []}]", "[]", "Missing: values" },
		{ "[{'op': 'eq', 'args': {'values': [], 'x': 1}}]", "[]", "unexpected argument(s): x" },
		{ "[]", "[{'op': 'set-attribute', 'args': ['a']}]", "Missing: value" },
		{ "[]", "[{'op': 'explode', 'args': {}}]", "'explode' is not a valid op in actions" },
		{ "[]", "[{'op': '!fail', 'args': {'msg': 'x'}}]", "not a valid op" },
		{ "[]", "[{'op': 'api-call', 'args': {'url': 'http://x'}}]", "api-call" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(check_lists(rows[i].conditions, rows[i].actions), -ERR_INVALID);
		if (!strstr(err.text, rows[i].sentence))
			fail_msg("%s %s: %s", rows[i].conditions, rows[i].actions, err.text);
	}
}

static void test_check__more_than_an_operator_takes__is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(check_lists("[{'op': 'eq', 'args': [[1, 1], false, 3, 4, 5, 6, 7, 8]}]",
				     "[{'op': 'log', 'args': ['x', 'info', 3, 4, 5, 6, 7, 8]}]"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions__table__answers),
		cmocka_unit_test(test_actions__table__change_or_refuse),
		cmocka_unit_test(test_tables__each_operator__has_a_case),
		cmocka_unit_test(test_loop__of_an_action__each_item),
		cmocka_unit_test(test_sensitive__failure__tells_no_value),
		cmocka_unit_test(test_too_many_traits__refused),
		cmocka_unit_test(test_check__mistakes__are_named),
		cmocka_unit_test(test_check__more_than_an_operator_takes__is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
