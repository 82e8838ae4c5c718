/*
 * action: the names of states, and the API's side: insert, read, cancel.
 * Source: docs/locks.rst; docs/actions.rst for the life of a row.
 */
#include "db/action.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/array.h"
#include "db/batch.h"
#include "db/retry.h"
#include "lib/clock.h"
#include "lib/xalloc.h"

enum {
	RESULT_INLINE_MAX = 65536, /* longer results are read one by one, so a batch stays bounded */
	INSERT_GRACE_MS = 10000    /* how long beyond wait_ms an insert in doubt is repeated */
};

static const char *const state_names[] = {
	[ACTION_QUEUED] = "queued", [ACTION_RUNNING] = "running", [ACTION_DONE] = "done",
	[ACTION_FAILED] = "failed", [ACTION_UNKNOWN] = "unknown", [ACTION_CANCELLED] = "cancelled",
};

const char *action_state_name(enum action_state state)
{
	return state_names[state];
}

static enum action_state state_find(const char *name)
{
	enum action_state state = ACTION_QUEUED;

	while (state < ACTION_CANCELLED && strcmp(state_names[state], name) != 0)
		state++;
	return state;
}

/* ---- insert ---- */

enum insert_column {
	INSERT_UUID,
	INSERT_NODE_ID,
	INSERT_NODE_UUID,
	INSERT_KIND,
	INSERT_EXCLUSIVE,
	INSERT_ON_CRASH,
	INSERT_POOL,
	INSERT_TARGET,
	INSERT_REPLY,
	INSERT_ARGS,
	INSERT_WAIT_MS,
	INSERT_RUN_S,
	INSERT_REQUEST_ID,
	INSERT_CHANNEL,
	INSERT_COLUMN_COUNT
};

/* A row that is there already, by an attempt whose reply was lost, is left alone. The targets are told in the
 * same transaction, which waits for no disk, so that others who notify do not wait for it: one notification
 * each, because equal ones of a transaction are told once only. */
static const struct db_statement insert_statement = {
	.name = "action_insert",
	.sql = "WITH off AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),"
	       " item AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[],"
	       "  $5::boolean[], $6::text[], $7::text[], $8::text[], $9::text[], $10::json[], $11::bigint[],"
	       "  $12::int[], $13::text[], $14::text[]) WITH ORDINALITY AS item"
	       " (uuid, node_id, node_uuid, kind, exclusive, on_crash, pool, target, reply, args,"
	       "  wait_ms, run_s, request_id, channel, place)),"
	       " made AS (INSERT INTO actions"
	       " (uuid, node_id, node_uuid, kind, exclusive, on_crash, pool, target, reply,"
	       "  args, start_by, run_s, request_id)"
	       " SELECT uuid, node_id, node_uuid, kind, exclusive, on_crash, pool, target, reply, args,"
	       "  now() + wait_ms * interval '1 millisecond', run_s, request_id"
	       " FROM off, item ORDER BY place"
	       " ON CONFLICT DO NOTHING RETURNING id, uuid, node_id, exclusive),"
	       " said AS MATERIALIZED (SELECT pg_notify(item.channel, string_agg(CASE WHEN made.exclusive"
	       "  THEN 'x' || made.node_id ELSE 's' || made.id END, ',' ORDER BY made.id))"
	       "  FROM made JOIN item ON item.uuid = made.uuid GROUP BY item.channel)"
	       " SELECT id, uuid, (SELECT count(*) FROM said) FROM made",
	.param_count = INSERT_COLUMN_COUNT,
};

static const struct db_statement find_statement = {
	.name = "action_find",
	.sql = "SELECT id, uuid FROM actions WHERE uuid = ANY ($1::uuid[])",
	.param_count = 1,
};

struct insert_item {
	const struct action_request *request;
	int64_t id; /* 0: not known yet */
};

static void insert_put(struct array arrays[INSERT_COLUMN_COUNT], const struct action_request *request)
{
	char channel[ACTION_CHANNEL_MAX];

	action_channel(request->target, channel);
	array_word(&arrays[INSERT_UUID], request->uuid);
	if (request->node_id != 0)
		array_int(&arrays[INSERT_NODE_ID], request->node_id);
	else
		array_word(&arrays[INSERT_NODE_ID], NULL);
	array_word(&arrays[INSERT_NODE_UUID], request->node_uuid);
	array_text(&arrays[INSERT_KIND], request->kind);
	array_bool(&arrays[INSERT_EXCLUSIVE], request->is_exclusive);
	array_text(&arrays[INSERT_ON_CRASH], request->on_crash);
	array_text(&arrays[INSERT_POOL], request->pool);
	array_text(&arrays[INSERT_TARGET], request->target);
	array_text(&arrays[INSERT_REPLY], request->reply);
	array_text(&arrays[INSERT_ARGS], request->args);
	array_int(&arrays[INSERT_WAIT_MS], request->wait_ms);
	array_int(&arrays[INSERT_RUN_S], request->run_s);
	array_text(&arrays[INSERT_REQUEST_ID], request->request_id);
	array_text(&arrays[INSERT_CHANNEL], channel);
}

/* Answers come as (id, uuid). Returns how many are missing. */
static size_t insert_match(struct batch_entry **entries, size_t count, const struct db_rows *rows)
{
	size_t missing = 0;

	for (size_t i = 0, row = 0; i < count; i++) {
		struct insert_item *item = entries[i]->item;
		size_t row_count = (size_t)db_rows_count(rows);

		/* Mostly in the order in which they were asked. */
		for (size_t tried = 0; tried < row_count && item->id == 0;
		     tried++, row = (row + 1) % row_count) {
			if (strcasecmp(db_value(rows, (int)row, 1), item->request->uuid) == 0)
				item->id = db_value_int(rows, (int)row, 0);
		}
		missing += item->id == 0;
	}
	return missing;
}

SUSPENDS static int insert_find(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	struct array uuids;

	array_init(&uuids);
	for (size_t i = 0; i < count; i++)
		array_word(&uuids, ((struct insert_item *)entries[i]->item)->request->uuid);
	const char *values[] = { array_end(&uuids) };
	struct db_step step = { .statement = &find_statement, .values = values };
	int rc = db_exec_exactly(db, &step, 1, err);
	if (rc == 0)
		insert_match(entries, count, step.rows);
	db_rows_release(step.rows);
	array_release(&uuids);
	/* The insert itself is committed, and repeating it is harmless. */
	return rc == -ERR_DATABASE ? -ERR_UNKNOWN_OUTCOME : rc;
}

SUSPENDS static int insert_run(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	struct array arrays[INSERT_COLUMN_COUNT];
	const char *values[INSERT_COLUMN_COUNT];

	for (int i = 0; i < INSERT_COLUMN_COUNT; i++)
		array_init(&arrays[i]);
	for (size_t i = 0; i < count; i++)
		insert_put(arrays, ((struct insert_item *)entries[i]->item)->request);
	for (int i = 0; i < INSERT_COLUMN_COUNT; i++)
		values[i] = array_end(&arrays[i]);
	struct db_step step = { .statement = &insert_statement, .values = values };
	int rc = db_exec_exactly(db, &step, 1, err);
	size_t missing = rc == 0 ? insert_match(entries, count, step.rows) : 0;
	db_rows_release(step.rows);
	for (int i = 0; i < INSERT_COLUMN_COUNT; i++)
		array_release(&arrays[i]);
	if (missing > 0)
		rc = insert_find(db, entries, count, err);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (((struct insert_item *)entries[i]->item)->id == 0)
			entries[i]->rc = fail(entries[i]->err, ERR_UNKNOWN_OUTCOME,
					      "The row of the requested action is gone");
	}
	return rc;
}

static const struct batch_kind insert_batch = { .name = "insert", .run = insert_run };

int action_insert(struct db *db, const struct action_request *request, int64_t *ret_id, struct error *err)
{
	struct insert_item item = { .request = request };
	int64_t start_by_ms = clock_ms() + request->wait_ms;
	struct retry retry = { .deadline_ms = start_by_ms };
	size_t weight = 512 + (request->args != NULL ? strlen(request->args) : 0);
	int rc;

	do {
		rc = batch_submit(db, &insert_batch, &item, weight, err);
		/* Whether it may run must be known; that nothing was recorded may be said at once. */
		if (rc == -ERR_UNKNOWN_OUTCOME)
			retry.deadline_ms = start_by_ms + INSERT_GRACE_MS;
	} while (retry_again(&retry, &rc, err));
	if (rc == 0)
		*ret_id = item.id;
	return rc;
}

/* ---- read ---- */

enum view_column {
	VIEW_ID,
	VIEW_UUID,
	VIEW_NODE_UUID,
	VIEW_KIND,
	VIEW_STATE,
	VIEW_EXCLUSIVE,
	VIEW_ERROR_CODE,
	VIEW_ERROR,
	VIEW_REQUEST_ID,
	VIEW_RESULT_TYPE,
	VIEW_CREATED_AT,
	VIEW_STARTED_AT,
	VIEW_ACCEPTED_AT,
	VIEW_FINISHED_AT,
	VIEW_RESULT_LEN,
	VIEW_RESULT
};

#define VIEW_COLUMNS                                                                                         \
	"SELECT id, uuid, node_uuid, kind, state, exclusive, error_code, error, request_id, result_type,"    \
	" created_at AT TIME ZONE 'UTC', started_at AT TIME ZONE 'UTC', accepted_at AT TIME ZONE 'UTC',"     \
	" finished_at AT TIME ZONE 'UTC', length(result), "

static const struct db_statement read_statement = {
	.name = "action_read",
	.sql = VIEW_COLUMNS
	"CASE WHEN length(result) <= 65536 THEN result END FROM actions WHERE id = ANY ($1::bigint[])",
	.param_count = 1,
	.is_grouped = true,
};
static const struct db_statement read_whole_statement = {
	.name = "action_read_whole",
	.sql = VIEW_COLUMNS "result FROM actions WHERE id = $1",
	.param_count = 1,
};

/* "2026-11-20 13:41:07.123" as ISO 8601. */
static char *copy_time(const struct db_rows *rows, int row, int column)
{
	const char *text = db_value(rows, row, column);

	return text != NULL ? xasprintf("%.10sT%.8s+00:00", text, text + 11) : NULL;
}

static void view_fill(struct action_view *view, const struct db_rows *rows, int row)
{
	*view = (struct action_view){
		.id = db_value_int(rows, row, VIEW_ID),
		.uuid = db_value_dup(rows, row, VIEW_UUID),
		.node_uuid = db_value_dup(rows, row, VIEW_NODE_UUID),
		.kind = db_value_dup(rows, row, VIEW_KIND),
		.error = db_value_dup(rows, row, VIEW_ERROR),
		.request_id = db_value_dup(rows, row, VIEW_REQUEST_ID),
		.state = state_find(db_value(rows, row, VIEW_STATE)),
		.is_exclusive = db_value_bool(rows, row, VIEW_EXCLUSIVE),
		.is_accepted = db_value(rows, row, VIEW_ACCEPTED_AT) != NULL,
		.error_code = (int)db_value_int(rows, row, VIEW_ERROR_CODE),
		.result_type = db_value_dup(rows, row, VIEW_RESULT_TYPE),
		.created_at = copy_time(rows, row, VIEW_CREATED_AT),
		.started_at = copy_time(rows, row, VIEW_STARTED_AT),
		.accepted_at = copy_time(rows, row, VIEW_ACCEPTED_AT),
		.finished_at = copy_time(rows, row, VIEW_FINISHED_AT),
	};
	view->result = bytea_decode(db_value(rows, row, VIEW_RESULT), db_value_len(rows, row, VIEW_RESULT),
				    &view->result_len);
}

void action_view_release(struct action_view *view)
{
	xfree(view->uuid);
	xfree(view->node_uuid);
	xfree(view->kind);
	xfree(view->error);
	xfree(view->request_id);
	xfree(view->result);
	xfree(view->result_type);
	xfree(view->created_at);
	xfree(view->started_at);
	xfree(view->accepted_at);
	xfree(view->finished_at);
	*view = (struct action_view){ 0 };
}

struct read_item {
	int64_t id;
	struct action_view *view;
	bool is_long; /* the result must be read on its own */
};

static void read_match(struct batch_entry *entry, const struct db_rows *rows)
{
	struct read_item *item = entry->item;

	for (int row = 0; row < db_rows_count(rows); row++) {
		if (db_value_int(rows, row, VIEW_ID) != item->id)
			continue;
		item->is_long = db_value_int(rows, row, VIEW_RESULT_LEN) > RESULT_INLINE_MAX;
		if (!item->is_long)
			view_fill(item->view, rows, row);
		return;
	}
	entry->rc = fail(entry->err, ERR_NOT_FOUND, "Action %" PRId64 " could not be found.", item->id);
}

SUSPENDS static int read_run(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	struct array ids;

	array_init(&ids);
	for (size_t i = 0; i < count; i++)
		array_int(&ids, ((struct read_item *)entries[i]->item)->id);
	const char *values[] = { array_end(&ids) };
	struct db_step step = { .statement = &read_statement, .values = values };
	int rc = db_exec_exactly(db, &step, 1, err);
	for (size_t i = 0; i < count && rc == 0; i++)
		read_match(entries[i], step.rows);
	db_rows_release(step.rows);
	array_release(&ids);
	return rc;
}

static const struct batch_kind read_batch = { .name = "read", .run = read_run };

SUSPENDS static int read_one(struct db *db, const struct db_statement *statement, const char *value,
			     struct action_view *ret, struct error *err)
{
	const char *values[] = { value };
	struct db_rows *rows = NULL;
	int rc = db_exec(db, statement, values, &rows, err);

	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "Action %s could not be found.", value);
	if (rc == 0)
		view_fill(ret, rows, 0);
	db_rows_release(rows);
	return rc;
}

int action_read(struct db *db, int64_t id, struct action_view *ret, struct error *err)
{
	struct read_item item = { .id = id, .view = ret };
	int rc = batch_submit(db, &read_batch, &item, 32, err);

	if (rc == -ERR_UNKNOWN_OUTCOME)
		return -ERR_DATABASE; /* reading leaves nothing in doubt */
	if (rc == 0 && item.is_long) {
		char text[24];
		snprintf(text, sizeof(text), "%" PRId64, id);
		return read_one(db, &read_whole_statement, text, ret, err);
	}
	return rc;
}

/* ---- cancel, stop ---- */

static const struct db_statement cancel_statement = {
	.name = "action_cancel",
	.sql = "UPDATE actions SET state = 'cancelled', idem_key = NULL, args = NULL, finished_at = now(),"
	       " keep_until = now() + interval '10 minutes'"
	       " WHERE id = $1 AND uuid = $2::text::uuid AND state = 'queued' AND accepted_at IS NULL",
	.param_count = 2,
};
static const struct db_statement stop_statement = {
	.name = "action_ask_stop",
	.sql = "UPDATE actions SET stop_asked = $2 WHERE id = $1 AND state = 'running'",
	.param_count = 2,
};

SUSPENDS static int update_one(struct db *db, const struct db_statement *statement, int64_t id,
			       const char *text, bool *ret_updated, struct error *err)
{
	char id_text[24];
	const char *values[] = { id_text, text };
	struct db_rows *rows = NULL;

	snprintf(id_text, sizeof(id_text), "%" PRId64, id);
	int rc = db_exec(db, statement, values, &rows, err);
	if (rc == 0)
		*ret_updated = db_affected(rows) == 1;
	db_rows_release(rows);
	return rc;
}

int action_cancel(struct db *db, int64_t id, const char *uuid, bool *ret_cancelled, struct error *err)
{
	return update_one(db, &cancel_statement, id, uuid, ret_cancelled, err);
}

int action_ask_stop(struct db *db, int64_t id, const char *who, bool *ret_running, struct error *err)
{
	return update_one(db, &stop_statement, id, who, ret_running, err);
}
