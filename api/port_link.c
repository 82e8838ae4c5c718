#include "api/port_link.h"

#include <ctype.h>
#include <string.h>

#include "api/argument.h"
#include "lib/json.h"
#include "lib/netaddr.h"
#include "model/field.h"

#define FIELD        "local_link_connection"
#define DATAPATH_LEN 16

/* Members of a link; `until` is the microversion that has them no more. */
static const struct member {
	const char *name;
	int since, until;
} members[] = {
	{ "port_id", 0, 0 },
	{ "switch_id", 0, 0 },
	{ "hostname", 0, 0 },
	{ "switch_info", 0, 0 },
	{ "network_type", 64, 0 },
	{ "vtep-logical-switch", 90, 105 },
	{ "vtep-physical-switch", 90, 105 },
};

static const struct member *find_member(const char *name)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	}
	return NULL;
}

static int check_member(const char *name, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);

	if (!find_member(name))
		return fail(err, ERR_INVALID,
			    "Schema error for " FIELD ": Additional properties are not allowed ('%s' was "
			    "unexpected)",
			    name);
	if (!text)
		return fail(err, ERR_INVALID, "Schema error for " FIELD ": %s is not of type 'string'", name);
	if (strcmp(name, "network_type") == 0 && strcmp(text, "managed") != 0 &&
	    strcmp(text, "unmanaged") != 0)
		return fail(err, ERR_INVALID,
			    "Schema error for " FIELD
			    ": '%.64s' is not one of ['managed', 'unmanaged'] (network_type)",
			    text);
	return 0;
}

static bool has(const json_t *link, const char *name)
{
	return json_object_get(link, name) != NULL;
}

static bool is_vtep(const json_t *link)
{
	return has(link, "vtep-logical-switch") && has(link, "vtep-physical-switch");
}

/* Members that belong together. */
static int check_whole(const json_t *link, struct error *err)
{
	const char *type = argument_text(link, "network_type");

	if (!is_vtep(link) && (has(link, "vtep-logical-switch") || has(link, "vtep-physical-switch")))
		return fail(err, ERR_INVALID,
			    "Schema error for " FIELD
			    ": vtep-logical-switch and vtep-physical-switch need each other");
	if (json_object_size(link) == 0 || (type && strcmp(type, "unmanaged") == 0))
		return 0;
	if (has(link, "port_id") && (has(link, "switch_id") || has(link, "hostname") || is_vtep(link)))
		return 0;
	return fail(err, ERR_INVALID,
		    "Schema error for " FIELD ": 'port_id' and 'switch_id' are required properties");
}

static bool is_datapath(const char *text)
{
	return strlen(text) == DATAPATH_LEN && strspn(text, "0123456789abcdefABCDEF") == DATAPATH_LEN;
}

static int settle_switch(struct resource_draft *draft, json_t *link, struct error *err)
{
	const char *given = argument_text(link, "switch_id");

	if (!given)
		return 0;
	if (!netaddr_is_mac(given) && !is_datapath(given))
		return fail(err, ERR_INVALID,
			    "Expected a MAC address or OpenFlow datapath ID but received %.64s.", given);
	char *lower = arena_strdup(draft->request->arena, given);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	json_object_set_new(link, "switch_id", json_string(lower));
	const struct node_field_info *info =
		&draft->resource->fields[resource_index(draft->resource, FIELD)];
	resource_draft_set(draft, FIELD, field_text(info, link, draft->request->arena));
	return 0;
}

static int check_version(const json_t *link, int version, struct error *err)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const struct member *row = &members[i];

		if (has(link, row->name) && (version < row->since || (row->until && version >= row->until)))
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	}
	return 0;
}

static bool is_smart(const struct resource_draft *draft)
{
	const char *text = resource_draft_text(draft, "is_smartnic");

	return text && text[0] == 't';
}

static int check_link(struct resource_draft *draft, json_t *link, struct error *err)
{
	const char *name;
	json_t *value;
	int rc = 0;

	json_object_foreach(link, name, value)
	{
		rc = check_member(name, value, err);
		if (rc < 0)
			return rc;
	}
	rc = check_whole(link, err);
	return rc < 0 ? rc : settle_switch(draft, link, err);
}

int port_link_check(struct resource_draft *draft, bool is_new, struct error *err)
{
	json_auto_t *link = resource_draft_value(draft, FIELD);
	int rc = 0;

	if (link && resource_draft_changes(draft, FIELD))
		rc = check_link(draft, link, err);
	if (rc == 0 && is_new)
		rc = check_version(link, draft->request->version, err);
	if (rc == 0 && is_new && link && is_smart(draft) && !(has(link, "port_id") && has(link, "hostname")))
		rc = fail(err, ERR_INVALID,
			  "Smart NIC port must have port_id and hostname in local_link_connection");
	return rc;
}
