/* service_system: the system and its chassis: what they show, Reset, and what may be written. */
#include <string.h>

#include "drivers/redfish/service_private.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

#define SYSTEM  "/redfish/v1/Systems/1"
#define BOARD   "/redfish/v1/Systems/Board_0"
#define CHASSIS "/redfish/v1/Chassis/1"

static const char *const power_names[REDFISH_POWER_COUNT] = {
	[REDFISH_OFF] = "Off",
	[REDFISH_ON] = "On",
	[REDFISH_POWERING_ON] = "PoweringOn",
	[REDFISH_POWERING_OFF] = "PoweringOff",
};

static const char *const reset_names[REDFISH_RESET_COUNT] = {
	[REDFISH_RESET_ON] = "On",
	[REDFISH_RESET_FORCE_OFF] = "ForceOff",
	[REDFISH_RESET_GRACEFUL_SHUTDOWN] = "GracefulShutdown",
	[REDFISH_RESET_GRACEFUL_RESTART] = "GracefulRestart",
	[REDFISH_RESET_FORCE_RESTART] = "ForceRestart",
	[REDFISH_RESET_FORCE_ON] = "ForceOn",
	[REDFISH_RESET_PUSH_POWER_BUTTON] = "PushPowerButton",
	[REDFISH_RESET_POWER_CYCLE] = "PowerCycle",
	[REDFISH_RESET_NMI] = "Nmi",
};

static const char *const target_names[REDFISH_BOOT_COUNT] = {
	[REDFISH_BOOT_NONE] = "None",
	[REDFISH_BOOT_PXE] = "Pxe",
	[REDFISH_BOOT_HDD] = "Hdd",
	[REDFISH_BOOT_CD] = "Cd",
	[REDFISH_BOOT_BIOS_SETUP] = "BiosSetup",
	[REDFISH_BOOT_USB] = "Usb",
	[REDFISH_BOOT_FLOPPY] = "Floppy",
	[REDFISH_BOOT_UEFI_HTTP] = "UefiHttp",
	[REDFISH_BOOT_DIAGS] = "Diags",
	[REDFISH_BOOT_USB_CD] = "UsbCd",
};

static const char *const enabled_names[] = {
	[REDFISH_BOOT_DISABLED] = "Disabled",
	[REDFISH_BOOT_ONCE] = "Once",
	[REDFISH_BOOT_CONTINUOUS] = "Continuous",
};
static const char *const mode_names[] = { "Legacy", "UEFI" };
static const char *const indicator_names[] = { "Off", "Lit", "Blinking" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static json_t *name_list(const char *const *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static int name_find(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

/* ---- reading ---- */

/* PowerState as of now, or as a BMC that caches it has it. */
SUSPENDS static enum redfish_power power_shown(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	const struct redfish_service_options *options = &service->options;
	int64_t now_ms = clock_ms();

	if (!service->cached_ms || now_ms >= service->cached_ms + service->quirks->power_cache_ms) {
		service->cached_power = options->backend->power(options->arg);
		service->cached_ms = now_ms;
	}
	return service->cached_power;
}

static json_t *systems_get(struct service_exchange *exchange)
{
	json_t *members = json_pack("[o]", service_link(SYSTEM));

	if (exchange->service->quirks->has_board_system)
		json_array_insert_new(members, 0, service_link(BOARD));
	return service_collection("/redfish/v1/Systems", "ComputerSystemCollection.ComputerSystem", "Systems",
				  members);
}

static json_t *board_get(struct service_exchange *exchange)
{
	if (!exchange->service->quirks->has_board_system)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "@odata.id", BOARD, "@odata.type",
			 "#ComputerSystem.v1_20_0.ComputerSystem", "Id", "Board_0", "Name",
			 "Accelerator board", "PowerState", "On");
}

/* The last one is not offered by most. */
static size_t target_count(const struct service_exchange *exchange)
{
	return COUNT(target_names) - !exchange->service->quirks->has_usb_cd;
}

SUSPENDS static json_t *boot_document(struct service_exchange *exchange)
{
	const struct redfish_service *service = exchange->service;
	struct redfish_boot boot;
	json_t *document;

	service->options.backend->boot_get(service->options.arg, &boot);
	document = json_pack("{s:s, s:s, s:o}", "BootSourceOverrideEnabled", enabled_names[boot.enabled],
			     "BootSourceOverrideTarget", target_names[boot.target],
			     "BootSourceOverrideTarget@Redfish.AllowableValues",
			     name_list(target_names, target_count(exchange)));
	if (!service->quirks->is_mode_absent) {
		json_object_set_new(document, "BootSourceOverrideMode",
				    json_string(mode_names[boot.is_uefi]));
		json_object_set_new(document, "BootSourceOverrideMode@Redfish.AllowableValues",
				    name_list(mode_names, COUNT(mode_names)));
	}
	return document;
}

static json_t *identity(const struct redfish_service *service, bool is_chassis)
{
	const struct redfish_service_options *options = &service->options;

	return json_pack("{s:s, s:s, s:s+, s:s, s:s, s:s, s:b}", "Manufacturer", options->manufacturer,
			 "Model", options->model, "SerialNumber", "FS-", options->name, "PartNumber", "FS-1",
			 "AssetTag", service->asset_tag ? service->asset_tag : "", "IndicatorLED",
			 is_chassis ? service->chassis_indicator : service->indicator,
			 "LocationIndicatorActive",
			 is_chassis ? service->is_chassis_located : service->is_located);
}

/* What the inventory has below. */
static const char *const system_links[] = { "Processors", "Memory", "EthernetInterfaces", "SimpleStorage",
					    "Storage",    "Bios",   "SecureBoot",         NULL };
static const char *const chassis_links[] = { "Thermal",        "Power",   "ThermalSubsystem",
					     "PowerSubsystem", "Sensors", "NetworkAdapters",
					     "PCIeDevices",    NULL };

static void put_links(json_t *document, const char *path, const char *const *names)
{
	for (; *names; names++)
		json_object_set_new(document, *names, json_pack("{s:s++}", "@odata.id", path, "/", *names));
}

/* Members that single makes have otherwise. */
static void put_departures(const struct redfish_quirks *quirks, json_t *document)
{
	json_t *links = json_object_get(document, "Links");

	if (quirks->has_no_interfaces)
		json_object_del(document, "EthernetInterfaces");
	if (quirks->has_old_manager_link) {
		json_object_set(links, "Managers", json_object_get(links, "ManagedBy"));
		json_object_del(links, "ManagedBy");
	}
	if (quirks->has_sku) {
		json_object_set(document, "SKU", json_object_get(document, "SerialNumber"));
		json_object_set_new(document, "SerialNumber", json_string("BOARD-1"));
	}
}

static const char *settings_path(const struct redfish_quirks *quirks)
{
	return quirks->is_boot_in_sd ? SYSTEM "/SD" : SYSTEM "/Settings";
}

static void put_settings(const struct redfish_quirks *quirks, json_t *document)
{
	if (quirks->is_boot_in_settings || quirks->has_settings_without_boot)
		json_object_set_new(document, "@Redfish.Settings",
				    json_pack("{s:s, s:o}", "@odata.type", "#Settings.v1_3_5.Settings",
					      "SettingsObject", service_link(settings_path(quirks))));
}

SUSPENDS static json_t *system_get(struct service_exchange *exchange)
{
	const struct redfish_service *service = exchange->service;
	const struct redfish_service_options *options = &service->options;
	enum redfish_power power = power_shown(exchange);
	json_t *extra = identity(service, false);
	json_t *document = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:o, s:{s:i, s:s}, s:{s:i}, "
		"s:{s:[o], s:[o]}, s:{s:{s:s, s:o}}}",
		"@odata.id", SYSTEM, "@odata.type", "#ComputerSystem.v1_20_0.ComputerSystem", "Id", "1",
		"Name", "System", "SystemType", "Physical", "HostName", options->name, "UUID",
		options->system_uuid, "BiosVersion", service->bios_version, "PowerState", power_names[power],
		"Status",
		"State", power == REDFISH_OFF ? "Disabled" : "Enabled", "Health", "OK", "Boot",
		boot_document(exchange), "ProcessorSummary", "Count", 2, "Model", "Simulated processor",
		"MemorySummary", "TotalSystemMemoryGiB", 64, "Links", "Chassis", service_link(CHASSIS),
		"ManagedBy", service_link("/redfish/v1/Managers/1"), "Actions", "#ComputerSystem.Reset",
		"target", SYSTEM "/Actions/ComputerSystem.Reset", "ResetType@Redfish.AllowableValues",
		name_list(reset_names, COUNT(reset_names)));

	json_object_update(document, extra);
	json_decref(extra);
	put_links(document, SYSTEM, system_links);
	put_departures(service->quirks, document);
	put_settings(service->quirks, document);
	return document;
}

SUSPENDS static json_t *settings_get(struct service_exchange *exchange)
{
	const struct redfish_quirks *quirks = exchange->service->quirks;
	const char *path = settings_path(quirks);
	json_t *document, *boot;

	if ((!quirks->is_boot_in_settings && !quirks->has_settings_without_boot) ||
	    strcmp(exchange->path, path) != 0)
		return NULL;
	document = json_pack("{s:s, s:s, s:s, s:s}", "@odata.id", path, "@odata.type",
			     "#ComputerSystem.v1_20_0.ComputerSystem", "Id", strrchr(path, '/') + 1, "Name",
			     "System settings");
	if (!quirks->is_boot_in_settings)
		return document;
	boot = boot_document(exchange);
	if (quirks->is_boot_in_sd)
		json_object_del(boot, "BootSourceOverrideTarget@Redfish.AllowableValues");
	json_object_set_new(document, "Boot", boot);
	return document;
}

static json_t *chassis_all_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_collection("/redfish/v1/Chassis", "ChassisCollection.Chassis", "Chassis",
				  json_pack("[o]", service_link(CHASSIS)));
}

SUSPENDS static json_t *chassis_get(struct service_exchange *exchange)
{
	json_t *document = identity(exchange->service, true);
	json_t *rest =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:{s:[o], s:[o]}}", "@odata.id",
			  CHASSIS, "@odata.type", "#Chassis.v1_21_0.Chassis", "Id", "1", "Name", "Chassis",
			  "ChassisType", "RackMount", "PowerState", power_names[power_shown(exchange)],
			  "Status", "State", "Enabled", "Health", "OK", "Links", "ComputerSystems",
			  service_link(SYSTEM), "ManagedBy", service_link("/redfish/v1/Managers/1"));

	json_object_update(rest, document);
	json_decref(document);
	put_links(rest, CHASSIS, chassis_links);
	return rest;
}

/* ---- Reset ---- */

const char *service_power_name(struct service_exchange *exchange)
{
	return power_names[power_shown(exchange)];
}

/* The state that a reset type asks for; REDFISH_POWER_COUNT: none in particular. */
static enum redfish_power reset_goal(enum redfish_reset type)
{
	if (type == REDFISH_RESET_ON || type == REDFISH_RESET_FORCE_ON)
		return REDFISH_ON;
	return type == REDFISH_RESET_FORCE_OFF || type == REDFISH_RESET_GRACEFUL_SHUTDOWN
		       ? REDFISH_OFF
		       : REDFISH_POWER_COUNT;
}

/* Some makes refuse to do what is already so. True: the refusal is in the response. */
SUSPENDS static bool refuse_same_state(struct service_exchange *exchange, enum redfish_reset type)
{
	const struct redfish_service_options *options = &exchange->service->options;
	int status = exchange->service->quirks->same_state_status;

	if (!status || options->backend->power(options->arg) != reset_goal(type))
		return false;
	service_refuse(exchange, MESSAGE_PARAMETER_CONFLICT, reset_names[type], "ResetType");
	exchange->response->status = status;
	return true;
}

/* What starts the system, now or when it has gone down. */
static bool is_start(enum redfish_reset type)
{
	return type != REDFISH_RESET_FORCE_OFF && type != REDFISH_RESET_GRACEFUL_SHUTDOWN &&
	       type != REDFISH_RESET_NMI;
}

/* The job boots the machine for itself first: what was set for one boot is used up. */
SUSPENDS static void run_mode_job(struct redfish_service *service)
{
	const struct redfish_service_options *options = &service->options;
	struct redfish_boot boot;

	if (!service->has_mode_job)
		return;
	service->has_mode_job = false;
	options->backend->boot_get(options->arg, &boot);
	if (boot.enabled != REDFISH_BOOT_ONCE)
		return;
	boot.enabled = REDFISH_BOOT_DISABLED;
	boot.target = REDFISH_BOOT_NONE;
	options->backend->boot_set(options->arg, &boot, NULL);
}

void service_system_reset(struct service_exchange *exchange)
{
	static const char *const names[] = { "ResetType", NULL };
	const struct redfish_service_options *options = &exchange->service->options;
	const json_t *value = json_object_get(exchange->body, "ResetType");
	struct error err;
	int type, rc;

	if (!service_body_only(exchange, names, true))
		return;
	if (!value) {
		service_refuse(exchange, MESSAGE_PARAMETER_MISSING, "ComputerSystem.Reset", "ResetType");
		return;
	}
	if (!json_is_string(value)) {
		service_refuse(exchange, MESSAGE_PARAMETER_TYPE, "given", "ResetType");
		return;
	}
	type = name_find(reset_names, COUNT(reset_names), json_string_value(value));
	if (type < 0) {
		service_refuse(exchange, MESSAGE_PARAMETER_VALUE, json_string_value(value), "ResetType");
		return;
	}
	if (refuse_same_state(exchange, type))
		return;
	if (is_start(type))
		run_mode_job(exchange->service);
	rc = options->backend->reset(options->arg, type, &err);
	if (rc == -ERR_CONFLICT || rc == -ERR_INVALID)
		service_refuse(exchange, MESSAGE_PARAMETER_CONFLICT, reset_names[type], "ResetType");
	else if (rc < 0)
		service_refuse(exchange, MESSAGE_INTERNAL, NULL, NULL);
	else {
		if (is_start(type)) {
			exchange->service->started_ms = clock_ms();
			service_documents_start(exchange->service);
			service_update_boot(exchange->service);
		}
		service_done(exchange);
		service_quirk_task(exchange);
	}
}

/* ---- writing ---- */

/* One name out of a list, from an object's member; absent leaves *ret alone. False: 400 is in the response.
 */
static bool take_name(struct service_exchange *exchange, const json_t *object, const char *member,
		      const char *const *names, size_t count, int *ret)
{
	const json_t *value = json_object_get(object, member);
	int found;

	if (!value)
		return true;
	if (!json_is_string(value)) {
		service_refuse(exchange, MESSAGE_PROPERTY_TYPE, "given", member);
		return false;
	}
	found = name_find(names, count, json_string_value(value));
	if (found < 0) {
		service_refuse(exchange, MESSAGE_PROPERTY_VALUE, json_string_value(value), member);
		return false;
	}
	*ret = found;
	return true;
}

/* AMI wants all three together. */
static bool boot_full(struct service_exchange *exchange, const json_t *changes)
{
	static const char *const wanted[] = { "BootSourceOverrideEnabled", "BootSourceOverrideTarget",
					      "BootSourceOverrideMode" };

	for (size_t i = 0; exchange->service->quirks->needs_full_boot && i < COUNT(wanted); i++) {
		if (!json_object_get(changes, wanted[i])) {
			service_refuse(exchange, MESSAGE_PROPERTY_MISSING, wanted[i], NULL);
			return false;
		}
	}
	return true;
}

static bool boot_modes_allowed(struct service_exchange *exchange, const json_t *changes)
{
	static const char mode[] = "BootSourceOverrideMode";
	const struct redfish_quirks *quirks = exchange->service->quirks;

	if (!json_object_get(changes, mode) || (!quirks->is_mode_absent && !quirks->is_mode_readonly))
		return true;
	service_refuse(exchange,
		       quirks->is_mode_absent ? MESSAGE_PROPERTY_UNKNOWN : MESSAGE_PROPERTY_READONLY, mode,
		       NULL);
	return false;
}

static bool boot_known(struct service_exchange *exchange, const json_t *changes)
{
	static const char *const known[] = { "BootSourceOverrideEnabled", "BootSourceOverrideTarget",
					     "BootSourceOverrideMode", "HttpBootUri" };
	const char *key;
	json_t *value;

	if (!json_is_object(changes)) {
		service_refuse(exchange, MESSAGE_PROPERTY_TYPE, "given", "Boot");
		return false;
	}
	json_object_foreach((json_t *)changes, key, value)
	{
		if (name_find(known, COUNT(known), key) < 0) {
			service_refuse(exchange, MESSAGE_PROPERTY_UNKNOWN, key, NULL);
			return false;
		}
	}
	return boot_modes_allowed(exchange, changes);
}

/* Reads the boot properties over *boot. False: the refusal is in the response. */
static bool take_boot(struct service_exchange *exchange, const json_t *changes, struct redfish_boot *boot)
{
	int target = boot->target, enabled = boot->enabled, mode = boot->is_uefi;

	if (!boot_known(exchange, changes) || !boot_full(exchange, changes) ||
	    !take_name(exchange, changes, "BootSourceOverrideTarget", target_names, target_count(exchange),
		       &target) ||
	    !take_name(exchange, changes, "BootSourceOverrideEnabled", enabled_names, COUNT(enabled_names),
		       &enabled) ||
	    !take_name(exchange, changes, "BootSourceOverrideMode", mode_names, COUNT(mode_names), &mode))
		return false;
	if (enabled == REDFISH_BOOT_CONTINUOUS && exchange->service->quirks->is_once_only) {
		service_refuse(exchange, MESSAGE_PROPERTY_VALUE, "Continuous", "BootSourceOverrideEnabled");
		return false;
	}
	if (exchange->service->quirks->is_boot_forgetful &&
	    json_object_get(changes, "BootSourceOverrideTarget")) {
		if (!json_object_get(changes, "BootSourceOverrideEnabled"))
			enabled = REDFISH_BOOT_ONCE;
		if (!json_object_get(changes, "BootSourceOverrideMode"))
			mode = false;
	}
	if (exchange->service->quirks->is_mode_a_job && json_object_get(changes, "BootSourceOverrideMode"))
		exchange->service->has_mode_job = true;
	*boot = (struct redfish_boot){ .target = target, .enabled = enabled, .is_uefi = mode };
	if (enabled == REDFISH_BOOT_DISABLED)
		boot->target = REDFISH_BOOT_NONE;
	return true;
}

bool service_boot_is_set(struct service_exchange *exchange)
{
	const struct redfish_service_options *options = &exchange->service->options;
	struct redfish_boot boot;

	options->backend->boot_get(options->arg, &boot);
	return boot.enabled != REDFISH_BOOT_DISABLED;
}

/* What a name of the list is, or what it was where the changes do not say. */
static int name_or(const json_t *changes, const char *member, const char *const *names, size_t count, int was)
{
	const char *name = json_string_value(json_object_get(changes, member));
	int found = name ? name_find(names, count, name) : was;

	return found < 0 ? 0 : found;
}

bool service_boot_patch(struct service_exchange *exchange, const json_t *changes)
{
	const struct redfish_service_options *options = &exchange->service->options;
	struct redfish_boot boot;

	if (!boot_modes_allowed(exchange, changes) || !boot_full(exchange, changes))
		return false;
	options->backend->boot_get(options->arg, &boot);
	boot.target =
		name_or(changes, "BootSourceOverrideTarget", target_names, COUNT(target_names), boot.target);
	boot.enabled = name_or(changes, "BootSourceOverrideEnabled", enabled_names, COUNT(enabled_names),
			       boot.enabled);
	boot.is_uefi =
		name_or(changes, "BootSourceOverrideMode", mode_names, COUNT(mode_names), boot.is_uefi);
	if (boot.enabled == REDFISH_BOOT_CONTINUOUS && exchange->service->quirks->is_once_only) {
		service_refuse(exchange, MESSAGE_PROPERTY_VALUE, "Continuous", "BootSourceOverrideEnabled");
		return false;
	}
	if (options->backend->boot_set(options->arg, &boot, NULL) == 0)
		return true;
	service_refuse(exchange, MESSAGE_INTERNAL, NULL, NULL);
	return false;
}

static bool take_asset_tag(struct service_exchange *exchange, const char **ret)
{
	if (!service_body_text(exchange, "AssetTag", ret))
		return false;
	if (*ret && strlen(*ret) > 255) {
		service_refuse(exchange, MESSAGE_PROPERTY_FORMAT, "given", "AssetTag");
		return false;
	}
	return true;
}

/* Everything is checked before anything is applied: a refused PATCH changes nothing. */
SUSPENDS static void patch(struct service_exchange *exchange, const char *const *names, bool is_chassis)
{
	struct redfish_service *service = exchange->service;
	const struct redfish_service_options *options = &service->options;
	const json_t *boot_changes = json_object_get(exchange->body, "Boot");
	const char *asset_tag;
	struct redfish_boot boot;
	const json_t *located = json_object_get(exchange->body, "LocationIndicatorActive");
	int indicator = -1;

	if (located && !json_is_boolean(located)) {
		service_refuse(exchange, MESSAGE_PROPERTY_TYPE, "given", "LocationIndicatorActive");
		return;
	}
	if (!service_body_only(exchange, names, false) || !take_asset_tag(exchange, &asset_tag) ||
	    !take_name(exchange, exchange->body, "IndicatorLED", indicator_names, COUNT(indicator_names),
		       &indicator))
		return;
	if (boot_changes) {
		options->backend->boot_get(options->arg, &boot);
		if (!take_boot(exchange, boot_changes, &boot))
			return;
		if (options->backend->boot_set(options->arg, &boot, NULL) < 0) {
			service_refuse(exchange, MESSAGE_INTERNAL, NULL, NULL);
			return;
		}
	}
	if (asset_tag) {
		xfree(service->asset_tag);
		service->asset_tag = xstrdup(asset_tag);
	}
	if (indicator >= 0)
		snprintf(is_chassis ? service->chassis_indicator : service->indicator,
			 sizeof(service->indicator), "%s", indicator_names[indicator]);
	if (located)
		*(is_chassis ? &service->is_chassis_located : &service->is_located) = json_is_true(located);
	service_done(exchange);
	service_quirk_task(exchange);
}

SUSPENDS static void system_patch(struct service_exchange *exchange)
{
	static const char *const names[] = { "AssetTag", "IndicatorLED", "LocationIndicatorActive", "Boot",
					     NULL };
	static const char *const names_without_boot[] = { "AssetTag", "IndicatorLED",
							  "LocationIndicatorActive", NULL };

	patch(exchange, exchange->service->quirks->is_boot_in_settings ? names_without_boot : names, false);
}

SUSPENDS static void settings_patch(struct service_exchange *exchange)
{
	static const char *const names[] = { "Boot", NULL };
	const struct redfish_quirks *quirks = exchange->service->quirks;

	if (!quirks->is_boot_in_settings || strcmp(exchange->path, settings_path(quirks)) != 0)
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
	else
		patch(exchange, names, false);
}

SUSPENDS static void chassis_patch(struct service_exchange *exchange)
{
	static const char *const names[] = { "AssetTag", "IndicatorLED", "LocationIndicatorActive", NULL };

	patch(exchange, names, true);
}

const struct service_resource service_system_resources[] = {
	{ .path = SYSTEM, .get = system_get, .patch = system_patch },
	{ .path = SYSTEM "/Settings", .get = settings_get, .patch = settings_patch },
	{ .path = SYSTEM "/SD", .get = settings_get, .patch = settings_patch },
	{ .path = SYSTEM "/Actions/ComputerSystem.Reset", .post = service_system_reset },
	{ .path = BOARD, .get = board_get },
	{ .path = "/redfish/v1/Systems", .get = systems_get },
	{ .path = CHASSIS, .get = chassis_get, .patch = chassis_patch },
	{ .path = "/redfish/v1/Chassis", .get = chassis_all_get },
	{ 0 },
};
