/* quirk: see quirk.h. */
#include "drivers/redfish/quirk.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
const struct redfish_quirk redfish_quirk_table[] = {
	{ .make = "Supermicro ARS-111GL-NHR", .manufacturer = "Supermicro", .model = "ARS-111GL-NHR",
	  .flags = QUIRK_BOOT_ENABLED_ALWAYS,
	  .behaviour =
		  "as the next, but virtual media boot as Cd, though UsbCd is offered",
	  .profile = "supermicro-cd",
	  .test = "redfish_quirks.supermicro_ars_boots_media_as_cd" },
	{ .make = "Supermicro", .manufacturer = "Supermicro",
	  .flags = QUIRK_BOOT_ENABLED_ALWAYS | QUIRK_BOOT_USB_CD,
	  .behaviour =
		  "Enabled falls back to Once and the mode to Legacy when the boot device is set: "
		  "both are sent again",
	  .profile = "supermicro",
	  .test = "redfish_driver.supermicro_keeps_mode_and_persistence" },
	{ .make = "Supermicro",
	  .behaviour =
		  "virtual media boot as UsbCd, and Cd is another drive: cdrom is UsbCd where "
		  "that is offered",
	  .profile = "supermicro-usbcd",
	  .test = "redfish_quirks.supermicro_boots_media_as_usb_cd" },
	{ .make = "Supermicro",
	  .behaviour =
		  "InsertMedia takes Image alone, so no more is sent unasked; the image stays shown"
		  " after the ejection: Inserted counts; secure boot needs a licence (403), which "
		  "is told",
	  .profile = "supermicro-media",
	  .test = "redfish_quirks.supermicro_plain_insert_and_an_image_that_stays" },
	{ .make = "Supermicro",
	  .behaviour =
		  "an interface leads to the BMC: it gets no port",
	  .test = "redfish_trees.supermicro" },
	{ .make = "AMI", .manufacturer = "AMI", .flags = QUIRK_BOOT_WHOLE,
	  .behaviour =
		  "mode, enabled and target must be sent together; under other names this is found "
		  "out by a 400",
	  .profile = "ami",
	  .test = "redfish_driver.ami_gets_the_whole_boot" },
	{ .make = "ASRockRack", .manufacturer = "ASRockRack", .flags = QUIRK_BOOT_WHOLE,
	  .behaviour =
		  "as AMI",
	  .profile = "ami",
	  .test = "redfish_driver.ami_gets_the_whole_boot" },
	{ .make = "ASRockRack",
	  .behaviour =
		  "Boot is written at SD alone, the Settings resource of the system, which "
		  "does not list the targets: those of the system count",
	  .profile = "asrockrack-sd",
	  .test = "redfish_quirks.asrockrack_boot_is_written_at_sd" },
	{ .make = "American Megatrends", .manufacturer = "American Megatrends", .flags = QUIRK_BOOT_WHOLE,
	  .behaviour =
		  "as AMI",
	  .profile = "ami",
	  .test = "redfish_driver.ami_gets_the_whole_boot" },
	{ .make = "iDRAC 7",
	  .behaviour =
		  "no sessions (503, RAC0218), no ETags, Connection: close: Basic for ten minutes",
	  .profile = "dell-idrac7",
	  .test = "redfish_driver.idrac7_without_sessions_gets_basic" },
	{ .make = "iDRAC 9",
	  .behaviour =
		  "409 to a reset into the state that is: the state decides; @Message.ExtendedInfo "
		  "is an object",
	  .profile = "dell",
	  .test = "redfish_driver.already_there_is_no_failure" },
	{ .make = "iDRAC 9",
	  .behaviour =
		  "SYS518, its data sources are away: tried again",
	  .profile = "dell-busy",
	  .test = "redfish_quirks.dell_sys518_is_waited_out" },
	{ .make = "iDRAC 9",
	  .behaviour =
		  "5xx while media are ejected, and they stay shown for a while: tried again, and "
		  "the slot tells",
	  .profile = "dell-media",
	  .test = "redfish_quirks.dell_media_that_stay_for_a_while" },
	{ .make = "iDRAC 9",
	  .behaviour =
		  "tasks vanish before they are looked at: the state tells",
	  .profile = "dell-tasks",
	  .test = "redfish_quirks.dell_task_that_vanishes_is_no_failure" },
	{ .make = "iDRAC 9",
	  .behaviour =
		  "a one-time boot device is ignored when BootSourceOverrideMode comes with it, even "
		  "unchanged, for a configuration job boots first: the mode is not sent with the device",
	  .profile = "dell-mode-job",
	  .test = "redfish_quirks.dell_one_time_boot_device_is_not_used_up_by_a_mode_job" },
	{ .make = "iDRAC 9",
	  .behaviour =
		  "SimpleStorage lists backplanes, which are left out; a GPU comes first among the "
		  "processors and is none of the CPUs; interfaces without a Status count",
	  .test = "redfish_trees.dell" },
	{ .make = "iDRAC 10",
	  .behaviour =
		  "409 to On for seconds after ForceOff: tried again; Boot is written in the "
		  "Settings resource",
	  .profile = "dell-idrac10",
	  .test = "redfish_driver.dell_409_after_off_is_waited_for" },
	{ .make = "iLO 4",
	  .behaviour =
		  "no BootSourceOverrideMode and no Continuous: Once before each boot; EjectMedia "
		  "wants a body",
	  .profile = "hpe-ilo4",
	  .test = "redfish_driver.ilo4_without_continuous_gets_once_before_each_boot" },
	{ .make = "iLO 5",
	  .behaviour =
		  "weak ETags that If-Match must carry bare; BootSourceOverrideMode is read-only: "
		  "not sent unless it changes",
	  .profile = "hpe",
	  .test = "redfish_driver.hpe_weak_etag_is_sent_bare" },
	{ .make = "iLO 5",
	  .behaviour =
		  "400 to a boot device during POST: tried again",
	  .profile = "hpe-post",
	  .test = "redfish_quirks.hpe_boot_device_waits_for_the_end_of_post" },
	{ .make = "iLO",
	  .behaviour =
		  "400 InvalidOperationForSystemState to a reset, when it is busy as when the "
		  "system is off: the state is read, and unless it explains the refusal the reset is"
		  " tried again",
	  .profile = "hpe-busy",
	  .test = "redfish_quirks.hpe_reset_is_tried_again_unless_the_state_explains_it" },
	{ .make = "iLO",
	  .behaviour =
		  "subscriptions are dropped when their listener could not be reached: nothing rests on "
		  "events, the power state is polled; one that is gone is told as not found",
	  .profile = "hpe-events",
	  .test = "redfish_quirks.hpe_dropped_subscription_is_told_and_power_is_polled" },
	{ .make = "iLO",
	  .behaviour =
		  "the target None is refused: never sent",
	  .profile = "hpe-none",
	  .test = "redfish_quirks.hpe_override_is_never_ended_by_none" },
	{ .make = "XCC",
	  .behaviour =
		  "428 without If-Match",
	  .profile = "lenovo",
	  .test = "redfish_driver.lenovo_wants_if_match" },
	{ .make = "XCC",
	  .behaviour =
		  "slots of virtual media without actions: PATCH, with Inserted and WriteProtected",
	  .profile = "lenovo-media",
	  .test = "redfish_quirks.lenovo_media_by_patch" },
	{ .make = "SE450",
	  .behaviour =
		  "a Settings resource that holds nothing of Boot: passed over",
	  .profile = "lenovo-se450",
	  .test = "redfish_quirks.lenovo_settings_without_boot_are_passed_over" },
	{ .make = "OpenBMC",
	  .behaviour =
		  "a second system for the accelerator board, which has no Reset: not taken for the"
		  " node",
	  .profile = "openbmc",
	  .test = "redfish_driver.openbmc_board_is_not_the_node" },
	{ .make = "OpenBMC",
	  .behaviour =
		  "no Thermal and Power: Sensors of all chassis that belong to the system; the "
		  "host's firmware stands in the update service alone; no EthernetInterfaces; the "
		  "system has no names: those of its chassis",
	  .test = "redfish_trees.nvidia_gb200" },
	{ .make = "bmcweb",
	  .behaviour =
		  "the ETag header comes twice",
	  .profile = "etag-twice",
	  .test = "redfish_quirks.bmcweb_etag_twice" },
	{ .make = "NVIDIA DGX",
	  .behaviour =
		  "InsertMedia wants UserName and Password: none and none; collections without "
		  "Members are empty",
	  .profile = "nvidia-dgx",
	  .test = "redfish_quirks.nvidia_dgx_credentials_for_media_and_missing_members" },
	{ .make = "Nokia",
	  .behaviour =
		  "Boot is written in the Settings resource alone; InsertMedia wants "
		  "TransferProtocolType: sent when the refusal names it",
	  .profile = "nokia",
	  .test = "redfish_quirks.nokia_boot_in_settings_and_protocol_of_media" },
	{ .make = "Cisco",
	  .behaviour =
		  "slots for DVD alone take CD images; slots that answer InsertMedia with 400 or "
		  "405 are passed over; no EthernetInterfaces: the ports of adapters",
	  .profile = "cisco",
	  .test = "redfish_quirks.cisco_slots_of_the_console_are_passed_over" },
	{ .make = "Huawei",
	  .behaviour =
		  "the link from the system is Managers, not ManagedBy; 412 without If-Match",
	  .profile = "huawei",
	  .test = "redfish_quirks.huawei_old_link_and_if_match" },
	{ .make = "Gigabyte",
	  .behaviour =
		  "If-Match is compared with another tag: without it after the 412",
	  .profile = "gigabyte",
	  .test = "redfish_quirks.gigabyte_etag_that_never_matches" },
	{ .make = "some",
	  .behaviour =
		  "ETags in two pairs of quotes",
	  .profile = "etag-quoted",
	  .test = "redfish_quirks.some_etag_quoted_twice" },
	{ .make = "some",
	  .behaviour =
		  "empty ETags: none is sent",
	  .profile = "etag-empty",
	  .test = "redfish_quirks.some_etag_empty" },
	{ .make = "some",
	  .behaviour =
		  "PowerState is up to half a minute old: waits go on, and nothing is sent twice",
	  .profile = "stale-power",
	  .test = "redfish_quirks.some_power_state_is_old" },
	{ .make = "some",
	  .behaviour =
		  "no Location of sessions, no Context of subscriptions",
	  .profile = "terse",
	  .test = "redfish_quirks.some_leave_out_location_and_context" },
	{ .make = "some",
	  .behaviour =
		  "no image by a URL with ? or &: nothing is sent in its place, and the error says "
		  "what may be the matter",
	  .profile = "plain-urls",
	  .test = "redfish_quirks.some_take_no_image_url_with_a_query" },
	{ 0 }
};
/* clang-format on */

static bool begins_with(const json_t *value, const char *prefix)
{
	const char *text = json_string_value(value);

	return text && !strncasecmp(text, prefix, strlen(prefix));
}

unsigned redfish_quirks_of(const json_t *system)
{
	const json_t *make = json_object_get(system, "Manufacturer");
	const json_t *model = json_object_get(system, "Model");

	for (const struct redfish_quirk *row = redfish_quirk_table; row->make; row++)
		if (row->manufacturer && begins_with(make, row->manufacturer) &&
		    (!row->model || begins_with(model, row->model)))
			return row->flags;
	return 0;
}
