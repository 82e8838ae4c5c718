/* profile: the makes of BMC that bmcsim can play. Source of the quirks: reports of their clients. */
#include "tools/bmcsim/profile.h"

#include <string.h>

const struct bmc_profile bmc_profiles[] = {
	{
		.name = "generic",
		.manufacturer = "Ferrule",
		.model = "Simulated server",
		.ipmi_manufacturer_id = 0,
		.ipmi_product_id = 1,
	},
	{
		.name = "dell", /* iDRAC9 */
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R750",
		.ipmi_manufacturer_id = 674,
		.ipmi_product_id = 256,
		.redfish = { .vendor = "Dell", .is_info_object = true, .same_state_status = 409 },
	},
	{
		.name = "dell-idrac10",
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R770",
		.ipmi_manufacturer_id = 674,
		.ipmi_product_id = 256,
		.on_conflict_ms = 3000,
		.redfish = { .vendor = "Dell", .is_boot_in_settings = true, .same_state_status = 409 },
	},
	{
		.name = "dell-idrac7",
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R630",
		.ipmi_manufacturer_id = 674,
		.ipmi_product_id = 256,
		.redfish = { .is_close = true, .has_no_sessions = true, .has_no_etag = true,
			     .is_info_object = true, .redfish_version = "1.0.2", .same_state_status = 409 },
	},
	{
		.name = "hpe", /* iLO 5 */
		.manufacturer = "HPE",
		.model = "ProLiant DL385 Gen10 Plus v2",
		.ipmi_manufacturer_id = 11,
		.ipmi_product_id = 8192,
		.redfish = { .vendor = "HPE", .has_weak_etag = true, .is_mode_readonly = true,
			     .needs_eject_body = true, .same_state_status = 400, .redfish_version = "1.6.0" },
	},
	{
		.name = "hpe-ilo4",
		.manufacturer = "HP",
		.model = "ProLiant DL360 Gen9",
		.ipmi_manufacturer_id = 11,
		.ipmi_product_id = 8192,
		.redfish = { .is_mode_absent = true, .is_once_only = true, .needs_eject_body = true,
			     .same_state_status = 400, .redfish_version = "1.0.0" },
	},
	{
		.name = "lenovo", /* XCC */
		.manufacturer = "Lenovo",
		.model = "ThinkSystem SR670 V2",
		.ipmi_manufacturer_id = 19046,
		.ipmi_product_id = 1083,
		.redfish = { .vendor = "Lenovo", .needs_if_match = true },
	},
	{
		.name = "supermicro",
		.manufacturer = "Supermicro",
		.model = "SYS-821GE-TNHR",
		.ipmi_manufacturer_id = 10876,
		.ipmi_product_id = 6689,
		.redfish = { .redfish_version = "1.11.0", .is_boot_forgetful = true },
	},
	{
		.name = "ami",
		.manufacturer = "Giga Computing",
		.model = "R283-S90",
		.ipmi_manufacturer_id = 15370,
		.ipmi_product_id = 1,
		.redfish = { .vendor = "AMI", .needs_full_boot = true },
	},
	{
		.name = "openbmc",
		.manufacturer = "OpenBMC",
		.model = "GB200 NVL",
		.ipmi_manufacturer_id = 49622,
		.ipmi_product_id = 1,
		.redfish = { .vendor = "OpenBMC", .redfish_version = "1.17.0", .has_board_system = true },
	},
	{ 0 },
};

const struct bmc_profile *bmc_profile_find(const char *name)
{
	for (const struct bmc_profile *profile = bmc_profiles; profile->name; profile++)
		if (!strcmp(profile->name, name))
			return profile;
	return NULL;
}
