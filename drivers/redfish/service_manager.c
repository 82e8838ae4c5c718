/* service_manager: the BMC itself and its virtual media. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "drivers/redfish/service_private.h"
#include "lib/xalloc.h"

#define MANAGER "/redfish/v1/Managers/1"
#define MEDIA   MANAGER "/VirtualMedia"

static json_t *managers_get(struct service_exchange *exchange)
{
	(void)exchange;
	return service_collection("/redfish/v1/Managers", "ManagerCollection.Manager", "Managers",
				  json_pack("[o]", service_link(MANAGER)));
}

/* "2026-01-02T03:04:05Z": the BMC's own clock. */
static void clock_text(const struct redfish_service *service, char *text, size_t size)
{
	time_t now = time(NULL) + service->clock_offset_s;
	struct tm parts;

	gmtime_r(&now, &parts);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static json_t *manager_get(struct service_exchange *exchange)
{
	char now[32];

	clock_text(exchange->service, now, sizeof(now));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:o, s:o, s:o, "
			 "s:{s:[o], s:[o]}, "
			 "s:{s:{s:s, s:[s,s]}}}",
			 "@odata.id", MANAGER, "@odata.type", "#Manager.v1_17_0.Manager", "Id", "1", "Name",
			 "Manager", "ManagerType", "BMC", "FirmwareVersion", exchange->service->bmc_version,
			 "UUID", exchange->service->options.system_uuid, "DateTime", now,
			 "DateTimeLocalOffset", "+00:00", "Status", "State", "Enabled", "Health", "OK",
			 "VirtualMedia", service_link(MEDIA), "NetworkProtocol",
			 service_link(MANAGER "/NetworkProtocol"), "EthernetInterfaces",
			 service_link(MANAGER "/EthernetInterfaces"), "Links", "ManagerForServers",
			 service_link("/redfish/v1/Systems/1"), "ManagerForChassis",
			 service_link("/redfish/v1/Chassis/1"), "Actions", "#Manager.Reset", "target",
			 MANAGER "/Actions/Manager.Reset", "ResetType@Redfish.AllowableValues",
			 "GracefulRestart", "ForceRestart");
}

/* An offset that is already so is refused, as BMCs do that the field has met. */
static void manager_patch(struct service_exchange *exchange)
{
	static const char *const names[] = { "DateTime", "DateTimeLocalOffset", NULL };
	const char *text, *offset, *end;
	struct tm parts = { 0 };

	if (!service_body_only(exchange, names, false) || !service_body_text(exchange, "DateTime", &text) ||
	    !service_body_text(exchange, "DateTimeLocalOffset", &offset))
		return;
	if (offset) {
		service_refuse(exchange, MESSAGE_PROPERTY_VALUE, offset, "DateTimeLocalOffset");
		return;
	}
	end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
	if (text && (!end || (strcmp(end, "Z") != 0 && strcmp(end, "+00:00") != 0))) {
		service_refuse(exchange, MESSAGE_PROPERTY_FORMAT, text, "DateTime");
		return;
	}
	if (text)
		exchange->service->clock_offset_s = timegm(&parts) - time(NULL);
	service_done(exchange);
}

/* A BMC that restarts forgets its sessions. */
SUSPENDS void service_manager_reset(struct service_exchange *exchange)
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
	{ "Dvd", { "DVD", "DVD" } },
};

static int slot_count(const struct service_exchange *exchange)
{
	return SERVICE_MEDIA_COUNT - !exchange->service->quirks->has_dvd_slot;
}

/* SERVICE_MEDIA_COUNT: none of that name. */
static int slot_find(const struct service_exchange *exchange)
{
	int index = 0;

	while (index < slot_count(exchange) && strcmp(slots[index].id, exchange->id) != 0)
		index++;
	return index < slot_count(exchange) ? index : SERVICE_MEDIA_COUNT;
}

static json_t *media_all_get(struct service_exchange *exchange)
{
	json_t *members = json_array();

	for (int i = 0; i < slot_count(exchange); i++)
		json_array_append_new(members, json_pack("{s:s+}", "@odata.id", MEDIA "/", slots[i].id));
	return service_collection(MEDIA, "VirtualMediaCollection.VirtualMedia", "Virtual media", members);
}

/* Takes the medium out; what some makes show of it stays. */
static void media_clear(struct service_media *media, bool is_image_kept)
{
	if (is_image_kept) {
		media->is_ejected = true;
		return;
	}
	xfree(media->image);
	*media = (struct service_media){ 0 };
}

static json_t *media_get(struct service_exchange *exchange)
{
	const struct redfish_quirks *quirks = exchange->service->quirks;
	int index = slot_find(exchange);
	struct service_media *media = &exchange->service->media[index];
	bool is_stale;
	const char *name;
	json_t *document;

	if (index == SERVICE_MEDIA_COUNT)
		return NULL;
	is_stale = media->is_ejected && media->stale_reads > 0;
	if (is_stale && !--media->stale_reads && !quirks->keeps_image)
		media_clear(media, false);
	name = media->image ? strrchr(media->image, '/') : NULL;
	document = json_pack(
		"{s:s+, s:s, s:s, s:s, s:[s,s], s:s?, s:s?, s:b, s:b, s:s, s:{s:{s:s++}, s:{s:s++}}}",
		"@odata.id", MEDIA "/", slots[index].id, "@odata.type", "#VirtualMedia.v1_6_1.VirtualMedia",
		"Id", slots[index].id, "Name", "Virtual media", "MediaTypes", slots[index].types[0],
		slots[index].types[1], "Image", media->image, "ImageName", name ? name + 1 : media->image,
		"Inserted", media->image && (!media->is_ejected || is_stale), "WriteProtected",
		media->is_write_protected, "ConnectedVia", media->image ? "URI" : "NotConnected", "Actions",
		"#VirtualMedia.InsertMedia", "target", MEDIA "/", slots[index].id,
		"/Actions/VirtualMedia.InsertMedia", "#VirtualMedia.EjectMedia", "target", MEDIA "/",
		slots[index].id, "/Actions/VirtualMedia.EjectMedia");
	if (quirks->has_media_without_actions)
		json_object_del(document, "Actions");
	return document;
}

/* Where there are no actions. Inserted must come with the image. */
static void media_patch(struct service_exchange *exchange)
{
	static const char *const names[] = { "Image", "Inserted", "WriteProtected", NULL };
	const json_t *image = json_object_get(exchange->body, "Image");
	int index = slot_find(exchange);
	struct service_media *media = &exchange->service->media[index];

	if (index == SERVICE_MEDIA_COUNT || !exchange->service->quirks->has_media_without_actions)
		service_refuse(exchange, MESSAGE_METHOD, NULL, NULL);
	else if (!service_body_only(exchange, names, false))
		return;
	else if (!json_object_get(exchange->body, "Inserted"))
		service_refuse(exchange, MESSAGE_PROPERTY_MISSING, "Inserted", NULL);
	else {
		media_clear(media, false);
		if (json_string_length(image))
			media->image = xstrdup(json_string_value(image));
		service_done(exchange);
	}
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

bool service_take_insertion(struct service_exchange *exchange, struct service_insertion *ret)
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

	if (!service_body_only(exchange, names, true) || !service_body_text(exchange, "Image", &ret->image) ||
	    !take_bool(exchange, "Inserted", true, &ret->is_inserted) ||
	    !take_bool(exchange, "WriteProtected", true, &ret->is_write_protected))
		return false;
	if (!ret->image)
		service_refuse(exchange, MESSAGE_PARAMETER_MISSING, "VirtualMedia.InsertMedia", "Image");
	else if (!is_image_uri(ret->image) || strlen(ret->image) > 2048)
		service_refuse(exchange, MESSAGE_PROPERTY_FORMAT, ret->image, "Image");
	else
		return true;
	return false;
}

static void insert_post(struct service_exchange *exchange)
{
	int index = slot_find(exchange);
	struct service_media *media = &exchange->service->media[index];
	struct service_insertion insertion;

	if (index == SERVICE_MEDIA_COUNT) {
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
	} else if (service_take_insertion(exchange, &insertion)) {
		if (media->image && !media->is_ejected) {
			service_refuse(exchange, MESSAGE_IN_USE, NULL, NULL);
			return;
		}
		media_clear(media, false);
		media->image = insertion.is_inserted ? xstrdup(insertion.image) : NULL;
		media->is_write_protected = insertion.is_write_protected;
		service_done(exchange);
	}
}

bool service_take_ejection(struct service_exchange *exchange)
{
	static const char *const names[] = { NULL };

	/* iLO wants a body, even an empty object. */
	if (exchange->service->quirks->needs_eject_body && !exchange->request->body_len) {
		service_refuse(exchange, MESSAGE_MEDIA_TYPE, "Content-Type", NULL);
		return false;
	}
	return service_body_only(exchange, names, true);
}

static void eject_post(struct service_exchange *exchange)
{
	int index = slot_find(exchange);
	struct service_media *media = &exchange->service->media[index];

	if (index == SERVICE_MEDIA_COUNT) {
		service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
		return;
	}
	if (!service_take_ejection(exchange))
		return;
	media->stale_reads = exchange->service->quirks->media_stale_reads;
	media_clear(media, media->image && (media->stale_reads || exchange->service->quirks->keeps_image));
	service_done(exchange);
}

const struct service_resource service_manager_resources[] = {
	{ .path = "/redfish/v1/Managers", .get = managers_get },
	{ .path = MANAGER, .get = manager_get, .patch = manager_patch },
	{ .path = MANAGER "/Actions/Manager.Reset", .post = service_manager_reset },
	{ .path = MEDIA, .get = media_all_get },
	{ .path = MEDIA "/{}", .get = media_get, .patch = media_patch },
	{ .path = MEDIA "/{}/Actions/VirtualMedia.InsertMedia", .post = insert_post },
	{ .path = MEDIA "/{}/Actions/VirtualMedia.EjectMedia", .post = eject_post },
	{ 0 },
};
