/* storage: see storage.h. */
#include "drivers/redfish/storage.h"

#include <string.h>

const json_t *redfish_storage_list(struct redfish_reader *reader, const json_t *system)
{
	return redfish_members(reader,
			       redfish_follow_expanded(reader, json_object_get(system, "Storage"), 2));
}

const json_t *redfish_storage_drives(struct redfish_reader *reader, const json_t *storage)
{
	return redfish_members(reader, json_object_get(storage, "Drives"));
}

const json_t *redfish_simple_storage_list(struct redfish_reader *reader, const json_t *system)
{
	const json_t *collection =
		redfish_follow_expanded(reader, json_object_get(system, "SimpleStorage"), 1);

	return collection ? redfish_members(reader, collection) : NULL;
}

bool redfish_is_drive(const json_t *device)
{
	const char *name = redfish_text(device, "Name");
	const char *model = redfish_text(device, "Model");
	bool is_enclosure = !redfish_number(device, "CapacityBytes") && name && model && !strcmp(name, model);

	return json_is_object(device) && redfish_is_present(device) && !is_enclosure;
}
