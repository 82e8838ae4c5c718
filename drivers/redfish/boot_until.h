#pragma once
/* boot_until: what firmware takes only while it boots: boots the machine until it has. */
#include "drivers/redfish/operation.h"

/* Does what was written hold? 1: it does, 0: not yet, -1: that cannot be told. wanted: the caller's. */
typedef int redfish_holds_fn(struct redfish_operation *operation, const void *wanted);

/* Asks the BMC once. 0 also when it cannot be read: firmware answers 5xx and closes connections while it
 * starts. */
SUSPENDS int redfish_look(struct task *task, const char *what, redfish_holds_fn *holds, const void *wanted);
/* Boots the machine and waits until it holds, [redfish] boot_mode_config_timeout at most: -ERR_TIMEOUT. A
 * machine that was off is switched off again. */
SUSPENDS int redfish_boot_until(struct task *task, const char *what, redfish_holds_fn *holds,
				const void *wanted, struct error *err);
