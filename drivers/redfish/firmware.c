/* firmware: see firmware.h. */
#include "drivers/redfish/firmware.h"

#include <string.h>
#include <strings.h>

#include "drivers/redfish/chassis.h"
#include "drivers/redfish/firmware_update.h"
#include "drivers/redfish/operation.h"
#include "drivers/redfish/redfish.h"

/* Adds nothing when the version is not known. Takes neither; owner: of the texts that describe the part. */
static void add(struct redfish_reader *reader, json_t *list, const char *component, const char *version,
		const json_t *owner)
{
	if (!version)
		return;
	json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s?, s:s?}", "component", component,
					      "current_version", version, "vendor",
					      redfish_trimmed(reader, owner, "Manufacturer"), "model",
					      redfish_trimmed(reader, owner, "Model"), "serial_number",
					      redfish_trimmed(reader, owner, "SerialNumber")));
}

/* OpenBMC tells the host's firmware in the inventory of the update service alone. */
SUSPENDS static const char *inventory_version(struct redfish_reader *reader)
{
	static const char *const names[] = { "UEFI", "BIOS", "bios_active" };
	char path[REDFISH_PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *item;
		snprintf(path, sizeof(path), "%sUpdateService/FirmwareInventory/%s",
			 reader->client->info.root, names[i]);
		item = redfish_read(reader, path);
		if (redfish_text(item, "Version"))
			return redfish_trimmed(reader, item, "Version");
	}
	return NULL;
}

SUSPENDS static void add_adapters(struct redfish_reader *reader, json_t *list, const json_t *chassis)
{
	const json_t *adapters = redfish_members(
		reader, redfish_follow_expanded(reader, json_object_get(chassis, "NetworkAdapters"), 1));
	const json_t *adapter;
	size_t index;

	json_array_foreach((json_t *)adapters, index, adapter)
	{
		const json_t *controller = json_array_get(json_object_get(adapter, "Controllers"), 0);
		const char *serial = redfish_trimmed(reader, adapter, "SerialNumber");
		const char *id = serial ? serial : redfish_text(adapter, "Id"); /* Ids change with starts */
		if (id)
			add(reader, list, arena_printf(&reader->client->task->arena, "nic:%s", id),
			    redfish_trimmed(reader, controller, "FirmwarePackageVersion"), adapter);
	}
}

json_t *redfish_firmware_read(struct redfish_reader *reader, const json_t *system)
{
	const json_t *manager = redfish_manager_of(reader, system);
	const json_t *chassis;
	const char *bios = redfish_trimmed(reader, system, "BiosVersion");
	json_t *list = json_array();

	add(reader, list, "bios", bios ? bios : inventory_version(reader), NULL);
	add(reader, list, "bmc", redfish_trimmed(reader, manager, "FirmwareVersion"), manager);
	chassis = json_array_get(redfish_chassis_of(reader, system, 0), 0);
	add_adapters(reader, list, chassis);
	return list;
}

static int components_get(struct task *task, json_t **ret_list, struct error *err)
{
	struct redfish_operation operation;
	json_t *list;
	int rc = redfish_operation_begin(&operation, task, "get firmware components", err);

	if (rc < 0)
		return rc;
	list = redfish_firmware_read(&operation.reader, operation.system);
	rc = redfish_operation_end(&operation, 0, err);
	if (rc == 0 && !json_array_size(list))
		rc = task_unsupported(task, "firmware components: the BMC tells no versions", err);
	if (rc == 0)
		*ret_list = json_incref(list);
	json_decref(list);
	return rc;
}

static const struct step steps[] = { { .name = "update",
				       .uses = STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE,
				       .arguments = redfish_firmware_update_arguments,
				       .run = redfish_firmware_update },
				     { 0 } };

const struct firmware_interface redfish_firmware = {
	.base = { .type = INTERFACE_FIRMWARE,
		  .name = "redfish",
		  .properties = redfish_properties,
		  .validate = redfish_validate,
		  .steps = steps },
	.components_get = components_get,
};
