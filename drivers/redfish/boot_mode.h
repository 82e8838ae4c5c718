#pragma once
/* boot_mode: boot mode, secure boot and its keys. Source: DSP2046 ComputerSystem.Boot, SecureBoot; behaviour
 * as ironic/drivers/modules/redfish/management.py. */
#include "drivers/driver.h"

/* Of a management interface. Both write, look whether it has taken effect, and else boot the machine until it
 * has, at most [redfish] boot_mode_config_timeout; a machine that was off is switched off again. */
SUSPENDS int redfish_boot_mode_set(struct task *task, const char *mode, struct error *err);
SUSPENDS int redfish_secure_boot_set(struct task *task, bool is_on, struct error *err);
/* Steps. */
SUSPENDS int redfish_secure_boot_keys_reset(struct task *task, const json_t *args, struct error *err);
SUSPENDS int redfish_secure_boot_keys_clear(struct task *task, const json_t *args, struct error *err);
