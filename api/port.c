/* port: the network ports of nodes. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "api/argument.h"
#include "api/handlers.h"
#include "api/node.h"
#include "api/resource.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "model/states.h"

#define MAC_LEN 17

static bool is_mac(const char *text)
{
	for (size_t i = 0; i < MAC_LEN; i++) {
		bool is_right = i % 3 == 2 ? text[i] == ':' : isxdigit((unsigned char)text[i]) != 0;

		if (!is_right)
			return false;
	}
	return text[MAC_LEN] == '\0';
}

static int check_address(struct resource_draft *draft, struct error *err)
{
	const char *given = resource_draft_text(draft, "address");

	if (!is_mac(given))
		return fail(err, ERR_INVALID, "Expected valid MAC address for address: %s", given);
	char *address = arena_strdup(draft->request->arena, given);
	for (char *p = address; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	resource_draft_set(draft, "address", address);
	return 0;
}

static int check_link(struct resource_draft *draft, struct error *err)
{
	static const char *const known[] = { "port_id", "switch_id", "switch_info", "hostname",
					     "network_type" };
	const char *text = resource_draft_text(draft, "local_link_connection");
	const char *name;
	json_t *link = NULL, *value;

	if (json_parse(text, strlen(text), JSON_DEPTH_MAX, &link, err) < 0)
		return -ERR_INVALID;
	int rc = 0;
	json_object_foreach(link, name, value)
	{
		bool is_known = false;

		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			is_known = is_known || strcmp(known[i], name) == 0;
		if (!is_known)
			rc = fail(err, ERR_INVALID,
				  "Schema error for local_link_connection: Additional properties are not "
				  "allowed ('%s' was "
				  "unexpected)",
				  name);
	}
	const char *type = json_string_value(json_object_get(link, "network_type"));
	bool is_unmanaged = type && strcmp(type, "unmanaged") == 0;
	bool is_smart = json_object_get(link, "hostname") && json_object_get(link, "port_id");
	if (rc == 0 && json_object_size(link) > 0 && !is_unmanaged && !is_smart &&
	    !(json_object_get(link, "port_id") && json_object_get(link, "switch_id")))
		rc = fail(err, ERR_INVALID,
			  "Schema error for local_link_connection: 'port_id' and 'switch_id' are required "
			  "properties");
	json_decref(link);
	return rc;
}

/* The node of a new port, by node_uuid. An unknown one is the client's mistake: 400. */
static int check_node(struct resource_draft *draft, struct error *err)
{
	const char *uuid = resource_draft_text(draft, "node_uuid");
	struct node node;

	node_init(&node);
	int rc = node_read(draft->request->db, uuid, NULL, 0, &node, err);
	if (rc == -ERR_NOT_FOUND) {
		node_not_found(uuid, err);
		draft->request->fault_status = 400;
	}
	node_release(&node);
	return rc;
}

static bool is_changed(const struct resource_draft *draft, const char *name)
{
	return draft->is_changed[resource_index(draft->resource, name)];
}

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

/* What may not change under a running instance. */
static int check_states(struct resource_draft *draft, struct error *err)
{
	static const char *const wired[] = { "portgroup_uuid", "pxe_enabled", "local_link_connection",
					     "physical_network" };
	struct node node;

	node_init(&node);
	int rc = node_read(draft->request->db, resource_draft_text(draft, "node_uuid"), NULL, 0, &node, err);
	if (rc == 0 && is_changed(draft, "address") && node_text(&node, NODE_INSTANCE_UUID) &&
	    !node_bool(&node, NODE_MAINTENANCE))
		rc = fail(err, ERR_CONFLICT,
			  "Cannot update the address of port %s while node %s has an instance, unless it is "
			  "in maintenance "
			  "mode.",
			  draft->uuid, node_uuid(&node));
	for (size_t i = 0; rc == 0 && i < sizeof wired / sizeof wired[0]; i++) {
		if (is_changed(draft, wired[i]) && !is_being_set_up(&node))
			rc = fail(err, ERR_CONFLICT,
				  "Port %s can not have %s updated unless node %s is in one of the states "
				  "enroll, "
				  "inspecting, inspect wait, manageable, or in maintenance mode.",
				  draft->uuid, wired[i], node_uuid(&node));
	}
	node_release(&node);
	return rc;
}

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	int rc = 0;

	if (is_changed(draft, "address"))
		rc = check_address(draft, err);
	if (rc == 0 && is_changed(draft, "local_link_connection"))
		rc = check_link(draft, err);
	if (rc == 0 && resource_draft_text(draft, "portgroup_uuid"))
		rc = fail(err, ERR_INVALID, "Portgroup %s could not be found.",
			  resource_draft_text(draft, "portgroup_uuid"));
	if (rc == 0)
		rc = is_new ? check_node(draft, err) : check_states(draft, err);
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "ports_address") == 0)
		return fail(err, ERR_CONFLICT, "A port with MAC address %s already exists.",
			    resource_draft_text(draft, "address"));
	if (strcmp(err->text, "ports_name") == 0)
		return fail(err, ERR_CONFLICT, "A port with name %s already exists.",
			    resource_draft_text(draft, "name"));
	return fail(err, ERR_CONFLICT, "A port with UUID %s already exists.", draft->uuid);
}

static const struct resource_rules rules = {
	.resource = &port_resource,
	.has_name = true,
	.check = check,
	.conflict = conflict,
	.lock_column = "node_uuid",
};

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

int port_create(struct api_request *request, struct error *err)
{
	int rc = 0;

	if (json_is_object(request->body)) {
		rc = resolve_ident(request, err);
		if (rc == 0)
			rc = check_required(request->body, err);
	}
	return rc == 0 ? resource_create(request, &rules, err) : rc;
}

/* ---- the rest ---- */

int port_show(struct api_request *request, struct error *err)
{
	return resource_show(request, &rules, err);
}

int port_patch(struct api_request *request, struct error *err)
{
	return resource_patch(request, &rules, err);
}

int port_delete(struct api_request *request, struct error *err)
{
	if (!uuid_is_valid(request->ident[0])) {
		reply_router_refusal(
			request, 400,
			arena_printf(request->arena, "Expected UUID for port_uuid: %s", request->ident[0]));
		return 0;
	}
	return resource_remove(request, &rules, err);
}

/* Ports of one node: ident is a UUID or a name. */
static int filter_node(struct page *page, const char *ident, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(page->request, ident, &node, err);
	if (rc == 0)
		resource_filter(&page->list, &port_resource, "node_id",
				arena_printf(page->request->arena, "%" PRId64, node.id));
	node_release(&node);
	return rc;
}

static int add_filters(struct page *page, const char *node, struct error *err)
{
	static const char *const plain[] = { "address", "description_contains", "shard", "conductor_groups" };
	const struct query *query = &page->request->query;
	int rc = 0;

	if (query_text(query, "node_uuid")) {
		node = query_text(query, "node_uuid");
		page_argument(page, "node_uuid", node);
	}
	if (query_text(query, "node")) {
		node = query_text(query, "node");
		page_argument(page, "node", node);
	}
	if (node && query_text(query, "shard"))
		return fail(err, ERR_FORBIDDEN, "Cannot filter by node and shard at the same time.");
	if (query_text(query, "portgroup"))
		return fail(err, ERR_NOT_FOUND, "Portgroup %s could not be found.",
			    query_text(query, "portgroup"));
	if (node)
		rc = filter_node(page, node, err);
	for (size_t i = 0; rc == 0 && i < sizeof plain / sizeof plain[0]; i++) {
		const char *value = query_text(query, plain[i]);

		if (!value)
			continue;
		page_argument(page, plain[i], value);
		resource_filter(&page->list, &port_resource, plain[i], value);
	}
	return rc;
}

static int list(struct api_request *request, const char *url, const char *node, int detail, struct error *err)
{
	struct page page;

	page_init(&page, request);
	resource_list_init(&page.list, &port_resource);
	page.url = url;
	int rc = add_filters(&page, node, err);
	if (rc == 0)
		rc = resource_reply_list(&page, &rules, detail, err);
	page_release(&page);
	return rc;
}

int port_list(struct api_request *request, struct error *err)
{
	return list(request, "/v1/ports", NULL, query_bool(&request->query, "detail"), err);
}

int port_list_detail(struct api_request *request, struct error *err)
{
	return list(request, "/v1/ports/detail", NULL, 1, err);
}

int port_list_of_node(struct api_request *request, struct error *err)
{
	return list(request, arena_printf(request->arena, "/v1/nodes/%s/ports", request->ident[0]),
		    request->ident[0], query_bool(&request->query, "detail"), err);
}
