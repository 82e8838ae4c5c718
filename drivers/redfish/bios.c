/* bios: see bios.h. Settings are the attributes of the Bios resource, with what its registry says of them. */
#include "drivers/redfish/bios.h"

#include <string.h>

#include "drivers/bios_settings.h"
#include "drivers/redfish/bios_registry.h"
#include "drivers/redfish/redfish.h"

const json_t *redfish_bios_read(struct redfish_reader *reader, const json_t *system)
{
	const json_t *bios = redfish_follow(reader, json_object_get(system, "Bios"));

	return json_is_object(json_object_get(bios, "Attributes")) ? bios : NULL;
}

int redfish_bios_missing(struct redfish_operation *operation, struct error *err)
{
	if (operation->reader.rc < 0)
		return 0;
	return task_unsupported(operation->client.task, "BIOS settings: the BMC shows none", err);
}

/* Members of a setting, by those of its entry in the registry. */
static const struct {
	const char *name, *entry_name;
	enum { IS_TEXT, IS_NUMBER, IS_BOOL } type;
} members[] = {
	{ "attribute_type", "Type", IS_TEXT },          { "lower_bound", "LowerBound", IS_NUMBER },
	{ "upper_bound", "UpperBound", IS_NUMBER },     { "min_length", "MinLength", IS_NUMBER },
	{ "max_length", "MaxLength", IS_NUMBER },       { "read_only", "ReadOnly", IS_BOOL },
	{ "reset_required", "ResetRequired", IS_BOOL }, { "unique", "IsSystemUniqueProperty", IS_BOOL },
};

static void add_members(json_t *setting, const json_t *entry)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *value = json_object_get(entry, members[i].entry_name);
		int64_t number;

		if ((members[i].type == IS_TEXT && json_is_string(value)) ||
		    (members[i].type == IS_BOOL && json_is_boolean(value)))
			json_object_set(setting, members[i].name, value);
		else if (members[i].type == IS_NUMBER &&
			 redfish_bios_bound(entry, members[i].entry_name, &number))
			json_object_set_new(setting, members[i].name, json_integer(number));
	}
}

/* Most BMCs show no password; where one does, it goes no further. */
static json_t *shown_value(const json_t *value, const json_t *entry)
{
	const char *type = redfish_text(entry, "Type");

	if (type && !strcmp(type, "Password") && json_string_length(value))
		return json_string("******");
	return bios_setting_value(value);
}

static json_t *setting_of(const char *name, const json_t *value, const json_t *entry)
{
	json_t *setting = json_pack("{s:s, s:o}", "name", name, "value", shown_value(value, entry));
	json_t *words = redfish_bios_words(entry, value);

	add_members(setting, entry);
	if (words)
		json_object_set_new(setting, "allowable_values", words);
	return setting;
}

json_t *redfish_bios_settings(struct redfish_reader *reader, const json_t *system)
{
	const json_t *bios = redfish_bios_read(reader, system);
	json_t *registry = bios ? redfish_bios_registry(reader, bios) : NULL, *list = json_array(), *value;
	const char *name;

	json_object_foreach(json_object_get(bios, "Attributes"), name, value)
	{
		if (bios_setting_name_is_valid(name) && json_array_size(list) < REDFISH_ATTRIBUTES_MAX)
			json_array_append_new(list, setting_of(name, value, json_object_get(registry, name)));
	}
	json_decref(registry);
	return list;
}

static int settings_get(struct task *task, json_t **ret_list, struct error *err)
{
	struct redfish_operation operation;
	json_t *list;
	int rc = redfish_operation_begin(&operation, task, "get BIOS settings", err);

	if (rc < 0)
		return rc;
	list = redfish_bios_settings(&operation.reader, operation.system);
	if (!redfish_bios_read(&operation.reader, operation.system))
		rc = redfish_bios_missing(&operation, err);
	rc = redfish_operation_end(&operation, rc, err);
	if (rc == 0)
		*ret_list = json_incref(list);
	json_decref(list);
	return rc;
}

#define ANY_TIME (STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE)

static const struct step steps[] = {
	{ .name = "apply_configuration",
	  .uses = ANY_TIME,
	  .arguments = bios_settings_arguments,
	  .run = redfish_bios_apply },
	{ .name = "factory_reset", .uses = ANY_TIME, .run = redfish_bios_factory_reset },
	{ 0 }
};

const struct bios_interface redfish_bios = {
	.base = { .type = INTERFACE_BIOS,
		  .name = "redfish",
		  .properties = redfish_properties,
		  .validate = redfish_validate,
		  .steps = steps },
	.settings_get = settings_get,
};
