/* chassis: see chassis.h. */
#include "drivers/redfish/chassis.h"

#include <string.h>

const json_t *redfish_chassis_of(struct redfish_reader *reader, const json_t *system, unsigned levels)
{
	const json_t *links = json_object_get(json_object_get(system, "Links"), "Chassis"), *link;
	size_t index;

	/* read in one go each; then they are known */
	json_array_foreach((json_t *)links, index, link)
	{
		if (index < REDFISH_MEMBERS_MAX)
			redfish_follow_expanded(reader, link, levels);
	}
	return redfish_members(reader, links);
}

static bool names_system(const json_t *chassis, const char *system)
{
	const json_t *links = json_object_get(json_object_get(chassis, "Links"), "ComputerSystems"), *link;
	size_t index;

	json_array_foreach((json_t *)links, index, link)
	{
		const char *path = redfish_text(link, "@odata.id");
		if (path && system && !strcmp(path, system))
			return true;
	}
	return false;
}

const json_t *redfish_chassis_all(struct redfish_reader *reader, const json_t *system, unsigned levels)
{
	const char *root = reader->client->info.root;
	const json_t *all, *chassis;
	json_t *list = json_array();
	char path[REDFISH_PATH_MAX];
	size_t index;

	json_array_append_new(reader->lists, list);
	snprintf(path, sizeof(path), "%sChassis", root);
	all = redfish_members(reader, redfish_read_expanded(reader, path, levels));
	json_array_foreach((json_t *)all, index, chassis)
	{
		if (names_system(chassis, redfish_text(system, "@odata.id")))
			json_array_append(list, (json_t *)chassis);
	}
	return list;
}

const json_t *redfish_managers_of(struct redfish_reader *reader, const json_t *system)
{
	const json_t *links = json_object_get(system, "Links");
	const json_t *managers = json_object_get(links, "ManagedBy");

	if (!json_array_size(managers))
		managers = json_object_get(links, "Managers");
	return redfish_members(reader, managers);
}

const json_t *redfish_manager_of(struct redfish_reader *reader, const json_t *system)
{
	const json_t *links = json_object_get(system, "Links");
	const json_t *managers = json_object_get(links, "ManagedBy");

	if (!json_array_size(managers))
		managers = json_object_get(links, "Managers");
	return redfish_follow(reader, json_array_get(managers, 0));
}
