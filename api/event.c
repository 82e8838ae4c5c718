/* event: POST /v1/events: what other services tell us. Nothing here waits for network events, so they are
 * logged. */
#include <string.h>

#include "api/handlers.h"
#include "api/resource.h"
#include "lib/log.h"
#include "lib/netaddr.h"
#include "lib/uuid.h"

enum member_type { MEMBER_TEXT, MEMBER_UUID, MEMBER_MAC, MEMBER_EVENT };

static const struct member {
	const char *name;
	enum member_type type;
	bool is_required;
} members[] = {
	{ "event", MEMBER_EVENT, true },
	{ "port_id", MEMBER_UUID, true },
	{ "mac_address", MEMBER_MAC, true },
	{ "status", MEMBER_TEXT, true },
	{ "device_id", MEMBER_TEXT, false },
	{ "binding:host_id", MEMBER_TEXT, false },
	{ "binding:vnic_type", MEMBER_TEXT, false },
};

static bool is_event(const char *name)
{
	static const char *const names[] = { "network.bind_port", "network.unbind_port",
					     "network.delete_port" };
	bool is_found = false;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		is_found = is_found || strcmp(names[i], name) == 0;
	return is_found;
}

static bool fits(const char *text, enum member_type type)
{
	switch (type) {
	case MEMBER_TEXT:
		return true;
	case MEMBER_UUID:
		return uuid_is_valid(text);
	case MEMBER_MAC:
		return netaddr_is_mac(text);
	case MEMBER_EVENT:
		return is_event(text);
	}
	return false;
}

static int check_event(const json_t *event, struct error *err)
{
	size_t known = 0;

	if (!json_is_object(event))
		return fail(err, ERR_INVALID, "Schema error for events: an event is not of type 'object'");
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const json_t *value = json_object_get(event, members[i].name);
		const char *text = json_string_value(value);

		if (!value && members[i].is_required)
			return fail(err, ERR_MISSING, "Schema error for events: '%s' is a required property",
				    members[i].name);
		if (value && !(text && fits(text, members[i].type)))
			return fail(err, ERR_INVALID, "Schema error for events: this is no valid value of %s",
				    members[i].name);
		known += value != NULL;
	}
	return known == json_object_size(event)
		       ? 0
		       : fail(err, ERR_INVALID,
			      "Schema error for events: Additional properties are not allowed in an event");
}

int event_create(struct api_request *request, struct error *err)
{
	const json_t *events = json_object_get(request->body, "events");

	if (json_object_size(request->body) != 1 || json_array_size(events) == 0)
		return fail(err, ERR_INVALID,
			    "Schema error for events: the body is not an object with a list of at least one "
			    "event");
	for (size_t i = 0; i < json_array_size(events); i++) {
		int rc = check_event(json_array_get(events, i), err);

		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);

		log_debug("Event %s of port %s", json_string_value(json_object_get(event, "event")),
			  json_string_value(json_object_get(event, "port_id")));
	}
	reply_empty(request, 204);
	return 0;
}
