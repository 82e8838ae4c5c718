/* media: see media.h. */
#include "drivers/redfish/media.h"

#include <string.h>
#include <strings.h>

#include "drivers/driver.h"
#include "drivers/redfish/chassis.h"
#include "drivers/redfish/operation.h"

#define EJECT_TRIES     3
#define EJECT_PAUSE_MS  3000
#define INSERT_TRIES    3 /* for each slot, while the BMC answers 5xx */
#define INSERT_MEMBERS  4 /* that a refusal may ask for, one after the other */
#define INSERT_PAUSE_MS 3000

/* What a slot's MediaTypes may say for it. Slots that name only DVD take CD images (Cisco). */
static const struct {
	const char *device;
	const char *types[2];
} devices[] = {
	{ "cd", { "CD", "DVD" } },        { "dvd", { "DVD", "CD" } },   { "usb", { "USBStick", NULL } },
	{ "floppy", { "Floppy", NULL } }, { "cdrom", { "CD", "DVD" } }, { "disk", { "USBStick", NULL } },
};
#define DEVICE_COUNT (sizeof(devices) / sizeof(devices[0]))

static size_t device_find(const char *device)
{
	size_t index = 0;

	while (index < DEVICE_COUNT && strcasecmp(devices[index].device, device) != 0)
		index++;
	return index;
}

bool redfish_media_is_device(const char *device)
{
	return device_find(device) < DEVICE_COUNT;
}

/* ---- the slots ---- */

/* Newer BMCs have them at the system, others at each manager of it. */
SUSPENDS static const json_t *slots_of(struct redfish_reader *reader, const json_t *system)
{
	const json_t *link = json_object_get(system, "VirtualMedia"), *managers, *manager;
	const json_t *slots = redfish_members(reader, redfish_follow_expanded(reader, link, 1));
	size_t index;

	if (json_array_size(slots))
		return slots;
	managers = redfish_managers_of(reader, system);
	json_array_foreach((json_t *)managers, index, manager)
	{
		link = json_object_get(manager, "VirtualMedia");
		slots = redfish_members(reader, redfish_follow_expanded(reader, link, 1));
		if (json_array_size(slots))
			break;
	}
	return slots;
}

/* ---- one slot ---- */

static bool slot_takes(const json_t *slot, const char *device)
{
	const json_t *types = json_object_get(slot, "MediaTypes"), *type;
	size_t row = device ? device_find(device) : DEVICE_COUNT;
	size_t index;

	if (row == DEVICE_COUNT)
		return !device;
	json_array_foreach((json_t *)types, index, type)
	{
		for (int n = 0; n < 2 && devices[row].types[n]; n++)
			if (json_is_string(type) &&
			    !strcasecmp(json_string_value(type), devices[row].types[n]))
				return true;
	}
	return false;
}

static bool slot_is_filled(const json_t *slot)
{
	const json_t *inserted = json_object_get(slot, "Inserted");
	const char *image = json_string_value(json_object_get(slot, "Image"));

	return json_is_boolean(inserted) ? json_is_true(inserted) : image && *image;
}

/* Some makes have no action and want a PATCH (Lenovo). iLO and iDRAC want a body, if an empty one. */
SUSPENDS static int eject_once(struct redfish_client *client, const char *path, const json_t *slot,
			       struct error *err)
{
	const json_t *action = json_object_get(json_object_get(slot, "Actions"), "#VirtualMedia.EjectMedia");
	const char *target = json_string_value(json_object_get(action, "target"));
	json_t *body;
	int rc;

	if (!target) {
		body = json_pack("{s:n, s:b}", "Image", "Inserted", 0);
		rc = redfish_patch(client, path, body, err);
		json_decref(body);
		return rc;
	}
	rc = redfish_post(client, target, NULL, err);
	if (rc == -ERR_BMC && (client->status == 415 || client->status == 400)) {
		body = json_object();
		rc = redfish_post(client, target, body, err);
		json_decref(body);
	}
	return rc;
}

SUSPENDS static bool is_empty_now(struct redfish_client *client, const char *path)
{
	json_t *slot;
	bool is_empty;

	if (redfish_get(client, path, NULL) < 0 || redfish_object(client, &slot, NULL) < 0)
		return false;
	is_empty = !slot_is_filled(slot);
	json_decref(slot);
	return is_empty;
}

/* iDRAC may answer 5xx while it ejects, and an answer may be lost: the slot tells. */
SUSPENDS static int eject(struct redfish_client *client, const char *path, const json_t *slot,
			  struct error *err)
{
	int rc;

	for (int tries = 1;; tries++) {
		int status;
		rc = eject_once(client, path, slot, err);
		status = client->status;
		if (rc != -ERR_BMC && rc != -ERR_UNKNOWN_OUTCOME)
			return rc;
		if (is_empty_now(client, path))
			return 0;
		if ((rc == -ERR_BMC && status < 500) || tries == EJECT_TRIES ||
		    redfish_pause(client, EJECT_PAUSE_MS) < 0)
			return rc;
	}
}

/* ---- ejecting ---- */

SUSPENDS static int eject_all(struct redfish_operation *operation, const char *device, struct error *err)
{
	const json_t *slots = slots_of(&operation->reader, operation->system), *slot;
	unsigned found = 0;
	size_t index;
	int rc = 0;

	json_array_foreach((json_t *)slots, index, slot)
	{
		const char *path = redfish_text(slot, "@odata.id");
		if (rc < 0 || !path || !slot_takes(slot, device))
			continue;
		found++;
		if (slot_is_filled(slot))
			rc = eject(&operation->client, path, slot, err);
	}
	if (rc == 0 && !found && operation->reader.rc == 0)
		rc = fail(err, ERR_INVALID, "No suitable virtual media device found on node %s",
			  redfish_node_uuid(&operation->client));
	return rc;
}

int redfish_media_eject(struct task *task, const char *device, struct error *err)
{
	struct redfish_operation operation;
	int rc = redfish_operation_begin(&operation, task, "eject virtual media", err);

	if (rc < 0)
		return rc;
	rc = eject_all(&operation, device, err);
	return redfish_operation_end(&operation, rc, err);
}

int redfish_vmedia_detach(struct task *task, const char *device, struct error *err)
{
	return redfish_media_eject(task, device, err);
}

/* ---- inserting ---- */

/* What single makes want besides Image, when their refusal names it. */
static void add_wanted(const struct redfish_client *client, json_t *body, const char *url)
{
	bool is_secure = !strncasecmp(url, "https:", 6);

	if (redfish_answer_has(client, "TransferProtocolType") &&
	    !json_object_get(body, "TransferProtocolType")) {
		json_object_set_new(body, "TransferProtocolType", json_string(is_secure ? "HTTPS" : "HTTP"));
	} else if (redfish_answer_has(client, "TransferMethod") && !json_object_get(body, "TransferMethod")) {
		json_object_set_new(body, "TransferMethod", json_string("Stream"));
	} else if ((redfish_answer_has(client, "UserName") || redfish_answer_has(client, "Password")) &&
		   !json_object_get(body, "UserName")) {
		json_object_set_new(body, "UserName", json_string("none"));
		json_object_set_new(body, "Password", json_string("none"));
	} else if ((redfish_answer_has(client, "Inserted") || redfish_answer_has(client, "WriteProtected")) &&
		   !json_object_get(body, "Inserted")) {
		json_object_set_new(body, "Inserted", json_true());
		json_object_set_new(body, "WriteProtected", json_true());
	}
}

SUSPENDS static int post_insert(struct redfish_client *client, const char *target, const char *url,
				struct error *err)
{
	json_t *body = json_pack("{s:s}", "Image", url);
	int rc = redfish_post(client, target, body, err);

	for (int i = 0; i < INSERT_MEMBERS && rc == -ERR_BMC && client->status == 400; i++) {
		size_t before = json_object_size(body);
		add_wanted(client, body, url);
		if (json_object_size(body) == before)
			break;
		rc = redfish_post(client, target, body, err);
	}
	json_decref(body);
	return rc;
}

/* Slots without the action are written to (Lenovo). */
SUSPENDS static int patch_insert(struct redfish_client *client, const char *path, const char *url,
				 struct error *err)
{
	json_t *body = json_pack("{s:s, s:b, s:b}", "Image", url, "Inserted", 1, "WriteProtected", 1);
	int rc = redfish_get(client, path, err); /* for its ETag */

	if (rc == 0)
		rc = redfish_patch(client, path, body, err);
	json_decref(body);
	return rc;
}

SUSPENDS static int insert(struct redfish_client *client, const json_t *slot, const char *url,
			   struct error *err)
{
	const json_t *action = json_object_get(json_object_get(slot, "Actions"), "#VirtualMedia.InsertMedia");
	const char *target = redfish_text(action, "target");
	const char *path = redfish_text(slot, "@odata.id");
	int rc;

	for (int tries = 1;; tries++) {
		rc = target ? post_insert(client, target, url, err) : patch_insert(client, path, url, err);
		if (rc != -ERR_BMC || client->status < 500 || tries == INSERT_TRIES ||
		    redfish_pause(client, INSERT_PAUSE_MS) < 0)
			return rc;
	}
}

/* Slots that refuse are passed over: what they are for is not always what they say (Cisco). */
SUSPENDS static int insert_somewhere(struct redfish_operation *operation, const char *device, const char *url,
				     struct error *err)
{
	const json_t *slots = slots_of(&operation->reader, operation->system), *slot;
	struct error first = { 0 };
	size_t index;
	int rc = -ERR_INVALID;

	fail(err, ERR_INVALID, "No suitable virtual media device found on node %s",
	     redfish_node_uuid(&operation->client));
	json_array_foreach((json_t *)slots, index, slot)
	{
		if (!redfish_text(slot, "@odata.id") || !slot_takes(slot, device))
			continue;
		rc = insert(&operation->client, slot, url, err);
		if (rc != -ERR_BMC)
			return rc;
		if (!first.code)
			first = *err;
	}
	if (rc == -ERR_BMC)
		rc = fail(err, ERR_INVALID,
			  "No virtual media device of node %s takes the image%s. The first said: %.200s",
			  redfish_node_uuid(&operation->client),
			  strpbrk(url, "?&") ? " (its URL has ? or &, which some BMCs refuse)" : "",
			  first.text);
	return rc;
}

int redfish_vmedia_attach(struct task *task, const char *device, const char *image_url, struct error *err)
{
	struct redfish_operation operation;
	int rc;

	if (!redfish_media_is_device(device))
		return fail(err, ERR_INVALID, "%s is not a kind of virtual media device", device);
	rc = redfish_operation_begin(&operation, task, "attach virtual media", err);
	if (rc < 0)
		return rc;
	rc = eject_all(&operation, device, err);
	if (rc == 0 && operation.reader.rc == 0)
		rc = insert_somewhere(&operation, device, image_url, err);
	return redfish_operation_end(&operation, rc, err);
}

/* ---- showing ---- */

json_t *redfish_media_read(struct redfish_reader *reader, const json_t *system)
{
	const json_t *slots = slots_of(reader, system), *slot, *type;
	json_t *list = json_array();
	size_t index, n;

	json_array_foreach((json_t *)slots, index, slot)
	{
		const char *image = redfish_text(slot, "Image");
		json_t *types = json_array();
		json_array_foreach(json_object_get(slot, "MediaTypes"), n, type)
		{
			if (json_is_string(type))
				json_array_append(types, (json_t *)type);
		}
		json_array_append_new(list, json_pack("{s:o, s:b, s:s?}", "media_types", types, "inserted",
						      slot_is_filled(slot), "image",
						      image && *image ? image : NULL));
	}
	return list;
}

int redfish_vmedia_get(struct task *task, json_t **ret_list, struct error *err)
{
	struct redfish_operation operation;
	json_t *list;
	int rc = redfish_operation_begin(&operation, task, "get virtual media", err);

	if (rc < 0)
		return rc;
	list = redfish_media_read(&operation.reader, operation.system);
	rc = redfish_operation_end(&operation, 0, err);
	if (rc == 0)
		*ret_list = json_incref(list);
	json_decref(list);
	return rc;
}
