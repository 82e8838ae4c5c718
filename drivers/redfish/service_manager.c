/* service_manager: the BMC itself and its virtual media. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "drivers/redfish/service_private.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

#define MANAGER "/redfish/v1/Managers/1"
#define MEDIA   MANAGER "/VirtualMedia"

static json_t *managers_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_collection("/redfish/v1/Managers", "ManagerCollection.Manager", "Managers",
				  json_pack("[o]", service_link(MANAGER)));
}

static json_t *manager_get(struct service_exchange *exchange)
{
	char now[32];

	clock_wall_text(now, sizeof(now));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:o, s:{s:[o], s:[o]}, "
			 "s:{s:{s:s, s:[s,s]}}}",
			 "@odata.id", MANAGER, "@odata.type", "#Manager.v1_17_0.Manager", "Id", "1", "Name",
			 "Manager", "ManagerType", "BMC", "FirmwareVersion", FERRULE_VERSION, "UUID",
			 exchange->service->options.system_uuid, "DateTime", now, "Status", "State",
			 "Enabled", "Health", "OK", "VirtualMedia", service_link(MEDIA), "Links",
			 "ManagerForServers", service_link("/redfish/v1/Systems/1"), "ManagerForChassis",
			 service_link("/redfish/v1/Chassis/1"), "Actions", "#Manager.Reset", "target",
			 MANAGER "/Actions/Manager.Reset", "ResetType@Redfish.AllowableValues",
			 "GracefulRestart", "ForceRestart");
}

/* A BMC that restarts forgets its sessions. */
SUSPENDS static void manager_reset_post(struct service_exchange *exchange)
{
	static const char *const names[] = { "ResetType", NULL };
	struct redfish_service *service = exchange->service;
	const char *type;

	if (!service_body_only(exchange, names, true) || !service_body_text(exchange, "ResetType", &type))
		return;
	if (type && strcmp(type, "GracefulRestart") != 0 && strcmp(type, "ForceRestart") != 0) {
		service_refuse(exchange, MESSAGE_PARAMETER_VALUE, type, "ResetType");
		return;
	}
	if (service->options.backend->manager_reset(service->options.arg, NULL) < 0) {
		service_refuse(exchange, MESSAGE_INTERNAL, NULL, NULL);
		return;
	}
	service_sessions_release(service);
	service_done(exchange);
}

/* ---- virtual media ---- */

static const struct slot {
	const char *id;
	const char *types[2];
} slots[SERVICE_MEDIA_COUNT] = {
	{ "Cd", { "CD", "DVD" } },
	{ "Floppy", { "Floppy", "USBStick" } },
};

/* SERVICE_MEDIA_COUNT: none of that name. */
static int slot_find(const char *id)
{
	int index = 0;

	while (index < SERVICE_MEDIA_COUNT && strcmp(slots[index].id, id) != 0)
		index++;
	return index;
}

static json_t *media_all_get(struct service_exchange *exchange)
{
	json_t *members = json_array();

	(void)exchange;
	for (int i = 0; i < SERVICE_MEDIA_COUNT; i++)
		json_array_append_new(members, json_pack("{s:s+}", "@odata.id", MEDIA "/", slots[i].id));
	return service_collection(MEDIA, "VirtualMediaCollection.VirtualMedia", "Virtual media", members);
}

static json_t *media_get(struct service_exchange *exchange)
{
	int index = slot_find(exchange->id);
	const struct service_media *media = &exchange->service->media[index];
	const char *name;

	if (index == SERVICE_MEDIA_COUNT)
		return NULL;
	name = media->image ? strrchr(media->image, '/') : NULL;
	return json_pack(
		"{s:s+, s:s, s:s, s:s, s:[s,s], s:s?, s:s?, s:b, s:b, s:s, s:{s:{s:s++}, s:{s:s++}}}",
		"@odata.id", MEDIA "/", slots[index].id, "@odata.type", "#VirtualMedia.v1_6_1.VirtualMedia",
		"Id", slots[index].id, "Name", "Virtual media", "MediaTypes", slots[index].types[0],
		slots[index].types[1], "Image", media->image, "ImageName", name ? name + 1 : media->image,
		"Inserted", media->image != NULL, "WriteProtected", media->is_write_protected, "ConnectedVia",
		media->image ? "URI" : "NotConnected", "Actions", "#VirtualMedia.InsertMedia", "target",
		MEDIA "/", slots[index].id, "/Actions/VirtualMedia.InsertMedia", "#VirtualMedia.EjectMedia",
		"target", MEDIA "/", slots[index].id, "/Actions/VirtualMedia.EjectMedia");
}

static bool is_image_uri(const char *image)
{
	static const char *const schemes[] = { "http://", "https://", "nfs://", "smb://", "cifs://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!strncasecmp(image, schemes[i], strlen(schemes[i])) && image[strlen(schemes[i])])
			return true;
	return false;
}

static bool take_bool(struct service_exchange *exchange, const char *name, bool preset, bool *ret)
{
	const json_t *value = json_object_get(exchange->body, name);

	if (value && !json_is_boolean(value)) {
		service_refuse(exchange, MESSAGE_PARAMETER_TYPE, "given", name);
		return false;
	}
	*ret = value ? json_is_true(value) : preset;
	return true;
}

static void insert_post(struct service_exchange *exchange)
{
	static const char *const names[] = { "Image",
					     "Inserted",
					     "WriteProtected",
					     "TransferMethod",
					     "TransferProtocolType",
					     "UserName",
					     "Password",
					     "MediaType",
					     NULL };
	int index = slot_find(exchange->id);
	struct service_media *media = &exchange->service->media[index];
	bool is_inserted, is_write_protected;
	const char *image;

	if (index == SERVICE_MEDIA_COUNT) {
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
		return;
	}
	if (!service_body_only(exchange, names, true) || !service_body_text(exchange, "Image", &image) ||
	    !take_bool(exchange, "Inserted", true, &is_inserted) ||
	    !take_bool(exchange, "WriteProtected", true, &is_write_protected))
		return;
	if (!image)
		service_refuse(exchange, MESSAGE_PARAMETER_MISSING, "VirtualMedia.InsertMedia", "Image");
	else if (!is_image_uri(image) || strlen(image) > 2048)
		service_refuse(exchange, MESSAGE_PROPERTY_FORMAT, image, "Image");
	else if (media->image)
		service_refuse(exchange, MESSAGE_IN_USE, NULL, NULL);
	else {
		media->image = is_inserted ? xstrdup(image) : NULL;
		media->is_write_protected = is_write_protected;
		service_done(exchange);
	}
}

static void eject_post(struct service_exchange *exchange)
{
	static const char *const names[] = { NULL };
	int index = slot_find(exchange->id);
	struct service_media *media = &exchange->service->media[index];

	if (index == SERVICE_MEDIA_COUNT) {
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
		return;
	}
	/* iLO wants a body, even an empty object. */
	if (exchange->service->quirks->needs_eject_body && !exchange->request->body_len) {
		service_refuse(exchange, MESSAGE_MEDIA_TYPE, "Content-Type", NULL);
		return;
	}
	if (!service_body_only(exchange, names, true))
		return;
	xfree(media->image);
	*media = (struct service_media){ 0 };
	service_done(exchange);
}

const struct service_resource service_manager_resources[] = {
	{ .path = "/redfish/v1/Managers", .get = managers_get },
	{ .path = MANAGER, .get = manager_get },
	{ .path = MANAGER "/Actions/Manager.Reset", .post = manager_reset_post },
	{ .path = MEDIA, .get = media_all_get },
	{ .path = MEDIA "/{}", .get = media_get },
	{ .path = MEDIA "/{}/Actions/VirtualMedia.InsertMedia", .post = insert_post },
	{ .path = MEDIA "/{}/Actions/VirtualMedia.EjectMedia", .post = eject_post },
	{ 0 },
};
