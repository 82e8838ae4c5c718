#pragma once
/*
 * noop: the interfaces that stand for "none": "no-*" refuse whatever is asked of them (-ERR_UNSUPPORTED, as
 * Ironic's), "noop" ones permit and do nothing. Hardware types list them last.
 */
#include "drivers/driver.h"

extern const struct bios_interface no_bios;
extern const struct plain_interface no_raid;
extern const struct firmware_interface no_firmware;
extern const struct rescue_interface no_rescue;
extern const struct console_interface no_console;
extern const struct inspect_interface no_inspect;
extern const struct deploy_interface noop_deploy;
extern const struct plain_interface noop_network, noop_storage;
extern const struct management_interface noop_management;
