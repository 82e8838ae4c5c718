/*
 * boot: see boot.h: the boot device.
 * Source: DSP2046 ComputerSystem.Boot; behaviour as ironic/drivers/modules/redfish/management.py; what single
 * makes want stands beside the code that does it.
 */
#include "drivers/redfish/boot.h"

#include <string.h>
#include <strings.h>

#include "drivers/redfish/quirk.h"
#include "drivers/redfish/system.h"
#include "lib/json.h"

#define INTERNAL_BOOT_DEVICE "redfish_boot_device"

/* The first target that the BMC allows is set; any is recognised. */
static const struct {
	const char *device;
	const char *targets[3];
} boot_targets[] = {
	{ "pxe", { "Pxe" } },        { "disk", { "Hdd" } },          { "cdrom", { "Cd", "UsbCd" } },
	{ "bios", { "BiosSetup" } }, { "uefihttp", { "UefiHttp" } },
};
#define BOOT_TARGET_COUNT (sizeof(boot_targets) / sizeof(boot_targets[0]))

const char *const redfish_boot_devices[] = { "pxe", "disk", "cdrom", "bios", "uefihttp", NULL };

/* ---- reading ---- */

static const char *device_of_target(const char *target)
{
	for (size_t i = 0; target && i < BOOT_TARGET_COUNT; i++)
		for (int n = 0; n < 3 && boot_targets[i].targets[n]; n++)
			if (!strcmp(boot_targets[i].targets[n], target))
				return boot_targets[i].device;
	return NULL;
}

static const char *boot_text(const json_t *boot, const char *name)
{
	return json_string_value(json_object_get(boot, name));
}

static void read_device(const json_t *document, struct boot_device *ret)
{
	const json_t *boot = json_object_get(document, "Boot");
	const char *enabled = boot_text(boot, "BootSourceOverrideEnabled");

	ret->device = device_of_target(boot_text(boot, "BootSourceOverrideTarget"));
	ret->persistent = -1;
	if (enabled && !strcmp(enabled, "Continuous"))
		ret->persistent = 1;
	else if (enabled && !strcmp(enabled, "Once"))
		ret->persistent = 0;
}

int redfish_boot_device_get(struct task *task, struct boot_device *ret, struct error *err)
{
	struct redfish_client client;
	char path[REDFISH_PATH_MAX];
	json_t *document;
	int rc = redfish_open(&client, task, err);

	if (rc < 0)
		return rc;
	rc = redfish_system_get(&client, path, sizeof(path), err);
	if (rc == 0)
		rc = redfish_object(&client, &document, err);
	if (rc == 0) {
		read_device(document, ret);
		json_decref(document);
	}
	rc = redfish_failed(&client, rc, "get boot device", err);
	redfish_close(&client);
	return rc;
}

/* ---- writing ---- */

/* One setting of the boot device. */
struct boot_change {
	struct redfish_client *client;
	char path[REDFISH_PATH_MAX]; /* where Boot is written: the system or its Settings */
	const char *target;          /* "Pxe" */
	const char *enabled;         /* "Once", "Continuous" */
	const json_t *boot;          /* Boot as it is; borrowed */
	const json_t *allowed;       /* targets that the BMC offers; NULL: it does not tell. Borrowed */
	bool is_full;                /* mode, enabled and target always together (AMI, ASRockRack) */
	bool is_enabled_always;      /* else only when it changes (Supermicro forgets it, others refuse it) */
	bool is_usb_cd;              /* a CD is UsbCd where that is offered (Supermicro) */
};

/* NULL: the BMC allows none of the device's targets. No list allows all. */
static const char *allowed_target(const json_t *allowed, const char *const targets[3])
{
	for (int n = 0; n < 3 && targets[n]; n++)
		if (!json_array_size(allowed) || json_list_has(allowed, targets[n]))
			return targets[n];
	return NULL;
}

static int refuse_device(const struct boot_change *change, const char *device, struct error *err)
{
	struct buf list;
	int rc;

	buf_init(&list, 1024);
	json_repr(&list, change->allowed);
	rc = fail(err, ERR_INVALID,
		  "Boot device %s is not offered by the BMC of node %s. Valid targets are: %s", device,
		  redfish_node_uuid(change->client), list.data ? list.data : "[]");
	buf_release(&list);
	return rc;
}

static int choose_target(struct boot_change *change, const char *device, struct error *err)
{
	static const char usb_cd[] = "UsbCd";

	for (size_t i = 0; i < BOOT_TARGET_COUNT; i++) {
		if (strcmp(boot_targets[i].device, device) != 0)
			continue;
		change->target = allowed_target(change->allowed, boot_targets[i].targets);
		if (change->is_usb_cd && !strcmp(device, "cdrom") && json_list_has(change->allowed, usb_cd))
			change->target = usb_cd;
		return change->target ? 0 : refuse_device(change, device, err);
	}
	return fail(err, ERR_INVALID, "Invalid boot device %s specified.", device);
}

int redfish_boot_place(struct redfish_client *client, const json_t *system, const char *property,
		       char path[REDFISH_PATH_MAX], json_t **ret_settings, struct error *err)
{
	const json_t *object =
		json_object_get(json_object_get(system, "@Redfish.Settings"), "SettingsObject");
	const char *link = json_string_value(json_object_get(object, "@odata.id"));
	const json_t *boot;
	json_t *settings;
	int rc;

	*ret_settings = NULL;
	if (!link)
		return 0;
	rc = redfish_get(client, link, err);
	if (rc == -ERR_BMC)
		return 0; /* announced and not there: the system's own properties remain */
	if (rc < 0)
		return rc;
	if (redfish_object(client, &settings, NULL) < 0)
		return 0;
	boot = json_object_get(settings, "Boot");
	if (!boot_text(boot, property)) {
		json_decref(settings);
		return 0;
	}
	*ret_settings = settings;
	return redfish_path_of_link(client->bmc, link, path, REDFISH_PATH_MAX, err);
}

static json_t *boot_body(const struct boot_change *change)
{
	const char *enabled = boot_text(change->boot, "BootSourceOverrideEnabled");
	const char *mode = boot_text(change->boot, "BootSourceOverrideMode");
	json_t *boot = json_pack("{s:s}", "BootSourceOverrideTarget", change->target);

	if (change->is_full || change->is_enabled_always || !enabled || strcmp(enabled, change->enabled) != 0)
		json_object_set_new(boot, "BootSourceOverrideEnabled", json_string(change->enabled));
	if (change->is_full && mode)
		json_object_set_new(boot, "BootSourceOverrideMode", json_string(mode));
	return json_pack("{s:o}", "Boot", boot);
}

/* iLO refuses while the system is in POST: it is asked again, after 5 to 30 s. */
SUSPENDS static int patch_boot(struct boot_change *change, const json_t *body, struct error *err)
{
	int64_t pause_ms = 5000;
	int rc;

	for (int tries = 1;; tries++) {
		rc = redfish_patch(change->client, change->path, body, err);
		if (rc != -ERR_BMC || change->client->status != 400 || tries == 6 ||
		    !redfish_answer_has(change->client, "UnableToModifyDuringSystemPOST"))
			return rc;
		if (redfish_pause(change->client, pause_ms) < 0)
			return rc;
		pause_ms = pause_ms * 2 < 30000 ? pause_ms * 2 : 30000;
	}
}

/* Supermicro's boot mode falls back when the device is set. */
SUSPENDS static int resync_mode(struct boot_change *change, const char *system_path, struct error *err)
{
	static const char *const mode_path[] = { "Boot", "BootSourceOverrideMode", NULL };
	const char *mode = boot_text(change->boot, "BootSourceOverrideMode");
	char now[32];
	json_t *body;
	int rc;

	if (!change->is_enabled_always || !mode)
		return 0;
	rc = redfish_get(change->client, system_path, err);
	if (rc < 0 || !redfish_scan_text(change->client, mode_path, now, sizeof(now)) || !strcmp(now, mode))
		return rc;
	body = json_pack("{s:{s:s}}", "Boot", "BootSourceOverrideMode", mode);
	rc = redfish_patch(change->client, system_path, body, err);
	json_decref(body);
	return rc;
}

SUSPENDS static int write_boot(struct boot_change *change, const char *system_path, struct error *err)
{
	json_t *body = boot_body(change);
	int rc = patch_boot(change, body, err);

	json_decref(body);
	/* AMI under the names of others */
	if (rc == -ERR_BMC && change->client->status == 400 && !change->is_full &&
	    boot_text(change->boot, "BootSourceOverrideMode")) {
		change->is_full = true;
		body = boot_body(change);
		rc = patch_boot(change, body, err);
		json_decref(body);
	}
	return rc < 0 ? rc : resync_mode(change, system_path, err);
}

/* Settings resources of AMI list no values: those of the system count. */
static const json_t *offered_targets(const json_t *settings, const json_t *system)
{
	static const char name[] = "BootSourceOverrideTarget@Redfish.AllowableValues";
	const json_t *list = json_object_get(json_object_get(settings, "Boot"), name);

	return list ? list : json_object_get(json_object_get(system, "Boot"), name);
}

/* The latest answer is the system's document. */
SUSPENDS static int set_device(struct redfish_client *client, const char *system_path, const char *device,
			       const char *enabled, struct error *err)
{
	struct boot_change change = { .client = client, .enabled = enabled };
	json_t *system, *settings = NULL;
	unsigned quirks;
	int rc = redfish_object(client, &system, err);

	if (rc < 0)
		return rc;
	snprintf(change.path, sizeof(change.path), "%s", system_path);
	quirks = redfish_quirks_of(system);
	change.is_enabled_always = quirks & QUIRK_BOOT_ENABLED_ALWAYS;
	change.is_full = quirks & QUIRK_BOOT_WHOLE;
	change.is_usb_cd = quirks & QUIRK_BOOT_USB_CD;
	rc = redfish_boot_place(client, system, "BootSourceOverrideTarget", change.path, &settings, err);
	change.boot = json_object_get(settings ? settings : system, "Boot");
	change.allowed = offered_targets(settings, system);
	if (rc == 0)
		rc = choose_target(&change, device, err);
	if (rc == 0)
		rc = write_boot(&change, system_path, err);
	json_decref(settings);
	json_decref(system);
	return rc;
}

static void note_device(struct task *task, const char *device)
{
	json_t *internal = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);

	if (device)
		json_object_set_new(internal, INTERNAL_BOOT_DEVICE, json_string(device));
	else if (json_object_del(internal, INTERNAL_BOOT_DEVICE) < 0)
		return;
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
}

int redfish_boot_restore(struct redfish_client *client, const char *path, struct error *err)
{
	json_t *internal = node_object(client->task->node, NODE_DRIVER_INTERNAL_INFO);
	const char *device = json_string_value(json_object_get(internal, INTERNAL_BOOT_DEVICE));
	int rc;

	if (!device)
		return 0;
	rc = set_device(client, path, device, "Once", err);
	return rc < 0 ? rc : redfish_get(client, path, err);
}

/* BMCs that know no Continuous get Once, now and before each boot. */
SUSPENDS static int set_persistent(struct redfish_client *client, const char *path, const char *device,
				   struct error *err)
{
	int rc = set_device(client, path, device, "Continuous", err);

	if (rc != -ERR_BMC || client->status != 400)
		return rc;
	rc = redfish_get(client, path, err);
	if (rc == 0)
		rc = set_device(client, path, device, "Once", err);
	if (rc == 0)
		note_device(client->task, device);
	return rc;
}

int redfish_boot_device_set(struct task *task, const char *device, bool persistent, struct error *err)
{
	struct redfish_client client;
	char path[REDFISH_PATH_MAX];
	int rc = redfish_open(&client, task, err);

	if (rc < 0)
		return rc;
	rc = redfish_system_get(&client, path, sizeof(path), err);
	if (rc == 0) {
		note_device(task, NULL);
		rc = persistent ? set_persistent(&client, path, device, err)
				: set_device(&client, path, device, "Once", err);
	}
	rc = redfish_failed(&client, rc, "set boot device", err);
	redfish_close(&client);
	return rc;
}
