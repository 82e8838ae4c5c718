/*
 * inspect: the "ipmitool" inspect interface: what a BMC knows of its machine without a ramdisk: inventories
 * of its FRUs, identity of the controller, GUID. Processors, memory and disks are not among it.
 *
 * Sources: IPMI 2.0 sections 20.1 (device id), 22.14 (GUID), 34 (FRU).
 */
#include <stdio.h>
#include <string.h>

#include "drivers/ipmi/fru_inventory.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/sdr.h"

enum { FRUS_MAX = 32, GUID_LEN = 16, FRU_IS_LOGICAL = 0x80 };

static json_t *describe_fru(uint8_t id, const char *name, const struct fru *fru)
{
	json_t *result = json_pack("{s:i, s:s}", "id", id, "name", name);
	json_t *fields = json_object();

	for (unsigned i = 0; i < FRU_FIELD_COUNT; i++) {
		if (fru->fields[i][0] != '\0')
			json_object_set_new(fields, fru_field_name(i), json_string(fru->fields[i]));
	}
	if (fru->has_chassis)
		json_object_set_new(fields, "Chassis Type", json_integer(fru->chassis_type));
	json_object_set_new(result, "fields", fields);
	if (fru->is_checksum_bad)
		json_object_set_new(result, "checksum", json_string("wrong"));
	return result;
}

/* The first of the fields that is given; NULL: none. */
static const char *first_of(const struct fru *fru, enum fru_field a, enum fru_field b)
{
	return fru->fields[a][0] != '\0' ? fru->fields[a] : fru->fields[b][0] != '\0' ? fru->fields[b] : NULL;
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, name, json_string(text));
}

/* As the agent's inventory names it. */
static json_t *system_vendor(const struct fru *fru)
{
	json_t *vendor = json_object();

	set_text(vendor, "manufacturer", first_of(fru, FRU_PRODUCT_MANUFACTURER, FRU_BOARD_MANUFACTURER));
	set_text(vendor, "product_name", first_of(fru, FRU_PRODUCT_NAME, FRU_BOARD_PRODUCT_NAME));
	set_text(vendor, "serial_number", first_of(fru, FRU_PRODUCT_SERIAL_NUMBER, FRU_BOARD_SERIAL_NUMBER));
	return vendor;
}

SUSPENDS static int read_fru(struct ipmi_operation *operation, uint8_t id, const char *name,
			     struct inspection *found, struct error *err)
{
	struct fru fru;
	bool is_there;
	int rc = ipmi_fru_read(operation, id, &fru, &is_there, err);

	if (rc < 0 || !is_there)
		return rc;
	json_array_append_new(json_object_get(found->plugin_data, "fru"), describe_fru(id, name, &fru));
	if (id == 0)
		json_object_set_new(found->inventory, "system_vendor", system_vendor(&fru));
	return 0;
}

/* FRU 0 is there without a record; others are those of the BMC itself that records name. */
SUSPENDS static int read_frus(struct ipmi_operation *operation, struct inspection *found, struct error *err)
{
	uint8_t ids[FRUS_MAX] = { 0 };
	struct sdr names[FRUS_MAX];
	const struct sdr_cache *cache;
	struct error ignored;
	unsigned count = 1;
	struct sdr sdr;
	size_t len, offset = 0;
	const uint8_t *record;

	names[0] = (struct sdr){ .name = "FRU 0" };
	/* a BMC without records may still have inventories */
	int rc = ipmi_sdrs_read(operation, &cache, &ignored);
	while (rc == 0 && count < FRUS_MAX && (record = sdr_cache_next(cache, &offset, &len)) != NULL) {
		if (!sdr_decode(record, len, &sdr) || sdr.type != SDR_FRU_LOCATOR ||
		    !(sdr.fru_access & FRU_IS_LOGICAL) || sdr.device_address != IPMI_BMC_ADDRESS)
			continue;
		unsigned at = sdr.fru_id == 0 ? 0 : count++;
		ids[at] = sdr.fru_id;
		names[at] = sdr;
	}
	if (rc < 0 && rc != -ERR_BMC)
		return fail(err, (enum errcode) - rc, "%s", ignored.text);
	rc = 0;
	for (unsigned i = 0; rc == 0 && i < count; i++)
		rc = read_fru(operation, ids[i], names[i].name, found, err);
	return rc;
}

SUSPENDS static int read_device_id(struct ipmi_operation *operation, struct inspection *found,
				   struct error *err)
{
	static const struct ipmi_request request = { .netfn = NETFN_APP, .command = APP_DEVICE_ID };
	struct ipmi_reply reply;
	uint32_t manufacturer;
	char version[16];
	int rc = ipmi_manufacturer(operation, &manufacturer, err);

	if (rc == 0)
		rc = ipmi_command(operation, &request, &reply, err);
	if (rc < 0)
		return rc;

	json_t *device = json_pack("{s:i}", "manufacturer_id", (int)manufacturer);
	set_text(device, "manufacturer_name", ipmi_manufacturer_name(manufacturer));
	if (reply.data_len >= 5) {
		snprintf(version, sizeof(version), "%u.%02x", reply.data[2] & 0x7f, reply.data[3]);
		set_text(device, "firmware_version", version);
		snprintf(version, sizeof(version), "%u.%u", reply.data[4] & 0x0f, reply.data[4] >> 4);
		set_text(device, "ipmi_version", version);
	}
	if (reply.data_len >= 11)
		json_object_set_new(device, "product_id", json_integer(reply.data[9] | reply.data[10] << 8));
	json_object_set_new(found->plugin_data, "bmc", device);
	return 0;
}

/* The GUID in the order of bytes that the indexes give. */
static void set_guid(json_t *object, const char *name, const uint8_t guid[GUID_LEN],
		     const uint8_t order[GUID_LEN])
{
	char text[40];
	size_t len = 0;

	for (unsigned i = 0; i < GUID_LEN; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%02x",
					i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", guid[order[i]]);
	json_object_set_new(object, name, json_string(text));
}

/* Which order BMCs send is up to them: all three are told. A BMC without one is no failure. */
SUSPENDS static int read_guid(struct ipmi_operation *operation, struct inspection *found, struct error *err)
{
	static const struct ipmi_request request = { .netfn = NETFN_APP, .command = APP_SYSTEM_GUID };
	static const uint8_t as_sent[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t smbios[] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t reversed[] = { 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };
	struct ipmi_reply reply;
	int rc = ipmi_request(operation, &request, &reply, err);

	if (rc < 0 || reply.completion != COMPLETION_OK || reply.data_len < GUID_LEN)
		return rc;
	json_t *guid = json_object();
	set_guid(guid, "rfc4122", reply.data, as_sent);
	set_guid(guid, "smbios", reply.data, smbios);
	set_guid(guid, "ipmi", reply.data, reversed);
	json_object_set_new(found->plugin_data, "system_guid", guid);
	return 0;
}

/* The maker in Ironic's place for it, unless the controller's own number says it (facts_get). */
static void set_vendor(struct task *task, const json_t *inventory)
{
	json_t *properties = node_object(task->node, NODE_PROPERTIES);
	const char *maker = json_string_value(
		json_object_get(json_object_get(inventory, "system_vendor"), "manufacturer"));

	if (maker == NULL || json_object_get(properties, "vendor") != NULL)
		return;
	json_object_set_new(properties, "vendor", json_string(maker));
	node_mark_dirty(task->node, NODE_PROPERTIES);
}

static int inspect(struct task *task, struct inspection *ret, struct error *err)
{
	static int (*const parts[])(struct ipmi_operation *, struct inspection *,
				    struct error *) = { read_device_id, read_guid, read_frus };
	int rc = 0;

	ret->inventory = json_pack("{s:s}", "bmc_address", task_driver_info(task, "ipmi_address"));
	ret->plugin_data = json_pack("{s:[]}", "fru");
	for (size_t i = 0; rc == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct ipmi_operation operation;
		rc = ipmi_operation_begin(&operation, task, DEADLINE_NEVER, err);
		if (rc < 0)
			return rc;
		rc = parts[i](&operation, ret, err);
		ipmi_operation_end(&operation);
	}
	if (rc == 0)
		set_vendor(task, ret->inventory);
	return rc;
}

const struct inspect_interface ipmitool_inspect = {
	.base = { .type = INTERFACE_INSPECT,
		  .name = "ipmitool",
		  .properties = ipmi_properties,
		  .validate = ipmi_validate },
	.inspect = inspect,
};
