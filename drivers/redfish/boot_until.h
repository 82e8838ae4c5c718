#pragma once
/* boot_until: what takes effect later: waits for it, and boots the machine where firmware takes it only then.
 */
#include "drivers/redfish/operation.h"

/* Does what was written hold? 1: it does, 0: not yet, -1: that cannot be told. wanted: the caller's. */
typedef int redfish_holds_fn(struct redfish_operation *operation, const void *wanted);

struct redfish_awaited {
	const char *what; /* for sentences: "get boot mode" */
	redfish_holds_fn *holds;
	const void *wanted;
	double timeout_s, interval_s; /* 0: [redfish] boot_mode_config_timeout and its interval */
};

/* Asks the BMC once. 0 also when it cannot be read: firmware answers 5xx and closes connections while it
 * starts. */
SUSPENDS int redfish_look(struct task *task, const struct redfish_awaited *awaited);
/* Waits until it holds: -ERR_TIMEOUT. */
SUSPENDS int redfish_await(struct task *task, const struct redfish_awaited *awaited, struct error *err);
/* Boots the machine and waits. A machine that was off is switched off again. */
SUSPENDS int redfish_boot_until(struct task *task, const struct redfish_awaited *awaited, struct error *err);
