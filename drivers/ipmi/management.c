/*
 * management: the "ipmitool" management interface: boot device, NMI, vendor, identify light. Sensors are in
 * sensors.c. Sources: IPMI 2.0 sections 28.2 (status), 28.5 (identify), 28.12 (boot options); Ironic's
 * IPMIManagement.
 */
#include <string.h>

#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/boot_flags.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/target.h"

static const char *const boot_devices[] = { "pxe", "disk", "cdrom", "bios", "safe", NULL };

static const struct {
	const char *device;
	enum boot_selector selector;
} selectors[] = {
	{ "pxe", BOOT_PXE },   { "disk", BOOT_DISK }, { "cdrom", BOOT_CDROM },
	{ "bios", BOOT_BIOS }, { "safe", BOOT_SAFE },
};
enum { DEVICE_COUNT = sizeof(selectors) / sizeof(selectors[0]) };

/* Where a persistent device is remembered, for BMCs that forget it. Ironic's names. */
#define REMEMBERED_DEVICE "persistent_boot_device"
#define REMEMBERED_ONCE   "is_next_boot_persistent"

static bool find_selector(const char *device, enum boot_selector *ret)
{
	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		if (strcmp(selectors[i].device, device) == 0) {
			*ret = selectors[i].selector;
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

SUSPENDS static int set_flags(struct ipmi_operation *operation, enum boot_selector selector, bool persistent,
			      struct error *err)
{
	struct boot_flags flags = { .is_valid = true,
				    .is_persistent = persistent,
				    .is_efi = is_uefi(operation->task),
				    .selector = selector };
	uint8_t data[1 + BOOT_FLAGS_BYTES] = { BOOT_OPTION_FLAGS };
	const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_SET_BOOT, data, sizeof(data) };
	uint32_t manufacturer;
	struct ipmi_reply reply;
	int rc = flags.is_efi ? ipmi_manufacturer(operation, &manufacturer, err) : 0;

	if (rc < 0)
		return rc;
	if (flags.is_efi && selector == BOOT_DISK && ipmi_has_quirk(operation, QUIRK_UEFI_DISK_REMOTE))
		flags.selector = BOOT_REMOTE_PRIMARY;
	boot_flags_encode(&flags, data + 1);
	return ipmi_command(operation, &request, &reply, err);
}

/* Else BMCs forget the flags 60 seconds after they were set. Not all know how, and that is no reason to fail;
 * one that does not answer at all is. */
SUSPENDS static int keep_flags(struct ipmi_operation *operation, struct error *err)
{
	static const uint8_t data[] = { BOOT_OPTION_VALIDITY, BOOT_VALID_AFTER_TIMEOUT };
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
	enum boot_selector selector;

	if (!find_selector(device, &selector))
		return fail(err, ERR_INVALID, "Invalid boot device %s specified.", device);

	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);
	if (rc < 0)
		return rc;
	*ret_is_forced = operation.info.is_boot_device_forced;
	rc = keep_flags(&operation, err);
	if (rc == 0)
		rc = set_flags(&operation, selector, persistent && !*ret_is_forced, err);
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
static struct boot_device describe(const struct ipmi_operation *operation,
				   const uint8_t data[BOOT_FLAGS_BYTES])
{
	struct boot_flags flags;
	struct boot_device found = { 0 };

	boot_flags_decode(data, &flags);
	found.persistent = flags.is_persistent;
	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		if (selectors[i].selector == flags.selector)
			found.device = selectors[i].device;
	}
	if (flags.is_efi && flags.selector == BOOT_REMOTE_PRIMARY &&
	    ipmi_has_quirk(operation, QUIRK_UEFI_DISK_REMOTE))
		found.device = "disk";
	return found;
}

static int boot_device_get(struct task *task, struct boot_device *ret, struct error *err)
{
	static const uint8_t data[] = { BOOT_OPTION_FLAGS, 0, 0 };
	static const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_GET_BOOT, data, sizeof(data) };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;

	json_t *internal = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);
	const char *remembered = json_string_value(json_object_get(internal, REMEMBERED_DEVICE));
	bool is_once = json_is_false(json_object_get(internal, REMEMBERED_ONCE));
	if (operation.info.is_boot_device_forced && remembered != NULL && !is_once) {
		*ret = (struct boot_device){ arena_strdup(&task->arena, remembered), 1 };
	} else {
		rc = ipmi_command(&operation, &request, &reply, err);
		if (rc == 0 && reply.data_len < 4)
			rc = fail(err, ERR_BMC, "IPMI BMC %s answered Get System Boot Options with %zu bytes",
				  operation.info.address, reply.data_len);
		/* the last bytes may be missing */
		uint8_t flags[BOOT_FLAGS_BYTES] = { 0 };
		if (rc == 0)
			memcpy(flags, reply.data + 2,
			       reply.data_len - 2 < sizeof(flags) ? reply.data_len - 2 : sizeof(flags));
		if (rc == 0)
			*ret = describe(&operation, flags);
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

/* ---- what is found out ---- */

static int facts_get(struct task *task, struct machine_facts *ret, struct error *err)
{
	struct ipmi_operation operation;
	uint32_t manufacturer;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	if (rc < 0)
		return rc;
	rc = ipmi_manufacturer(&operation, &manufacturer, err);
	ipmi_operation_end(&operation);
	if (rc == 0)
		ret->vendor = ipmi_manufacturer_name(manufacturer);
	return rc;
}

/* ---- the chassis' identify light ---- */

enum {
	IDENTIFY_OFF = 0,
	IDENTIFY_SOME_S = 240,
	IDENTIFY_LONGEST_S = 255,
	IDENTIFY_FORCE = 1,
	IDENTIFY_IS_TOLD = 0x40
};

static const char *const light_states[] = { "off", "on", "blinking", NULL };
static const struct indicator indicators[] = {
	{ .component = "chassis", .name = "identify", .states = light_states },
	{ 0 },
};

/* Third byte of the chassis status, bits 5:4. */
static const char *const told_states[4] = { "off", "blinking", "on", "unknown" };

static int indicator_get(struct task *task, const struct indicator *which, const char **ret_state,
			 struct error *err)
{
	static const struct ipmi_request request = { .netfn = NETFN_CHASSIS, .command = CHASSIS_STATUS };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	(void)which;
	if (rc < 0)
		return rc;
	rc = ipmi_command(&operation, &request, &reply, err);
	ipmi_operation_end(&operation);
	if (rc == 0)
		*ret_state = reply.data_len > 2 && reply.data[2] & IDENTIFY_IS_TOLD
				     ? told_states[reply.data[2] >> 4 & 3]
				     : "unknown";
	return rc;
}

/* On until told otherwise is an addition of IPMI 2.0: older BMCs refuse the second byte, and get the longest
 * time that there is. */
static int indicator_set(struct task *task, const struct indicator *which, const char *state,
			 struct error *err)
{
	const bool is_on = strcmp(state, "on") == 0, is_off = strcmp(state, "off") == 0;
	const uint8_t data[] = { is_off  ? IDENTIFY_OFF
				 : is_on ? IDENTIFY_LONGEST_S
					 : IDENTIFY_SOME_S,
				 IDENTIFY_FORCE };
	struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_IDENTIFY, data, is_on ? 2 : 1 };
	struct ipmi_operation operation;
	struct ipmi_reply reply;
	int rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);

	(void)which;
	if (rc < 0)
		return rc;
	rc = ipmi_request(&operation, &request, &reply, err);
	if (rc == 0 && is_on &&
	    (reply.completion == COMPLETION_LENGTH || reply.completion == COMPLETION_FIELD_LENGTH ||
	     reply.completion == COMPLETION_INVALID_FIELD)) {
		request.data_len = 1;
		rc = ipmi_request(&operation, &request, &reply, err);
	}
	if (rc == 0 && reply.completion != COMPLETION_OK)
		rc = ipmi_refusal(&operation, &request, &reply, err);
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
	.facts_get = facts_get,
	.indicators = indicators,
	.indicator_get = indicator_get,
	.indicator_set = indicator_set,
	.sensors_get = ipmi_sensors_get,
};
