/* port: the network ports of nodes. */
#include <string.h>

#include "api/argument.h"
#include "api/node.h"
#include "api/port_link.h"
#include "api/resource.h"
#include "db/portgroup.h"
#include "lib/json.h"
#include "model/states.h"

static bool is_being_set_up(const struct node *node)
{
	static const enum provision_state states[] = { PROVISION_ENROLL, PROVISION_INSPECTING,
						       PROVISION_INSPECTWAIT, PROVISION_MANAGEABLE };
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));
	bool is_set_up = node_bool(node, NODE_MAINTENANCE);

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		is_set_up = is_set_up || states[i] == state;
	return is_set_up;
}

/* The address may not change under an instance. */
static int check_unused(const struct resource_draft *draft, const struct node *node, struct error *err)
{
	bool is_used = node_text(node, NODE_INSTANCE_UUID) ||
		       strcmp(node_text(node, NODE_PROVISION_STATE), "active") == 0;

	if (!resource_draft_changes(draft, "address") || !is_used || node_bool(node, NODE_MAINTENANCE))
		return 0;
	return fail(err, ERR_CONFLICT,
		    "Cannot update the address of port %s while node %s is active or has an instance, "
		    "unless it is in maintenance mode.",
		    draft->uuid, node_uuid(node));
}

/* What may not change under a running instance. */
static int check_states(const struct resource_draft *draft, const struct node *node, struct error *err)
{
	static const char *const wired[] = { "portgroup_uuid", "pxe_enabled", "local_link_connection",
					     "physical_network" };

	int rc = resource_check_inspection(draft, node, err);
	if (rc == 0)
		rc = check_unused(draft, node, err);
	for (size_t i = 0; rc == 0 && i < sizeof wired / sizeof wired[0]; i++) {
		if (resource_draft_changes(draft, wired[i]) && !is_being_set_up(node))
			rc = fail(err, ERR_CONFLICT,
				  "Port %s can not have %s updated unless node %s is in one of the states "
				  "enroll, inspecting, inspect wait, manageable, or in maintenance mode.",
				  draft->uuid, wired[i], node_uuid(node));
	}
	return rc;
}

/* All ports of a group are in one physical network: that of another member, else of the group. */
static int check_network(const struct resource_draft *draft, const char *group_id, const char *group_network,
			 struct error *err)
{
	const char *own = resource_draft_text(draft, "physical_network");
	struct db_rows *rows = NULL;

	int rc = portgroup_member(draft->request->db, group_id, draft->uuid, &rows, err);
	if (rc < 0)
		return rc;
	bool is_bound = db_rows_count(rows) > 0 || group_network;
	const char *network = db_rows_count(rows) > 0 ? db_value(rows, 0, 0) : group_network;
	if (is_bound && strcmp(own ? own : "", network ? network : "") != 0)
		rc = fail(err, ERR_CONFLICT,
			  "Port with physical network %s cannot become a member of port group %s which has "
			  "ports in physical network %s.",
			  own ? own : "None", resource_draft_text(draft, "portgroup_uuid"),
			  network ? network : "None");
	db_rows_release(rows);
	return rc;
}

/* The group must be one of the same node, and have room for such a port. */
static int check_member(const struct resource_draft *draft, const struct node *node,
			const struct db_rows *group, const int *column, bool is_new, struct error *err)
{
	const char *uuid = resource_draft_text(draft, "portgroup_uuid");
	const char *pxe = resource_draft_text(draft, "pxe_enabled");
	const char *owner = db_value(group, 0, column[resource_index(&portgroup_resource, "node_uuid")]);
	const char *standalone =
		db_value(group, 0, column[resource_index(&portgroup_resource, "standalone_ports_supported")]);

	if (strcmp(owner, node_uuid(node)) != 0)
		return fail(err, ERR_INVALID, "Portgroup %s belongs to another node than the port.", uuid);
	if (is_new && standalone[0] == 'f' && !(pxe && pxe[0] == 'f'))
		return fail(err, ERR_CONFLICT,
			    "Port group %s doesn't support standalone ports. This port cannot be created "
			    "as a member of that portgroup as the port's 'pxe_enabled' field was set to "
			    "True.",
			    uuid);
	return check_network(
		draft, db_value(group, 0, LIST_ID),
		db_value(group, 0, column[resource_index(&portgroup_resource, "physical_network")]), err);
}

static int check_portgroup(const struct resource_draft *draft, const struct node *node, bool is_new,
			   struct error *err)
{
	const char *uuid = resource_draft_text(draft, "portgroup_uuid");
	int column[RESOURCE_FIELD_MAX];
	struct db_rows *rows = NULL;

	if (!uuid || !(resource_draft_changes(draft, "portgroup_uuid") ||
		       resource_draft_changes(draft, "physical_network")))
		return 0;
	int rc = resource_read(draft->request->db, &portgroup_resource, uuid, NULL, column, &rows, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_INVALID, "Portgroup %s could not be found.", uuid);
	if (rc == 0)
		rc = check_member(draft, node, rows, column, is_new, err);
	db_rows_release(rows);
	return rc;
}

static int check_texts(struct resource_draft *draft, bool is_new, struct error *err)
{
	const char *network = resource_draft_text(draft, "physical_network");
	int rc = 0;

	if (resource_draft_changes(draft, "address"))
		rc = resource_check_address(draft, err);
	if (rc == 0 && network && !network[0])
		rc = fail(err, ERR_INVALID, "A non-empty value is required when setting physical_network");
	return rc < 0 ? rc : port_link_check(draft, is_new, err);
}

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	struct node node;

	int rc = check_texts(draft, is_new, err);
	if (rc < 0)
		return rc;
	node_init(&node);
	rc = resource_read_node(draft, is_new, &node, err);
	if (rc == 0 && !is_new)
		rc = check_states(draft, &node, err);
	if (rc == 0)
		rc = check_portgroup(draft, &node, is_new, err);
	node_release(&node);
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "ports_address") == 0)
		return resource_conflict(draft, "port", "MAC address", "address", err);
	if (strcmp(err->text, "ports_name") == 0)
		return resource_conflict(draft, "port", "name", "name", err);
	return resource_conflict(draft, "port", "UUID", "uuid", err);
}

/* ---- create ---- */

/* From 1.94 a port may name its node by node_ident; it becomes the uuid. */
static int resolve_ident(struct api_request *request, struct error *err)
{
	json_t *body = request->body;
	const char *ident = argument_text(body, "node_ident");
	struct node node;

	if (!json_object_get(body, "node_ident"))
		return 0;
	if (request->version < 94)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	if (!ident || json_object_get(body, "node_uuid"))
		return fail(err, ERR_INVALID,
			    "Schema error for port: exactly one of node_uuid and node_ident is needed");
	node_init(&node);
	int rc = node_find(request, ident, &node, err);
	if (rc == 0) {
		json_object_set_new(body, "node_uuid", json_string(node_uuid(&node)));
		json_object_del(body, "node_ident");
	}
	if (rc < 0)
		request->fault_status = rc == -ERR_NOT_FOUND ? 400 : 0;
	node_release(&node);
	return rc;
}

static int check_required(const json_t *body, struct error *err)
{
	struct buf shown;

	if (!json_object_get(body, "node_uuid")) {
		buf_init(&shown, 900);
		json_repr(&shown, body);
		fail(err, ERR_MISSING,
		     "Schema error for port: %s is not valid under any of the given schemas. Possible root "
		     "cause: "
		     "'node_ident' is a required property",
		     shown.data);
		buf_release(&shown);
		return -ERR_MISSING;
	}
	if (!json_object_get(body, "address"))
		return fail(err, ERR_MISSING, "Schema error for port: 'address' is a required property");
	return 0;
}

static int prepare(struct api_request *request, struct error *err)
{
	int rc = resolve_ident(request, err);

	return rc == 0 ? check_required(request->body, err) : rc;
}

static int check_filters(const struct query *query, bool is_below_node, struct error *err)
{
	bool has_node = is_below_node || query_text(query, "node") || query_text(query, "node_uuid");

	if (query_text(query, "conductor_groups") &&
	    (has_node || query_text(query, "portgroup") || query_text(query, "address")))
		return fail(err, ERR_INVALID,
			    "Filtering by conductor_groups cannot be combined with node_ident, "
			    "portgroup_ident, or node address filters.");
	if (has_node && query_text(query, "shard"))
		return fail(err, ERR_FORBIDDEN, "Cannot filter by node and shard at the same time.");
	if (has_node && query_text(query, "portgroup"))
		return fail(err, ERR_FORBIDDEN, "Cannot filter by node and portgroup at the same time.");
	if (query_text(query, "shard") && query_text(query, "portgroup"))
		return fail(err, ERR_FORBIDDEN, "Cannot filter by portgroup and shard at the same time.");
	return 0;
}

const struct resource_rules port_rules = {
	.resource = &port_resource,
	.has_name = true,
	.names_since = 88,
	.is_deleted_by_uuid = true,
	.filters =
		(const struct resource_filter[]){
			{ "node_uuid", RESOURCE_FILTER_NODE },
			{ "node", RESOURCE_FILTER_NODE },
			{ "portgroup", RESOURCE_FILTER_PORTGROUP },
			{ "address", RESOURCE_FILTER_MAC },
			{ "description_contains", RESOURCE_FILTER_PLAIN },
			{ "shard", RESOURCE_FILTER_PLAIN },
			{ "conductor_groups", RESOURCE_FILTER_PLAIN },
			{ 0 },
		},
	.prepare = prepare,
	.check = check,
	.conflict = conflict,
	.check_filters = check_filters,
	.lock_column = "node_uuid",
};
