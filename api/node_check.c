#include "api/node_check.h"

#include <string.h>

#include "api/node.h"
#include "lib/uuid.h"

static const char *const reserved_names[] = { "maintenance",     "management", "states",
					      "vendor_passthru", "detail",     "validate" };

int node_check_name(const char *name, const char *node_uuid, int version, struct error *err)
{
	for (size_t i = 0; i < sizeof reserved_names / sizeof reserved_names[0]; i++) {
		if (strcmp(name, reserved_names[i]) == 0)
			return fail(err, ERR_INVALID,
				    "The word \"%s\" is reserved and can not be used as a node name. "
				    "Reserved words are: "
				    "maintenance, management, states, vendor_passthru, detail, validate.",
				    name);
	}
	if (node_name_suits(name, version) && !uuid_is_like(name))
		return 0;
	if (!node_uuid)
		return fail(err, ERR_INVALID, "Cannot create node with invalid name '%s'", name);
	return fail(err, ERR_INVALID, "Node %s: Cannot change name to invalid name '%s'", node_uuid, name);
}

int node_check_parent(struct api_request *request, const char *ident, const char *node_uuid_text,
		      const char **ret_uuid, struct error *err)
{
	bool is_uuid = uuid_is_valid(ident);
	struct node parent;

	node_init(&parent);
	int rc = node_read_brief(request->db, is_uuid ? ident : NULL, is_uuid ? NULL : ident, &parent, err);
	if (rc == -ERR_NOT_FOUND || (rc == 0 && strcmp(node_uuid(&parent), node_uuid_text) == 0))
		rc = fail(err, ERR_INVALID,
			  "Unable to apply the requested parent_node '%s'. Requested value was invalid.",
			  ident);
	if (rc == 0)
		*ret_uuid = arena_strdup(request->arena, node_uuid(&parent));
	node_release(&parent);
	return rc;
}

bool node_check_is_patchable(enum provision_state state)
{
	static const enum provision_state patchable[] = {
		PROVISION_DEPLOYFAIL, PROVISION_INSPECTING,   PROVISION_INSPECTFAIL, PROVISION_INSPECTWAIT,
		PROVISION_CLEANFAIL,  PROVISION_ERROR,        PROVISION_VERIFYING,   PROVISION_ADOPTFAIL,
		PROVISION_RESCUEFAIL, PROVISION_UNRESCUEFAIL, PROVISION_SERVICEHOLD, PROVISION_SERVICEFAIL,
	};
	bool is_found = false;

	for (size_t i = 0; i < sizeof patchable / sizeof patchable[0]; i++)
		is_found = is_found || patchable[i] == state;
	return is_found;
}

int node_conflict(const char *uuid, const char *name, const char *instance_uuid, struct error *err)
{
	if (strcmp(err->text, "nodes_name") == 0)
		return fail(err, ERR_CONFLICT, "A node with name %s already exists.", name);
	if (strcmp(err->text, "nodes_instance_uuid") == 0)
		return fail(err, ERR_CONFLICT,
			    "Instance %s is already associated with a node, it cannot be associated with "
			    "this other node "
			    "%s",
			    instance_uuid, uuid);
	return fail(err, ERR_CONFLICT, "A node with UUID %s already exists.", uuid);
}
