/*
 * fuzz_rule: a rule ({"conditions": ..., "actions": ...}) and an inventory, parted by a NUL. Whatever they
 * are, no field of the node gets a type that it cannot have, no secret of it is read, and the documents can
 * be written.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/json.h"
#include "model/rule.h"

#define SECRET "0xDEADBEEFCAFE"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct inspected make_node(json_t *inventory)
{
	return (struct inspected){
		.node_uuid = "00000000-0000-4000-8000-000000000001",
		.node = json_pack("{s:s, s:{}, s:{s:s}, s:{s:s}}", "name", "n", "extra", "properties",
				  "capabilities", "a:b", "driver_info", "ipmi_password", SECRET),
		.ports = json_pack("[{s:s, s:s, s:{}}]", "uuid", "00000000-0000-4000-8000-000000000002",
				   "address", "52:54:00:00:00:01", "extra"),
		.traits = json_array(),
		.inventory = json_incref(inventory),
		.plugin_data = json_deep_copy(inventory),
	};
}

static bool tells_secret(const json_t *value)
{
	struct buf text;
	bool ret;

	buf_init(&text, (size_t)64 << 20);
	json_write(&text, value);
	assert(!text.overflow);
	ret = text.data && strstr(text.data, SECRET);
	buf_release(&text);
	return ret;
}

static void apply(const json_t *rule_text, json_t *inventory)
{
	const struct rule rule = { .uuid = "r",
				   .conditions = json_object_get(rule_text, "conditions"),
				   .actions = json_object_get(rule_text, "actions"),
				   .is_masked = true };
	struct inspected inspected = make_node(inventory);
	struct error err = { 0 };

	if (rule_check(rule.conditions, rule.actions, &err) == 0 && rule_apply(&rule, &inspected, &err) < 0)
		assert(!strstr(err.text, SECRET));
	assert(json_is_object(json_object_get(inspected.node, "extra")));
	assert(json_is_object(json_object_get(inspected.node, "properties")));
	assert(json_is_object(json_object_get(json_array_get(inspected.ports, 0), "extra")));
	tells_secret(inspected.node); /* its driver_info may; but it must be writable */
	assert(!tells_secret(json_object_get(inspected.node, "extra")));
	assert(!tells_secret(json_object_get(inspected.node, "properties")));
	assert(!tells_secret(inspected.ports));
	assert(!tells_secret(inspected.plugin_data));
	inspected_release(&inspected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *parting = size ? memchr(data, '\0', size) : NULL;
	json_t *rule = NULL, *inventory = NULL;

	if (!parting)
		return 0;
	size_t first = (size_t)(parting - data);
	if (json_parse((const char *)data, first, JSON_DEPTH_MAX, &rule, NULL) == 0 &&
	    json_parse((const char *)parting + 1, size - first - 1, JSON_DEPTH_MAX, &inventory, NULL) == 0 &&
	    json_is_object(inventory) && !tells_secret(rule) && !tells_secret(inventory))
		apply(rule, inventory);
	json_decref(rule);
	json_decref(inventory);
	return 0;
}
