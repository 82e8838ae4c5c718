/* inspect: see inspect.h. Behaviour as ironic/drivers/modules/redfish/inspect.py, but what the BMC does not
 * have is left out, where Ironic fails. */
#include "drivers/redfish/inspect.h"

#include <string.h>

#include "drivers/redfish/inventory.h"
#include "drivers/redfish/network.h"
#include "drivers/redfish/operation.h"
#include "drivers/redfish/redfish.h"

/* ---- properties ---- */

static void set_number(json_t *properties, const char *name, int64_t value)
{
	if (value > 0)
		json_object_set_new(properties, name, json_integer(value));
}

static bool has_capability(const char *capabilities, const char *name)
{
	size_t len = strlen(name);

	while (capabilities && *capabilities) {
		capabilities += strspn(capabilities, ", ");
		if (!strncmp(capabilities, name, len) && capabilities[len] == ':')
			return true;
		capabilities += strcspn(capabilities, ",");
	}
	return false;
}

/* Set only where nobody has set it: operators choose another mode on purpose. */
static void set_boot_mode(struct task *task, json_t *properties, const char *mode)
{
	json_t *old = json_object_get(properties, "capabilities");
	const char *text = json_string_value(old);

	if (!mode || has_capability(text, "boot_mode"))
		return;
	if (json_is_object(old) && !json_object_get(old, "boot_mode"))
		json_object_set_new(old, "boot_mode", json_string(mode));
	else if (!old || json_is_null(old) || text)
		json_object_set_new(
			properties, "capabilities",
			json_string(arena_printf(&task->arena, "%s%sboot_mode:%s", text ? text : "",
						 text && *text ? "," : "", mode)));
}

static void set_properties(struct task *task, const struct redfish_sizes *sizes, const json_t *inventory)
{
	json_t *properties = node_object(task->node, NODE_PROPERTIES);

	set_number(properties, "memory_mb", sizes->memory_mb);
	set_number(properties, "cpus", sizes->threads);
	json_object_set_new(properties, "local_gb", json_integer(sizes->local_gb));
	if (sizes->cpu_arch)
		json_object_set_new(properties, "cpu_arch", json_string(sizes->cpu_arch));
	set_boot_mode(task, properties,
		      redfish_text(json_object_get(inventory, "boot"), "current_boot_mode"));
	node_mark_dirty(task->node, NODE_PROPERTIES);
}

/* ---- the interface ---- */

static json_t *macs_of(const json_t *inventory)
{
	const json_t *interface;
	json_t *list = json_array();
	size_t index;

	json_array_foreach(json_object_get(inventory, "interfaces"), index, interface)
		json_array_append(list, json_object_get(interface, "mac_address"));
	return list;
}

static bool is_empty(const json_t *inventory)
{
	return !json_object_get(inventory, "memory") && !json_object_get(inventory, "cpu") &&
	       !json_array_size(json_object_get(inventory, "disks")) &&
	       !json_array_size(json_object_get(inventory, "interfaces"));
}

static int inspect(struct task *task, struct inspection *ret, struct error *err)
{
	struct redfish_operation operation;
	struct redfish_sizes sizes;
	int rc = redfish_operation_begin(&operation, task, "inspect hardware", err);

	if (rc < 0)
		return rc;
	ret->inventory = redfish_inventory_read(&operation.reader, operation.system, &sizes);
	ret->plugin_data =
		json_pack("{s:o}", "parsed_lldp", redfish_lldp_read(&operation.reader, operation.system));
	ret->macs = macs_of(ret->inventory);
	if (is_empty(ret->inventory) && operation.reader.rc == 0)
		rc = fail(err, ERR_BMC, "The BMC tells neither memory nor processors, disks or interfaces");
	rc = redfish_operation_end(&operation, rc, err);
	if (rc == 0)
		set_properties(task, &sizes, ret->inventory);
	return rc;
}

const struct inspect_interface redfish_inspect = {
	.base = { .type = INTERFACE_INSPECT,
		  .name = "redfish",
		  .properties = redfish_properties,
		  .validate = redfish_validate },
	.inspect = inspect,
};
