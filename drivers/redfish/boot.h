#pragma once
/* boot: the boot device. Source: DSP2046 ComputerSystem.Boot; what single makes want stands in quirk.c. */
#include "drivers/driver.h"
#include "drivers/redfish/client.h"

/* Of a management interface. */
extern const char *const redfish_boot_devices[];
SUSPENDS int redfish_boot_device_get(struct task *task, struct boot_device *ret, struct error *err);
SUSPENDS int redfish_boot_device_set(struct task *task, const char *device, bool persistent,
				     struct error *err);

/* Some BMCs take no persistent boot device; it is then set once more before each boot. Does that when the
 * node has such a device noted (driver_internal_info redfish_boot_device). The latest answer is the system's
 * document before and after. */
SUSPENDS int redfish_boot_restore(struct redfish_client *client, const char *path, struct error *err);

/* Where the property of Boot is written. Some keep what is written in a resource of its own, and only there
 * (iDRAC10, OpenBMC of NVIDIA, Nokia); with some it exists but holds nothing of Boot (SE450). path holds the
 * system's and becomes that of the settings if these have the property: then *ret_settings is a new
 * reference, else NULL. */
SUSPENDS int redfish_boot_place(struct redfish_client *client, const json_t *system, const char *property,
				char path[REDFISH_PATH_MAX], json_t **ret_settings, struct error *err);
