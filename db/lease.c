/* lease: renewal, death and takeover. Source: docs/locks.rst, sections 2 and 5. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/action.h"
#include "db/action_news.h"
#include "db/pool.h"
#include "lib/xalloc.h"

/* A renewal that hangs must leave time for another before the gate closes: less than hold - flight - beat. */
enum { RENEW_TIMEOUT_MS = 2000 };

#define TIMELINE "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"

static const struct db_statement renew_statement = {
	.name = "lease_renew",
	.sql = "UPDATE conductors SET beat = beat + 1, seen_at = now() WHERE instance = $1 AND state = 'live'"
	       " RETURNING " TIMELINE,
	.param_count = 1,
};
/* Two conditions that the two small indexes of running rows answer. */
static const struct db_statement running_statement = {
	.name = "lease_running",
	.sql = "SELECT id, token, stop_asked FROM actions WHERE state = 'running' AND exclusive"
	       " AND instance = $1"
	       " UNION ALL"
	       " SELECT id, token, stop_asked FROM actions WHERE state = 'running' AND NOT exclusive"
	       " AND instance = $1",
	.param_count = 1,
};
static const struct db_statement read_statement = {
	.name = "lease_read",
	.sql = "SELECT instance, beat, " TIMELINE " FROM conductors WHERE state = 'live'",
};
static const struct db_statement dead_statement = {
	.name = "lease_declare_dead",
	.sql = "UPDATE conductors SET state = 'dead' WHERE instance = $1 AND beat = $2 AND state = 'live'",
	.param_count = 2,
};

/* Two statements for the sweep: one alone could see the action's new row and the node's old one, and leave
 * the node locked. */
static const struct db_statement orphans_statement = {
	.name = "lease_orphans",
	.sql = "SELECT a.id, a.token FROM (SELECT id, token, instance FROM actions"
	       " WHERE state = 'running' AND exclusive"
	       "  UNION ALL SELECT id, token, instance FROM actions WHERE state = 'running'"
	       " AND NOT exclusive) a"
	       " LEFT JOIN conductors c ON c.instance = a.instance WHERE c.state IS DISTINCT"
	       " FROM 'live' LIMIT 100",
};
static const struct db_statement sweep_statement = {
	.name = "lease_sweep",
	.sql = "WITH old AS MATERIALIZED (SELECT id, node_id, token, exclusive,"
	       "  attempt < 2 AND (accepted_at IS NULL OR on_crash = 'repeat') AS again FROM actions"
	       "  WHERE id = $1 AND token = $2 AND state = 'running' FOR NO KEY UPDATE),"
	       " a AS (UPDATE actions a SET state = CASE WHEN again THEN 'queued' ELSE 'unknown' END,"
	       "  instance = CASE WHEN again THEN NULL ELSE a.instance END, token = CASE WHEN again"
	       " THEN NULL ELSE a.token END,"
	       "  epoch = CASE WHEN again THEN NULL ELSE a.epoch END,"
	       "  started_at = CASE WHEN again THEN NULL ELSE a.started_at END,"
	       "  args = CASE WHEN again THEN a.args END, error_code = CASE WHEN again"
	       " THEN NULL ELSE 500 END,"
	       "  error = CASE WHEN again THEN NULL ELSE $3 END, finished_at = CASE WHEN again"
	       " THEN NULL ELSE now() END,"
	       "  keep_until = CASE WHEN again THEN NULL ELSE now() + $5 * interval '1 s' END"
	       "  FROM old WHERE a.id = old.id RETURNING a.id, a.node_id, a.state, a.reply, a.target),"
	       " n AS (UPDATE nodes n SET reservation = NULL, lock_token = NULL, lock_action = NULL,"
	       "  version = n.version + 1, updated_at = now(),"
	       "  last_error = CASE WHEN old.again THEN n.last_error ELSE $3 END,"
	       "  target_power_state = CASE WHEN old.again THEN n.target_power_state END"
	       "  FROM old WHERE old.exclusive AND n.id = old.node_id"
	       " AND n.lock_token = old.token RETURNING n.id),"
	       " h AS (INSERT INTO node_history (uuid, node_id, severity, event_type, event, conductor)"
	       "  SELECT gen_random_uuid(), n.id, 'ERROR', 'takeover', $3, $4 FROM n, old"
	       " WHERE NOT old.again)"
	       " SELECT id, node_id, state, reply FROM a",
	.param_count = 5,
};

static const struct db_statement purge_statement = {
	.name = "action_purge",
	.sql = "DELETE FROM actions WHERE id = ANY (ARRAY(SELECT id FROM actions WHERE keep_until < now()"
	       " ORDER BY keep_until LIMIT $1 FOR UPDATE SKIP LOCKED))",
	.param_count = 1,
};
/* Rows that nobody may start any more and whose API process is gone; one that lives cancels its own. */
static const struct db_statement expire_statement = {
	.name = "action_expire",
	.sql = "UPDATE actions SET state = 'cancelled', idem_key = NULL, args = NULL, finished_at = now(),"
	       " keep_until = now() + interval '10 minutes' WHERE finished_at IS NULL AND state = 'queued'"
	       " AND accepted_at IS NULL AND start_by < now() - interval '1 minute'",
};

static void copy_word(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text != NULL ? text : "");
}

static void fill_running(struct lease_answer *ret, const struct db_rows *rows)
{
	ret->running_count = (size_t)db_rows_count(rows);
	ret->running = xcalloc(ret->running_count + 1, sizeof(*ret->running));
	for (size_t i = 0; i < ret->running_count; i++) {
		struct lease_running *running = &ret->running[i];
		running->id = db_value_int(rows, (int)i, 0);
		copy_word(running->token, sizeof(running->token), db_value(rows, (int)i, 1));
		copy_word(running->stop_asked, sizeof(running->stop_asked), db_value(rows, (int)i, 2));
		running->is_stop_asked = db_value(rows, (int)i, 2) != NULL;
	}
}

int lease_renew(struct db_session *session, const char *instance, struct lease_answer *ret, struct error *err)
{
	const char *values[] = { instance };
	struct db_step steps[] = { { .statement = &renew_statement, .values = values },
				   { .statement = &running_statement, .values = values } };
	int rc = db_session_exec_within(session, steps, 2, RENEW_TIMEOUT_MS, err);

	if (rc == 0) {
		*ret = (struct lease_answer){ .is_live = db_rows_count(steps[0].rows) == 1 };
		if (ret->is_live)
			copy_word(ret->timeline, sizeof(ret->timeline), db_value(steps[0].rows, 0, 0));
		fill_running(ret, steps[1].rows);
	}
	db_rows_release(steps[0].rows);
	db_rows_release(steps[1].rows);
	return rc;
}

int lease_read(struct db *db, struct lease_beat *ret, size_t max, size_t *ret_count, char timeline[9],
	       struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &read_statement, NULL, &rows, err);

	if (rc < 0)
		return rc;
	size_t count = (size_t)db_rows_count(rows);
	timeline[0] = '\0';
	for (size_t i = 0; i < count && i < max; i++) {
		copy_word(ret[i].instance, sizeof(ret[i].instance), db_value(rows, (int)i, 0));
		ret[i].beat = db_value_int(rows, (int)i, 1);
		copy_word(timeline, 9, db_value(rows, (int)i, 2));
	}
	*ret_count = count < max ? count : max;
	db_rows_release(rows);
	return 0;
}

int lease_declare_dead(struct db *db, const char *instance, int64_t beat, bool *ret_declared,
		       struct error *err)
{
	char beat_text[24];
	const char *values[] = { instance, beat_text };
	struct db_rows *rows = NULL;

	snprintf(beat_text, sizeof(beat_text), "%" PRId64, beat);
	int rc = db_exec(db, &dead_statement, values, &rows, err);
	if (rc == 0)
		*ret_declared = db_affected(rows) == 1;
	db_rows_release(rows);
	return rc;
}

struct sweep {
	struct db *db;
	const char *conductor;
	sweep_fn *on_row;
	void *arg;
	size_t count;
};

static void swept(struct sweep *sweep, const struct db_rows *rows)
{
	bool is_over = strcmp(db_value(rows, 0, 2), "unknown") == 0;
	const char *reply = db_value(rows, 0, 3);
	int64_t id = db_value_int(rows, 0, 0);

	sweep->count++;
	if (is_over && reply != NULL) {
		action_news_look(sweep->db, reply, id);
	}
	if (sweep->on_row != NULL)
		sweep->on_row(id, db_value_int(rows, 0, 1), is_over ? ACTION_UNKNOWN : ACTION_QUEUED,
			      sweep->arg);
}

SUSPENDS static int sweep_one(struct sweep *sweep, const char *id, const char *token, struct error *err)
{
	const char *values[] = {
		id, token,
		"The conductor that ran this action stopped in the middle of it; its outcome is unknown.",
		sweep->conductor, action_retention()
	};
	struct db_rows *rows = NULL;
	int rc = db_exec(sweep->db, &sweep_statement, values, &rows, err);

	if (rc == 0 && db_rows_count(rows) == 1)
		swept(sweep, rows);
	db_rows_release(rows);
	return rc;
}

int lease_sweep(struct db *db, const char *conductor, sweep_fn *on_row, void *arg, size_t *ret_count,
		struct error *err)
{
	struct sweep sweep = { .db = db, .conductor = conductor, .on_row = on_row, .arg = arg };
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &orphans_statement, NULL, &rows, err);

	for (int row = 0; rc == 0 && row < db_rows_count(rows); row++)
		rc = sweep_one(&sweep, db_value(rows, row, 0), db_value(rows, row, 1), err);
	db_rows_release(rows);
	if (rc == 0)
		*ret_count = sweep.count;
	return rc;
}

int action_purge(struct db *db, size_t max, size_t *ret_count, struct error *err)
{
	char limit[24];
	const char *values[] = { limit };
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &expire_statement, NULL, NULL, err);

	if (rc < 0)
		return rc;
	snprintf(limit, sizeof(limit), "%zu", max);
	rc = db_exec(db, &purge_statement, values, &rows, err);
	if (rc == 0)
		*ret_count = (size_t)db_affected(rows);
	db_rows_release(rows);
	return rc;
}
