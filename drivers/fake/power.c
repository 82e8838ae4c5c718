/*
 * power: the fake power interface. The hardware is as the node's row says, so that a restart forgets nothing.
 * [fake] power_delay is spent on each reading, as Ironic's fake does; a change follows a reading, so only
 * reboots, which are not preceded by one, spend it themselves.
 */
#include "drivers/fake/fake.h"

static int get(struct task *task, enum power_state *ret_state, struct error *err)
{
	int rc = fake_work(task, INTERFACE_POWER, "power.get", err);

	if (rc == 0)
		*ret_state = power_state_find(node_text(task->node, NODE_POWER_STATE));
	return rc;
}

static int set(struct task *task, enum power_state target, unsigned timeout_s, struct error *err)
{
	int rc;

	(void)timeout_s;
	if (target == POWER_REBOOT || target == POWER_SOFT_REBOOT)
		rc = fake_work(task, INTERFACE_POWER, "power.set", err);
	else
		rc = fake_check(task, "power.set", err);
	if (rc == 0)
		rc = task_gate_wait(task, err);
	if (rc == 0)
		rc = task_gate_check(task, power_state_name(target), err);
	return rc;
}

static const enum power_state supported[] = { POWER_ON,       POWER_OFF,         POWER_REBOOT,
					      POWER_SOFT_OFF, POWER_SOFT_REBOOT, POWER_UNKNOWN };

const struct power_interface fake_power = {
	.base = { .type = INTERFACE_POWER, .name = "fake", .properties = fake_properties },
	.supported = supported,
	.get = get,
	.set = set,
};
