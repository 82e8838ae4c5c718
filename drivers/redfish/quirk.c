/* quirk: see quirk.h. */
#include "drivers/redfish/quirk.h"

#include <string.h>
#include <strings.h>

/* clang-format off */
const struct redfish_quirk redfish_quirk_table[] = {
	{ .make = "Supermicro", .manufacturer = "Supermicro", .profile = "supermicro",
	  .flags = QUIRK_BOOT_ENABLED_ALWAYS,
	  .behaviour =
		  "Enabled falls back to Once and the mode to Legacy when the boot device is set: "
		  "both are sent again; InsertMedia takes Image alone" },
	{ .make = "AMI", .manufacturer = "AMI", .flags = QUIRK_BOOT_WHOLE, .profile = "ami",
	  .behaviour =
		  "mode, enabled and target must be sent together; under other names this is found "
		  "out by a 400" },
	{ .make = "ASRockRack", .manufacturer = "ASRockRack", .flags = QUIRK_BOOT_WHOLE,
	  .behaviour =
		  "as AMI" },
	{ .make = "American Megatrends", .manufacturer = "American Megatrends", .flags = QUIRK_BOOT_WHOLE,
	  .behaviour =
		  "as AMI" },
	{ .make = "iDRAC 7", .profile = "dell-idrac7",
	  .behaviour =
		  "no sessions (503, RAC0218), no ETags, Connection: close: Basic for ten minutes" },
	{ .make = "iDRAC 9", .profile = "dell",
	  .behaviour =
		  "409 to a reset into the state that is: the state decides; @Message.ExtendedInfo "
		  "is an object; SYS518 means later; SimpleStorage lists backplanes, which are left"
		  " out; a GPU may come first among the processors" },
	{ .make = "iDRAC 10", .profile = "dell-idrac10",
	  .behaviour =
		  "409 to On for seconds after ForceOff: tried again; Boot is written in the "
		  "Settings resource" },
	{ .make = "iLO 4", .profile = "hpe-ilo4",
	  .behaviour =
		  "no BootSourceOverrideMode and no Continuous: Once before each boot; EjectMedia "
		  "wants a body" },
	{ .make = "iLO 5", .profile = "hpe",
	  .behaviour =
		  "weak ETags that If-Match must carry bare; BootSourceOverrideMode is read-only: "
		  "not sent unless it changes; 400 to a boot device during POST: tried again; "
		  "interfaces without a Status" },
	{ .make = "XCC", .profile = "lenovo",
	  .behaviour =
		  "428 without If-Match; slots of virtual media without actions: PATCH, with "
		  "Inserted" },
	{ .make = "OpenBMC (NVIDIA)", .profile = "openbmc",
	  .behaviour =
		  "a second system for the accelerator board, which has no Reset: not taken for the"
		  " node; no Thermal and Power: Sensors of all chassis that belong to the system; "
		  "the host's firmware is in the update service alone; no EthernetInterfaces" },
	{ .make = "NVIDIA DGX (AMI)", .profile = "nvidia-dgx",
	  .behaviour =
		  "InsertMedia wants UserName and Password; collections without Members are empty" },
	{ .make = "Nokia", .profile = "nokia",
	  .behaviour =
		  "boot settings in the Settings resource alone; InsertMedia wants "
		  "TransferProtocolType" },
	{ .make = "Cisco", .profile = "cisco",
	  .behaviour =
		  "slots for DVD alone take CD images; slots that answer InsertMedia with 400 or "
		  "405 are passed over; no EthernetInterfaces" },
	{ .make = "Huawei", .profile = "huawei",
	  .behaviour =
		  "the system's link is Managers, not ManagedBy; 412 without If-Match" },
	{ 0 }
};
/* clang-format on */

unsigned redfish_quirks_of(const json_t *system)
{
	const char *make = json_string_value(json_object_get(system, "Manufacturer"));

	for (const struct redfish_quirk *row = redfish_quirk_table; make && row->make; row++)
		if (row->manufacturer && !strncasecmp(make, row->manufacturer, strlen(row->manufacturer)))
			return row->flags;
	return 0;
}
