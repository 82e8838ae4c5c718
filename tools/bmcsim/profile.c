/* profile: the makes of BMC that bmcsim can play. Source of the quirks: reports of their clients. */
#include "tools/bmcsim/profile.h"

#include <string.h>

/* ---- what makes refuse ---- */

/* iDRAC9 for some seconds after its start, and while it is busy. */
static const struct redfish_refusal dell_busy[] = {
	{ .path = "/Systems/1", .times = 2, .status = 503, .message_id = "IDRAC.2.8.SYS518",
	  .text = "The data sources are not available." },
	{ .path = "ComputerSystem.Reset", .method = "POST", .times = 1, .status = 400,
	  .message_id = "IDRAC.2.8.SYS518", .text = "The data sources are not available." },
	{ 0 },
};

static const struct redfish_refusal dell_media[] = {
	{ .path = "EjectMedia", .method = "POST", .times = 1, .status = 503,
	  .message_id = "IDRAC.2.8.RAC0720",
	  .text = "The medium is being ejected." },
	{ 0 },
};

static const struct redfish_refusal hpe_post[] = {
	{ .path = "/Systems/1", .method = "PATCH", .after_start_ms = 3000, .status = 400,
	  .message_id = "iLO.2.14.UnableToModifyDuringSystemPOST",
	  .text = "The property cannot be changed while the system is in POST." },
	{ .path = "ComputerSystem.Reset", .method = "POST", .times = 1, .status = 503,
	  .message_id = "iLO.2.14.InvalidOperationForSystemState",
	  .text = "The operation does not fit the state of the system." },
	{ 0 },
};

/* iLO that is not ready says 400 as well as 503. */
static const struct redfish_refusal hpe_busy[] = {
	{ .path = "ComputerSystem.Reset", .method = "POST", .times = 1, .status = 400,
	  .message_id = "iLO.2.14.InvalidOperationForSystemState",
	  .text = "The operation does not fit the state of the system." },
	{ 0 },
};

/* Sending Target None does not end an override. */
static const struct redfish_refusal hpe_none[] = {
	{ .path = "/Systems/1", .method = "PATCH", .with = "\"None\"", .status = 400,
	  .message_id = "Base.1.4.PropertyValueNotInList", .text = "The value None is not in the list." },
	{ 0 },
};

static const struct redfish_refusal supermicro_media[] = {
	{ .path = "InsertMedia", .method = "POST", .with = "\"Inserted\"", .status = 400,
	  .message_id = "Base.1.4.ActionParameterUnknown", .text = "The parameter Inserted is not known." },
	{ .path = "InsertMedia", .method = "POST", .with = "\"WriteProtected\"", .status = 400,
	  .message_id = "Base.1.4.ActionParameterUnknown",
	  .text = "The parameter WriteProtected is not known." },
	{ .path = "/SecureBoot", .method = "PATCH", .status = 403,
	  .message_id = "SMC.1.0.OemLicenseNotPassed",
	  .text = "The license for this is not there." },
	{ 0 },
};

/* Slots of the virtual console look like others and take nothing. */
static const struct redfish_refusal cisco_media[] = {
	{ .path = "/VirtualMedia/Cd/", .method = "POST", .status = 405,
	  .message_id = "Base.1.4.GeneralError", .text = "The slot belongs to the virtual console." },
	{ .path = "/VirtualMedia/Floppy/", .method = "POST", .status = 400,
	  .message_id = "Base.1.4.GeneralError", .text = "The slot belongs to the virtual console." },
	{ 0 },
};

static const struct redfish_refusal nokia_media[] = {
	{ .path = "InsertMedia", .method = "POST", .without = "TransferProtocolType", .status = 400,
	  .message_id = "Base.1.4.ActionParameterMissing", .text = "TransferProtocolType is required." },
	{ 0 },
};

static const struct redfish_refusal dgx_media[] = {
	{ .path = "InsertMedia", .method = "POST", .without = "UserName", .status = 400,
	  .message_id = "Base.1.4.GeneralError", .text = "UserName and Password must be given." },
	{ 0 },
};

static const struct redfish_refusal plain_urls[] = {
	{ .path = "InsertMedia", .method = "POST", .with = "?", .status = 400,
	  .message_id = "Base.1.4.ActionParameterValueFormatError", .text = "The Image is not a valid URI." },
	{ .path = "InsertMedia", .method = "POST", .with = "&", .status = 400,
	  .message_id = "Base.1.4.ActionParameterValueFormatError", .text = "The Image is not a valid URI." },
	{ 0 },
};

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
		.name = "asrockrack-sd", /* the whole Boot, at SD alone */
		.manufacturer = "ASRockRack",
		.model = "WRX80D8-2T",
		.redfish = { .needs_full_boot = true, .is_boot_in_settings = true, .is_boot_in_sd = true },
	},
	{
		.name = "openbmc",
		.manufacturer = "OpenBMC",
		.model = "GB200 NVL",
		.ipmi_manufacturer_id = 49622,
		.ipmi_product_id = 1,
		.redfish = { .vendor = "OpenBMC", .redfish_version = "1.17.0", .has_board_system = true },
	},
	{
		.name = "dell-busy", /* iDRAC9 under load: SYS518 */
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R750",
		.redfish = { .vendor = "Dell", .is_info_object = true, .refusals = dell_busy },
	},
	{
		.name = "dell-media", /* media that stay for a while; the service tag is the SKU */
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R750",
		.redfish = { .vendor = "Dell", .media_stale_reads = 2, .refusals = dell_media,
			     .has_sku = true },
	},
	{
		.name = "dell-tasks", /* Reset makes a task that is purged before anybody asks for it */
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R750",
		.redfish = { .vendor = "Dell", .has_tasks = true },
	},
	{
		.name = "dell-mode-job", /* whoever sends the boot mode loses the one-time boot device */
		.manufacturer = "Dell Inc.",
		.model = "PowerEdge R660",
		.redfish = { .vendor = "Dell", .is_mode_a_job = true },
	},
	{
		.name = "hpe-post", /* iLO 5 while the system is in POST */
		.manufacturer = "HPE",
		.model = "ProLiant DL360 Gen10",
		.redfish = { .vendor = "HPE", .refusals = hpe_post },
	},
	{
		.name = "hpe-busy", /* iLO that is not ready */
		.manufacturer = "HPE",
		.model = "ProLiant DL360 Gen10",
		.redfish = { .vendor = "HPE", .refusals = hpe_busy },
	},
	{
		.name = "hpe-events", /* iLO: a listener that is away once hears no more */
		.manufacturer = "HPE",
		.model = "ProLiant DL385 Gen10 Plus",
		.redfish = { .vendor = "HPE", .drops_subscriptions = true },
	},
	{
		.name = "hpe-none", /* an override ends by Disabled alone */
		.manufacturer = "HPE",
		.model = "ProLiant DL360 Gen10",
		.redfish = { .vendor = "HPE", .refusals = hpe_none },
	},
	{
		.name = "supermicro-media", /* X11: plain InsertMedia, an Image that stays, no license */
		.manufacturer = "Supermicro",
		.model = "SYS-6029P",
		.redfish = { .keeps_image = true, .refusals = supermicro_media },
	},
	{
		.name = "supermicro-usbcd", /* virtual media are UsbCd, and Cd is offered too */
		.manufacturer = "Supermicro",
		.model = "SYS-111C-NR",
		.redfish = { .has_usb_cd = true, .is_media_usb_cd = true },
	},
	{
		.name = "supermicro-cd", /* virtual media are Cd, and UsbCd is offered too */
		.manufacturer = "Supermicro",
		.model = "ARS-111GL-NHR",
		.redfish = { .has_usb_cd = true },
	},
	{
		.name = "lenovo-media", /* media by PATCH */
		.manufacturer = "Lenovo",
		.model = "ThinkSystem SD530",
		.redfish = { .vendor = "Lenovo", .needs_if_match = true, .has_media_without_actions = true },
	},
	{
		.name = "lenovo-se450", /* a Settings resource without Boot */
		.manufacturer = "Lenovo",
		.model = "ThinkEdge SE450",
		.redfish = { .vendor = "Lenovo", .has_settings_without_boot = true },
	},
	{
		.name = "cisco", /* slots of the virtual console; no EthernetInterfaces */
		.manufacturer = "Cisco Systems Inc",
		.model = "UCSX-210C-M7",
		.redfish = { .vendor = "Cisco", .has_dvd_slot = true, .has_no_interfaces = true,
			     .refusals = cisco_media },
	},
	{
		.name = "huawei", /* iBMC: the old link to the manager, If-Match */
		.manufacturer = "Huawei",
		.model = "1288H V5",
		.redfish = { .vendor = "Huawei", .has_old_manager_link = true, .needs_if_match = true },
	},
	{
		.name = "nokia", /* boot in Settings alone; TransferProtocolType */
		.manufacturer = "Nokia Solutions and Networks",
		.model = "AirFrame",
		.redfish = { .is_boot_in_settings = true, .refusals = nokia_media },
	},
	{
		.name = "gigabyte", /* an ETag that never matches */
		.manufacturer = "Giga Computing",
		.model = "R282-Z90",
		.redfish = { .vendor = "AMI", .etag = REDFISH_ETAG_FOREIGN },
	},
	{
		.name = "nvidia-dgx", /* credentials for media, collections without Members, two systems */
		.manufacturer = "NVIDIA",
		.model = "DGXH100",
		.redfish = { .vendor = "AMI", .has_board_system = true, .has_no_members = true,
			     .refusals = dgx_media },
	},
	{
		.name = "etag-twice", /* bmcweb: the header ETag comes twice */
		.manufacturer = "OpenBMC",
		.model = "romulus",
		.redfish = { .vendor = "OpenBMC", .etag = REDFISH_ETAG_TWICE },
	},
	{
		.name = "etag-quoted", /* ETag in quotes twice */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .etag = REDFISH_ETAG_QUOTED_TWICE },
	},
	{
		.name = "etag-empty", /* an empty ETag */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .etag = REDFISH_ETAG_EMPTY },
	},
	{
		.name = "stale-power", /* PowerState is some seconds old */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .power_cache_ms = 3000 },
	},
	{
		.name = "slow-tasks", /* what is written takes effect some time later */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .has_tasks = true, .task_reads = 2, .task_state = "Completed" },
	},
	{
		.name = "failing-tasks", /* it is accepted and fails */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .has_tasks = true, .task_reads = 1, .task_state = "Exception" },
	},
	{
		.name = "terse", /* logins without Location, subscriptions without Context */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .has_no_session_location = true, .has_no_context = true },
	},
	{
		.name = "plain-urls", /* no image by a URL with ? or & */
		.manufacturer = "Generic",
		.model = "BMC",
		.redfish = { .refusals = plain_urls },
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
