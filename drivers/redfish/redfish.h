#pragma once
/*
 * redfish: the redfish hardware type: BMCs that speak Redfish. Only the interfaces that have code behind them
 * are listed.
 */
#include "drivers/driver.h"
#include "drivers/redfish/driver_info.h"

extern const struct hardware_type redfish_hardware;
extern const struct power_interface redfish_power;
extern const struct management_interface redfish_management;
