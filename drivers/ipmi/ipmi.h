#pragma once
/* ipmi: the hardware type "ipmi", and its interfaces. Mirrors ironic/drivers/modules/ipmitool.py. */
#include "drivers/driver.h"

extern const struct hardware_type ipmi_hardware;
extern const struct power_interface ipmitool_power;           /* power.c */
extern const struct management_interface ipmitool_management; /* management.c */
extern const struct inspect_interface ipmitool_inspect;       /* inspect.c */
extern const struct console_interface ipmitool_socat;         /* console.c */

/* Before the machine boots: sends the remembered boot device again where ipmi_force_boot_device asks for it.
 */
SUSPENDS int ipmi_ensure_boot_device(struct task *task, struct error *err);

/* Sensors of the BMC and of controllers behind it, in the shape of Ironic's sensor data: {type: {"Inlet
 * (0x1)":
 * {"Sensor Reading": "24 degrees C", "Status": "ok", ...}}}, texts all. Sensors without a reading are left
 * out; -ERR_BMC when there is none with one. sensors.c */
SUSPENDS int ipmi_sensors_get(struct task *task, json_t **ret_sensors, struct error *err);
