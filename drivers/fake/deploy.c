/* deploy: the fake deploy and rescue interfaces. Deploying is one step, as with most real deploy interfaces.
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
