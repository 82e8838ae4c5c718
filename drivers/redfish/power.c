/*
 * power: the redfish power interface. Waits poll each second, on the connection that is open anyway: a poll
 * costs some 20 us, and Ironic's growing intervals miss slow machines' last seconds.
 * Source: DSP2046 ComputerSystem.PowerState, Reset; behaviour as ironic/drivers/modules/redfish/power.py.
 */
#include "drivers/redfish/redfish.h"

#include "drivers/redfish/boot.h"
#include "drivers/redfish/system.h"
#include "lib/clock.h"

#define POLL_MS           1000
#define DEFAULT_TIMEOUT_S 60

static int get(struct task *task, enum power_state *ret_state, struct error *err)
{
	struct redfish_client client;
	char path[REDFISH_PATH_MAX];
	enum power_state state;
	bool is_settled;
	int rc = redfish_open(&client, task, err);

	if (rc < 0)
		return rc;
	rc = redfish_system_get(&client, path, sizeof(path), err);
	if (rc == 0)
		rc = redfish_system_power(&client, &state, &is_settled, err);
	if (rc == 0)
		*ret_state = state;
	rc = redfish_failed(&client, rc, "get power state", err);
	redfish_close(&client);
	return rc;
}

/* What one change of power is made of. */
struct change {
	struct redfish_client client;
	char path[REDFISH_PATH_MAX];
	int64_t timeout_ms;
};

/* A failed read while waiting is no failure of the change: the BMC may be busy with it. */
SUSPENDS static int wait_for(struct change *change, enum power_state target, struct error *err)
{
	int64_t end_ms = clock_ms() + change->timeout_ms;
	enum power_state state = POWER_UNKNOWN;
	bool is_settled = false;
	int rc;

	for (;;) {
		rc = redfish_get(&change->client, change->path, err);
		if (rc == 0)
			rc = redfish_system_power(&change->client, &state, &is_settled, err);
		if (rc == -ERR_CANCELLED || rc == -ERR_BMC_AUTH)
			return rc;
		if (rc == 0 && state == target && is_settled)
			return 0;
		if (clock_ms() + POLL_MS > end_ms || redfish_pause(&change->client, POLL_MS) < 0)
			break;
	}
	/* some stay in PoweringOn until the system has booted */
	if (rc == 0 && state == target)
		return 0;
	if (fiber_is_cancelled(fiber_self()))
		return fail(err, ERR_CANCELLED, "Waiting for %s was cancelled", power_state_name(target));
	return fail(err, ERR_POWER_STATE, "Failed to set node power state to %s.", power_state_name(target));
}

SUSPENDS static int reset_and_wait(struct change *change, const char *type, enum power_state goal,
				   struct error *err)
{
	int rc = redfish_system_reset(&change->client, change->path, type, goal, err);

	return rc < 0 ? rc : wait_for(change, goal, err);
}

/* The system's document again as the latest answer: reset reads its action there. */
SUSPENDS static int reread(struct change *change, struct error *err)
{
	return redfish_get(&change->client, change->path, err);
}

SUSPENDS static int power_on(struct change *change, struct error *err)
{
	int rc = redfish_boot_restore(&change->client, change->path, err);

	return rc < 0 ? rc : reset_and_wait(change, "On", POWER_ON, err);
}

SUSPENDS static int power_off(struct change *change, struct error *err)
{
	return reset_and_wait(change, "ForceOff", POWER_OFF, err);
}

SUSPENDS static int soft_off(struct change *change, struct error *err)
{
	return reset_and_wait(change, "GracefulShutdown", POWER_OFF, err);
}

/* A restart shows no state by which it could be told: accepted is done. */
SUSPENDS static int restart(struct change *change, const char *type, struct error *err)
{
	int rc = redfish_boot_restore(&change->client, change->path, err);

	if (rc == 0)
		rc = redfish_system_reset(&change->client, change->path, type, POWER_UNKNOWN, err);
	if (rc == 0 && redfish_pause(&change->client, POLL_MS) == 0)
		rc = wait_for(change, POWER_ON, err);
	return rc;
}

/* Off and on again, so that the boot device and new settings take effect on every make. */
SUSPENDS static int reboot(struct change *change, struct error *err)
{
	enum power_state state;
	bool is_settled;
	int rc = redfish_system_power(&change->client, &state, &is_settled, err);

	if (rc < 0)
		return rc;
	if (node_bool(change->client.task->node, NODE_DISABLE_POWER_OFF) && state != POWER_OFF)
		return restart(change, "ForceRestart", err);
	if (state != POWER_OFF || !is_settled) {
		rc = power_off(change, err);
		if (rc == 0)
			rc = reread(change, err);
	}
	return rc < 0 ? rc : power_on(change, err);
}

SUSPENDS static int soft_reboot(struct change *change, struct error *err)
{
	enum power_state state;
	bool is_settled;
	int rc = redfish_system_power(&change->client, &state, &is_settled, err);

	if (rc < 0)
		return rc;
	if (state == POWER_OFF)
		return power_on(change, err);
	if (redfish_system_offers(&change->client, "GracefulRestart"))
		return restart(change, "GracefulRestart", err);
	rc = soft_off(change, err);
	if (rc == 0)
		rc = reread(change, err);
	return rc < 0 ? rc : power_on(change, err);
}

static int (*const changes[POWER_STATE_COUNT])(struct change *, struct error *) = {
	[POWER_ON] = power_on,       [POWER_OFF] = power_off,           [POWER_REBOOT] = reboot,
	[POWER_SOFT_OFF] = soft_off, [POWER_SOFT_REBOOT] = soft_reboot,
};

static int set(struct task *task, enum power_state target, unsigned timeout_s, struct error *err)
{
	struct change change = { .timeout_ms = 1000 * (int64_t)(timeout_s ? timeout_s : DEFAULT_TIMEOUT_S) };
	int rc;

	if ((unsigned)target >= POWER_STATE_COUNT || !changes[target])
		return fail(err, ERR_INVALID, "The redfish power interface cannot bring a node to %s",
			    power_state_name(target) ? power_state_name(target) : "this state");
	rc = redfish_open(&change.client, task, err);
	if (rc < 0)
		return rc;
	rc = redfish_system_get(&change.client, change.path, sizeof(change.path), err);
	if (rc == 0)
		rc = changes[target](&change, err);
	rc = redfish_failed(&change.client, rc, "set power state", err);
	redfish_close(&change.client);
	return rc;
}

static const enum power_state supported[] = { POWER_ON,       POWER_OFF,         POWER_REBOOT,
					      POWER_SOFT_OFF, POWER_SOFT_REBOOT, POWER_UNKNOWN };

const struct power_interface redfish_power = {
	.base = { .type = INTERFACE_POWER,
		  .name = "redfish",
		  .properties = redfish_properties,
		  .validate = redfish_validate },
	.supported = supported,
	.get = get,
	.set = set,
};
