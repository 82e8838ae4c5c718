#pragma once
/* ipmi: the hardware type "ipmi", and its interfaces. Mirrors ironic/drivers/modules/ipmitool.py. */
#include "drivers/driver.h"

extern const struct hardware_type ipmi_hardware;
extern const struct power_interface ipmitool_power;           /* power.c */
extern const struct management_interface ipmitool_management; /* management.c */

/* Before the machine boots: sends the remembered boot device again where ipmi_force_boot_device asks for it.
 */
SUSPENDS int ipmi_ensure_boot_device(struct task *task, struct error *err);
