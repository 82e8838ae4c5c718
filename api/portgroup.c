/* portgroup: ports of a node that work as one. */
#include <string.h>

#include "api/node.h"
#include "api/resource.h"

#define MODE_DEFAULT "active-backup"

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	struct node node;
	int rc = 0;

	if (!is_new && resource_draft_changes(draft, "mode") && !resource_draft_text(draft, "mode"))
		return fail(err, ERR_INVALID, "'mode' is a mandatory attribute and can not be removed");
	if (resource_draft_changes(draft, "mode") && !resource_draft_text(draft, "mode"))
		resource_draft_set(draft, "mode", MODE_DEFAULT);
	if (resource_draft_changes(draft, "address") && resource_draft_text(draft, "address"))
		rc = resource_check_address(draft, err);
	if (rc == 0)
		rc = resource_check_name(draft, err);
	if (rc == 0 && !is_new && resource_draft_changes(draft, "node_uuid"))
		rc = fail(err, ERR_INVALID, "The node of portgroup %s cannot be changed.", draft->uuid);
	if (rc < 0)
		return rc;
	node_init(&node);
	rc = resource_read_node(draft, is_new, &node, err);
	if (rc == 0 && !is_new)
		rc = resource_check_inspection(draft, &node, err);
	node_release(&node);
	return rc;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	if (strcmp(err->text, "portgroups_address") == 0)
		return resource_conflict(draft, "portgroup", "MAC address", "address", err);
	if (strcmp(err->text, "portgroups_name") == 0)
		return resource_conflict(draft, "portgroup", "name", "name", err);
	return resource_conflict(draft, "portgroup", "UUID", "uuid", err);
}

static int check_filters(const struct query *query, bool is_below_node, struct error *err)
{
	static const char *const names[] = { "node", "address", "shard", "conductor_groups" };
	int count = is_below_node;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		count += query_text(query, names[i]) != NULL;
	return count > 1 ? fail(err, ERR_INVALID,
				"Filtering by node, address, or shard simultaneously is not supported.")
			 : 0;
}

const struct resource_rules portgroup_rules = {
	.resource = &portgroup_resource,
	.has_name = true,
	.required = (const char *const[]){ "node_uuid", NULL },
	.filters =
		(const struct resource_filter[]){
			{ "node", RESOURCE_FILTER_NODE },
			{ "address", RESOURCE_FILTER_MAC },
			{ "shard", RESOURCE_FILTER_PLAIN },
			{ "conductor_groups", RESOURCE_FILTER_PLAIN },
			{ 0 },
		},
	.contains = "ports",
	.check = check,
	.conflict = conflict,
	.check_filters = check_filters,
	.lock_column = "node_uuid",
};
