#pragma once
/* firmware_update: the step "update" of the redfish firmware interface. Source: DSP2046 UpdateService
 * (SimpleUpdate), Task; behaviour as ironic/drivers/modules/redfish/firmware.py. */
#include "drivers/driver.h"

extern const struct step_argument redfish_firmware_update_arguments[];
/* One image after the other: the BMC fetches it; its task is waited for, the machine booted where the
 * component is not the BMC itself. */
SUSPENDS int redfish_firmware_update(struct task *task, const json_t *args, struct error *err);
