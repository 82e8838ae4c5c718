/*
 * power: the "ipmitool" power interface. BMCs answer before the machine has changed, and some refuse what is
 * already so: the chassis status decides. Source: IPMI 2.0 sections 28.2, 28.3; Ironic's IPMIPower.
 */
#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/ipmi.h"
#include "lib/clock.h"

SUSPENDS static int read_state(struct ipmi_operation *operation, enum power_state *ret, struct error *err)
{
	static const struct ipmi_request request = { .netfn = NETFN_CHASSIS, .command = CHASSIS_STATUS };
	struct ipmi_reply reply;
	int rc = ipmi_command(operation, &request, &reply, err);

	if (rc < 0)
		return rc;
	if (reply.data_len == 0)
		return fail(err, ERR_BMC, "IPMI BMC %s answered Get Chassis Status without data",
			    operation->info.address);
	*ret = reply.data[0] & 1 ? POWER_ON : POWER_OFF;
	return 0;
}

static int power_get(struct task *task, enum power_state *ret_state, struct error *err)
{
	struct ipmi_operation operation;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;
	rc = read_state(&operation, ret_state, err);
	ipmi_operation_end(&operation);
	return rc;
}

/* Sends Chassis Control. *ret_is_refused: the BMC says that the machine's state does not allow it (D5h). */
SUSPENDS static int control(struct ipmi_operation *operation, enum chassis_control what, bool *ret_is_refused,
			    struct error *err)
{
	const uint8_t data = (uint8_t)what;
	const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_CONTROL, &data, 1 };
	struct ipmi_reply reply;
	int rc = ipmi_request(operation, &request, &reply, err);

	*ret_is_refused = rc == 0 && reply.completion == COMPLETION_STATE;
	if (rc == 0 && reply.completion != COMPLETION_OK)
		rc = ipmi_refusal(operation, &request, &reply, err);
	return rc;
}

/* One change: what is asked of the chassis, and the state that it leads to. */
struct change {
	enum chassis_control control;
	enum power_state result;
};

/* Asks for the change unless it is there already. *ret_is_done: no need to wait. */
SUSPENDS static int begin_change(struct task *task, const struct change *change, int64_t deadline_ms,
				 bool *ret_is_done, struct error *err)
{
	struct ipmi_operation operation;
	enum power_state state = POWER_UNKNOWN;
	bool is_refused;
	int rc = ipmi_operation_begin(&operation, task, deadline_ms, err);

	*ret_is_done = false;
	if (rc < 0)
		return rc;
	rc = control(&operation, change->control, &is_refused, err);
	/* some BMCs refuse "off" to a machine that is off */
	if (rc == 0 || is_refused) {
		struct error ignored;
		int read = read_state(&operation, &state, &ignored);
		*ret_is_done = read == 0 && state == change->result;
		if (is_refused && *ret_is_done)
			rc = 0;
	}
	ipmi_operation_end(&operation);
	return rc;
}

/* A second at first, later more: soft power-offs take minutes. */
static int64_t poll_interval_ms(int64_t waited_ms)
{
	return waited_ms < 10000 ? 1000 : waited_ms < 60000 ? 2000 : 5000;
}

/* Polls until the machine is as wanted. A BMC that shares the machine's network port may be deaf for a while:
 * silence is no failure before the time is up. */
SUSPENDS static int wait_state(struct task *task, enum power_state wanted, int64_t deadline_ms,
			       struct error *err)
{
	enum power_state state = POWER_UNKNOWN;
	int64_t start_ms = clock_ms();
	struct error last = { 0 };

	for (int64_t now_ms = start_ms; now_ms < deadline_ms; now_ms = clock_ms()) {
		struct ipmi_operation operation;
		int64_t pause_ms = poll_interval_ms(now_ms - start_ms);
		int rc = fiber_sleep(pause_ms < deadline_ms - now_ms ? pause_ms : deadline_ms - now_ms);

		if (rc < 0)
			return rc;
		rc = ipmi_operation_begin(&operation, task, deadline_ms, &last);
		if (rc == 0) {
			rc = read_state(&operation, &state, &last);
			ipmi_operation_end(&operation);
		}
		if (rc == 0 && state == wanted)
			return 0;
		if (rc == 0)
			last.text[0] = '\0';
		if (rc == -ERR_CANCELLED || rc == -ERR_BMC_AUTH)
			return fail(err, (enum errcode) - rc, "%s", last.text);
	}
	return fail(err, ERR_POWER_STATE,
		    "Timed out after %lld secs waiting for %s: the power state is %s.%s%s",
		    (long long)(clock_ms() - start_ms) / 1000, power_state_name(wanted),
		    state == POWER_UNKNOWN ? "unknown" : power_state_name(state),
		    last.text[0] != '\0' ? " " : "", last.text);
}

SUSPENDS static int carry_out(struct task *task, const struct change *change, int64_t deadline_ms,
			      struct error *err)
{
	bool is_done;
	int rc = 0;

	if (change->result == POWER_ON)
		rc = ipmi_ensure_boot_device(task, err);
	if (rc == 0)
		rc = begin_change(task, change, deadline_ms, &is_done, err);
	if (rc == 0 && !is_done)
		rc = wait_state(task, change->result, deadline_ms, err);
	return rc;
}

static const struct change on = { CHASSIS_ON, POWER_ON };
static const struct change off = { CHASSIS_OFF, POWER_OFF };
static const struct change soft_off = { CHASSIS_SOFT_OFF, POWER_OFF };
static const struct change reset = { CHASSIS_RESET, POWER_ON };

/* Off and on again; a machine that is off is only switched on, since BMCs refuse or ignore a cycle then. */
SUSPENDS static int reboot(struct task *task, const struct change *down, int64_t deadline_ms,
			   struct error *err)
{
	enum power_state state = POWER_UNKNOWN;
	int rc = power_get(task, &state, err);

	if (rc == 0 && state == POWER_ON && node_bool(task->node, NODE_DISABLE_POWER_OFF))
		return carry_out(task, &reset, deadline_ms, err);
	if (rc == 0 && state == POWER_ON)
		rc = carry_out(task, down, deadline_ms, err);
	return rc == 0 ? carry_out(task, &on, deadline_ms, err) : rc;
}

static int power_set(struct task *task, enum power_state target, unsigned timeout_s, struct error *err)
{
	int64_t deadline_ms = clock_ms() + (int64_t)timeout_s * 1000;

	switch (target) {
	case POWER_ON:
		return carry_out(task, &on, deadline_ms, err);
	case POWER_OFF:
		return carry_out(task, &off, deadline_ms, err);
	case POWER_SOFT_OFF:
		return carry_out(task, &soft_off, deadline_ms, err);
	case POWER_REBOOT:
		return reboot(task, &off, deadline_ms, err);
	case POWER_SOFT_REBOOT:
		return reboot(task, &soft_off, deadline_ms, err);
	case POWER_UNKNOWN:
	case POWER_ERROR:
	case POWER_STATE_COUNT:
		break;
	}
	return fail(err, ERR_INVALID, "set_power_state called with invalid power state %s.",
		    power_state_name(target) != NULL ? power_state_name(target) : "None");
}

static const enum power_state supported[] = { POWER_ON,       POWER_OFF,         POWER_REBOOT,
					      POWER_SOFT_OFF, POWER_SOFT_REBOOT, POWER_UNKNOWN };

const struct power_interface ipmitool_power = {
	.base = { .type = INTERFACE_POWER,
		  .name = "ipmitool",
		  .properties = ipmi_properties,
		  .validate = ipmi_validate },
	.supported = supported,
	.get = power_get,
	.set = power_set,
};
