#pragma once
/* options: the enabled_* and default_* options, as read. Used by drivers/driver.c alone. */
#include "lib/config.h"
#include "model/interface.h"

struct driver_options {
	struct option_list modules;
	struct option_list hardware_types;
	struct option_list enabled[INTERFACE_COUNT]; /* count 0: everything that the types offer */
	char *preset[INTERFACE_COUNT];               /* default_X_interface; NULL: unset */
};
extern struct driver_options driver_options;
extern const struct option driver_option_table[];
