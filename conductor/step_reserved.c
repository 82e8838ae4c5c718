/* step_reserved: power_on, power_off, reboot, wait and hold. Source: ironic-contract, section 5.2. */
#include <stdlib.h>

#include "conductor/power.h"
#include "conductor/provision_options.h"
#include "conductor/step_private.h"

enum { POWER_STEP_S = 600 };

#define ANY_USE (STEP_CLEAN | STEP_DEPLOY | STEP_SERVICE)

static int power_on(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return power_bring(task, POWER_ON, POWER_STEP_S, err);
}

static int power_off(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return power_bring(task, POWER_OFF, POWER_STEP_S, err);
}

static int reboot(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return power_bring(task, POWER_REBOOT, POWER_STEP_S, err);
}

/* Seconds may be text, as clients write them. Negative: not given. */
static int read_seconds(const json_t *args, double *ret, struct error *err)
{
	const json_t *value = json_object_get(args, "seconds");
	char *end = NULL;

	*ret = -1;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_number(value))
		*ret = json_number_value(value);
	else if (json_is_string(value))
		*ret = strtod(json_string_value(value), &end);
	if (!(*ret >= 0) || (end && (end == json_string_value(value) || *end)))
		return fail(err, ERR_INVALID,
			    "\"seconds\" of the step wait has to be a number that is not "
			    "negative");
	return 0;
}

static int wait_a_while(struct task *task, const json_t *args, struct error *err)
{
	double seconds;
	int rc = read_seconds(args, &seconds, err);

	(void)task;
	if (rc < 0)
		return rc;
	if (seconds < 0 || seconds > provision_options.wait_step_s)
		return STEP_WAITS;
	if (fiber_sleep((int64_t)(seconds * 1000)) < 0)
		return fail(err, ERR_CANCELLED, "the wait was cancelled");
	return 0;
}

static int hold(struct task *task, const json_t *args, struct error *err)
{
	(void)task;
	(void)args;
	(void)err;
	return STEP_HOLDS;
}

static const struct step_argument wait_arguments[] = {
	{ "seconds", false,
	  "How long; without it, or for longer than the conductor waits: until the ramdisk "
	  "calls." },
	{ 0 }
};

const struct step reserved_steps[] = {
	{ .name = "power_on", .uses = ANY_USE, .is_abortable = true, .run = power_on },
	{ .name = "power_off", .uses = ANY_USE, .is_abortable = true, .run = power_off },
	{ .name = "reboot", .uses = ANY_USE, .is_abortable = true, .run = reboot },
	{ .name = "wait",
	  .uses = ANY_USE,
	  .is_abortable = true,
	  .arguments = wait_arguments,
	  .run = wait_a_while },
	{ .name = "hold", .uses = ANY_USE, .is_abortable = true, .run = hold },
	{ 0 }
};
