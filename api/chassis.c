/* chassis: groups of nodes. */
#include "api/json_out.h"
#include "api/resource.h"

static int check(struct resource_draft *draft, bool is_new, struct error *err)
{
	(void)draft;
	(void)is_new;
	(void)err;
	return 0;
}

static int conflict(const struct resource_draft *draft, struct error *err)
{
	return resource_conflict(draft, "chassis", "UUID", "uuid", err);
}

/* A list with one list of links: doubled in the first API, and kept since. */
static void write_nodes(struct buf *buf, const struct api_request *request, const char *uuid)
{
	buf_putc(buf, '[');
	json_out_item_links(buf, request->base, "chassis", uuid, UUID_TEXT - 1, "/nodes");
	buf_putc(buf, ']');
}

const struct resource_rules chassis_rules = {
	.resource = &chassis_resource,
	.contains = "nodes",
	.check = check,
	.conflict = conflict,
	.write_special = write_nodes,
};
