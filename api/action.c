/*
 * action: GET /v1/actions and /v1/actions/{uuid}: what conductors were asked for, and what became of it. Not
 * in Ironic. Who may see the nodes may see their actions; arguments are never shown.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "api/page.h"
#include "db/action.h"
#include "db/action_list.h"

static const struct {
	const char *name;
	int column;
	enum field_type type;
} members[] = {
	{ "uuid", ACTION_ROW_UUID, FIELD_TEXT },
	{ "node_uuid", ACTION_ROW_NODE_UUID, FIELD_TEXT },
	{ "kind", ACTION_ROW_KIND, FIELD_TEXT },
	{ "state", ACTION_ROW_STATE, FIELD_TEXT },
	{ "request_id", ACTION_ROW_REQUEST_ID, FIELD_TEXT },
	{ "created_at", ACTION_ROW_CREATED_AT, FIELD_TIME },
	{ "started_at", ACTION_ROW_STARTED_AT, FIELD_TIME },
	{ "accepted_at", ACTION_ROW_ACCEPTED_AT, FIELD_TIME },
	{ "finished_at", ACTION_ROW_FINISHED_AT, FIELD_TIME },
	{ "conductor", ACTION_ROW_HOST, FIELD_TEXT },
	{ "progress", ACTION_ROW_PROGRESS, FIELD_OBJECT },
	{ "error", ACTION_ROW_ERROR, FIELD_TEXT },
	{ "error_code", ACTION_ROW_ERROR_CODE, FIELD_INT },
	{ "result_type", ACTION_ROW_RESULT_TYPE, FIELD_TEXT },
	{ "result", ACTION_ROW_RESULT, FIELD_OBJECT },
};

static void write_action(struct buf *buf, const struct api_request *request, const void *arg,
			 const struct db_rows *rows, int row)
{
	(void)arg;
	buf_putc(buf, '{');
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		int column = members[i].column;

		json_out_key(buf, members[i].name);
		json_out_value(buf, members[i].type, db_value(rows, row, column),
			       db_value_len(rows, row, column));
	}
	json_out_key(buf, "links");
	json_out_item_links(buf, request->base, "actions", db_value(rows, row, ACTION_ROW_UUID),
			    db_value_len(rows, row, ACTION_ROW_UUID), "");
	buf_putc(buf, '}');
}

/* ---- list ---- */

static int check_state(const char *state, struct error *err)
{
	for (enum action_state known = ACTION_QUEUED; known <= ACTION_CANCELLED; known++) {
		if (strcmp(state, action_state_name(known)) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID,
		    "Invalid state: %s. An action is queued, running, done, failed, unknown or cancelled.",
		    state);
}

/* "2026-11-20T13:41:07Z", with a fraction or an offset; what is no date in that form PostgreSQL refuses. */
static int check_since(const char *since, struct error *err)
{
	static const char form[] = "0000-00-00T00:00:00";
	bool is_good = strlen(since) >= strlen(form);

	for (size_t i = 0; is_good && form[i]; i++)
		is_good = form[i] == '0' ? since[i] >= '0' && since[i] <= '9' : since[i] == form[i];
	if (is_good)
		is_good = strspn(since + strlen(form), "0123456789.:+-Z") == strlen(since + strlen(form));
	return is_good ? 0
		       : fail(err, ERR_INVALID, "Expected a time as 2026-11-20T13:41:07Z for since: %s",
			      since);
}

static int add_filters(struct page *page, struct error *err)
{
	const struct query *query = &page->request->query;
	const char *node = query_text(query, "node");
	const char *state = query_text(query, "state");
	const char *since = query_text(query, "since");
	int rc = state ? check_state(state, err) : 0;

	if (rc == 0 && since)
		rc = check_since(since, err);
	if (rc < 0)
		return rc;
	if (node)
		page_argument(page, "node", node);
	if (state) {
		page_argument(page, "state", state);
		action_list_state(&page->list, state);
	}
	if (since) {
		page_argument(page, "since", since);
		action_list_since(&page->list, since);
	}
	return 0;
}

static int reply_page(struct page *page, struct error *err)
{
	const struct query *query = &page->request->query;

	int rc = add_filters(page, err);
	if (rc == 0)
		rc = page_read(page, err);
	if (rc == 0 && strcmp(page->sort_key, "id") != 0)
		rc = fail(err, ERR_INVALID, "The sort_key value \"%s\" is an invalid field for sorting",
			  page->sort_key);
	if (rc < 0)
		return rc;
	rc = page_reply(page, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "Action %s could not be found.", query_text(query, "marker"));
	if (rc == -ERR_INVALID && query_text(query, "since"))
		return fail(err, ERR_INVALID, "There is no such time for since: %s",
			    query_text(query, "since"));
	return rc;
}

static int list_of(struct api_request *request, const char *node_id, struct error *err)
{
	struct page page;

	page_init(&page, request);
	action_list_init(&page.list, node_id);
	page.collection = "actions";
	page.url = "/v1/actions";
	page.uuid = "a.uuid";
	page.write = write_action;
	int rc = reply_page(&page, err);
	page_release(&page);
	return rc;
}

int action_list(struct api_request *request, struct error *err)
{
	const char *ident = query_text(&request->query, "node");
	struct node node;

	if (!ident)
		return list_of(request, NULL, err);
	node_init(&node);
	int rc = node_find_brief(request, ident, &node, err);
	if (rc == 0)
		rc = list_of(request, arena_printf(request->arena, "%" PRId64, node.id), err);
	node_release(&node);
	return rc;
}

/* ---- one ---- */

int action_show(struct api_request *request, struct error *err)
{
	const char *uuid = request->ident[0];
	struct db_rows *rows = NULL;
	struct list list;

	if (!uuid_is_valid(uuid))
		return fail(err, ERR_INVALID, "Expected UUID for action: %s", uuid);
	action_list_init_one(&list, uuid);
	int rc = list_next(&list, request->db, 1, &rows, err);
	list_release(&list);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "Action %s could not be found.", uuid);
	if (rc == 0) {
		reply_json(request, 200);
		write_action(&request->out->body, request, NULL, rows, 0);
	}
	db_rows_release(rows);
	return rc;
}
