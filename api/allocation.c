/* allocation: asking for a node by what it must be. POST stores the wish; allocator.c answers it. */
#include <string.h>

#include "api/allocator.h"
#include "api/argument.h"
#include "api/handlers.h"
#include "api/node.h"
#include "api/node_check.h"
#include "api/resource.h"
#include "db/allocation.h"
#include "db/node_write.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "model/states.h"
#include "model/trait.h"

#define BACKFILL_SINCE 58
#define CANDIDATES_MAX 1000
#define LIST_MAX_BYTES 65536

/* ---- create ---- */

/* A node that the body names. An unknown one is the client's mistake: 400. */
static int find_node(struct api_request *request, const char *ident, struct node *ret, struct error *err)
{
	int rc = node_find(request, ident, ret, err);

	if (rc == -ERR_NOT_FOUND)
		request->fault_status = 400;
	return rc;
}

/* Puts the UUID of the node in place of its name; one that cannot be found goes to `missing`. */
static int prepare_candidate(struct api_request *request, json_t *candidates, size_t i, struct buf *missing,
			     struct error *err)
{
	const char *ident = json_string_value(json_array_get(candidates, i));
	struct node node;
	int rc = -ERR_NOT_FOUND;

	if (!ident)
		return fail(err, ERR_INVALID,
			    "Schema error for allocation: an item of candidate_nodes is not of type "
			    "'string'");
	node_init(&node);
	if (uuid_is_valid(ident) || node_name_is_valid(ident))
		rc = node_find_brief(request, ident, &node, err);
	if (rc == 0)
		json_array_set_new(candidates, i, json_string(node_uuid(&node)));
	node_release(&node);
	if (rc == -ERR_NOT_FOUND) {
		buf_printf(missing, "%s%s", missing->len ? ", " : "", ident);
		rc = 0;
	}
	return rc;
}

static int prepare_candidates(struct api_request *request, struct error *err)
{
	json_t *candidates = json_object_get(request->body, "candidate_nodes");
	struct buf missing;
	int rc = 0;

	if (json_array_size(candidates) > CANDIDATES_MAX)
		return fail(err, ERR_INVALID, "At most %d candidate_nodes can be named.", CANDIDATES_MAX);
	buf_init(&missing, LIST_MAX_BYTES);
	for (size_t i = 0; rc == 0 && i < json_array_size(candidates); i++)
		rc = prepare_candidate(request, candidates, i, &missing, err);
	if (rc == 0 && (missing.len || missing.overflow))
		rc = fail(err, ERR_INVALID, "Nodes cannot be found: %.400s", missing.len ? missing.data : "");
	buf_release(&missing);
	return rc;
}

static void set_default(json_t *body, const char *name, const char *value)
{
	if (value && !json_string_value(json_object_get(body, name)))
		json_object_set_new(body, name, json_string(value));
}

/* The node of a backfill lends what the body does not say. */
static int prepare_node(struct api_request *request, struct error *err)
{
	const char *ident = argument_text(request->body, "node");
	struct node node;

	if (!ident)
		return 0;
	if (request->version < BACKFILL_SINCE)
		return fail(err, ERR_INVALID,
			    "Cannot set node when creating an allocation in this API version");
	node_init(&node);
	int rc = find_node(request, ident, &node, err);
	if (rc == 0) {
		set_default(request->body, "resource_class", node_text(&node, NODE_RESOURCE_CLASS));
		set_default(request->body, "uuid", node_text(&node, NODE_INSTANCE_UUID));
		json_object_set_new(request->body, "node", json_string(node_uuid(&node)));
	}
	node_release(&node);
	return rc;
}

static int prepare(struct api_request *request, struct error *err)
{
	int rc = prepare_node(request, err);

	return rc == 0 ? prepare_candidates(request, err) : rc;
}

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	const char *class = resource_draft_text(draft, "resource_class");

	int rc = resource_draft_changes(draft, "name") ? resource_check_name(draft, err) : 0;
	if (rc < 0 || !is_new)
		return rc;
	if (!(class && class[0]) && !resource_draft_text(draft, "node"))
		return fail(err, ERR_INVALID, "The resource_class field is mandatory when not backfilling");
	if (resource_draft_changes(draft, "traits")) {
		json_auto_t *traits = resource_draft_value(draft, "traits");

		rc = trait_check_list(traits, err);
	}
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "allocations_name") == 0)
		return resource_conflict(draft, "allocation", "name", "name", err);
	if (strcmp(err->text, "nodes_instance_uuid") == 0)
		return fail(err, ERR_CONFLICT,
			    "Instance %s is already associated with a node, it cannot be associated with "
			    "another.",
			    draft->uuid);
	if (strcmp(err->text, "allocations_node") == 0)
		return fail(err, ERR_NODE_ASSOCIATED, "Node %s is associated with another allocation.",
			    resource_draft_text(draft, "node"));
	return resource_conflict(draft, "allocation", "UUID", "uuid", err);
}

/* ---- backfill ---- */

static bool has_traits(const json_t *have, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(wanted); i++) {
		bool is_found = false;

		for (size_t j = 0; j < json_array_size(have); j++)
			is_found = is_found || json_equal(json_array_get(have, j), json_array_get(wanted, i));
		if (!is_found)
			return false;
	}
	return true;
}

static int check_traits(const struct resource_draft *draft, const struct node *node, struct buf *reasons,
			struct error *err)
{
	json_auto_t *wanted = resource_draft_value(draft, "traits");
	json_auto_t *have = NULL;
	struct db_rows *rows = NULL;

	int rc = node_traits_read(draft->request->db, node->id, &rows, err);
	if (rc == 0)
		rc = json_parse(db_value(rows, 0, 0), db_value_len(rows, 0, 0), 2, &have, err);
	if (rc == 0 && !has_traits(have, wanted))
		buf_printf(reasons, "%sList of traits %s does not match the requested traits %s",
			   reasons->len ? "; " : "", db_value(rows, 0, 0),
			   resource_draft_text(draft, "traits"));
	db_rows_release(rows);
	return rc;
}

/* May the allocation have this node? It must be in use already, and be what the allocation asks for. */
static int check_backfill(const struct resource_draft *draft, const struct node *node, struct error *err)
{
	const char *instance = node_text(node, NODE_INSTANCE_UUID);
	const char *class = resource_draft_text(draft, "resource_class");
	const char *node_class = node_text(node, NODE_RESOURCE_CLASS);
	json_auto_t *candidates = resource_draft_value(draft, "candidate_nodes");
	json_auto_t *uuid = json_pack("[s]", node_uuid(node));
	struct buf reasons;

	if (instance && strcmp(instance, draft->uuid) != 0)
		return fail(err, ERR_NODE_ASSOCIATED, "Node %s is associated with instance %s.",
			    node_uuid(node), instance);
	buf_init(&reasons, ERROR_TEXT_MAX);
	if (provision_state_find(node_text(node, NODE_PROVISION_STATE)) != PROVISION_ACTIVE)
		buf_printf(&reasons, "Node must be in the \"active\" state, but the current state is \"%s\"",
			   node_text(node, NODE_PROVISION_STATE));
	if (class && (!node_class || strcmp(class, node_class) != 0))
		buf_printf(&reasons, "%sResource class %s does not match the requested resource class %s",
			   reasons.len ? "; " : "", node_class ? node_class : "None", class);
	if (json_array_size(candidates) > 0 && !has_traits(candidates, uuid))
		buf_printf(&reasons, "%sCandidate nodes must be empty or contain the target node",
			   reasons.len ? "; " : "");
	int rc = resource_draft_changes(draft, "traits") ? check_traits(draft, node, &reasons, err) : 0;
	if (rc == 0 && reasons.len)
		rc = fail(err, ERR_CONFLICT,
			  "Failed to process allocation %s: Cannot backfill an allocation for node %s: "
			  "%.1024s.",
			  draft->uuid, node_uuid(node), reasons.data);
	buf_release(&reasons);
	return rc;
}

static int backfill(const struct resource_draft *draft, const struct change *changes, size_t count,
		    struct error *err)
{
	struct node_wait wait = { 0 };
	struct node node;
	bool is_done = false;

	node_init(&node);
	int rc = find_node(draft->request, resource_draft_text(draft, "node"), &node, err);
	while (rc == 0 && !is_done) {
		rc = check_backfill(draft, &node, err);
		if (rc < 0)
			break;
		rc = allocation_backfill(draft->request->db, changes, count, node.id, node.version, &is_done,
					 err);
		if (rc == -ERR_CONFLICT)
			rc = conflict(draft, err);
		if (rc == 0 && !is_done)
			rc = node_wait_free(draft->request, &wait, &node, err);
	}
	node_release(&node);
	return rc;
}

static int insert(const struct resource_draft *draft, const struct change *changes, size_t count,
		  struct error *err)
{
	if (resource_draft_text(draft, "node"))
		return backfill(draft, changes, count, err);
	int rc = resource_insert(draft->request->db, draft->resource, changes, count, err);
	return rc == -ERR_CONFLICT ? conflict(draft, err) : rc;
}

const struct resource_rules allocation_rules = {
	.resource = &allocation_resource,
	.has_name = true,
	.filters =
		(const struct resource_filter[]){
			{ "node", RESOURCE_FILTER_NODE },
			{ "resource_class", RESOURCE_FILTER_PLAIN },
			{ "state", RESOURCE_FILTER_PLAIN },
			{ "owner", RESOURCE_FILTER_PLAIN },
			{ 0 },
		},
	.prepare = prepare,
	.check = check,
	.insert = insert,
	.conflict = conflict,
};

int allocation_create(struct api_request *request, struct error *err)
{
	int rc = resource_create(request, &allocation_rules, err);

	/* After the answer is made: it shows the allocation as it was asked for. */
	if (rc == 0 && request->out->status == 201)
		allocator_wake();
	return rc;
}

/* ---- delete ---- */

static int check_release(const struct node *node, const char *uuid, struct error *err)
{
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));

	if (node_bool(node, NODE_MAINTENANCE))
		return 0;
	if (state == PROVISION_ACTIVE)
		return fail(err, ERR_CONFLICT,
			    "Cannot remove allocation %s for node %s, because the node is active (and "
			    "maintenance mode is off)",
			    uuid, node_uuid(node));
	if (node_text(node, NODE_TARGET_PROVISION_STATE) && !node_check_is_patchable(state))
		return fail(err, ERR_CONFLICT,
			    "Cannot remove allocation %s for node %s, because the node is in state %s where "
			    "updates are not allowed (and maintenance mode is off)",
			    uuid, node_uuid(node), node_text(node, NODE_PROVISION_STATE));
	return 0;
}

static bool is_holding(const struct node *node, const char *uuid)
{
	const char *instance = node_text(node, NODE_INSTANCE_UUID);

	return instance && strcmp(instance, uuid) == 0;
}

/* Takes the instance off the node; the allocation goes with it. */
static int release_node(struct api_request *request, const char *uuid, const char *node_ident,
			struct node_wait *wait, bool *is_done, struct error *err)
{
	const struct change change = node_change(NODE_INSTANCE_UUID, NULL);
	struct node node;

	node_init(&node);
	int rc = node_read(request->db, node_ident, NULL, 0, &node, err);
	if (rc == -ERR_NOT_FOUND)
		rc = node_not_found(node_ident, err);
	else if (rc == 0 && !is_holding(&node, uuid)) /* it went between the two reads */
		rc = fail(err, ERR_NOT_FOUND, "Allocation %s could not be found.", request->ident[0]);
	else if (rc == 0)
		rc = check_release(&node, uuid, err);
	if (rc == 0)
		rc = node_row_update(request->db, node.id, node.version, &change, 1, is_done, err);
	if (rc == 0 && !*is_done)
		rc = node_wait_free(request, wait, &node, err);
	node_release(&node);
	return rc;
}

int allocation_remove(struct api_request *request, struct error *err)
{
	struct node_wait wait = { 0 };
	bool is_done = false;
	int rc = 0;

	while (rc == 0 && !is_done) {
		int column[RESOURCE_FIELD_MAX];
		struct db_rows *rows = NULL;

		rc = resource_find(request, &allocation_rules, column, &rows, err);
		if (rc != 0)
			return rc;
		const char *uuid = db_value(rows, 0, column[0]);
		const char *node =
			db_value(rows, 0, column[resource_index(&allocation_resource, "node_uuid")]);
		rc = node ? release_node(request, uuid, node, &wait, &is_done, err)
			  : allocation_delete(request->db, db_value(rows, 0, LIST_ID), &is_done, err);
		db_rows_release(rows);
	}
	if (rc == 0)
		reply_empty(request, 204);
	return rc;
}

/* ---- of a node ---- */

/* Makes the allocation of the node in the path the ident. */
static int find_of_node(struct api_request *request, struct error *err)
{
	const char *allocation;
	struct db_rows *rows = NULL;

	int rc = node_find_row(request, request->ident[0], &rows, err);
	if (rc != 0)
		return rc;
	allocation = db_value(rows, 0, NODE_ROW_ALLOCATION_UUID);
	if (allocation)
		request->ident[0] = arena_strdup(request->arena, allocation);
	else
		rc = fail(err, ERR_NOT_FOUND, "Allocation for node %s was not found", request->ident[0]);
	db_rows_release(rows);
	return rc;
}

int allocation_show_of_node(struct api_request *request, struct error *err)
{
	int rc = find_of_node(request, err);

	return rc == 0 ? resource_show(request, &allocation_rules, err) : rc;
}

int allocation_remove_of_node(struct api_request *request, struct error *err)
{
	int rc = find_of_node(request, err);

	return rc == 0 ? allocation_remove(request, err) : rc;
}
