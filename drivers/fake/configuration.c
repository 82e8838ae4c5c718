/*
 * configuration: the fake BIOS, firmware and RAID interfaces, with the steps that Ironic's fakes have. The
 * BIOS has the settings that were applied last, kept with the node so that they outlive the conductor, and
 * none as it left the factory.
 */
#include "drivers/bios_settings.h"
#include "drivers/fake/fake.h"
#include "drivers/raid.h"

#define ANY_TIME (STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE)

/* ---- BIOS ---- */

static const char applied[] = "fake_bios_settings";

static int apply_configuration(struct task *task, const json_t *args, struct error *err)
{
	int rc = bios_settings_check(args, err);

	if (rc == 0)
		rc = fake_work(task, INTERFACE_BIOS, "bios.apply_configuration", err);
	if (rc == 0)
		rc = task_remember(task, applied, json_deep_copy(json_object_get(args, "settings")), err);
	return rc;
}

static int factory_reset(struct task *task, const json_t *args, struct error *err)
{
	int rc = fake_work(task, INTERFACE_BIOS, "bios.factory_reset", err);

	(void)args;
	return rc == 0 ? task_remember(task, applied, NULL, err) : rc;
}

static int settings_get(struct task *task, json_t **ret_list, struct error *err)
{
	const json_t *settings = task_memory(task, applied), *setting;
	int rc = fake_check(task, "bios.settings_get", err);
	json_t *list;
	size_t index;

	if (rc < 0)
		return rc;
	list = json_array();
	json_array_foreach((json_t *)settings, index, setting)
	{
		json_array_append_new(list, json_pack("{s:O, s:o}", "name", json_object_get(setting, "name"),
						      "value",
						      bios_setting_value(json_object_get(setting, "value"))));
	}
	*ret_list = list;
	return 0;
}

static const struct step bios_steps[] = {
	{ .name = "apply_configuration",
	  .uses = ANY_TIME,
	  .is_abortable = true,
	  .arguments = bios_settings_arguments,
	  .run = apply_configuration },
	{ .name = "factory_reset", .uses = ANY_TIME, .is_abortable = true, .run = factory_reset },
	{ 0 }
};

const struct bios_interface fake_bios = {
	.base = { .type = INTERFACE_BIOS, .name = "fake", .steps = bios_steps },
	.settings_get = settings_get,
};

/* ---- firmware ---- */

static int update(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return fake_work(task, INTERFACE_FIRMWARE, "firmware.update", err);
}

static const struct step_argument firmware_arguments[] = {
	{ "settings", true, "A list of objects, each with a component and a url." }, { 0 }
};

static const struct step firmware_steps[] = { { .name = "update",
						.uses = STEP_CLEAN | STEP_SERVICE,
						.arguments = firmware_arguments,
						.run = update },
					      { 0 } };

const struct firmware_interface fake_firmware = {
	.base = { .type = INTERFACE_FIRMWARE, .name = "fake", .steps = firmware_steps },
};

/* ---- RAID ---- */

/* What was asked for by PUT states/raid is what there is then. */
static int create_configuration(struct task *task, const json_t *args, struct error *err)
{
	json_t *config = NULL;
	int rc = raid_target(task, args, &config, err);

	if (rc < 0)
		return rc;
	rc = fake_work(task, INTERFACE_RAID, "raid.create_configuration", err);
	if (rc == 0)
		raid_store(task, json_incref(config));
	json_decref(config);
	return rc;
}

static int delete_configuration(struct task *task, const json_t *args, struct error *err)
{
	int rc = fake_work(task, INTERFACE_RAID, "raid.delete_configuration", err);

	(void)args;
	if (rc == 0)
		raid_store(task, json_object());
	return rc;
}

static const struct step raid_steps[] = {
	{ .name = "create_configuration",
	  .uses = ANY_TIME,
	  .arguments = raid_create_arguments,
	  .run = create_configuration },
	{ .name = "delete_configuration", .uses = ANY_TIME, .run = delete_configuration },
	{ 0 }
};

const struct plain_interface fake_raid = {
	.base = { .type = INTERFACE_RAID, .name = "fake", .steps = raid_steps },
};
