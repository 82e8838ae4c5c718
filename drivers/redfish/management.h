#pragma once
/* management: what the power interface needs of boot devices. */
#include "drivers/redfish/client.h"

/* Some BMCs take no persistent boot device; it is then set once more before each boot. Does that when the
 * node has such a device noted (driver_internal_info redfish_boot_device). The latest answer is the system's
 * document before and after. */
SUSPENDS int redfish_boot_restore(struct redfish_client *client, const char *path, struct error *err);
