/* chassis: groups of nodes. */
#include "api/handlers.h"
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
	return fail(err, ERR_CONFLICT, "A chassis with UUID %s already exists.", draft->uuid);
}

/* A list with one list of links: doubled in the first API, and kept since. */
static void write_nodes(struct buf *buf, const struct api_request *request, const char *uuid)
{
	buf_putc(buf, '[');
	json_out_item_links(buf, request->base, "chassis", uuid, UUID_TEXT - 1, "/nodes");
	buf_putc(buf, ']');
}

static const struct resource_rules rules = {
	.resource = &chassis_resource,
	.check = check,
	.conflict = conflict,
	.write_special = write_nodes,
};

static int list(struct api_request *request, const char *url, int detail, struct error *err)
{
	struct page page;

	page_init(&page, request);
	resource_list_init(&page.list, &chassis_resource);
	page.url = url;
	int rc = resource_reply_list(&page, &rules, detail, err);
	page_release(&page);
	return rc;
}

int chassis_list(struct api_request *request, struct error *err)
{
	return list(request, "/v1/chassis", query_bool(&request->query, "detail"), err);
}

int chassis_list_detail(struct api_request *request, struct error *err)
{
	return list(request, "/v1/chassis/detail", 1, err);
}

int chassis_show(struct api_request *request, struct error *err)
{
	return resource_show(request, &rules, err);
}

int chassis_create(struct api_request *request, struct error *err)
{
	return resource_create(request, &rules, err);
}

int chassis_patch(struct api_request *request, struct error *err)
{
	return resource_patch(request, &rules, err);
}

int chassis_delete(struct api_request *request, struct error *err)
{
	int rc = resource_remove(request, &rules, err);

	if (rc == -ERR_INVALID) /* a node still refers to it */
		return fail(err, ERR_INVALID,
			    "Cannot complete the requested action because chassis %s contains nodes.",
			    request->ident[0]);
	return rc;
}
