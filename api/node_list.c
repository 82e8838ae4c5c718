/* node_list: GET /v1/nodes and what else lists nodes: filters by table, sorting, fields. */
#include <string.h>

#include "api/fleet.h"
#include "api/handlers.h"
#include "api/node.h"
#include "api/node_json.h"
#include "api/page.h"
#include "db/chassis.h"
#include "db/node_list.h"
#include "lib/uuid.h"
#include "model/states.h"

#define CHUNK_PLAIN 500 /* rows a statement when no documents are among the columns */

static int check_provision_state(struct api_request *request, const char *value, struct error *err)
{
	(void)request;
	if (provision_state_find(value) == PROVISION_STATE_COUNT)
		return fail(err, ERR_INVALID, "Provision state \"%s\" is not valid", value);
	return 0;
}

static int check_fault(struct api_request *request, const char *value, struct error *err)
{
	static const char *const faults[] = { "power failure", "clean failure", "rescue abort failure",
					      "service failure", "none" };

	(void)request;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (strcmp(faults[i], value) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID,
		    "Unrecognized fault \"%s\" is specified, allowed faults are ('power failure', 'clean "
		    "failure', "
		    "'rescue abort failure', 'service failure')",
		    value);
}

static int check_chassis(struct api_request *request, const char *value, struct error *err)
{
	return chassis_exists(request->db, value, err);
}

/* The arguments that are filters; those whose values are words of ours are checked. */
static const struct filter {
	const char *name;
	int (*check)(struct api_request *request, const char *value, struct error *err);
} filters[] = {
	{ "associated", NULL },
	{ "instance_uuid", NULL },
	{ "chassis_uuid", check_chassis },
	{ "maintenance", NULL },
	{ "provision_state", check_provision_state },
	{ "driver", NULL },
	{ "resource_class", NULL },
	{ "fault", check_fault },
	{ "conductor_group", NULL },
	{ "owner", NULL },
	{ "lessee", NULL },
	{ "project", NULL },
	{ "description_contains", NULL },
	{ "retired", NULL },
	{ "shard", NULL },
	{ "sharded", NULL },
	{ "parent_node", NULL },
	{ "instance_name", NULL },
};

static int add_filter(struct page *page, const struct filter *filter, const char *value, struct error *err)
{
	int rc = filter->check ? filter->check(page->request, value, err) : 0;

	if (rc < 0)
		return rc;
	page_argument(page, filter->name, value);
	if (node_list_filter_is_bool(filter->name))
		value = query_bool(&page->request->query, filter->name) == 1 ? "t" : "f";
	node_list_filter(&page->list, filter->name, value);
	return 0;
}

static int add_filters(struct page *page, struct error *err)
{
	const struct query *query = &page->request->query;

	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		const char *value = query_text(query, filters[i].name);
		int rc = value ? add_filter(page, &filters[i], value, err) : 0;

		if (rc < 0)
			return rc;
	}
	if (!query_text(query, "parent_node") && query_bool(query, "include_children") != 1)
		node_list_hide_children(&page->list);
	if (query_text(query, "include_children"))
		page_argument(page, "include_children", query_text(query, "include_children"));
	if (query_text(query, "conductor"))
		page_argument(page, "conductor", query_text(query, "conductor"));
	return 0;
}

/* ---- columns and order ---- */

static void select_columns(struct page *page, struct node_view *view, bool is_by_conductor)
{
	bool wanted[NODE_FIELD_COUNT];

	memcpy(wanted, view->has, sizeof wanted);
	if (wanted[NODE_CONDUCTOR] || is_by_conductor)
		wanted[NODE_DRIVER] = wanted[NODE_CONDUCTOR_GROUP] = true;
	node_list_select(&page->list, wanted, view->column);
	page->chunk_max = CHUNK_PLAIN;
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		if (wanted[field] && node_field_info(field)->type == FIELD_OBJECT)
			page->has_documents = true;
	}
}

static int set_order(struct page *page, struct error *err)
{
	if (strcmp(page->sort_key, "id") == 0)
		return 0;
	enum node_field field = node_field_find(page->sort_key);
	if (field == NODE_FIELD_COUNT)
		return fail(err, ERR_INVALID, "The sort_key value \"%s\" is an invalid field for sorting",
			    page->sort_key);
	if (node_field_info(field)->flags & FIELD_UNSORTABLE)
		return fail(err, ERR_INVALID, "The sort_key value %s is an invalid field for sorting",
			    page->sort_key);
	if (page->request->version < node_field_info(field)->since)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	node_list_sort(&page->list, field);
	return 0;
}

/* ---- the list ---- */

static void write_node(struct buf *buf, const struct api_request *request, const void *arg,
		       const struct db_rows *rows, int row)
{
	node_json_write(buf, request, arg, rows, row);
}

/* Which conductor a node belongs to is no column: it is computed here as everywhere. */
static bool is_of_conductor(const struct api_request *request, const void *arg, const struct db_rows *rows,
			    int row)
{
	const struct node_view *view = arg;
	const char *host = fleet_host_of(
		request->registry, db_value(rows, row, view->column[NODE_CONDUCTOR_GROUP]),
		db_value(rows, row, view->column[NODE_DRIVER]), db_value(rows, row, view->column[NODE_UUID]));

	return host && strcmp(host, query_text(&request->query, "conductor")) == 0;
}

static bool is_live(const struct registry *registry, const char *hostname)
{
	for (size_t i = 0; i < registry->conductor_count; i++) {
		if (registry->conductors[i].is_alive &&
		    strcmp(registry->conductors[i].hostname, hostname) == 0)
			return true;
	}
	return false;
}

/* detail: 1, 0, -1 (not said). */
static int choose_view(struct page *page, struct node_view *view, int detail, struct error *err)
{
	struct api_request *request = page->request;
	const char *fields = query_text(&request->query, "fields");

	if (fields && detail == 1)
		return fail(err, ERR_INVALID, "Can't fetch a subset of fields with 'detail' set");
	if (detail >= 0 && query_text(&request->query, "detail"))
		page_argument(page, "detail", detail ? "True" : "False");
	if (detail == 1) {
		node_view_all(view, request->version);
		return 0;
	}
	if (!fields) {
		node_view_list(view, request->version);
		page_argument(page, "fields",
			      request->version >= 5
				      ? "instance_uuid,maintenance,power_state,provision_state,uuid,name"
				      : "instance_uuid,maintenance,power_state,provision_state,uuid");
		return 0;
	}
	page_argument(page, "fields", fields);
	return node_view_fields(view, fields, request->version, err);
}

static int reply_list(struct page *page, int detail, struct error *err)
{
	const char *conductor = query_text(&page->request->query, "conductor");
	struct node_view view;

	page->collection = "nodes";
	page->uuid = "n.uuid";
	page->write = write_node;
	page->keep = conductor ? is_of_conductor : NULL;
	page->arg = &view;
	int rc = set_order(page, err);
	if (rc == 0)
		rc = add_filters(page, err);
	if (rc == 0)
		rc = choose_view(page, &view, detail, err);
	if (rc < 0)
		return rc;
	if (conductor && !is_live(page->request->registry, conductor))
		list_where(&page->list, "false", NULL);
	select_columns(page, &view, conductor != NULL);
	rc = page_reply(page, err);
	return rc == -ERR_NOT_FOUND ? node_not_found(query_text(&page->request->query, "marker"), err) : rc;
}

static int list(struct api_request *request, const char *url, int detail, const char *chassis_uuid,
		struct error *err)
{
	struct page page;
	int rc = chassis_uuid ? chassis_exists(request->db, chassis_uuid, err) : 0;

	if (rc < 0)
		return rc;
	page_init(&page, request);
	node_list_init(&page.list);
	if (chassis_uuid)
		node_list_filter(&page.list, "chassis_uuid", chassis_uuid);
	page.url = url;
	rc = page_read(&page, err);
	if (rc == 0)
		rc = reply_list(&page, detail, err);
	page_release(&page);
	return rc;
}

int node_list(struct api_request *request, struct error *err)
{
	return list(request, "/v1/nodes", query_bool(&request->query, "detail"), NULL, err);
}

int node_list_detail(struct api_request *request, struct error *err)
{
	return list(request, "/v1/nodes/detail", 1, NULL, err);
}

int chassis_nodes(struct api_request *request, struct error *err)
{
	if (!uuid_is_valid(request->ident[0]))
		return fail(err, ERR_INVALID, "Expected UUID for chassis: %s", request->ident[0]);
	return list(request, arena_printf(request->arena, "/v1/chassis/%s/nodes", request->ident[0]),
		    query_bool(&request->query, "detail"), request->ident[0], err);
}
