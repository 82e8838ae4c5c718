/* boot_until: see boot_until.h. */
#include "drivers/redfish/boot_until.h"

#include "drivers/redfish/options.h"
#include "drivers/redfish/redfish.h"
#include "lib/clock.h"

int redfish_look(struct task *task, const struct redfish_awaited *awaited)
{
	struct redfish_operation operation;
	int is_held = 0;

	if (redfish_operation_begin(&operation, task, awaited->what, NULL) < 0)
		return 0;
	is_held = awaited->holds(&operation, awaited->wanted);
	if (redfish_operation_end(&operation, 0, NULL) < 0)
		return 0;
	return is_held;
}

int redfish_await(struct task *task, const struct redfish_awaited *awaited, struct error *err)
{
	double timeout_s =
		awaited->timeout_s ? awaited->timeout_s : redfish_options.boot_mode_config_timeout_s;
	double interval_s =
		awaited->interval_s ? awaited->interval_s : redfish_options.boot_mode_config_interval_s;
	int64_t end_ms = clock_ms() + (int64_t)(timeout_s * 1000), pause_ms = (int64_t)(interval_s * 1000);

	while (redfish_look(task, awaited) != 1) {
		if (clock_ms() + pause_ms > end_ms || clock_ms() + pause_ms > task->deadline_ms)
			return fail(err, ERR_TIMEOUT, "It did not take effect within %.0f s", timeout_s);
		if (fiber_sleep(pause_ms) < 0)
			return fail(err, ERR_CANCELLED, "Waiting for it was cancelled");
	}
	return 0;
}

int redfish_boot_until(struct task *task, const struct redfish_awaited *awaited, struct error *err)
{
	enum power_state before = POWER_UNKNOWN;
	int rc = redfish_power.get(task, &before, err);

	if (rc == 0)
		rc = redfish_power.set(task, before == POWER_OFF ? POWER_ON : POWER_REBOOT, 0, err);
	if (rc == 0)
		rc = redfish_await(task, awaited, err);
	if (before == POWER_OFF && rc != -ERR_CANCELLED && rc != -ERR_FENCED) {
		int off_rc = redfish_power.set(task, POWER_OFF, 0, rc == 0 ? err : NULL);
		rc = rc ? rc : off_rc;
	}
	return rc;
}
