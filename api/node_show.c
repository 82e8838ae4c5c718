/* node_show: one node, its states, its children. */
#include <string.h>

#include "api/etag.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/node_json.h"
#include "db/made.h"

/* Members of the states document. */
static const enum node_field state_fields[] = {
	NODE_BOOT_MODE,          NODE_CONSOLE_ENABLED,        NODE_LAST_ERROR,         NODE_POWER_STATE,
	NODE_PROVISION_STATE,    NODE_PROVISION_UPDATED_AT,   NODE_RAID_CONFIG,        NODE_SECURE_BOOT,
	NODE_TARGET_POWER_STATE, NODE_TARGET_PROVISION_STATE, NODE_TARGET_RAID_CONFIG,
};

static int reply_view(struct api_request *request, const struct node_view *view, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = node_find_row(request, request->ident[0], &rows, err);
	if (rc != 0)
		return rc;
	reply_json(request, 200);
	node_json_write(&request->out->body, request, view, rows, 0);
	etag_reply(request, db_value_int(rows, 0, NODE_ROW_ID), db_value_int(rows, 0, NODE_ROW_VERSION));
	db_rows_release(rows);
	return 0;
}

int node_show(struct api_request *request, struct error *err)
{
	const char *fields = query_text(&request->query, "fields");
	struct node_view view;

	if (!fields) {
		node_view_all(&view, request->version);
		return reply_view(request, &view, err);
	}
	int rc = node_view_fields(&view, fields, request->version, err);
	return rc < 0 ? rc : reply_view(request, &view, err);
}

int node_show_states(struct api_request *request, struct error *err)
{
	struct node_view view;

	node_view_all(&view, request->version);
	memset(view.has, 0, sizeof view.has);
	for (size_t i = 0; i < sizeof state_fields / sizeof state_fields[0]; i++)
		view.has[state_fields[i]] = request->version >= node_field_info(state_fields[i])->since;
	return reply_view(request, &view, err);
}

int node_missing_ident(struct api_request *request, struct error *err)
{
	(void)request;
	return fail(err, ERR_MISSING, "Missing mandatory parameter: node_ident");
}

static void write_children(struct api_request *request, const char *uuid, const struct db_rows *rows)
{
	struct buf *body = &request->out->body;

	buf_puts(body, "{\"children\":[");
	for (int row = 0; row < db_rows_count(rows); row++) {
		json_out_comma(body);
		json_out_text(body, db_value(rows, row, 0), db_value_len(rows, row, 0));
	}
	buf_putc(body, ']');
	json_out_key(body, "links"); /* one object, not a list as elsewhere */
	buf_printf(body, "{\"href\":\"%s/v1/nodes?parent_node=%s\",\"rel\":\"children\"}}", request->base,
		   uuid);
}

int node_children(struct api_request *request, struct error *err)
{
	struct node node;
	struct made made;
	struct db_rows *rows = NULL;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc != 0)
		return rc;
	made_init(&made);
	made_add(&made, "SELECT uuid FROM nodes WHERE parent_node = $?::uuid ORDER BY id LIMIT 10000",
		 node_uuid(&node));
	rc = made_exec(&made, request->db, &rows, err);
	made_release(&made);
	if (rc == 0) {
		reply_json(request, 200);
		write_children(request, node_uuid(&node), rows);
	}
	db_rows_release(rows);
	node_release(&node);
	return rc;
}
