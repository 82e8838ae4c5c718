/*
 * management: the "ipmitool" management interface: boot device and NMI.
 * Source: IPMI 2.0 section 28.12, table 28-14 (boot options); Ironic's IPMIManagement.
 */
#include <string.h>

#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/ipmi.h"

enum { PARAMETER_VALIDITY = 3, PARAMETER_FLAGS = 5, KEEP_AFTER_TIMEOUT = 0x08 };
enum { FLAG_VALID = 0x80, FLAG_PERSISTENT = 0x40, FLAG_EFI = 0x20, DEVICE_MASK = 0x3c };

static const char *const boot_devices[] = { "pxe", "disk", "cdrom", "bios", "safe", NULL };

/* Second byte of the boot flags. */
static const struct {
	const char *device;
	uint8_t code;
} device_codes[] = {
	{ "pxe", 0x04 }, { "disk", 0x08 }, { "cdrom", 0x14 }, { "bios", 0x18 }, { "safe", 0x0c },
};
enum { DEVICE_COUNT = sizeof(device_codes) / sizeof(device_codes[0]) };

/* BMCs that want another code when the machine boots by UEFI. */
static const struct {
	uint32_t manufacturer;
	const char *device;
	uint8_t code;
} uefi_quirks[] = {
	{ 10876, "disk", 0x24 }, /* Supermicro: "primary remote media" boots the UEFI disk entry */
	{ 47488, "disk", 0x24 }, /* Supermicro's second enterprise number */
};
enum { QUIRK_COUNT = sizeof(uefi_quirks) / sizeof(uefi_quirks[0]) };

/* Where a persistent device is remembered, for BMCs that forget it. Ironic's names. */
#define REMEMBERED_DEVICE "persistent_boot_device"
#define REMEMBERED_ONCE   "is_next_boot_persistent"

static bool find_code(const char *device, uint8_t *ret)
{
	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		if (strcmp(device_codes[i].device, device) == 0) {
			*ret = device_codes[i].code;
			return true;
		}
	}
	return false;
}

/* Value of a capability: {"boot_mode": "uefi"} or "a:b,boot_mode:uefi". */
static const char *capability(struct task *task, const json_t *capabilities, const char *name)
{
	const char *text = json_string_value(capabilities);
	size_t name_len = strlen(name);

	if (json_is_object(capabilities))
		return json_string_value(json_object_get(capabilities, name));
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ",");
		if (len > name_len && strncmp(text, name, name_len) == 0 && text[name_len] == ':')
			return arena_strndup(&task->arena, text + name_len + 1, len - name_len - 1);
		text += len + (text[len] == ',');
	}
	return NULL;
}

/* UEFI unless something says otherwise, as Ironic decides it. */
static bool is_uefi(struct task *task)
{
	json_t *instance = node_object(task->node, NODE_INSTANCE_INFO);
	const char *mode = json_string_value(json_object_get(instance, "deploy_boot_mode"));

	if (mode == NULL)
		mode = capability(task, json_object_get(instance, "capabilities"), "boot_mode");
	if (mode == NULL)
		mode = capability(task,
				  json_object_get(node_object(task->node, NODE_PROPERTIES), "capabilities"),
				  "boot_mode");
	return mode == NULL || strcmp(mode, "bios") != 0;
}

SUSPENDS static int set_flags(struct ipmi_operation *operation, const char *device, uint8_t code,
			      bool persistent, struct error *err)
{
	bool uefi = is_uefi(operation->task);
	uint32_t manufacturer;
	struct ipmi_reply reply;
	int rc = uefi ? ipmi_manufacturer(operation, &manufacturer, err) : 0;

	if (rc < 0)
		return rc;
	for (size_t i = 0; uefi && i < QUIRK_COUNT; i++) {
		if (uefi_quirks[i].manufacturer == manufacturer && strcmp(uefi_quirks[i].device, device) == 0)
			code = uefi_quirks[i].code;
	}

	const uint8_t data[] = {
		PARAMETER_FLAGS,
		(uint8_t)(FLAG_VALID | (persistent ? FLAG_PERSISTENT : 0) | (uefi ? FLAG_EFI : 0)),
		code,
		0,
		0,
		0,
	};
	const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_SET_BOOT, data, sizeof(data) };
	return ipmi_command(operation, &request, &reply, err);
}

/* Else BMCs forget the flags 60 seconds after they were set. Not all know how, and that is no reason to fail;
 * one that does not answer at all is. */
SUSPENDS static int keep_flags(struct ipmi_operation *operation, struct error *err)
{
	static const uint8_t data[] = { PARAMETER_VALIDITY, KEEP_AFTER_TIMEOUT };
	static const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_SET_BOOT, data, sizeof(data) };
	struct ipmi_reply reply;

	return operation->info.keeps_boot_flags ? ipmi_request(operation, &request, &reply, err) : 0;
}

/* The node remembers a persistent device; to the BMC it is sent for each boot anew. */
static void remember(struct task *task, const char *device, bool persistent)
{
	json_t *info = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);

	if (persistent) {
		json_object_del(info, REMEMBERED_ONCE);
		json_object_set_new(info, REMEMBERED_DEVICE, json_string(device));
	} else {
		json_object_set_new(info, REMEMBERED_ONCE, json_false());
	}
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
}

/* *ret_is_forced: the node remembers persistent devices, and the BMC gets each for one boot only. */
SUSPENDS static int send_device(struct task *task, const char *device, bool persistent, bool *ret_is_forced,
				struct error *err)
{
	struct ipmi_operation operation;
	uint8_t code;

	if (!find_code(device, &code))
		return fail(err, ERR_INVALID, "Invalid boot device %s specified.", device);

	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);
	if (rc < 0)
		return rc;
	*ret_is_forced = operation.info.is_boot_device_forced;
	rc = keep_flags(&operation, err);
	if (rc == 0)
		rc = set_flags(&operation, device, code, persistent && !*ret_is_forced, err);
	ipmi_operation_end(&operation);
	return rc;
}

static int boot_device_set(struct task *task, const char *device, bool persistent, struct error *err)
{
	bool is_forced = false;
	int rc = send_device(task, device, persistent, &is_forced, err);

	if (rc == 0 && is_forced)
		remember(task, device, persistent);
	return rc;
}

int ipmi_ensure_boot_device(struct task *task, struct error *err)
{
	json_t *internal = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);
	const char *device = json_string_value(json_object_get(internal, REMEMBERED_DEVICE));
	struct ipmi_info info = { 0 };
	int rc = ipmi_info_parse(task, &info, err);
	bool is_forced = rc == 0 && info.is_boot_device_forced;

	rmcpp_wipe(&info, sizeof(info));
	if (!is_forced)
		return rc;
	if (json_is_false(json_object_get(internal, REMEMBERED_ONCE))) {
		/* the device of this boot was set for once, and stands */
		json_object_del(internal, REMEMBERED_ONCE);
		node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
		return 0;
	}
	return device != NULL ? send_device(task, device, false, &is_forced, err) : 0;
}

/* What the flags say. Valid or not: several BMCs keep the device and drop that bit. */
static struct boot_device describe(const uint8_t *flags)
{
	struct boot_device found = { .persistent = (flags[0] & FLAG_PERSISTENT) != 0 };

	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		if (device_codes[i].code == (flags[1] & DEVICE_MASK))
			found.device = device_codes[i].device;
	}
	for (size_t i = 0; i < QUIRK_COUNT; i++) {
		if (flags[0] & FLAG_EFI && uefi_quirks[i].code == (flags[1] & DEVICE_MASK))
			found.device = uefi_quirks[i].device;
	}
	return found;
}

static int boot_device_get(struct task *task, struct boot_device *ret, struct error *err)
{
	static const uint8_t data[] = { PARAMETER_FLAGS, 0, 0 };
	static const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_GET_BOOT, data, sizeof(data) };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;

	const char *remembered = json_string_value(
		json_object_get(node_object(task->node, NODE_DRIVER_INTERNAL_INFO), REMEMBERED_DEVICE));
	if (operation.info.is_boot_device_forced && remembered != NULL) {
		*ret = (struct boot_device){ arena_strdup(&task->arena, remembered), 1 };
	} else {
		rc = ipmi_command(&operation, &request, &reply, err);
		if (rc == 0 && reply.data_len < 4)
			rc = fail(err, ERR_BMC, "IPMI BMC %s answered Get System Boot Options with %zu bytes",
				  operation.info.address, reply.data_len);
		if (rc == 0)
			*ret = describe(reply.data + 2);
	}
	ipmi_operation_end(&operation);
	return rc;
}

static int inject_nmi(struct task *task, struct error *err)
{
	static const uint8_t data[] = { CHASSIS_NMI };
	static const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_CONTROL, data, sizeof(data) };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;
	rc = ipmi_command(&operation, &request, &reply, err);
	ipmi_operation_end(&operation);
	return rc;
}

const struct management_interface ipmitool_management = {
	.base = { .type = INTERFACE_MANAGEMENT,
		  .name = "ipmitool",
		  .properties = ipmi_properties,
		  .validate = ipmi_validate },
	.boot_devices = boot_devices,
	.boot_device_get = boot_device_get,
	.boot_device_set = boot_device_set,
	.inject_nmi = inject_nmi,
};
