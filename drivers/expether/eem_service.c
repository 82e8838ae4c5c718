/* eem_service: see eem_service.h. */
#include "drivers/expether/eem_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/expether/eem_fleet.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/url.h"
#include "lib/xalloc.h"

#define ROOT    "/eem"
#define VERSION "v1.2.1"

struct eem_service {
	struct eem_service_options options;
	struct eem_fleet fleet;
	char *version; /* owned */
	bool is_auth_off, has_numeric_times, has_empty_writes;
};

/* One request on its way. */
struct exchange {
	struct eem_service *service;
	struct http_request *request;
	struct http_response *response;
	json_t *device;   /* borrowed; that of the path, NULL: the path names none */
	const char *port; /* number of a port in the path */
	const char *group_id, *status, *update_time; /* of the query; NULL: not given */
	bool is_forced;
};

static void plain_settings(struct eem_service *service)
{
	xfree(service->version);
	service->version = xstrdup(VERSION);
	service->is_auth_off = service->options.is_auth_off;
	service->has_numeric_times = service->has_empty_writes = false;
}

struct eem_service *eem_service_new(const struct eem_service_options *options)
{
	struct eem_service *service = xcalloc(1, sizeof(*service));

	service->options = *options;
	eem_fleet_init(&service->fleet);
	plain_settings(service);
	eem_fleet_seed(&service->fleet);
	return service;
}

void eem_service_free(struct eem_service *service)
{
	if (!service)
		return;
	eem_fleet_release(&service->fleet);
	xfree(service->version);
	xfree(service);
}

void eem_service_fill(struct eem_service *service, unsigned cards)
{
	eem_fleet_fill(&service->fleet, cards);
}

/* ---- answers ---- */

static void put_json(struct http_response *response, int status, json_t *take_value)
{
	response->status = status;
	http_response_header(response, "Content-Type", "application/json");
	buf_clear(&response->body);
	json_write(&response->body, take_value);
	json_decref(take_value);
}

static void refuse(struct http_response *response, const char *code, const char *message)
{
	put_json(response, (int)strtol(code, NULL, 10) / 100,
		 json_pack("{s:s, s:s}", "code", code, "message", message));
}

void eem_service_refuse(int status, const char *sentence, struct http_response *response)
{
	char code[16];

	snprintf(code, sizeof(code), "%d00", status);
	refuse(response, code, sentence);
}

static json_t *time_value(const struct eem_service *service, const char *text)
{
	return service->has_numeric_times ? json_integer(strtoll(text, NULL, 10)) : json_string(text);
}

static json_t *now_value(const struct eem_service *service)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, clock_wall_ms());
	return time_value(service, text);
}

/* The device as it is sent. */
static json_t *shown(const struct exchange *exchange, json_t *device)
{
	json_t *copy;

	if (!exchange->service->has_numeric_times)
		return json_incref(device);
	copy = json_copy(device);
	json_object_set_new(copy, "update_time",
			    time_value(exchange->service, eem_text(device, "update_time")));
	return copy;
}

/* ---- reading ---- */

static void get_version(struct exchange *exchange)
{
	put_json(exchange->response, 200, json_pack("{s:s}", "version_number", exchange->service->version));
}

static bool is_wanted(const struct exchange *exchange, const json_t *device)
{
	if (exchange->status && strcmp(exchange->status, eem_text(device, "status")) != 0)
		return false;
	if (exchange->group_id && strcmp(exchange->group_id, eem_text(device, "group_id")) != 0)
		return false;
	return !exchange->update_time ||
	       strtoll(eem_text(device, "update_time"), NULL, 10) > strtoll(exchange->update_time, NULL, 10);
}

static void list(struct exchange *exchange, bool is_full)
{
	json_t *devices = json_array(), *device;
	const char *id;

	json_object_foreach(exchange->service->fleet.devices, id, device)
	{
		if (is_wanted(exchange, device))
			json_array_append_new(devices, is_full ? shown(exchange, device)
							       : json_pack("{s:s}", "id", id));
	}
	put_json(exchange->response, 200,
		 json_pack("{s:o, s:o}", "devices", devices, "timestamp", now_value(exchange->service)));
}

static void get_devices(struct exchange *exchange)
{
	list(exchange, false);
}

static void get_details(struct exchange *exchange)
{
	list(exchange, true);
}

static void get_device(struct exchange *exchange)
{
	put_json(exchange->response, 200,
		 json_pack("{s:o, s:o}", "device", shown(exchange, exchange->device), "timestamp",
			   now_value(exchange->service)));
}

static void get_groups(struct exchange *exchange)
{
	json_t *groups = json_array(), *seen = json_object(), *device;
	const char *id;

	json_object_foreach(exchange->service->fleet.devices, id, device)
	{
		const char *group = eem_text(device, "group_id");
		long number = strtol(group, NULL, 10);

		if (number < EEM_GROUP_MIN || number > EEM_GROUP_MAX || json_object_get(seen, group))
			continue;
		json_object_set_new(seen, group, json_true());
		json_array_append_new(groups, json_pack("{s:s}", "id", group));
	}
	json_decref(seen);
	put_json(exchange->response, 200, json_pack("{s:o}", "groups", groups));
}

static void get_led(struct exchange *exchange)
{
	const char *led = eem_text(exchange->device, "uid_led_status");

	put_json(exchange->response, 200, json_pack("{s:s}", "uid_led_status", *led ? led : "off"));
}

static void get_rotary(struct exchange *exchange)
{
	put_json(exchange->response, 200, json_pack("{s:s}", "rotary_switch_status", "14"));
}

/* ---- writing ---- */

static void done(struct exchange *exchange)
{
	exchange->response->status = 204;
}

static void changed(struct exchange *exchange, bool with_group)
{
	json_t *value;

	eem_device_touch(exchange->device);
	eem_fleet_derive(&exchange->service->fleet);
	if (exchange->service->has_empty_writes) {
		done(exchange);
		return;
	}
	value = json_pack("{s:o}", "update_time",
			  time_value(exchange->service, eem_text(exchange->device, "update_time")));
	if (with_group)
		json_object_set_new(value, "group_id", json_string(eem_text(exchange->device, "group_id")));
	put_json(exchange->response, 200, value);
}

/* What EEM asks of a board before it writes to it. */
static bool is_writable(struct exchange *exchange, bool needs_admin)
{
	const json_t *device = exchange->device;

	if (needs_admin && (strcmp(eem_text(device, "admin_status"), "enabled") != 0 ||
			    strcmp(eem_text(device, "monitoring_status"), "enabled") != 0))
		refuse(exchange->response, "40004", "The device is disabled.");
	else if (!eem_is_alive(device))
		refuse(exchange->response, "50003", "The device does not answer.");
	else if (exchange->update_time && strcmp(exchange->update_time, eem_text(device, "update_time")) != 0)
		refuse(exchange->response, "40004", "The device has changed since.");
	else
		return true;
	return false;
}

/* The body's object, {} for none; NULL: 400 is in the answer. */
static json_t *body(struct exchange *exchange)
{
	struct http_request *request = exchange->request;
	struct error err;
	json_t *value;

	if (!request->body_len)
		return json_object();
	if (json_parse(request->body, request->body_len, JSON_DEPTH_MAX, &value, &err) < 0) {
		refuse(exchange->response, "40000", "The body is not JSON.");
		return NULL;
	}
	if (json_is_object(value))
		return value;
	json_decref(value);
	refuse(exchange->response, "40000", "The body is not an object.");
	return NULL;
}

static const char *group_refusal(struct exchange *exchange, const char *group)
{
	const struct eem_fleet *fleet = &exchange->service->fleet;
	const json_t *device = exchange->device;
	char *end;
	long number = strtol(group, &end, 10);

	if (*end || end == group || strlen(group) > 4 || number < EEM_GROUP_MIN || number > EEM_GROUP_MAX)
		return "The group id must be a number from 16 to 4092.";
	if (eem_is_host(device))
		return NULL;
	if (!eem_fleet_has_group(fleet, group))
		return "No EESV has that group id.";
	if (strcmp(eem_text(device, "group_id"), EEM_GROUP_NO_EEIO) != 0)
		return "The EEIO has a group id.";
	return eem_fleet_is_full(fleet, group) ? "The EESV has as many EEIOs as it can." : NULL;
}

static void set_group(struct exchange *exchange, const json_t *wanted)
{
	char picked[8];
	const char *group = json_string_value(wanted);
	const char *refusal;

	if (wanted && !json_is_null(wanted) && !group) {
		refuse(exchange->response, "40004", "The group id must be a string.");
		return;
	}
	if (!group && eem_is_host(exchange->device) &&
	    eem_fleet_pick_group(&exchange->service->fleet, picked))
		group = picked;
	refusal = group ? group_refusal(exchange, group) : "A group id cannot be chosen.";
	if (refusal) {
		refuse(exchange->response, "40004", refusal);
		return;
	}
	json_object_set_new(exchange->device, "group_id", json_string(group));
	changed(exchange, true);
}

static void put_group(struct exchange *exchange)
{
	json_t *value;

	if (!is_writable(exchange, true))
		return;
	value = body(exchange);
	if (value)
		set_group(exchange, json_object_get(value, "group_id"));
	json_decref(value);
}

static void delete_group(struct exchange *exchange)
{
	const char *none = eem_is_host(exchange->device) ? EEM_GROUP_NO_EESV : EEM_GROUP_NO_EEIO;

	if (!is_writable(exchange, true))
		return;
	if (strcmp(eem_text(exchange->device, "group_id"), none) == 0) {
		refuse(exchange->response, "40004", "The device has no group id.");
		return;
	}
	json_object_set_new(exchange->device, "group_id", json_string(none));
	changed(exchange, false);
}

static void delete_device(struct exchange *exchange)
{
	char id[16];

	if (!exchange->is_forced && eem_is_alive(exchange->device)) {
		refuse(exchange->response, "40011", "The device is alive.");
		return;
	}
	snprintf(id, sizeof(id), "%s", eem_text(exchange->device, "id"));
	eem_fleet_remove(&exchange->service->fleet, id);
	eem_fleet_derive(&exchange->service->fleet);
	done(exchange);
}

static void put_audit(struct exchange *exchange)
{
	if (is_writable(exchange, false))
		changed(exchange, false);
}

static void put_reset(struct exchange *exchange)
{
	if (is_writable(exchange, true))
		done(exchange);
}

static void put_led(struct exchange *exchange)
{
	json_t *value;
	const char *led;

	if (!is_writable(exchange, true))
		return;
	value = body(exchange);
	if (!value)
		return;
	led = json_string_value(json_object_get(value, "uid_led_status"));
	if (led && (strcmp(led, "on") == 0 || strcmp(led, "off") == 0)) {
		json_object_set_new(exchange->device, "uid_led_status", json_string(led));
		eem_device_touch(exchange->device);
		done(exchange);
	} else {
		refuse(exchange->response, "40004", "uid_led_status must be on or off.");
	}
	json_decref(value);
}

static void delete_port(struct exchange *exchange)
{
	json_t *port;
	size_t index;

	json_array_foreach(json_object_get(exchange->device, "downstream_ports"), index, port)
	{
		if (strcmp(eem_text(port, "downstream_port_id"), exchange->port) != 0)
			continue;
		if (strcmp(eem_text(port, "eeio_connection_status"), "up") == 0) {
			refuse(exchange->response, "40004", "The EEIO at that port is alive.");
			return;
		}
		json_object_set_new(port, "eeio_mac_address", json_string("00:00:00:00:00:00"));
		eem_device_touch(exchange->device);
		done(exchange);
		return;
	}
	refuse(exchange->response, "40400", "There is no such port.");
}

/* ---- routes ---- */

/* clang-format off */
static const struct route {
	const char *method;
	const char *path; /* below the root; {id} a device, {n} a port's number */
	void (*handle)(struct exchange *exchange);
} routes[] = {
	{ "GET",    "/api_version",                       get_version },
	{ "GET",    "/devices",                           get_devices },
	{ "GET",    "/devices/detail",                    get_details },
	{ "GET",    "/devices/{id}",                      get_device },
	{ "DELETE", "/devices/{id}",                      delete_device },
	{ "PUT",    "/devices/{id}/audit",                put_audit },
	{ "PUT",    "/devices/{id}/perst",                put_reset },
	{ "PUT",    "/devices/{id}/send_reset_frame",     put_reset },
	{ "GET",    "/devices/{id}/uid_led_status",       get_led },
	{ "PUT",    "/devices/{id}/uid_led_status",       put_led },
	{ "GET",    "/devices/{id}/rotary_switch_status", get_rotary },
	{ "PUT",    "/devices/{id}/group_id",             put_group },
	{ "DELETE", "/devices/{id}/group_id",             delete_group },
	{ "DELETE", "/devices/{id}/ports/{n}/eeio_mac_address", delete_port },
	{ "GET",    "/groups",                            get_groups },
	{ "PUT",    "/dump_statistics",                   done },
};
/* clang-format on */

/* Compares segment by segment; *ret_id and *ret_port are what stands for {id} and {n}, in the arena. */
static bool path_fits(struct arena *arena, const char *pattern, const char *path, const char **ret_id,
		      const char **ret_port)
{
	*ret_id = *ret_port = NULL;
	while (*pattern == '/' && *path == '/') {
		size_t wanted = strcspn(++pattern, "/"), len = strcspn(++path, "/");

		if (*pattern == '{')
			*(pattern[1] == 'i' ? ret_id : ret_port) = arena_strndup(arena, path, len);
		else if (wanted != len || strncmp(pattern, path, len) != 0)
			return false;
		pattern += wanted;
		path += len;
	}
	return !*pattern && !*path;
}

static const struct route *find(struct exchange *exchange, const char *path, bool *ret_is_path,
				const char **ret_id)
{
	*ret_is_path = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *id, *port;

		if (!path_fits(exchange->request->arena, routes[i].path, path, &id, &port) ||
		    (id && !eem_id_is_valid(id)))
			continue;
		*ret_is_path = true;
		*ret_id = id;
		exchange->port = port;
		if (strcmp(routes[i].method, exchange->request->method) == 0)
			return &routes[i];
	}
	return NULL;
}

static bool is_number(const char *text)
{
	return *text && strlen(text) < 20 && strspn(text, "0123456789") == strlen(text);
}

/* False: 400 is in the answer. */
static bool read_query(struct exchange *exchange)
{
	struct url_query walk = { .rest = exchange->request->query };
	struct url_param param;
	int rc;

	while ((rc = url_query_next(&walk, exchange->request->arena, &param)) == 1) {
		if (strcmp(param.name, "status") == 0)
			exchange->status = param.value;
		else if (strcmp(param.name, "group_id") == 0)
			exchange->group_id = param.value;
		else if (strcmp(param.name, "update_time") == 0)
			exchange->update_time = param.value;
		else if (strcmp(param.name, "force") == 0)
			exchange->is_forced = strcmp(param.value, "enabled") == 0;
	}
	if (rc == 0 && (!exchange->update_time || is_number(exchange->update_time)))
		return true;
	refuse(exchange->response, "40004", "The query is malformed.");
	return false;
}

static bool decode_base64(const char *text, char *plain, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, count = 0;
	size_t len = 0;

	for (; *text && *text != '='; text++) {
		const char *found = strchr(digits, *text);

		if (!found || len + 1 >= size)
			return false;
		bits = bits << 6 | (unsigned)(found - digits);
		count += 6;
		if (count >= 8)
			plain[len++] = (char)(bits >> (count -= 8));
	}
	plain[len] = '\0';
	return true;
}

static bool is_authentic(const struct exchange *exchange)
{
	const struct eem_service *service = exchange->service;
	const char *header = http_request_header(exchange->request, "Authorization");
	char plain[512];
	size_t user_len = strlen(service->options.user);

	if (service->is_auth_off)
		return true;
	if (!header || strncasecmp(header, "Basic ", 6) != 0 ||
	    !decode_base64(header + 6, plain, sizeof(plain)))
		return false;
	return strncmp(plain, service->options.user, user_len) == 0 && plain[user_len] == ':' &&
	       strcmp(plain + user_len + 1, service->options.password) == 0;
}

void eem_service_handle(struct eem_service *service, struct http_request *request,
			struct http_response *response)
{
	struct exchange exchange = { .service = service, .request = request, .response = response };
	const struct route *route;
	const char *id = NULL;
	bool is_path = false;

	if (!is_authentic(&exchange)) {
		response->status = 401;
		http_response_header(response, "WWW-Authenticate", "Basic realm=\"eem\"");
		return;
	}
	route = strncmp(request->path, ROOT, strlen(ROOT)) == 0
			? find(&exchange, request->path + strlen(ROOT), &is_path, &id)
			: NULL;
	if (id)
		exchange.device = eem_fleet_find(&service->fleet, id);
	if (!is_path)
		refuse(response, "40400", "There is nothing at that path.");
	else if (!route)
		refuse(response, "40500", "The method is not allowed.");
	else if (id && !exchange.device)
		refuse(response, "40400", "There is no such device.");
	else if (read_query(&exchange))
		route->handle(&exchange);
}

/* ---- the control port ---- */

json_t *eem_service_state(const struct eem_service *service)
{
	return json_pack("{s:{s:s, s:b, s:b, s:b}, s:O}", "settings", "version_number", service->version,
			 "auth", !service->is_auth_off, "numeric_times", service->has_numeric_times,
			 "empty_writes", service->has_empty_writes, "devices", service->fleet.devices);
}

static int check_changes(const struct eem_service *service, const json_t *changes, struct error *err)
{
	const char *key, *id;
	json_t *value, *members;

	if (!json_is_object(changes))
		return fail(err, ERR_INVALID, "eem must be an object");
	json_object_foreach((json_t *)changes, key, value)
	{
		bool ok = strcmp(key, "reset") == 0 ? json_is_true(value)
			  : strcmp(key, "vanish") == 0
				  ? json_is_string(value)
				  : (strcmp(key, "settings") == 0 || strcmp(key, "devices") == 0) &&
					    json_is_object(value);

		if (!ok)
			return fail(err, ERR_INVALID, "eem.%s is unknown or has the wrong type", key);
	}
	json_object_foreach(json_object_get(changes, "devices"), id, members)
	{
		const char *side = eem_text(members, "status");
		bool is_new = !eem_fleet_find(&service->fleet, id);

		if (!eem_id_is_valid(id) || !json_is_object(members) ||
		    (is_new && strcmp(side, "eesv") != 0 && strcmp(side, "eeio") != 0))
			return fail(err, ERR_INVALID, "eem.devices.%s is no device", id);
	}
	return 0;
}

static void apply_settings(struct eem_service *service, const json_t *settings)
{
	const char *version = json_string_value(json_object_get(settings, "version_number"));
	const json_t *auth = json_object_get(settings, "auth");
	const json_t *times = json_object_get(settings, "numeric_times");
	const json_t *writes = json_object_get(settings, "empty_writes");

	if (version) {
		xfree(service->version);
		service->version = xstrdup(version);
	}
	if (auth)
		service->is_auth_off = json_is_false(auth);
	if (times)
		service->has_numeric_times = json_is_true(times);
	if (writes)
		service->has_empty_writes = json_is_true(writes);
}

static void apply_members(struct eem_service *service, const char *id, json_t *members)
{
	json_t *device = eem_fleet_find(&service->fleet, id), *value;
	const char *key;

	if (!device) {
		eem_fleet_add(&service->fleet, id, json_deep_copy(members));
		return;
	}
	json_object_foreach(members, key, value)
	{
		if (json_is_null(value))
			json_object_del(device, key);
		else
			json_object_set_new(device, key, json_deep_copy(value));
	}
	eem_device_touch(device);
}

int eem_service_apply(struct eem_service *service, const json_t *changes, struct error *err)
{
	const char *vanish = json_string_value(json_object_get(changes, "vanish")), *id;
	json_t *members;
	int rc = check_changes(service, changes, err);

	if (rc < 0)
		return rc;
	if (json_object_get(changes, "reset")) {
		plain_settings(service);
		eem_fleet_seed(&service->fleet);
	}
	if (vanish)
		eem_fleet_remove(&service->fleet, vanish);
	json_object_foreach(json_object_get(changes, "devices"), id, members)
		apply_members(service, id, members);
	apply_settings(service, json_object_get(changes, "settings"));
	eem_fleet_derive(&service->fleet);
	return 0;
}
