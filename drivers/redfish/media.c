/* media: see media.h. */
#include "drivers/redfish/media.h"

#include <string.h>
#include <strings.h>

#include "drivers/redfish/system.h"
#include "lib/json.h"
#include "lib/xalloc.h"

#define EJECT_TRIES    3
#define EJECT_PAUSE_MS 3000

/* What a slot's MediaTypes may say for it. Slots that name only DVD take CD images (Cisco). */
static const struct {
	const char *device;
	const char *types[2];
} devices[] = {
	{ "cd", { "CD", "DVD" } },
	{ "dvd", { "DVD", "CD" } },
	{ "usb", { "USBStick", NULL } },
	{ "floppy", { "Floppy", NULL } },
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

/* ---- finding the slots ---- */

/* Collections of virtual media, each a path. */
struct collections {
	char *paths[REDFISH_MEDIA_MAX]; /* owned */
	size_t count;
};

static void collections_release(struct collections *collections)
{
	for (size_t i = 0; i < collections->count; i++)
		xfree(collections->paths[i]);
}

static void collections_add(struct redfish_client *client, struct collections *collections,
			    const json_t *owner)
{
	const char *link =
		json_string_value(json_object_get(json_object_get(owner, "VirtualMedia"), "@odata.id"));
	char path[REDFISH_PATH_MAX];

	if (link && collections->count < REDFISH_MEDIA_MAX &&
	    redfish_path_of_link(client->bmc, link, path, sizeof(path), NULL) == 0)
		collections->paths[collections->count++] = xstrdup(path);
}

SUSPENDS static int get_object(struct redfish_client *client, const char *path, json_t **ret,
			       struct error *err)
{
	int rc = redfish_get(client, path, err);

	return rc < 0 ? rc : redfish_object(client, ret, err);
}

/* Newer BMCs have them at the system, others at each manager of it. Huawei calls the link Managers. */
SUSPENDS static int find_collections(struct redfish_client *client, struct collections *collections,
				     struct error *err)
{
	char path[REDFISH_PATH_MAX];
	const json_t *links, *managers, *link;
	json_t *system, *manager;
	size_t index;
	int rc = redfish_system_find(client, path, sizeof(path), err);

	if (rc == 0)
		rc = get_object(client, path, &system, err);
	if (rc < 0)
		return rc;
	collections_add(client, collections, system);
	links = json_object_get(system, "Links");
	managers = json_object_get(links, "ManagedBy");
	if (!json_array_size(managers))
		managers = json_object_get(links, "Managers");
	json_array_foreach((json_t *)managers, index, link)
	{
		const char *id = json_string_value(json_object_get(link, "@odata.id"));
		if (collections->count || rc < 0 || !id || index == REDFISH_MEDIA_MAX)
			break;
		rc = get_object(client, id, &manager, err);
		if (rc == 0) {
			collections_add(client, collections, manager);
			json_decref(manager);
		}
	}
	json_decref(system);
	return rc;
}

/* ---- one slot ---- */

static bool slot_takes(const json_t *slot, const char *device)
{
	const json_t *types = json_object_get(slot, "MediaTypes"), *type;
	size_t row = device ? device_find(device) : DEVICE_COUNT;
	size_t index;

	if (!device)
		return true;
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

	if (get_object(client, path, &slot, NULL) < 0)
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

/* ---- all of them ---- */

SUSPENDS static int eject_slot(struct redfish_client *client, const char *path, const char *device,
			       unsigned *found, struct error *err)
{
	json_t *slot;
	int rc = get_object(client, path, &slot, err);

	if (rc == -ERR_BMC && client->status == 404)
		return 0;
	if (rc < 0)
		return rc;
	if (slot_takes(slot, device)) {
		++*found;
		if (slot_is_filled(slot))
			rc = eject(client, path, slot, err);
	}
	json_decref(slot);
	return rc;
}

SUSPENDS static int eject_collection(struct redfish_client *client, const char *path, const char *device,
				     unsigned *found, struct error *err)
{
	const json_t *member;
	json_t *collection;
	size_t index;
	int rc = get_object(client, path, &collection, err);

	if (rc < 0)
		return rc;
	json_array_foreach(json_object_get(collection, "Members"), index, member)
	{
		const char *link = json_string_value(json_object_get(member, "@odata.id"));
		if (index == REDFISH_MEDIA_MAX || rc < 0)
			break;
		if (link)
			rc = eject_slot(client, link, device, found, err);
	}
	json_decref(collection);
	return rc;
}

int redfish_media_eject(struct redfish_client *client, const char *device, struct error *err)
{
	struct collections collections = { 0 };
	unsigned found = 0;
	int rc = find_collections(client, &collections, err);

	for (size_t i = 0; rc == 0 && i < collections.count; i++)
		rc = eject_collection(client, collections.paths[i], device, &found, err);
	if (rc == 0 && !found)
		rc = fail(err, ERR_INVALID, "No suitable virtual media device found on node %s",
			  redfish_node_uuid(client));
	collections_release(&collections);
	return rc;
}
