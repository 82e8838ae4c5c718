/*
 * deploy: the fake deploy, rescue, BIOS, firmware and RAID interfaces, with the steps that Ironic's fakes
 * have. Deploying is one step, as with most real deploy interfaces.
 */
#include "drivers/fake/fake.h"

/* ---- deploy and rescue ---- */

static int deploy_step(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return fake_work(task, INTERFACE_DEPLOY, "deploy.deploy", err);
}

static int tear_down(struct task *task, struct error *err)
{
	return fake_work(task, INTERFACE_DEPLOY, "deploy.tear_down", err);
}

static int take_over(struct task *task, struct error *err)
{
	return fake_work(task, INTERFACE_DEPLOY, "deploy.take_over", err);
}

static int clean_finish(struct task *task, struct error *err)
{
	return fake_check(task, "deploy.clean_finish", err);
}

static int service_finish(struct task *task, struct error *err)
{
	return fake_check(task, "deploy.service_finish", err);
}

static const struct step deploy_steps[] = {
	{ .name = "deploy", .uses = STEP_DEPLOY, .priority = 100, .run = deploy_step }, { 0 }
};

const struct deploy_interface fake_deploy = {
	.base = { .type = INTERFACE_DEPLOY, .name = "fake", .steps = deploy_steps },
	.clean_finish = clean_finish,
	.service_finish = service_finish,
	.tear_down = tear_down,
	.take_over = take_over,
};

static int rescue(struct task *task, struct error *err)
{
	return fake_work(task, INTERFACE_RESCUE, "rescue", err);
}

static int unrescue(struct task *task, struct error *err)
{
	return fake_work(task, INTERFACE_RESCUE, "unrescue", err);
}

static int rescue_clean_up(struct task *task, struct error *err)
{
	return fake_check(task, "rescue.clean_up", err);
}

const struct rescue_interface fake_rescue = {
	.base = { .type = INTERFACE_RESCUE, .name = "fake" },
	.rescue = rescue,
	.unrescue = unrescue,
	.clean_up = rescue_clean_up,
};

/* ---- BIOS, firmware, RAID ---- */

#define ANY_TIME (STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE)

static int apply_configuration(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return fake_work(task, INTERFACE_BIOS, "bios.apply_configuration", err);
}

static int factory_reset(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return fake_work(task, INTERFACE_BIOS, "bios.factory_reset", err);
}

static const struct step_argument settings_argument[] = {
	{ "settings", true, "A list of objects, each with a name and a value." }, { 0 }
};

static const struct step bios_steps[] = {
	{ .name = "apply_configuration",
	  .uses = ANY_TIME,
	  .is_abortable = true,
	  .arguments = settings_argument,
	  .run = apply_configuration },
	{ .name = "factory_reset", .uses = ANY_TIME, .is_abortable = true, .run = factory_reset },
	{ 0 }
};

const struct plain_interface fake_bios = {
	.base = { .type = INTERFACE_BIOS, .name = "fake", .steps = bios_steps },
};

static int update(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return fake_work(task, INTERFACE_FIRMWARE, "firmware.update", err);
}

static const struct step firmware_steps[] = { { .name = "update",
						.uses = STEP_CLEAN | STEP_SERVICE,
						.arguments = settings_argument,
						.run = update },
					      { 0 } };

const struct firmware_interface fake_firmware = {
	.base = { .type = INTERFACE_FIRMWARE, .name = "fake", .steps = firmware_steps },
};

/* What was asked for by PUT states/raid is what there is then. */
static int create_configuration(struct task *task, const json_t *args, struct error *err)
{
	int rc = fake_work(task, INTERFACE_RAID, "raid.create_configuration", err);

	(void)args;
	if (rc == 0)
		node_set_object(task->node, NODE_RAID_CONFIG,
				json_deep_copy(node_object(task->node, NODE_TARGET_RAID_CONFIG)));
	return rc;
}

static int delete_configuration(struct task *task, const json_t *args, struct error *err)
{
	int rc = fake_work(task, INTERFACE_RAID, "raid.delete_configuration", err);

	(void)args;
	if (rc == 0)
		node_set_object(task->node, NODE_RAID_CONFIG, json_object());
	return rc;
}

static const struct step_argument create_arguments[] = {
	{ "create_root_volume", false, "Whether to create the root volume." },
	{ "create_nonroot_volumes", false, "Whether to create the other volumes." },
	{ "delete_existing", false, "Whether to delete what there is first." },
	{ 0 }
};

static const struct step raid_steps[] = {
	{ .name = "create_configuration",
	  .uses = ANY_TIME,
	  .arguments = create_arguments,
	  .run = create_configuration },
	{ .name = "delete_configuration", .uses = ANY_TIME, .run = delete_configuration },
	{ 0 }
};

const struct plain_interface fake_raid = {
	.base = { .type = INTERFACE_RAID, .name = "fake", .steps = raid_steps },
};
