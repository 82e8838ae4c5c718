/* driver: hardware types as the live conductors publish them. */
#include <stdio.h>
#include <string.h>

#include "api/fleet.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "model/interface.h"

#define LINK_SINCE    14
#define TYPE_SINCE    30
#define DRIVER_MAX    64
#define NAME_TEXT_MAX 64

/* Members that an answer has: the plain ones as bits, interfaces by type. */
enum { SHOW_HOSTS = 1, SHOW_LINKS = 2, SHOW_NAME = 4, SHOW_PROPERTIES = 8, SHOW_TYPE = 16 };
struct driver_view {
	unsigned plain;
	bool has_default[INTERFACE_COUNT], has_enabled[INTERFACE_COUNT];
};

/* Ironic's order in the sentence about unknown fields. */
static const enum interface_type sentence_order[INTERFACE_COUNT] = {
	INTERFACE_BOOT,    INTERFACE_CONSOLE, INTERFACE_DEPLOY,   INTERFACE_INSPECT, INTERFACE_MANAGEMENT,
	INTERFACE_NETWORK, INTERFACE_POWER,   INTERFACE_RAID,     INTERFACE_VENDOR,  INTERFACE_STORAGE,
	INTERFACE_RESCUE,  INTERFACE_BIOS,    INTERFACE_FIRMWARE,
};

static const struct {
	const char *name;
	unsigned bit;
} plain_fields[] = {
	{ "hosts", SHOW_HOSTS },           { "links", SHOW_LINKS }, { "name", SHOW_NAME },
	{ "properties", SHOW_PROPERTIES }, { "type", SHOW_TYPE },
};

static bool type_is_shown(enum interface_type type, int version)
{
	int since = interface_type_info(type)->since;

	return version >= (since > TYPE_SINCE + 1 ? since : TYPE_SINCE);
}

static void view_default(struct driver_view *view, int version, bool is_detail)
{
	*view = (struct driver_view){ .plain = SHOW_HOSTS | SHOW_LINKS | SHOW_NAME };
	if (version >= LINK_SINCE)
		view->plain |= SHOW_PROPERTIES;
	if (version >= TYPE_SINCE)
		view->plain |= SHOW_TYPE;
	for (enum interface_type type = 0; is_detail && type < INTERFACE_COUNT; type++)
		view->has_default[type] = view->has_enabled[type] = type_is_shown(type, version);
}

static int unknown_field(const char *name, struct error *err)
{
	struct buf words;

	buf_init(&words, 2048);
	buf_puts(&words, "'hosts', 'links', 'name'");
	for (size_t i = 0; i < INTERFACE_COUNT; i++) {
		const char *type = interface_type_info(sentence_order[i])->name;

		buf_printf(&words, ", 'default_%s_interface', 'enabled_%s_interfaces'", type, type);
	}
	fail(err, ERR_INVALID, "Schema error: '%s' is not one of [%s, 'properties', 'type']", name,
	     words.data);
	buf_release(&words);
	return -ERR_INVALID;
}

static bool add_field(struct driver_view *view, const char *name)
{
	char wanted[NAME_TEXT_MAX];

	for (size_t i = 0; i < sizeof plain_fields / sizeof plain_fields[0]; i++) {
		if (strcmp(plain_fields[i].name, name) == 0) {
			view->plain |= plain_fields[i].bit;
			return true;
		}
	}
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		snprintf(wanted, sizeof wanted, "default_%s_interface", interface_type_info(type)->name);
		if (strcmp(wanted, name) == 0)
			return view->has_default[type] = true;
		snprintf(wanted, sizeof wanted, "enabled_%s_interfaces", interface_type_info(type)->name);
		if (strcmp(wanted, name) == 0)
			return view->has_enabled[type] = true;
	}
	return false;
}

static int view_fields(struct driver_view *view, const char *fields, struct error *err)
{
	char name[NAME_TEXT_MAX];
	const char *word;
	size_t len;

	*view = (struct driver_view){ .plain = SHOW_LINKS };
	while ((word = query_word(&fields, &len))) {
		snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
		if (len >= sizeof name || !add_field(view, name))
			return unknown_field(name, err);
	}
	return 0;
}

static void write_interfaces(struct buf *body, const struct registry *registry, const char *driver,
			     const struct driver_view *view)
{
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		const char *name = interface_type_info(type)->name;
		const struct conductor_interface *preset = registry_default(registry, driver, name);

		if (view->has_default[type]) {
			json_out_comma(body);
			buf_printf(body, "\"default_%s_interface\":", name);
			json_out_text(body, preset ? preset->name : NULL, preset ? strlen(preset->name) : 0);
		}
		if (!view->has_enabled[type])
			continue;
		json_out_comma(body);
		buf_printf(body, "\"enabled_%s_interfaces\":[", name);
		for (size_t i = 0; i < registry->interface_count; i++) {
			const struct conductor_interface *row = &registry->interfaces[i];

			if (strcmp(row->hardware_type, driver) != 0 || strcmp(row->interface_type, name) != 0)
				continue;
			json_out_comma(body);
			buf_json_string(body, row->name, strlen(row->name));
		}
		buf_putc(body, ']');
	}
}

static void write_driver(struct api_request *request, const char *driver, const struct driver_view *view)
{
	struct buf *body = &request->out->body;
	const char *hosts[FLEET_HOST_MAX];

	buf_putc(body, '{');
	if (view->plain & SHOW_NAME) {
		json_out_key(body, "name");
		buf_json_string(body, driver, strlen(driver));
	}
	if (view->plain & SHOW_HOSTS) {
		size_t count = registry_driver_hosts(request->registry, driver, hosts, FLEET_HOST_MAX);

		json_out_key(body, "hosts");
		buf_putc(body, '[');
		for (size_t i = 0; i < count; i++) {
			json_out_comma(body);
			buf_json_string(body, hosts[i], strlen(hosts[i]));
		}
		buf_putc(body, ']');
	}
	if (view->plain & SHOW_TYPE) {
		json_out_key(body, "type");
		buf_puts(body, "\"dynamic\"");
	}
	write_interfaces(body, request->registry, driver, view);
	if (view->plain & SHOW_LINKS) {
		json_out_key(body, "links");
		json_out_item_links(body, request->base, "drivers", driver, strlen(driver), "");
	}
	if (view->plain & SHOW_PROPERTIES) {
		json_out_key(body, "properties");
		json_out_item_links(body, request->base, "drivers", driver, strlen(driver), "/properties");
	}
	buf_putc(body, '}');
}

/* Names of all drivers that live conductors serve, sorted. */
static size_t list_drivers(const struct registry *registry, const char *names[DRIVER_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < registry->conductor_count; i++) {
		const struct conductor_row *row = &registry->conductors[i];

		for (size_t j = 0; row->is_alive && j < row->driver_count && count < DRIVER_MAX; j++) {
			size_t at = 0;

			while (at < count && strcmp(names[at], row->drivers[j]) < 0)
				at++;
			if (at < count && strcmp(names[at], row->drivers[j]) == 0)
				continue;
			memmove(&names[at + 1], &names[at], (count++ - at) * sizeof names[0]);
			names[at] = row->drivers[j];
		}
	}
	return count;
}

static int choose_view(const struct api_request *request, struct driver_view *view, struct error *err)
{
	const char *fields = query_text(&request->query, "fields");
	bool is_detail = query_bool(&request->query, "detail") == 1;

	if (fields && is_detail)
		return fail(err, ERR_INVALID, "Can't fetch a subset of fields with 'detail' set");
	if (fields)
		return view_fields(view, fields, err);
	view_default(view, request->version, is_detail);
	return 0;
}

int driver_list(struct api_request *request, struct error *err)
{
	const char *type = query_text(&request->query, "type");
	const char *names[DRIVER_MAX + 1];
	struct driver_view view;

	if (type && strcmp(type, "classic") != 0 && strcmp(type, "dynamic") != 0)
		return fail(err, ERR_INVALID,
			    "\"type\" filter must be one of \"classic\" or \"dynamic\", if specified.");
	int rc = choose_view(request, &view, err);
	if (rc < 0)
		return rc;
	bool is_classic = type && strcmp(type, "classic") == 0;
	size_t count = is_classic ? 0 : list_drivers(request->registry, names);
	reply_json(request, 200);
	buf_puts(&request->out->body, "{\"drivers\":[");
	for (size_t i = 0; i < count; i++) {
		json_out_comma(&request->out->body);
		write_driver(request, names[i], &view);
	}
	buf_puts(&request->out->body, "]}");
	return 0;
}

int driver_show(struct api_request *request, struct error *err)
{
	const char *fields = query_text(&request->query, "fields");
	const char *driver = request->ident[0];
	struct driver_view view;

	if (!registry_has_driver(request->registry, driver, NULL))
		return fail(err, ERR_NOT_FOUND,
			    "Could not find the following driver(s) or hardware type(s): %s.", driver);
	view_default(&view, request->version, true);
	int rc = fields ? view_fields(&view, fields, err) : 0;
	if (rc < 0)
		return rc;
	reply_json(request, 200);
	write_driver(request, driver, &view);
	return 0;
}

static int reply_properties(struct api_request *request, const struct conductor_property *rows, size_t count,
			    struct error *err)
{
	struct buf *body = &request->out->body;
	const char *driver = request->ident[0];

	if (!registry_has_driver(request->registry, driver, NULL))
		return fail(err, ERR_NOT_FOUND, "The driver '%s' is unknown.", driver);
	reply_json(request, 200);
	buf_putc(body, '{');
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].hardware_type, driver) != 0)
			continue;
		json_out_comma(body);
		buf_json_string(body, rows[i].name, strlen(rows[i].name));
		buf_putc(body, ':');
		buf_json_string(body, rows[i].help, strlen(rows[i].help));
	}
	buf_putc(body, '}');
	return 0;
}

int driver_properties(struct api_request *request, struct error *err)
{
	return reply_properties(request, request->registry->properties, request->registry->property_count,
				err);
}

/* The same by ?driver_name=, which Ironic has beside the path. */
int driver_properties_by_query(struct api_request *request, struct error *err)
{
	const char *name = query_text(&request->query, "driver_name");

	if (!name)
		return fail(err, ERR_MISSING, "Missing mandatory parameter: driver_name");
	request->ident[0] = name;
	return driver_properties(request, err);
}

int driver_raid_properties(struct api_request *request, struct error *err)
{
	return reply_properties(request, request->registry->raid_properties,
				request->registry->raid_property_count, err);
}
