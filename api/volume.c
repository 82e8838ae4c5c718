/* volume: how nodes reach volumes outside of them: connectors (what the node is called by) and targets (what
 * it attaches). */
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/resource.h"
#include "model/states.h"

static bool is_off(const struct node *node)
{
	const char *power = node_text(node, NODE_POWER_STATE);

	return power && strcmp(power, "power off") == 0;
}

static bool is_in_setup(const struct node *node)
{
	static const enum provision_state states[] = { PROVISION_ENROLL, PROVISION_MANAGEABLE,
						       PROVISION_ADOPTFAIL };
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));
	bool is_found = false;

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		is_found = is_found || states[i] == state;
	return is_found;
}

static int refuse(const char *action, const char *noun, const struct node *node, struct error *err)
{
	const char *power = node_text(node, NODE_POWER_STATE);

	return fail(err, ERR_INVALID_STATE_REQUEST,
		    "The requested action \"%s %s\" can not be performed on node \"%s\" while it is in state "
		    "\"%s\".",
		    noun, action, node_uuid(node), power ? power : "None");
}

/* A running node may be using what the object says. */
static int check_node(struct resource_draft *draft, bool is_new, struct error *err)
{
	struct node node;
	int rc = 0;

	if (!is_new && resource_draft_changes(draft, "node_uuid"))
		return fail(err, ERR_INVALID, "The node of %s %s cannot be changed.", draft->resource->name,
			    draft->uuid);
	node_init(&node);
	rc = resource_read_node(draft, is_new, &node, err);
	if (rc == 0 && !is_new && !is_off(&node))
		rc = refuse("update", draft->resource->name, &node, err);
	node_release(&node);
	return rc;
}

static int check_delete(struct api_request *request, const struct resource *resource,
			const struct db_rows *rows, const int *column, struct error *err)
{
	const char *uuid = db_value(rows, 0, column[resource_index(resource, "node_uuid")]);
	struct node node;

	node_init(&node);
	int rc = node_read(request->db, uuid, NULL, 0, &node, err);
	if (rc == -ERR_NOT_FOUND)
		rc = node_not_found(uuid, err);
	else if (rc == 0 && !is_off(&node) && !is_in_setup(&node))
		rc = refuse("deletion", resource->name, &node, err);
	node_release(&node);
	return rc;
}

static const struct resource_filter filters[] = { { "node", RESOURCE_FILTER_NODE }, { 0 } };

/* ---- connectors ---- */

static int check_connector(struct resource_draft *draft, bool is_new, struct error *err)
{
	static const char *const types[] = { "iqn", "ip", "mac", "wwnn", "wwpn", "port", "portgroup", NULL };

	int rc = resource_check_word(draft, "type", types, err);
	return rc < 0 ? rc : check_node(draft, is_new, err);
}

static int connector_conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "volume_connectors_type") == 0)
		return fail(err, ERR_CONFLICT,
			    "A volume connector with type %s and connector ID %s already exists.",
			    resource_draft_text(draft, "type"), resource_draft_text(draft, "connector_id"));
	return resource_conflict(draft, "volume connector", "UUID", "uuid", err);
}

static int check_delete_connector(struct api_request *request, const struct db_rows *rows, const int *column,
				  struct error *err)
{
	return check_delete(request, &volume_connector_resource, rows, column, err);
}

const struct resource_rules volume_connector_rules = {
	.resource = &volume_connector_resource,
	.required = (const char *const[]){ "connector_id", "node_uuid", "type", NULL },
	.filters = filters,
	.check = check_connector,
	.conflict = connector_conflict,
	.check_delete = check_delete_connector,
	.lock_column = "node_uuid",
};

/* ---- targets ---- */

static int target_conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "volume_targets_boot_index") == 0)
		return fail(err, ERR_CONFLICT,
			    "A volume target with boot index %s for the same node already exists.",
			    resource_draft_text(draft, "boot_index"));
	return resource_conflict(draft, "volume target", "UUID", "uuid", err);
}

static int check_delete_target(struct api_request *request, const struct db_rows *rows, const int *column,
			       struct error *err)
{
	return check_delete(request, &volume_target_resource, rows, column, err);
}

const struct resource_rules volume_target_rules = {
	.resource = &volume_target_resource,
	.required = (const char *const[]){ "boot_index", "node_uuid", "volume_id", "volume_type", NULL },
	.filters = filters,
	.check = check_node,
	.conflict = target_conflict,
	.check_delete = check_delete_target,
	.lock_column = "node_uuid",
};

/* ---- what there is ---- */

static void write_place(struct buf *body, const struct api_request *request, const char *below)
{
	json_out_key(body, "connectors");
	json_out_links(body, request->base, arena_printf(request->arena, "%svolume/connectors", below));
	json_out_key(body, "targets");
	json_out_links(body, request->base, arena_printf(request->arena, "%svolume/targets", below));
	json_out_key(body, "links");
	json_out_links(body, request->base, arena_printf(request->arena, "%svolume/", below));
}

static void reply_place(struct api_request *request, const char *below)
{
	reply_json(request, 200);
	buf_putc(&request->out->body, '{');
	write_place(&request->out->body, request, below);
	buf_putc(&request->out->body, '}');
}

int volume_show(struct api_request *request, struct error *err)
{
	(void)err;
	reply_place(request, "");
	return 0;
}

int volume_show_of_node(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		reply_place(request, arena_printf(request->arena, "nodes/%s/", request->ident[0]));
	node_release(&node);
	return rc;
}
