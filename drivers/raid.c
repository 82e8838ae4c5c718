/* raid: see raid.h; and what may stand in a target RAID configuration. Source of that: Ironic's answer to
 * GET /v1/drivers/{driver}/raid/logical_disk_properties, which clients show to people. */
#include "drivers/raid.h"

#include <string.h>

#include "lib/clock.h"

const struct driver_property raid_properties[] = {
	{ "controller", "Controller to use for this logical disk. If not specified, the driver will choose a "
			"suitable RAID controller on the bare metal node. Optional." },
	{ "disk_type",
	  "The type of disk preferred. Valid values are 'hdd' and 'ssd'. If this is not specified, disk type "
	  "will not be a selection criterion for choosing backing physical disks. Optional." },
	{ "interface_type",
	  "The interface type of disk. Valid values are 'sata', 'scsi' and 'sas'. If this is not specified, "
	  "interface type will not be a selection criterion for choosing backing physical disks. Optional." },
	{ "is_root_volume",
	  "Specifies whether this disk is a root volume. By default, this is False. Optional." },
	{ "number_of_physical_disks",
	  "Number of physical disks to use for this logical disk. By default, the driver uses the minimum "
	  "number of disks required for that RAID level. Optional." },
	{ "physical_disks", "The physical disks to use for this logical disk. If not specified, the driver "
			    "will choose suitable physical disks to use. Optional." },
	{ "raid_level", "RAID level for the logical disk. Valid values are 'JBOD', '0', '1', '2', '5', '6', "
			"'1+0', '5+0' and '6+0'. Required." },
	{ "share_physical_disks", "Specifies whether other logical disks can share physical disks with this "
				  "logical disk. By default, this is False. Optional." },
	{ "size_gb", "Size in GiB (Integer) for the logical disk. Use 'MAX' as size_gb if this logical disk "
		     "is supposed to use the rest of the space available. Required." },
	{ "volume_name", "Name of the volume to be created. If this is not specified, it will be "
			 "auto-generated. Optional." },
	{ 0 }
};

const struct step_argument raid_create_arguments[] = {
	{ "create_root_volume", false, "Whether to create the root volume. Default: true." },
	{ "create_nonroot_volumes", false, "Whether to create the other volumes. Default: true." },
	{ "delete_existing", false, "Whether to delete what there is first." },
	{ 0 }
};

/* ---- the target ---- */

static int read_flag(const json_t *args, const char *name, bool *ret, struct error *err)
{
	const json_t *value = json_object_get(args, name);

	*ret = !json_is_false(value);
	return !value || json_is_boolean(value) ? 0
						: fail(err, ERR_INVALID, "%s must be true or false", name);
}

static bool is_root(const json_t *disk)
{
	return json_is_true(json_object_get(disk, "is_root_volume"));
}

int raid_target(struct task *task, const json_t *args, json_t **ret_config, struct error *err)
{
	const json_t *target = node_object(task->node, NODE_TARGET_RAID_CONFIG), *disk;
	bool has_root = true, has_others = true;
	json_t *disks;
	size_t index;
	int rc = read_flag(args, "create_root_volume", &has_root, err);

	if (rc == 0)
		rc = read_flag(args, "create_nonroot_volumes", &has_others, err);
	if (rc < 0)
		return rc;
	if (!json_object_size(target))
		return fail(err, ERR_MISSING, "Node %s has no target RAID configuration.",
			    node_uuid(task->node));
	disks = json_array();
	json_array_foreach(json_object_get(target, "logical_disks"), index, disk)
	{
		if (is_root(disk) ? has_root : has_others)
			json_array_append_new(disks, json_deep_copy(disk));
	}
	if (json_array_size(disks)) {
		*ret_config = json_pack("{s:o}", "logical_disks", disks);
		return 0;
	}
	json_decref(disks);
	return fail(err, ERR_MISSING, "Node %s has empty target RAID configuration after %s%s%s.",
		    node_uuid(task->node), has_root ? "" : "skipping root volume",
		    has_root || has_others ? "" : " and ", has_others ? "" : "skipping non-root volumes");
}

/* ---- what there is ---- */

/* "a:1,raid_level:0,b:2" with another level. */
static const char *with_level(struct task *task, const char *capabilities, const char *level)
{
	const char *text = "";

	while (*capabilities) {
		size_t len = strcspn(capabilities, ",");

		if (len && strncmp(capabilities, "raid_level:", strlen("raid_level:")) != 0)
			text = arena_printf(&task->arena, "%s%.*s,", text, (int)len, capabilities);
		capabilities += len + (capabilities[len] == ',');
	}
	return arena_printf(&task->arena, "%sraid_level:%s", text, level);
}

static void set_level(struct task *task, json_t *properties, const char *level)
{
	json_t *capabilities = json_object_get(properties, "capabilities");
	const char *text = json_string_value(capabilities);

	if (json_is_object(capabilities))
		json_object_set_new(capabilities, "raid_level", json_string(level));
	else
		json_object_set_new(properties, "capabilities",
				    json_string(with_level(task, text ? text : "", level)));
}

static void tell_root(struct task *task, const json_t *disk)
{
	json_t *properties = node_object(task->node, NODE_PROPERTIES);
	json_t *size = json_object_get(disk, "size_gb"), *hint = json_object_get(disk, "root_device_hint");
	const char *level = json_string_value(json_object_get(disk, "raid_level"));

	if (json_is_integer(size))
		json_object_set(properties, "local_gb", size);
	if (hint)
		json_object_set(properties, "root_device", hint);
	if (level)
		set_level(task, properties, level);
	node_mark_dirty(task->node, NODE_PROPERTIES);
}

void raid_store(struct task *task, json_t *take_config)
{
	const json_t *disk;
	char now[64];
	size_t index;

	json_array_foreach(json_object_get(take_config, "logical_disks"), index, disk)
	{
		if (is_root(disk))
			tell_root(task, disk);
	}
	if (json_object_size(take_config)) {
		clock_wall_text(now, sizeof(now));
		json_object_set_new(take_config, "last_updated", json_string(now));
	}
	node_set_object(task->node, NODE_RAID_CONFIG, take_config);
}
