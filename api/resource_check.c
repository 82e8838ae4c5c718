/* resource_check: rules that several kinds of objects share. */
#include <string.h>

#include "api/node.h"
#include "api/resource.h"
#include "lib/netaddr.h"
#include "lib/uuid.h"

#define INSPECT_WAIT_SINCE 39 /* before, inspecting meant waiting too */

int resource_check_address(struct resource_draft *draft, struct error *err)
{
	const char *given = resource_draft_text(draft, "address");

	if (!netaddr_is_mac(given))
		return fail(err, ERR_INVALID, "Expected valid MAC address for address: %s", given);
	char *address = arena_strdup(draft->request->arena, given);
	netaddr_lower(address);
	resource_draft_set(draft, "address", address);
	return 0;
}

int resource_check_name(const struct resource_draft *draft, struct error *err)
{
	const char *name = resource_draft_text(draft, "name");

	if (!name || (node_name_is_valid(name) && !uuid_is_like(name)))
		return 0;
	return fail(err, ERR_INVALID, "Cannot %s %s with invalid name '%s'",
		    draft->rows ? "update" : "create", draft->resource->name, name);
}

int resource_check_word(const struct resource_draft *draft, const char *name, const char *const *words,
			struct error *err)
{
	const char *text = resource_draft_text(draft, name);

	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID, "Schema error for %s: '%s' is not a valid %s", draft->resource->name,
		    text, name);
}

int resource_read_node(struct resource_draft *draft, bool is_new, struct node *ret, struct error *err)
{
	const char *uuid = resource_draft_text(draft, "node_uuid");

	int rc = node_read(draft->request->db, uuid, NULL, 0, ret, err);
	if (rc != -ERR_NOT_FOUND)
		return rc;
	if (is_new)
		draft->request->fault_status = 400;
	return node_not_found(uuid, err);
}

int resource_check_inspection(const struct resource_draft *draft, const struct node *node, struct error *err)
{
	if (strcmp(node_text(node, NODE_PROVISION_STATE), "inspecting") != 0 ||
	    draft->request->version < INSPECT_WAIT_SINCE)
		return 0;
	return fail(err, ERR_CONFLICT,
		    "Cannot update %s \"%s\" on \"%s\" while it is in state \"inspecting\".",
		    draft->resource->name, draft->uuid, node_uuid(node));
}

int resource_conflict(const struct resource_draft *draft, const char *noun, const char *what,
		      const char *field, struct error *err)
{
	return fail(err, ERR_CONFLICT, "A%s %s with %s %s already exists.",
		    strchr("aeio", noun[0]) ? "n" : "", noun, what, resource_draft_text(draft, field));
}
