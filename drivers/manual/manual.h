#pragma once
/* manual: hardware that people switch by hand. Ferrule records what it is told. */
#include "drivers/driver.h"

extern const struct hardware_type manual_hardware;
