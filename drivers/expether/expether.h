#pragma once
/*
 * expether: the hardware type "expether": hosts whose PCI cards come over Ethernet. Power is the host's BMC's
 * (ipmitool, redfish), or only read at the EEM.
 */
#include "drivers/driver.h"

extern const struct hardware_type expether_hardware;
extern const struct power_interface expether_power;
extern const struct inspect_interface expether_inspect;
