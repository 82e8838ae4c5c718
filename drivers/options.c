/* options: see options.h. Names as in Ironic. */
#include "drivers/options.h"

struct driver_options driver_options;

#define ENABLED(TYPE, word)                                                                                  \
	{ .section = "DEFAULT",                                                                              \
	  .name = "enabled_" word "_interfaces",                                                             \
	  .type = OPTION_LIST,                                                                               \
	  .target = &driver_options.enabled[INTERFACE_##TYPE],                                               \
	  .help = "The " word                                                                                \
		  " interfaces that nodes may use. Unset: all that the enabled hardware types offer." },     \
	{                                                                                                    \
		.section = "DEFAULT", .name = "default_" word "_interface", .type = OPTION_TEXT,             \
		.target = &driver_options.preset[INTERFACE_##TYPE],                                          \
		.help = "The " word                                                                          \
			" interface of nodes that name none. Unset: the hardware type's first enabled one."  \
	}

const struct option driver_option_table[] = {
	{ .section = "conductor",
	  .name = "driver_modules",
	  .type = OPTION_LIST,
	  .target = &driver_options.modules,
	  .help = "Shared objects with further hardware types, by their absolute paths: they are loaded "
		  "before the rest of this file is read. Their options stand in sections "
		  "[driver:<hardware type>]." },
	{ .section = "DEFAULT",
	  .name = "enabled_hardware_types",
	  .type = OPTION_LIST,
	  .target = &driver_options.hardware_types,
	  .preset = "ipmi,redfish,fake-hardware,manual-management",
	  .help = "The hardware types that this conductor serves; a node's driver is one of them." },
	ENABLED(BIOS, "bios"),
	ENABLED(BOOT, "boot"),
	ENABLED(CONSOLE, "console"),
	ENABLED(DEPLOY, "deploy"),
	ENABLED(FIRMWARE, "firmware"),
	ENABLED(INSPECT, "inspect"),
	ENABLED(MANAGEMENT, "management"),
	ENABLED(NETWORK, "network"),
	ENABLED(POWER, "power"),
	ENABLED(RAID, "raid"),
	ENABLED(RESCUE, "rescue"),
	ENABLED(STORAGE, "storage"),
	ENABLED(VENDOR, "vendor"),
	{ 0 }
};
