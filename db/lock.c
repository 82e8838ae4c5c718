/* lock: see lock.h. */
#include "db/lock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/action.h"
#include "db/action_news.h"

static const struct db_statement node_statement = {
	.name = "lock_node",
	.sql = "SELECT reservation, lock_epoch, lock_action, lock_token FROM nodes WHERE id = $1",
	.param_count = 1,
};

enum column {
	ID,
	UUID,
	KIND,
	REQUEST_ID,
	HOST,
	INSTANCE,
	INSTANCE_STATE,
	TOKEN,
	ASKED_AT,
	STARTED_AT,
	START_BY,
	STOP_ASKED,
	ACCEPTED,
	WAITED_S,
	AGE_S,
	STATE,
	EXCLUSIVE
};

/* Those whose time in line is over are about to be cancelled. */
static const struct db_statement actions_statement = {
	.name = "lock_actions",
	.sql = "SELECT a.id, a.uuid, a.kind, a.request_id, c.hostname, a.instance, c.state, a.token,"
	       " a.created_at AT TIME ZONE 'UTC', a.started_at AT TIME ZONE 'UTC', a.start_by AT TIME ZONE "
	       "'UTC',"
	       " a.stop_asked, a.accepted_at IS NOT NULL,"
	       " extract(epoch FROM coalesce(a.started_at, now()) - a.created_at),"
	       " extract(epoch FROM now() - a.started_at), a.state, a.exclusive"
	       " FROM actions a LEFT JOIN conductors c ON c.instance = a.instance"
	       " WHERE a.node_id = $1 AND a.finished_at IS NULL AND (a.state = 'running' OR a.exclusive AND"
	       " (a.accepted_at IS NOT NULL OR a.start_by > now())) ORDER BY a.id LIMIT $2",
	.param_count = 2,
};

/* Action before node, as everywhere. */
static const struct db_statement force_statement = {
	.name = "lock_force",
	.sql = "WITH a AS (UPDATE actions SET state = 'unknown', error_code = 500, error = $3, args = NULL,"
	       "  finished_at = now(), keep_until = now() + $4 * interval '1 s'"
	       "  WHERE id = $1 AND token = $2 AND state = 'running' RETURNING id, node_id, token, reply),"
	       " n AS (UPDATE nodes n SET reservation = NULL, lock_token = NULL, lock_action = NULL,"
	       "  version = n.version + 1, updated_at = now(), last_error = $3, target_power_state = NULL"
	       "  FROM a WHERE n.id = a.node_id AND n.lock_token = a.token RETURNING n.id)"
	       " SELECT reply FROM a",
	.param_count = 4,
};
static const struct db_statement free_statement = {
	.name = "lock_free",
	.sql = "UPDATE nodes n SET reservation = NULL, lock_token = NULL, lock_action = NULL,"
	       " version = n.version + 1, updated_at = now() WHERE n.id = $1 AND n.lock_epoch = $2"
	       " AND n.reservation = $3 AND NOT EXISTS (SELECT FROM actions a WHERE a.id = n.lock_action"
	       " AND a.token = n.lock_token AND a.state = 'running')",
	.param_count = 3,
};
static const struct db_statement note_statement = {
	.name = "lock_note",
	.sql = "INSERT INTO node_history (uuid, node_id, severity, event_type, event, conductor)"
	       " SELECT gen_random_uuid(), id, 'ERROR', 'lock', $2, $3 FROM nodes WHERE id = $1",
	.param_count = 3,
};

static void fill(struct lock_action *action, struct arena *arena, const struct db_rows *rows, int row)
{
	*action = (struct lock_action){
		.id = db_value_int(rows, row, ID),
		.uuid = db_value_copy(arena, rows, row, UUID),
		.kind = db_value_copy(arena, rows, row, KIND),
		.request_id = db_value_copy(arena, rows, row, REQUEST_ID),
		.host = db_value_copy(arena, rows, row, HOST),
		.instance = db_value_copy(arena, rows, row, INSTANCE),
		.instance_state = db_value_copy(arena, rows, row, INSTANCE_STATE),
		.token = db_value_copy(arena, rows, row, TOKEN),
		.asked_at = db_value_copy(arena, rows, row, ASKED_AT),
		.started_at = db_value_copy(arena, rows, row, STARTED_AT),
		.start_by = db_value_copy(arena, rows, row, START_BY),
		.stop_asked = db_value_copy(arena, rows, row, STOP_ASKED),
		.is_accepted = db_value_bool(rows, row, ACCEPTED),
		.waited_s = db_value_double(rows, row, WAITED_S),
		.age_s = db_value_double(rows, row, AGE_S),
	};
}

static void sort_out(struct lock_view *view, struct arena *arena, const struct db_rows *node,
		     const struct db_rows *actions)
{
	int64_t holder = db_value_int(node, 0, 2);
	size_t count = (size_t)db_rows_count(actions);

	view->line = arena_alloc(arena, (count + 1) * sizeof(*view->line));
	view->beside = arena_alloc(arena, (count + 1) * sizeof(*view->beside));
	for (int row = 0; row < (int)count; row++) {
		bool is_exclusive = db_value_bool(actions, row, EXCLUSIVE);
		bool is_queued = db_value(actions, row, STATE)[0] == 'q';

		if (is_exclusive && is_queued) {
			fill(&view->line[view->line_count++], arena, actions, row);
		} else if (!is_exclusive) {
			fill(&view->beside[view->beside_count++], arena, actions, row);
		} else if (holder && db_value_int(actions, row, ID) == holder) {
			view->holder = arena_alloc(arena, sizeof(*view->holder));
			fill(view->holder, arena, actions, row);
		}
	}
}

int lock_read(struct db *db, int64_t node_id, struct arena *arena, struct lock_view *ret, struct error *err)
{
	char id[24], limit[24];
	struct db_step steps[] = {
		{ .statement = &node_statement, .values = (const char *[]){ id } },
		{ .statement = &actions_statement, .values = (const char *[]){ id, limit } },
	};

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	snprintf(limit, sizeof(limit), "%d", LOCK_LINE_MAX);
	int rc = db_exec_all(db, steps, 2, err);
	if (rc == 0 && db_rows_count(steps[0].rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "%s", "");
	if (rc == 0) {
		*ret = (struct lock_view){ .reservation = db_value_copy(arena, steps[0].rows, 0, 0),
					   .epoch = db_value_int(steps[0].rows, 0, 1) };
		sort_out(ret, arena, steps[0].rows, steps[1].rows);
	}
	db_rows_release(steps[0].rows);
	db_rows_release(steps[1].rows);
	return rc;
}

static int force_holder(struct db *db, const struct lock_action *holder, const char *sentence,
			bool *ret_forced, struct error *err)
{
	char id[24];
	const char *values[] = { id, holder->token, sentence, action_retention() };
	struct db_rows *rows = NULL;

	snprintf(id, sizeof(id), "%" PRId64, holder->id);
	int rc = db_exec(db, &force_statement, values, &rows, err);
	if (rc == 0)
		*ret_forced = db_rows_count(rows) == 1;
	if (rc == 0 && *ret_forced && db_value(rows, 0, 0)) {
		action_news_look(db, db_value(rows, 0, 0), holder->id);
	}
	db_rows_release(rows);
	return rc;
}

int lock_force(struct db *db, int64_t node_id, const struct lock_view *seen, const char *sentence,
	       bool *ret_forced, struct error *err)
{
	char id[24], epoch[24];
	const char *values[] = { id, epoch, seen->reservation };
	struct db_rows *rows = NULL;

	if (seen->holder)
		return force_holder(db, seen->holder, sentence, ret_forced, err);
	snprintf(id, sizeof(id), "%" PRId64, node_id);
	snprintf(epoch, sizeof(epoch), "%" PRId64, seen->epoch);
	int rc = db_exec(db, &free_statement, values, &rows, err);
	if (rc == 0)
		*ret_forced = db_affected(rows) == 1;
	db_rows_release(rows);
	return rc;
}

int lock_note(struct db *db, int64_t node_id, const char *sentence, const char *conductor, struct error *err)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	return db_exec(db, &note_statement, (const char *[]){ id, sentence, conductor }, NULL, err);
}
