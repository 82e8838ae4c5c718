/* resource_route: the handlers of objects whose rules stand in the row of the route table. */
#include <inttypes.h>
#include <string.h>

#include "api/handlers.h"
#include "api/node.h"
#include "api/resource.h"
#include "api/route.h"
#include "lib/netaddr.h"
#include "lib/uuid.h"

/* ---- filters ---- */

static int filter_node(struct page *page, const struct resource *resource, const char *ident,
		       struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(page->request, ident, &node, err);
	if (rc == 0)
		resource_filter(&page->list, resource, "node_id",
				arena_printf(page->request->arena, "%" PRId64, node.id));
	if (rc == -ERR_NOT_FOUND && resource == &allocation_resource) /* in Ironic there alone */
		page->request->fault_status = 400;
	node_release(&node);
	return rc;
}

static int filter_portgroup(struct page *page, const struct resource *resource, const char *ident,
			    struct error *err)
{
	int column[RESOURCE_FIELD_MAX];
	struct db_rows *rows = NULL;
	bool is_uuid = uuid_is_valid(ident);

	int rc = resource_read(page->request->db, &portgroup_resource, is_uuid ? ident : NULL, ident, column,
			       &rows, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "Portgroup %s could not be found.", ident);
	if (rc == 0)
		resource_filter(&page->list, resource, "portgroup_id",
				arena_strdup(page->request->arena, db_value(rows, 0, LIST_ID)));
	db_rows_release(rows);
	return rc;
}

static int add_filter(struct page *page, const struct resource *resource,
		      const struct resource_filter *filter, const char *value, struct error *err)
{
	switch (filter->kind) {
	case RESOURCE_FILTER_NODE:
		return filter_node(page, resource, value, err);
	case RESOURCE_FILTER_PORTGROUP:
		return filter_portgroup(page, resource, value, err);
	case RESOURCE_FILTER_MAC:
		if (!netaddr_is_mac(value))
			return fail(err, ERR_INVALID, "Expected valid MAC address for %s: %s", filter->name,
				    value);
		break;
	case RESOURCE_FILTER_PLAIN:
		break;
	}
	resource_filter(&page->list, resource, filter->name, value);
	return 0;
}

/* Those of the rules that the query has; parent: one more, from the path. */
SUSPENDS static int add_filters(struct page *page, const struct resource_rules *rules,
				const struct resource_filter *parent, struct error *err)
{
	const struct query *query = &page->request->query;
	bool is_below_node = parent && parent->kind == RESOURCE_FILTER_NODE;
	int rc = rules->check_filters ? rules->check_filters(query, is_below_node, err) : 0;

	if (rc == 0 && parent)
		rc = add_filter(page, rules->resource, parent, page->request->ident[0], err);
	for (const struct resource_filter *row = rules->filters; rc == 0 && row && row->name; row++) {
		const char *value = query_text(query, row->name);

		if (!value)
			continue;
		page_argument(page, row->name, value);
		rc = add_filter(page, rules->resource, row, value, err);
	}
	return rc;
}

/* ---- lists ---- */

static int list(struct api_request *request, const char *url, const struct resource_filter *parent,
		int detail, struct error *err)
{
	const struct resource_rules *rules = request->route->resource;
	struct page page;

	page_init(&page, request);
	resource_list_init(&page.list, rules->resource);
	page.url = url;
	int rc = add_filters(&page, rules, parent, err);
	if (rc == 0)
		rc = resource_reply_list(&page, rules, detail, err);
	page_release(&page);
	return rc;
}

static const char *path_of(const struct api_request *request)
{
	return resource_path(request->route->resource->resource);
}

int resource_route_list(struct api_request *request, struct error *err)
{
	return list(request, arena_printf(request->arena, "/v1/%s", path_of(request)), NULL,
		    query_bool(&request->query, "detail"), err);
}

int resource_route_list_detail(struct api_request *request, struct error *err)
{
	return list(request, arena_printf(request->arena, "/v1/%s/detail", path_of(request)), NULL, 1, err);
}

static int list_below(struct api_request *request, const char *collection,
		      const struct resource_filter *parent, int detail, struct error *err)
{
	const char *url = arena_printf(request->arena, "/v1/%s/%s/%s%s", collection, request->ident[0],
				       path_of(request), detail == 1 ? "/detail" : "");

	return list(request, url, parent, detail < 0 ? query_bool(&request->query, "detail") : detail, err);
}

static const struct resource_filter of_node = { "node", RESOURCE_FILTER_NODE };
static const struct resource_filter of_portgroup = { "portgroup", RESOURCE_FILTER_PORTGROUP };

int resource_route_list_of_node(struct api_request *request, struct error *err)
{
	return list_below(request, "nodes", &of_node, -1, err);
}

int resource_route_list_of_node_detail(struct api_request *request, struct error *err)
{
	return list_below(request, "nodes", &of_node, 1, err);
}

int resource_route_list_of_portgroup(struct api_request *request, struct error *err)
{
	return list_below(request, "portgroups", &of_portgroup, -1, err);
}

int resource_route_list_of_portgroup_detail(struct api_request *request, struct error *err)
{
	return list_below(request, "portgroups", &of_portgroup, 1, err);
}

/* ---- one object ---- */

int resource_route_show(struct api_request *request, struct error *err)
{
	return resource_show(request, request->route->resource, err);
}

int resource_route_create(struct api_request *request, struct error *err)
{
	return resource_create(request, request->route->resource, err);
}

int resource_route_patch(struct api_request *request, struct error *err)
{
	return resource_patch(request, request->route->resource, err);
}

int resource_route_delete(struct api_request *request, struct error *err)
{
	return resource_remove(request, request->route->resource, err);
}

int resource_route_refuse(struct api_request *request, struct error *err)
{
	(void)request;
	return fail(err, ERR_INVALID, "Malformed request URI.");
}

int resource_route_missing_ident(struct api_request *request, struct error *err)
{
	return fail(err, ERR_MISSING, "Missing mandatory parameter: %s",
		    request->route->resource->resource->ident);
}
