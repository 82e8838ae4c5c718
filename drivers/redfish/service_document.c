/*
 * service_document: resources that are documents of a tree (service_tree.h) and what each service has changed
 * in them: PATCH by what the document itself says of its members, actions by their names, and the machine's
 * power, boot override and media shown as they are now. A captured tree takes the place of the plain
 * service's own resources; without one, the inventory adds to them.
 * Source: DSP0266 sections 7.9 (PATCH), 7.11 (actions), 9.10 (settings resources).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drivers/redfish/service_private.h"
#include "drivers/redfish/service_tree.h"
#include "lib/hash.h"
#include "lib/json.h"

/* ---- documents ---- */

/* The inventory's text with this BMC's network addresses for $MAC0, $MAC1, ... */
static json_t *inventory_document(const struct redfish_service *service, const char *path)
{
	uint32_t hash = (uint32_t)hash_text(HASH_START, service->options.system_uuid);
	size_t len;
	const char *text = service_tree_text(service_inventory(), path, &len);
	const char *mark;
	json_t *document = NULL;
	struct buf filled;

	if (!text)
		return NULL;
	buf_init(&filled, len + 1024);
	for (; (mark = strstr(text, "$MAC")); text = mark + 5) {
		buf_append(&filled, text, (size_t)(mark - text));
		buf_printf(&filled, "02:%02x:%02x:%02x:%02x:0%c", hash >> 24, hash >> 16 & 0xff,
			   hash >> 8 & 0xff, hash & 0xff, mark[4]);
	}
	buf_puts(&filled, text);
	json_parse(filled.data, filled.len, JSON_DEPTH_MAX, &document, NULL);
	buf_release(&filled);
	return document;
}

/* As in the tree, changes not yet put over it; NULL: none. */
static json_t *original(const struct redfish_service *service, const char *path)
{
	json_t *document = service->options.tree ? service_tree_document(service->options.tree, path)
						 : inventory_document(service, path);

	if (!document)
		return NULL;
	if (!json_object_get(document, "@odata.id"))
		json_object_set_new(document, "@odata.id", json_string(path));
	/* the captured one is no longer true; the header's is */
	json_object_del(document, "@odata.etag");
	return document;
}

static json_t *document_of(const struct redfish_service *service, const char *path)
{
	json_t *document = original(service, path);

	if (document)
		json_object_update_recursive(document, json_object_get(service->changes, path));
	return document;
}

static bool is_type(const json_t *document, const char *type)
{
	const char *found = json_string_value(json_object_get(document, "@odata.type"));
	size_t len = strlen(type);

	return found && found[0] == '#' && !strncmp(found + 1, type, len) && found[len + 1] == '.';
}

static json_t *action_of(const json_t *document, const char *name)
{
	char member[80];

	snprintf(member, sizeof(member), "#%s", name);
	return json_object_get(json_object_get(document, "Actions"), member);
}

static const char *link_of(const json_t *value)
{
	return json_string_value(json_object_get(value, "@odata.id"));
}

/* The same path, whether or not a slash ends the link. */
static bool leads_to(const char *link, const char *path)
{
	size_t len = strlen(path);

	return link && !strncmp(link, path, len) && (!link[len] || !strcmp(link + len, "/"));
}

/* Merges into what is shown of a document from now on. */
static void change(struct redfish_service *service, const char *path, const json_t *members)
{
	json_t *changes = json_object_get(service->changes, path);
	json_t *copy = json_deep_copy(members);

	if (changes) {
		json_object_update_recursive(changes, copy);
		json_decref(copy);
	} else {
		json_object_set_new(service->changes, path, copy);
	}
}

static void change_new(struct redfish_service *service, const char *path, json_t *take_members)
{
	change(service, path, take_members);
	json_decref(take_members);
}

void service_document_change(struct redfish_service *service, const char *path, json_t *take_members)
{
	change_new(service, path, take_members);
}

/* The document whose settings resource is at the path, and its path; NULL: it is nobody's. */
static json_t *settings_owner(const struct redfish_service *service, const char *path, char *owner,
			      size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *link;
	json_t *document;

	if (!slash || (size_t)(slash - path) >= size)
		return NULL;
	snprintf(owner, size, "%.*s", (int)(slash - path), path);
	document = document_of(service, owner);
	link = link_of(json_object_get(json_object_get(document, "@Redfish.Settings"), "SettingsObject"));
	if (leads_to(link, path))
		return document;
	json_decref(document);
	return NULL;
}

/* ---- what is so now ---- */

SUSPENDS static void show_system(struct service_exchange *exchange, const char *path, json_t *document)
{
	json_t *boot = json_object_get(document, "Boot");

	json_object_set_new(document, "PowerState", json_string(service_power_name(exchange)));
	/* a one-time override that a start has used up */
	if (json_object_get(json_object_get(exchange->service->changes, path), "Boot") &&
	    !service_boot_is_set(exchange)) {
		json_object_set_new(boot, "BootSourceOverrideEnabled", json_string("Disabled"));
		json_object_set_new(boot, "BootSourceOverrideTarget", json_string("None"));
	}
}

/* Supermicro shows EjectMedia only while there is something to eject. */
static void show_media(const char *path, json_t *document)
{
	json_t *actions = json_object_get(document, "Actions");

	if (json_is_true(json_object_get(document, "Inserted")) &&
	    action_of(document, "VirtualMedia.InsertMedia") &&
	    !action_of(document, "VirtualMedia.EjectMedia"))
		json_object_set_new(
			actions, "#VirtualMedia.EjectMedia",
			json_pack("{s:s++}", "target", path, "/Actions/", "VirtualMedia.EjectMedia"));
}

SUSPENDS static json_t *shown(struct service_exchange *exchange, const char *path)
{
	json_t *document = document_of(exchange->service, path);

	if (is_type(document, "ComputerSystem") && action_of(document, "ComputerSystem.Reset"))
		show_system(exchange, path, document);
	if (is_type(document, "VirtualMedia"))
		show_media(path, document);
	return document;
}

/* ---- GET ---- */

static bool is_expanding(const char *query)
{
	return strstr(query, "$expand=.") || strstr(query, "$expand=*") || strstr(query, "%24expand=.") ||
	       strstr(query, "%24expand=*") || strstr(query, "$expand=%2A");
}

/* $expand of one level: the members of a collection in full. */
SUSPENDS static void expand(struct service_exchange *exchange, const json_t *document)
{
	json_t *members = json_object_get(document, "Members");
	const json_t *member;
	size_t index;

	json_array_foreach(members, index, member)
	{
		const char *link = link_of(member);
		json_t *full = link ? shown(exchange, link) : NULL;
		if (full)
			json_array_set_new(members, index, full);
	}
}

SUSPENDS static json_t *document_get(struct service_exchange *exchange)
{
	const struct service_tree *tree = exchange->service->options.tree;
	size_t len = 0;
	const char *text = tree ? service_tree_text(tree, exchange->path, &len) : NULL;
	json_t *document;

	if (text && len && *text == '<') { /* $metadata and schemas */
		exchange->response->status = 200;
		http_response_header(exchange->response, "Content-Type", "application/xml;charset=utf-8");
		buf_append(&exchange->response->body, text, len);
		return NULL;
	}
	document = shown(exchange, exchange->path);
	if (document && exchange->service->quirks->has_no_members &&
	    (strstr(exchange->path, "/EthernetInterfaces") || strstr(exchange->path, "/SimpleStorage")))
		json_object_del(document, "Members");
	if (document && tree && is_expanding(exchange->request->query))
		expand(exchange, document);
	return document;
}

/* ---- PATCH ---- */

static bool is_readonly(const char *name)
{
	static const char *const names[] = {
		"Id",           "Name",         "PowerState", "UUID",  "Status",
		"SerialNumber", "Manufacturer", "Model",      "Links", "Actions"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static bool is_same_kind(const json_t *one, const json_t *other)
{
	return json_is_null(one) || json_is_null(other) || json_typeof(one) == json_typeof(other) ||
	       (json_is_boolean(one) && json_is_boolean(other)) ||
	       (json_is_number(one) && json_is_number(other));
}

static bool is_allowed(const json_t *object, const char *name, const json_t *value)
{
	char member[128];
	const json_t *allowed, *choice;
	size_t index;

	snprintf(member, sizeof(member), "%s@Redfish.AllowableValues", name);
	allowed = json_object_get(object, member);
	json_array_foreach((json_t *)allowed, index, choice)
	{
		if (json_equal((json_t *)choice, (json_t *)value))
			return true;
	}
	return !allowed;
}

/* Members against those of the document, as the document tells of them. False: the refusal is in the
 * response. */
static bool check_members(struct service_exchange *exchange, const json_t *object, const json_t *members,
			  bool is_attributes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)members, name, value)
	{
		const json_t *present = json_object_get(object, name);
		enum service_message message;

		if (strchr(name, '@'))
			continue;
		if (!present)
			message = MESSAGE_PROPERTY_UNKNOWN;
		else if (!is_attributes && is_readonly(name))
			message = MESSAGE_PROPERTY_READONLY;
		else if (!is_same_kind(present, value))
			message = MESSAGE_PROPERTY_TYPE;
		else if (!is_allowed(object, name, value))
			message = MESSAGE_PROPERTY_VALUE;
		else
			continue;
		if (message == MESSAGE_PROPERTY_UNKNOWN || message == MESSAGE_PROPERTY_READONLY)
			service_refuse(exchange, message, name, NULL);
		else
			service_refuse(exchange, message,
				       json_is_string(value) ? json_string_value(value) : "given", name);
		return false;
	}
	return true;
}

/* Two levels: what lies deeper goes in as it is. */
static bool check_patch(struct service_exchange *exchange, const json_t *document)
{
	const char *name;
	json_t *value;

	if (!check_members(exchange, document, exchange->body, false))
		return false;
	json_object_foreach(exchange->body, name, value)
	{
		if (json_is_object(value) && !strchr(name, '@') &&
		    !check_members(exchange, json_object_get(document, name), value,
				   !strcmp(name, "Attributes")))
			return false;
	}
	return true;
}

/* Media are inserted by PATCH where there is no action for it (Lenovo). */
static void follow_image(json_t *members)
{
	const json_t *image = json_object_get(members, "Image");

	if (image)
		json_object_set_new(members, "Inserted", json_boolean(json_string_length(image)));
}

SUSPENDS static void document_patch(struct service_exchange *exchange)
{
	struct redfish_service *service = exchange->service;
	char owner_path[SERVICE_PATH_MAX];
	json_t *owner = settings_owner(service, exchange->path, owner_path, sizeof(owner_path));
	json_t *document = document_of(service, exchange->path);
	json_t *known = owner ? json_deep_copy(owner) : json_object();
	json_t *boot = json_object_get(exchange->body, "Boot");

	json_object_update_recursive(known, document);
	if (check_patch(exchange, known) && (!boot || service_boot_patch(exchange, boot))) {
		if (is_type(document, "VirtualMedia"))
			follow_image(exchange->body);
		json_object_del(exchange->body, "@Redfish.SettingsApplyTime"); /* it is always OnReset */
		change(service, exchange->path, exchange->body);
		if (owner && boot) /* attributes wait for a start, the boot override does not */
			change_new(service, owner_path, json_pack("{s:O}", "Boot", boot));
		service_done(exchange);
	}
	json_decref(known);
	json_decref(document);
	json_decref(owner);
}

static const char reset_pending[] = "ResetBiosToDefaultsPending";

/* As the tree has it, whatever was changed or waits. members: the changes of the Bios resource. */
static void forget_attributes(struct redfish_service *service, const char *path, json_t *members)
{
	json_t *document = original(service, path), *others;
	const char *settings =
		link_of(json_object_get(json_object_get(document, "@Redfish.Settings"), "SettingsObject"));
	const char *other;

	json_object_del(members, "Attributes");
	json_object_set_new(members, reset_pending, json_false());
	json_object_foreach(service->changes, other, others)
	{
		if (leads_to(settings, other))
			json_object_del(others, "Attributes");
	}
	json_decref(document);
}

/* iLO's settings resource has all attributes at any time; others' what waits alone. */
static bool shows_all_attributes(const struct redfish_service *service, const char *path)
{
	json_t *document = original(service, path);
	bool is_full = json_object_size(json_object_get(document, "Attributes")) > 0;

	json_decref(document);
	return is_full;
}

void service_documents_start(struct redfish_service *service)
{
	static const char secure_boot[] = "SecureBootEnable";
	char owner_path[SERVICE_PATH_MAX];
	const char *path;
	json_t *members;
	void *next;

	json_object_foreach(service->changes, path, members)
	{
		if (json_is_true(json_object_get(members, reset_pending)))
			forget_attributes(service, path, members);
	}
	json_object_foreach_safe(service->changes, next, path, members)
	{
		json_t *attributes = json_object_get(members, "Attributes");
		json_t *owner =
			attributes ? settings_owner(service, path, owner_path, sizeof(owner_path)) : NULL;
		const json_t *enable = json_object_get(members, secure_boot);

		if (enable)
			json_object_set_new(members, "SecureBootCurrentBoot",
					    json_string(json_is_true(enable) ? "Enabled" : "Disabled"));
		if (!owner)
			continue;
		change_new(service, owner_path, json_pack("{s:O}", "Attributes", attributes));
		if (!shows_all_attributes(service, path))
			json_object_del(members, "Attributes");
		json_decref(owner);
	}
}

/* ---- actions ---- */

struct document_action {
	const char *name;
	SUSPENDS void (*run)(struct service_exchange *exchange, const char *path, const json_t *action);
};

/* The values that an action's parameter takes: beside it, or in the document of its ActionInfo. */
static json_t *allowed_values(const struct redfish_service *service, const json_t *action,
			      const char *parameter)
{
	const char *info_path = json_string_value(json_object_get(action, "@Redfish.ActionInfo"));
	json_t *info = info_path ? original(service, info_path) : NULL;
	json_t *allowed, *row;
	char member[128];
	size_t index;

	snprintf(member, sizeof(member), "%s@Redfish.AllowableValues", parameter);
	allowed = json_incref(json_object_get(action, member));
	json_array_foreach(json_object_get(info, "Parameters"), index, row)
	{
		const char *name = json_string_value(json_object_get(row, "Name"));
		if (!allowed && name && !strcmp(name, parameter))
			allowed = json_incref(json_object_get(row, "AllowableValues"));
	}
	json_decref(info);
	return allowed;
}

/* False: a parameter that the action does not offer; 400 is in the response. */
static bool is_offered(struct service_exchange *exchange, const json_t *action, const char *parameter)
{
	json_t *allowed = allowed_values(exchange->service, action, parameter);
	const json_t *value = json_object_get(exchange->body, parameter), *choice;
	bool is_found = !allowed || !value;
	size_t index;

	json_array_foreach(allowed, index, choice)
	{
		is_found |= json_equal((json_t *)choice, (json_t *)value);
	}
	json_decref(allowed);
	if (!is_found)
		service_refuse(exchange, MESSAGE_PARAMETER_VALUE,
			       json_is_string(value) ? json_string_value(value) : "given", parameter);
	return is_found;
}

SUSPENDS static void reset_system(struct service_exchange *exchange, const char *path, const json_t *action)
{
	(void)path;
	if (is_offered(exchange, action, "ResetType"))
		service_system_reset(exchange);
}

SUSPENDS static void reset_manager(struct service_exchange *exchange, const char *path, const json_t *action)
{
	(void)path;
	if (is_offered(exchange, action, "ResetType"))
		service_manager_reset(exchange);
}

static void insert_media(struct service_exchange *exchange, const char *path, const json_t *action)
{
	struct service_insertion insertion;
	json_t *document = document_of(exchange->service, path);
	bool is_full = json_is_true(json_object_get(document, "Inserted"));

	json_decref(document);
	if (!is_offered(exchange, action, "TransferProtocolType") ||
	    !service_take_insertion(exchange, &insertion))
		return;
	if (is_full) {
		service_refuse(exchange, MESSAGE_IN_USE, NULL, NULL);
		return;
	}
	change_new(exchange->service, path,
		   json_pack("{s:s, s:s, s:b, s:b, s:s}", "Image", insertion.image, "ImageName",
			     strrchr(insertion.image, '/') + 1, "Inserted", insertion.is_inserted,
			     "WriteProtected", insertion.is_write_protected, "ConnectedVia", "URI"));
	service_done(exchange);
}

static void eject_media(struct service_exchange *exchange, const char *path, const json_t *action)
{
	(void)action;
	if (!service_take_ejection(exchange))
		return;
	change_new(exchange->service, path,
		   json_pack("{s:n, s:n, s:b, s:s}", "Image", "ImageName", "Inserted", 0, "ConnectedVia",
			     "NotConnected"));
	service_done(exchange);
}

static void reset_keys(struct service_exchange *exchange, const char *path, const json_t *action)
{
	const char *type;

	if (!service_body_text(exchange, "ResetKeysType", &type) ||
	    !is_offered(exchange, action, "ResetKeysType"))
		return;
	if (!type) {
		service_refuse(exchange, MESSAGE_PARAMETER_MISSING, "SecureBoot.ResetKeys", "ResetKeysType");
		return;
	}
	change_new(
		exchange->service, path,
		json_pack("{s:s}", "SecureBootMode", strncmp(type, "Delete", 6) ? "UserMode" : "SetupMode"));
	service_done(exchange);
}

/* Takes effect at the next start. */
static void reset_bios(struct service_exchange *exchange, const char *path, const json_t *action)
{
	(void)action;
	change_new(exchange->service, path, json_pack("{s:b}", reset_pending, 1));
	service_done(exchange);
}

static void simple_update(struct service_exchange *exchange, const char *path, const json_t *action)
{
	(void)path;
	if (is_offered(exchange, action, "TransferProtocol"))
		service_update_start(exchange);
}

/* Accepted; what it would do is not simulated. */
static void nothing(struct service_exchange *exchange, const char *path, const json_t *action)
{
	(void)path;
	(void)action;
	service_done(exchange);
}

static const struct document_action actions[] = {
	{ "ComputerSystem.Reset", reset_system },
	{ "Manager.Reset", reset_manager },
	{ "VirtualMedia.InsertMedia", insert_media },
	{ "VirtualMedia.EjectMedia", eject_media },
	{ "SecureBoot.ResetKeys", reset_keys },
	{ "Bios.ResetBios", reset_bios },
	{ "Chassis.Reset", nothing },
	{ "UpdateService.SimpleUpdate", simple_update },
};

/* iLO has the action at a path under the settings of its document. owner: in the place of theirs. */
static json_t *owner_of_settings(const struct redfish_service *service, const char *path, const char *name,
				 char *owner, size_t size)
{
	char settings[SERVICE_PATH_MAX];
	json_t *document;

	snprintf(settings, sizeof(settings), "%s", owner);
	document = settings_owner(service, settings, owner, size);
	if (leads_to(json_string_value(json_object_get(action_of(document, name), "target")), path))
		return document;
	json_decref(document);
	return NULL;
}

/* The document whose action stands at a path .../Actions/<name>, and its path. NULL: none. */
static json_t *action_owner(const struct redfish_service *service, const char *path, char *owner, size_t size,
			    const char **ret_name)
{
	const char *found = strstr(path, "/Actions/");
	json_t *document;

	if (!found || (size_t)(found - path) >= size)
		return NULL;
	snprintf(owner, size, "%.*s", (int)(found - path), path);
	*ret_name = found + strlen("/Actions/");
	document = document_of(service, owner);
	if (is_type(document, "VirtualMedia"))
		show_media(owner, document);
	if (action_of(document, *ret_name))
		return document;
	json_decref(document);
	return owner_of_settings(service, path, *ret_name, owner, size);
}

SUSPENDS static void action_post(struct service_exchange *exchange)
{
	char owner[SERVICE_PATH_MAX];
	const char *name;
	json_t *document = action_owner(exchange->service, exchange->path, owner, sizeof(owner), &name);

	for (size_t i = 0; document && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!strcmp(actions[i].name, name)) {
			actions[i].run(exchange, owner, action_of(document, name));
			json_decref(document);
			return;
		}
	}
	json_decref(document);
	service_refuse(exchange, MESSAGE_ACTION, name, NULL);
}

/* ---- routing ---- */

static const struct service_resource document_resource = { .get = document_get, .patch = document_patch };
static const struct service_resource open_resource = { .is_read_open = true,
						       .get = document_get,
						       .patch = document_patch };
static const struct service_resource action_resource = { .post = action_post };

static bool is_open_path(const char *path)
{
	return !strcmp(path, "/redfish") || !strcmp(path, "/redfish/v1") ||
	       !strcmp(path, "/redfish/v1/odata") || !strcmp(path, "/redfish/v1/$metadata");
}

const struct service_resource *service_document_find(const struct redfish_service *service, const char *path)
{
	const struct service_tree *tree = service->options.tree ? service->options.tree : service_inventory();
	char owner[SERVICE_PATH_MAX];
	const char *name;
	json_t *document;
	size_t len;

	if (service_tree_text(tree, path, &len))
		return is_open_path(path) ? &open_resource : &document_resource;
	document = action_owner(service, path, owner, sizeof(owner), &name);
	json_decref(document);
	return document ? &action_resource : NULL;
}
