/* service: routing and protocol rules of the Redfish service. */
#include "drivers/redfish/service.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "drivers/redfish/service_private.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "lib/xalloc.h"

static const struct service_resource *const tables[] = {
	service_root_resources,    service_session_resources, service_system_resources,
	service_manager_resources, service_event_resources,   service_task_resources,
	service_update_resources,
};

static const struct redfish_quirks no_quirks;

struct redfish_service *redfish_service_new(const struct redfish_service_options *options)
{
	struct redfish_service *service = xcalloc(1, sizeof(*service));

	service->options = *options;
	if (!service->options.session_timeout_s)
		service->options.session_timeout_s = 1800;
	service->next_id = 1;
	memcpy(service->indicator, "Off", 4);
	memcpy(service->chassis_indicator, "Off", 4);
	service->changes = json_object();
	memcpy(service->bios_version, "1.0.0", 6);
	snprintf(service->bmc_version, sizeof(service->bmc_version), "%s", FERRULE_VERSION);
	redfish_service_set_quirks(service, options->quirks);
	return service;
}

void redfish_service_free(struct redfish_service *service)
{
	if (!service)
		return;
	service_sessions_release(service);
	service_subscriptions_release(service);
	for (int i = 0; i < SERVICE_MEDIA_COUNT; i++)
		xfree(service->media[i].image);
	json_decref(service->changes);
	json_decref(service->update);
	xfree(service->asset_tag);
	xfree(service);
}

void redfish_service_set_quirks(struct redfish_service *service, const struct redfish_quirks *quirks)
{
	service->quirks = quirks ? quirks : &no_quirks;
	memset(service->refused, 0, sizeof(service->refused));
	service->cached_ms = 0;
}

json_t *redfish_service_state(const struct redfish_service *service)
{
	json_t *subscriptions = json_array();
	json_t *media = json_array();

	for (unsigned i = 0; i < service->subscription_count; i++)
		json_array_append_new(subscriptions, json_string(service->subscriptions[i].destination));
	for (int i = 0; i < SERVICE_MEDIA_COUNT - !service->quirks->has_dvd_slot; i++)
		json_array_append_new(media, service->media[i].image && !service->media[i].is_ejected
						     ? json_string(service->media[i].image)
						     : json_null());
	return json_pack("{s:I, s:o, s:o, s:s, s:s, s:O}", "sessions", (json_int_t)service->session_count,
			 "subscriptions", subscriptions, "media", media, "indicator", service->indicator,
			 "chassis_indicator", service->chassis_indicator, "changes", service->changes);
}

/* ---- helpers of the resources ---- */

void service_done(struct service_exchange *exchange)
{
	exchange->response->status = 204;
}

static void put_document(struct http_response *response, const json_t *document)
{
	http_response_header(response, "Content-Type",
			     "application/json;odata.metadata=minimal;charset=utf-8");
	json_write(&response->body, document);
}

void service_put(struct service_exchange *exchange, const json_t *document)
{
	json_write(&exchange->response->body, document);
}

void service_created(struct service_exchange *exchange, const char *location, json_t *take_document)
{
	exchange->response->status = 201;
	http_response_header(exchange->response, "Location", "%s", location);
	put_document(exchange->response, take_document);
	json_decref(take_document);
}

json_t *service_link(const char *path)
{
	return json_pack("{s:s}", "@odata.id", path);
}

json_t *service_collection(const char *path, const char *type, const char *name, json_t *take_members)
{
	return json_pack("{s:s, s:s++, s:s, s:I, s:o}", "@odata.id", path, "@odata.type", "#", type,
			 "Collection", "Name", name, "Members@odata.count",
			 (json_int_t)json_array_size(take_members), "Members", take_members);
}

/* The value as the client wrote it, cut, for an error message. */
static const char *value_text(struct service_exchange *exchange, const json_t *value)
{
	struct buf text;
	const char *copy;

	if (json_is_string(value))
		return json_string_value(value);
	buf_init(&text, 256);
	json_write(&text, value);
	copy = arena_strdup(exchange->request->arena, text.data ? text.data : "");
	buf_release(&text);
	return copy;
}

bool service_body_text(struct service_exchange *exchange, const char *name, const char **ret)
{
	const json_t *value = json_object_get(exchange->body, name);

	*ret = NULL;
	if (!value)
		return true;
	if (!json_is_string(value)) {
		service_refuse(exchange, MESSAGE_PROPERTY_TYPE, value_text(exchange, value), name);
		return false;
	}
	*ret = json_string_value(value);
	return true;
}

bool service_body_only(struct service_exchange *exchange, const char *const *names, bool is_action)
{
	const char *key;
	json_t *value;

	json_object_foreach(exchange->body, key, value)
	{
		const char *const *name = names;
		while (*name && strcmp(*name, key) != 0)
			name++;
		if (!*name && !strchr(key, '@')) {
			service_refuse(exchange,
				       is_action ? MESSAGE_PARAMETER_UNKNOWN : MESSAGE_PROPERTY_UNKNOWN, key,
				       NULL);
			return false;
		}
	}
	return true;
}

/* ---- routing ---- */

/* Segment by segment; {} takes any one. */
static bool path_matches(const char *pattern, const char *path, const char **ret_id, size_t *ret_id_len)
{
	while (*pattern) {
		if (pattern[0] == '{') {
			size_t len = strcspn(path, "/");
			if (!len)
				return false;
			*ret_id = path;
			*ret_id_len = len;
			path += len;
			pattern += 2;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*path;
}

/* Without a trailing slash; POST to .../Members is POST to the collection (DSP0266 7.10). */
static const char *plain_path(const struct http_request *request)
{
	static const char members[] = "/Members";
	size_t len = strlen(request->path);

	while (len > 1 && request->path[len - 1] == '/')
		len--;
	if (!strcmp(request->method, "POST") && len > sizeof(members) &&
	    !strncmp(request->path + len - (sizeof(members) - 1), members, sizeof(members) - 1))
		len -= sizeof(members) - 1;
	return arena_strndup(request->arena, request->path, len);
}

static const struct service_resource *resource_find(struct service_exchange *exchange)
{
	bool is_captured = exchange->service->options.tree;
	const char *path = exchange->path;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct service_resource *row = tables[i]; row->path; row++) {
			const char *id = NULL;
			size_t id_len = 0;
			if ((is_captured && !row->is_live) || !path_matches(row->path, path, &id, &id_len))
				continue;
			if (id)
				exchange->id = arena_strndup(exchange->request->arena, id, id_len);
			return row;
		}
	}
	return service_document_find(exchange->service, path);
}

static void put_allow(struct http_response *response, const struct service_resource *resource)
{
	http_response_header(response, "Allow", "%s%s%s%s", resource->get ? "GET, HEAD" : "",
			     resource->post ? (resource->get ? ", POST" : "POST") : "",
			     resource->patch ? ", PATCH" : "", resource->delete ? ", DELETE" : "");
}

/* ---- conditions ---- */

static void etag_of(const struct service_exchange *exchange, const json_t *document, char *etag, size_t size)
{
	struct buf text;
	uint64_t hash;

	buf_init(&text, (size_t)16 << 20);
	json_write(&text, document);
	hash = hash_bytes(HASH_START, text.data, text.len);
	buf_release(&text);
	snprintf(etag, size, "%s\"%016" PRIx64 "\"", exchange->service->quirks->has_weak_etag ? "W/" : "",
		 hash);
}

/* If-Match compares strongly: a weak tag matches nothing, so a client of a weak tag must send it bare. */
static bool etag_matches(const char *header, const char *etag)
{
	const char *opaque = strncmp(etag, "W/", 2) ? etag : etag + 2;
	const char *found = strstr(header, opaque);

	if (!strcmp(header, "*"))
		return true;
	return found && !(found - header >= 2 && !strncmp(found - 2, "W/", 2));
}

/* False: 412 or 428 is in the response. */
SUSPENDS static bool check_conditions(struct service_exchange *exchange,
				      const struct service_resource *resource)
{
	const struct redfish_quirks *quirks = exchange->service->quirks;
	const char *header = http_request_header(exchange->request, "If-Match");
	json_t *document;
	char etag[32];

	if (quirks->has_no_etag || !resource->get)
		return true;
	if (!header) {
		if (!quirks->needs_if_match)
			return true;
		service_refuse(exchange, MESSAGE_PRECONDITION_REQUIRED, NULL, NULL);
		return false;
	}
	document = resource->get(exchange);
	if (!document) {
		if (!exchange->response->status)
			service_refuse(exchange, MESSAGE_MISSING_RESOURCE, exchange->request->path, NULL);
		return false;
	}
	etag_of(exchange, document, etag, sizeof(etag));
	json_decref(document);
	if (quirks->etag == REDFISH_ETAG_PLAIN || quirks->etag == REDFISH_ETAG_TWICE) {
		if (etag_matches(header, etag))
			return true;
	}
	service_refuse(exchange, MESSAGE_PRECONDITION_FAILED, NULL, NULL);
	return false;
}

/* Headers that a request to any resource must keep to. */
static bool check_headers(struct service_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	const char *version = http_request_header(request, "OData-Version");
	const char *accept = http_request_header(request, "Accept");
	const char *query = request->query;

	if (version && strcmp(version, "4.0") != 0) {
		service_refuse(exchange, MESSAGE_PRECONDITION_FAILED, NULL, NULL);
		return false;
	}
	if (accept && !strstr(accept, "json") && !strstr(accept, "*/*") && !strstr(accept, "application/*") &&
	    !strstr(request->path, "$metadata")) {
		service_refuse(exchange, MESSAGE_NOT_ACCEPTABLE, "Accept", NULL);
		return false;
	}
	/* what was captured knows queries, and shows more than was asked for */
	if (exchange->service->options.tree)
		return true;
	if (query[0] == '$' || !strncasecmp(query, "%24", 3) || strstr(query, "&$")) {
		service_refuse(exchange, MESSAGE_QUERY, query, NULL);
		return false;
	}
	return true;
}

/* Parses the body into exchange->body; no body is {}. */
static bool parse_body(struct service_exchange *exchange)
{
	const struct http_request *request = exchange->request;
	const char *type = http_request_header(request, "Content-Type");
	json_t *value;

	if (!request->body_len) {
		exchange->body = json_object();
		return true;
	}
	if (!type || !strstr(type, "json")) {
		service_refuse(exchange, MESSAGE_MEDIA_TYPE, "Content-Type", NULL);
		return false;
	}
	if (json_parse(request->body, request->body_len, JSON_DEPTH_MAX, &value, NULL) < 0) {
		service_refuse(exchange, MESSAGE_MALFORMED, NULL, NULL);
		return false;
	}
	if (!json_is_object(value)) {
		json_decref(value);
		service_refuse(exchange, MESSAGE_MALFORMED, NULL, NULL);
		return false;
	}
	exchange->body = value;
	return true;
}

/* ---- methods ---- */

SUSPENDS static void read_resource(struct service_exchange *exchange, const struct service_resource *resource)
{
	const struct http_request *request = exchange->request;
	struct http_response *response = exchange->response;
	const char *if_none_match = http_request_header(request, "If-None-Match");
	json_t *document = resource->get(exchange);
	const char *type;
	char etag[32];

	if (!document) {
		if (!response->status)
			service_refuse(exchange, MESSAGE_MISSING_RESOURCE, request->path, NULL);
		return;
	}
	put_allow(response, resource);
	type = json_string_value(json_object_get(document, "@odata.type"));
	if (type)
		http_response_header(response, "Link", "</redfish/v1/JsonSchemas/%.*s>; rel=describedby",
				     (int)strcspn(type + 1, "."), type + 1);
	if (!exchange->service->quirks->has_no_etag) {
		etag_of(exchange, document, etag, sizeof(etag));
		service_quirk_put_etag(exchange, etag);
		if (if_none_match && strstr(if_none_match, etag)) {
			response->status = 304;
			json_decref(document);
			return;
		}
	}
	response->status = 200;
	put_document(response, document);
	json_decref(document);
}

SUSPENDS static void write_resource(struct service_exchange *exchange,
				    const struct service_resource *resource)
{
	const char *method = exchange->request->method;

	if (!strcmp(method, "DELETE")) {
		resource->delete (exchange);
		return;
	}
	if (!parse_body(exchange))
		return;
	if (!strcmp(method, "POST"))
		resource->post(exchange);
	else if (check_conditions(exchange, resource))
		resource->patch(exchange);
	json_decref(exchange->body);
}

static bool is_allowed(const struct service_resource *resource, const char *method)
{
	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		return resource->get;
	if (!strcmp(method, "POST"))
		return resource->post;
	if (!strcmp(method, "PATCH"))
		return resource->patch;
	return !strcmp(method, "DELETE") && resource->delete;
}

static bool is_open(const struct service_resource *resource, const char *method)
{
	if (!resource)
		return false;
	if (!strcmp(method, "POST"))
		return resource->is_post_open;
	return resource->is_read_open && (!strcmp(method, "GET") || !strcmp(method, "HEAD"));
}

void redfish_service_handle(struct redfish_service *service, struct http_request *request,
			    struct http_response *response)
{
	struct service_exchange exchange = {
		.service = service, .request = request, .response = response, .path = plain_path(request)
	};
	const struct service_resource *resource = resource_find(&exchange);

	http_response_header(response, "OData-Version", "4.0");
	http_response_header(response, "Cache-Control", "no-store");
	/* Whether a resource exists is not for strangers: credentials come first. */
	if (!is_open(resource, request->method) && !service_authenticate(&exchange))
		return;
	if (!resource) {
		service_refuse(&exchange, MESSAGE_MISSING_RESOURCE, request->path, NULL);
		return;
	}
	if (!is_allowed(resource, request->method)) {
		put_allow(response, resource);
		service_refuse(&exchange, MESSAGE_METHOD, NULL, NULL);
		return;
	}
	if (service_quirk_refuses(&exchange) || !check_headers(&exchange))
		return;
	if (!strcmp(request->method, "GET") || !strcmp(request->method, "HEAD"))
		read_resource(&exchange, resource);
	else
		write_resource(&exchange, resource);
}
