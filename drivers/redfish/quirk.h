#pragma once
/* quirk: how makes differ, as a const table: what the driver decides by the make's name, and, for the
 * documentation, what it finds out by itself from answers. The table in docs/drivers/redfish.rst is made from
 * it. */
#include <jansson.h>

enum {
	QUIRK_BOOT_ENABLED_ALWAYS = 1, /* BootSourceOverrideEnabled goes with every boot device */
	QUIRK_BOOT_WHOLE = 2,          /* mode, enabled and target go together */
	QUIRK_BOOT_USB_CD = 4,         /* CD images boot as UsbCd where that is offered */
};

struct redfish_quirk {
	const char *make;         /* for readers */
	const char *manufacturer; /* beginning of the system's Manufacturer, in any case; NULL: found out */
	const char *model;        /* beginning of its Model, likewise; NULL: any */
	unsigned flags;
	const char *behaviour; /* what the BMC does, and what is done about it */
	const char *profile;   /* of bmcsim that shows it; NULL: none does */
	const char *test;      /* that meets it: file and case in tests/integration */
};
extern const struct redfish_quirk redfish_quirk_table[]; /* ends with a NULL make */

/* Flags of the system's make. */
unsigned redfish_quirks_of(const json_t *system);
