#include "model/interface.h"

#include <string.h>

#include "lib/error.h"

/* clang-format off */
static const struct interface_type_info interface_types[INTERFACE_COUNT] = {
	[INTERFACE_BIOS]       = { "bios",       40 },
	[INTERFACE_BOOT]       = { "boot",       31 },
	[INTERFACE_CONSOLE]    = { "console",    31 },
	[INTERFACE_DEPLOY]     = { "deploy",     31 },
	[INTERFACE_FIRMWARE]   = { "firmware",   86 },
	[INTERFACE_INSPECT]    = { "inspect",    31 },
	[INTERFACE_MANAGEMENT] = { "management", 31 },
	[INTERFACE_NETWORK]    = { "network",    20 },
	[INTERFACE_POWER]      = { "power",      31 },
	[INTERFACE_RAID]       = { "raid",       31 },
	[INTERFACE_RESCUE]     = { "rescue",     38 },
	[INTERFACE_STORAGE]    = { "storage",    33 },
	[INTERFACE_VENDOR]     = { "vendor",     31 },
};
/* clang-format on */

const struct interface_type_info *interface_type_info(enum interface_type type)
{
	return &interface_types[type];
}

enum interface_type interface_type_find(const char *name)
{
	enum interface_type type = 0;

	while (type < INTERFACE_COUNT && strcmp(interface_types[type].name, name) != 0)
		type++;
	return type;
}

int interface_unsupported(const char *driver, const char *what, struct error *err)
{
	return fail(err, ERR_UNSUPPORTED, "Driver %s does not support %s (disabled or not implemented).",
		    driver, what);
}
