/* hardware: the fake hardware type, and the interfaces of it that have little to do. */
#include "drivers/fake/fake.h"

#include "drivers/agent.h"
#include "drivers/noop.h"
#include "drivers/vendor.h"

static int console_start(struct task *task, struct error *err)
{
	return fake_work(task, INTERFACE_CONSOLE, "console.start", err);
}

static int console_stop(struct task *task, struct error *err)
{
	return fake_work(task, INTERFACE_CONSOLE, "console.stop", err);
}

static int console_get(struct task *task, json_t **ret_info, struct error *err)
{
	int rc = fake_work(task, INTERFACE_CONSOLE, "console.get", err);

	if (rc == 0)
		*ret_info = json_object();
	return rc;
}

const struct console_interface fake_console = {
	.base = { .type = INTERFACE_CONSOLE, .name = "fake" },
	.start = console_start,
	.stop = console_stop,
	.get = console_get,
};

static int inspect(struct task *task, struct inspection *ret, struct error *err)
{
	(void)ret;
	return fake_work(task, INTERFACE_INSPECT, "inspect", err);
}

static int inspect_abort(struct task *task, struct error *err)
{
	return fake_check(task, "inspect.abort", err);
}

const struct inspect_interface fake_inspect = {
	.base = { .type = INTERFACE_INSPECT, .name = "fake" },
	.inspect = inspect,
	.abort = inspect_abort,
};

const struct plain_interface fake_boot = { .base = { .type = INTERFACE_BOOT, .name = "fake" } };
const struct plain_interface fake_storage = { .base = { .type = INTERFACE_STORAGE, .name = "fake" } };

const struct hardware_type fake_hardware = {
	.name = "fake-hardware",
	.class_name = "FakeHardware",
	.options = fake_options,
	.interfaces = {
		[INTERFACE_BIOS]       = INTERFACES(&fake_bios.base, &no_bios.base),
		[INTERFACE_BOOT]       = INTERFACES(&fake_boot.base),
		[INTERFACE_CONSOLE]    = INTERFACES(&fake_console.base, &no_console.base),
		[INTERFACE_DEPLOY]     = INTERFACES(&fake_deploy.base),
		[INTERFACE_FIRMWARE]   = INTERFACES(&fake_firmware.base, &no_firmware.base),
		[INTERFACE_INSPECT]    = INTERFACES(&fake_inspect.base, &agent_inspect.base,
						    &no_inspect.base),
		[INTERFACE_MANAGEMENT] = INTERFACES(&fake_management.base),
		[INTERFACE_NETWORK]    = INTERFACES(&noop_network.base),
		[INTERFACE_POWER]      = INTERFACES(&fake_power.base),
		[INTERFACE_RAID]       = INTERFACES(&fake_raid.base, &no_raid.base),
		[INTERFACE_RESCUE]     = INTERFACES(&fake_rescue.base, &no_rescue.base),
		[INTERFACE_STORAGE]    = INTERFACES(&noop_storage.base, &fake_storage.base),
		[INTERFACE_VENDOR]     = INTERFACES(&fake_vendor.base, &no_vendor.base),
	},
};
