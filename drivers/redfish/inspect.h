#pragma once
/* inspect: the redfish inspect interface: all out of band. */
#include "drivers/driver.h"

extern const struct inspect_interface redfish_inspect;
