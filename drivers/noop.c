/* noop: see noop.h. Source: Ironic's noop modules (ironic-contract, section 8.1). */
#include "drivers/noop.h"

/* clang-format off */
#define REFUSE(kind) \
	static int refuse_##kind(struct task *task, struct error *err) \
	{ \
		return task_unsupported(task, #kind, err); \
	}
REFUSE(bios)
REFUSE(console)
REFUSE(firmware)
REFUSE(raid)
REFUSE(rescue)
/* clang-format on */

static int validate_no_inspect(struct task *task, struct error *err)
{
	return task_unsupported(task, "inspect", err);
}

static int refuse_inspect(struct task *task, struct inspection *ret, struct error *err)
{
	(void)ret;
	return validate_no_inspect(task, err);
}

static int console_get_refused(struct task *task, json_t **ret_info, struct error *err)
{
	(void)ret_info;
	return task_unsupported(task, "console", err);
}

const struct bios_interface no_bios = {
	.base = { .type = INTERFACE_BIOS, .name = "no-bios", .validate = refuse_bios }
};
const struct firmware_interface no_firmware = {
	.base = { .type = INTERFACE_FIRMWARE, .name = "no-firmware", .validate = refuse_firmware }
};
const struct plain_interface no_raid = {
	.base = { .type = INTERFACE_RAID, .name = "no-raid", .validate = refuse_raid }
};
const struct rescue_interface no_rescue = {
	.base = { .type = INTERFACE_RESCUE, .name = "no-rescue", .validate = refuse_rescue },
	.rescue = refuse_rescue,
	.unrescue = refuse_rescue
};
const struct console_interface no_console = {
	.base = { .type = INTERFACE_CONSOLE, .name = "no-console", .validate = refuse_console },
	.start = refuse_console,
	.stop = refuse_console,
	.get = console_get_refused
};
const struct inspect_interface no_inspect = {
	.base = { .type = INTERFACE_INSPECT, .name = "no-inspect", .validate = validate_no_inspect },
	.inspect = refuse_inspect
};

const struct deploy_interface noop_deploy = { .base = { .type = INTERFACE_DEPLOY, .name = "noop" } };
const struct plain_interface noop_network = { .base = { .type = INTERFACE_NETWORK, .name = "noop" } };
const struct plain_interface noop_storage = { .base = { .type = INTERFACE_STORAGE, .name = "noop" } };
const struct management_interface noop_management = { .base = { .type = INTERFACE_MANAGEMENT,
								.name = "noop" } };
