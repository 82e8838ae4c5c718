/* management: boot device and indicators of the fake hardware, as Ironic's fake has them. No boot modes, no
 * NMI. */
#include "drivers/fake/fake.h"

#include <string.h>

static const char *const boot_devices[] = { "pxe", NULL };

static int boot_device_get(struct task *task, struct boot_device *ret, struct error *err)
{
	int rc = fake_work(task, INTERFACE_MANAGEMENT, "management.boot_device_get", err);

	if (rc == 0)
		*ret = (struct boot_device){ .device = "pxe",
					     .persistent = fake_state(task)->boot_device_is_persistent };
	return rc;
}

/* Each change passes the gate, as those of real hardware do. */
static int change(struct task *task, const char *operation, struct error *err)
{
	int rc = fake_work(task, INTERFACE_MANAGEMENT, operation, err);

	if (rc == 0)
		rc = task_gate_wait(task, err);
	if (rc == 0)
		rc = task_gate_check(task, operation, err);
	return rc;
}

static int boot_device_set(struct task *task, const char *device, bool persistent, struct error *err)
{
	int rc;

	(void)device;
	rc = change(task, "management.boot_device_set", err);
	if (rc == 0)
		fake_state(task)->boot_device_is_persistent = persistent;
	return rc;
}

static const char *const led_0_states[] = { "off", "on", NULL };
static const char *const led_states[] = { "blinking", "off", "on", NULL };
static const struct indicator indicators[] = {
	{ .component = "chassis", .name = "led-0", .is_readonly = true, .states = led_0_states },
	{ .component = "system", .name = "led", .is_readonly = false, .states = led_states },
	{ 0 }
};

static int indicator_get(struct task *task, const struct indicator *which, const char **ret_state,
			 struct error *err)
{
	int rc = fake_work(task, INTERFACE_MANAGEMENT, "management.indicator_get", err);

	if (rc == 0)
		*ret_state = which->is_readonly ? "on" : which->states[fake_state(task)->led];
	return rc;
}

static int indicator_set(struct task *task, const struct indicator *which, const char *state,
			 struct error *err)
{
	int rc = change(task, "management.indicator_set", err);

	for (unsigned i = 0; rc == 0 && which->states[i]; i++) {
		if (strcmp(which->states[i], state) == 0)
			fake_state(task)->led = i;
	}
	return rc;
}

const struct management_interface fake_management = {
	.base = { .type = INTERFACE_MANAGEMENT, .name = "fake", .properties = fake_properties },
	.boot_devices = boot_devices,
	.boot_device_get = boot_device_get,
	.boot_device_set = boot_device_set,
	.indicators = indicators,
	.indicator_get = indicator_get,
	.indicator_set = indicator_set,
};
