/*
 * action_write: what the holder writes: accept, save, finish, requeue. Each is guarded by the action's token,
 * locks the action before the node, and is safe to repeat, so it is repeated until its outcome is known.
 * Source: docs/locks.rst, section 3.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/action.h"
#include "db/action_news.h"
#include "db/array.h"
#include "db/batch.h"
#include "db/node_changes.h"
#include "db/retry.h"
#include "lib/xalloc.h"

enum { SQL_MAX = 32768, ERROR_MAX = 4096 };

/* ---- the statements ----
 * Two of each: the one for batches in which no node column changes is much cheaper. */

enum statement { ACCEPT, ACCEPT_CHANGES, SAVE_CHANGES, FINISH, FINISH_CHANGES, STATEMENT_COUNT };

#define ITEM_OF_WRITE                                                                                        \
	"WITH item AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::uuid[]) AS item (id, token)),"
#define ITEM_OF_CHANGES                                                                                      \
	"WITH item AS MATERIALIZED (SELECT *"                                                                \
	" FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::json[]) AS item (id, token, mask, "        \
	"changes)),"
/* The ids are named once more as an array: a plan made while the table is empty would else read all of it. */
#define OF_ITEM                                                                                              \
	" a.id = ANY ($1::bigint[]) AND a.id = item.id AND a.token = item.token AND a.state = 'running'"
#define ACTION_OF_ITEM   " FROM item WHERE" OF_ITEM
#define RETURNING_ACTION " RETURNING a.id, a.node_id, a.token, a.exclusive)"

/* "held": false when a lock is missing that the action should have. */
#define ANSWER                                                                                               \
	" SELECT a.id, a.node_id IS NULL OR NOT a.exclusive OR EXISTS (SELECT FROM n"                        \
	" WHERE n.token = a.token) AS held FROM a"

/* Repeated after a takeover, an action keeps the time of its first acceptance. */
#define ACCEPT_ACTION                                                                                        \
	" a AS (UPDATE actions a SET accepted_at = coalesce(a.accepted_at, now())" ACTION_OF_ITEM            \
		RETURNING_ACTION
#define SAVE_ACTION                                                                                          \
	" a AS (SELECT a.id, a.node_id, a.token, a.exclusive FROM item, actions a WHERE" OF_ITEM             \
	" FOR NO KEY UPDATE OF a)"
/* Marks that statement_make replaces by numbers. */
#define KEPT_S  "<kept>"
#define BRIEF_S "<brief>"
#define FINISH_SET                                                                                           \
	" a AS (UPDATE actions a SET state = item.state, error_code = item.error_code, error = item.error,"  \
	" result = item.result, result_type = item.result_type, args = NULL, finished_at = now(),"           \
	" keep_until = now() + CASE WHEN item.kept OR a.idem_key IS NOT NULL"                                \
	" THEN interval '" KEPT_S " s' ELSE interval '" BRIEF_S " s' END" ACTION_OF_ITEM RETURNING_ACTION
#define RELEASE        "reservation = NULL, lock_token = NULL, lock_action = NULL, version = n.version + 1"
#define NODE_OF_ACTION " a.exclusive AND n.id = a.node_id AND n.lock_token = a.token"

#define FINISH_ARRAYS                                                                                        \
	"unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::json[], $5::text[], $6::int[], $7::text[],"      \
	" $8::bytea[], $9::text[], $10::boolean[])"                                                          \
	" AS item (id, token, mask, changes, state, error_code, error, result, result_type, kept)"
#define ITEM_OF_FINISH "WITH item AS MATERIALIZED (SELECT * FROM " FINISH_ARRAYS "),"

/* The node keeps its token in n's answer although the update clears it: a's is the same. */
#define NODE_ANSWER " RETURNING a.token)"

struct shape {
	const char *name;
	const char *head; /* item and a */
	const char *node; /* n, up to its SET list or all of it */
	bool has_changes;
	int param_count;
};

static const struct shape shapes[STATEMENT_COUNT] = {
	[ACCEPT] = { "action_accept", ITEM_OF_WRITE ACCEPT_ACTION,
		     ", n AS (SELECT a.token FROM a JOIN nodes n ON" NODE_OF_ACTION ")", false, 2 },
	[ACCEPT_CHANGES] = { "action_accept_changes", ITEM_OF_CHANGES ACCEPT_ACTION,
			     ", n AS (UPDATE nodes n SET version = n.version + 1", true, 4 },
	[SAVE_CHANGES] = { "action_save", ITEM_OF_CHANGES SAVE_ACTION,
			   ", n AS (UPDATE nodes n SET version = n.version + 1", true, 4 },
	[FINISH] = { "action_finish", ITEM_OF_FINISH FINISH_SET,
		     ", n AS (UPDATE nodes n SET " RELEASE " FROM a WHERE" NODE_OF_ACTION NODE_ANSWER, false,
		     10 },
	[FINISH_CHANGES] = { "action_finish_changes", ITEM_OF_FINISH FINISH_SET,
			     ", n AS (UPDATE nodes n SET " RELEASE, true, 10 },
};

static struct db_statement statements[STATEMENT_COUNT];

static struct {
	char kept_s[24], brief_s[24];
} retention = { "86400", "600" };

void action_set_retention(double kept_s, double brief_s)
{
	snprintf(retention.kept_s, sizeof(retention.kept_s), "%.3f", kept_s);
	snprintf(retention.brief_s, sizeof(retention.brief_s), "%.3f", brief_s);
}

const char *action_retention(void)
{
	return retention.kept_s;
}

static void put_head(struct buf *sql, const char *head)
{
	const char *mark;

	while ((mark = strchr(head, '<')) != NULL) {
		bool is_kept = strncmp(mark, KEPT_S, strlen(KEPT_S)) == 0;
		bool is_mark = is_kept || strncmp(mark, BRIEF_S, strlen(BRIEF_S)) == 0;

		buf_append(sql, head, (size_t)(mark - head));
		if (is_mark)
			buf_puts(sql, is_kept ? retention.kept_s : retention.brief_s);
		else
			buf_putc(sql, *mark);
		head = is_mark ? strchr(mark, '>') + 1 : mark + 1;
	}
	buf_puts(sql, head);
}

static void statement_make(enum statement which)
{
	const struct shape *shape = &shapes[which];
	struct buf sql;

	buf_init(&sql, SQL_MAX);
	put_head(&sql, shape->head);
	buf_puts(&sql, shape->node);
	if (shape->has_changes) {
		node_changes_set(&sql, "item.mask");
		buf_puts(&sql, " FROM a JOIN item ON item.id = a.id");
		node_changes_join(&sql, "item.changes");
		buf_puts(&sql, " WHERE" NODE_OF_ACTION NODE_ANSWER);
	}
	buf_puts(&sql, ANSWER);
	assert(!sql.overflow);
	statements[which] = (struct db_statement){ .name = shape->name,
						   .sql = buf_take(&sql),
						   .param_count = shape->param_count };
}

static const struct db_statement *statement_of(enum statement which)
{
	if (statements[which].sql == NULL)
		statement_make(which);
	return &statements[which];
}

/* Who died with an unfinished action has its row swept; only rows that this transaction has just finished
 * count. */
static const struct db_statement history_statement = {
	.name = "action_history",
	.sql = "INSERT INTO node_history (uuid, node_id, severity, event_type, event, conductor, state,"
	       " target_provision_state, duration_seconds)"
	       " SELECT gen_random_uuid(), n.id, h.severity, h.type, h.event, h.conductor, n.provision_state,"
	       " n.target_provision_state, round(extract(epoch FROM now() - a.started_at), 3)"
	       " FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])"
	       "  AS h (action_id, token, severity, type, event, conductor)"
	       " JOIN actions a ON a.id = ANY ($1::bigint[]) AND a.id = h.action_id AND a.token = h.token"
	       "  AND a.finished_at = now()"
	       " JOIN nodes n ON n.id = a.node_id",
	.param_count = 6,
};

/* A finish that is alone in its batch tells in its own transaction, a trip less. Not in company: a notifying
 * commit waits for the disk under a lock of the whole cluster, which all others who notify would wait for. */
static const struct db_statement tell_statement = {
	.name = "action_tell",
	.sql = "SELECT pg_notify($1, $2) FROM actions WHERE id = $3 AND token = $4 AND finished_at = now()",
	.param_count = 4,
};

/* After a lost reply: was it this finish, or has somebody taken the action away? */
static const struct db_statement outcome_statement = {
	.name = "action_outcome",
	.sql = "SELECT 1 FROM actions WHERE id = $1 AND token = $2 AND state = $3"
	       " AND finished_at IS NOT NULL",
	.param_count = 3,
};

static const struct db_statement requeue_statement = {
	.name = "action_requeue",
	.sql = "WITH a AS (UPDATE actions SET state = 'queued', instance = NULL, token = NULL, epoch = NULL,"
	       "  started_at = NULL, attempt = attempt - 1 WHERE id = $1 AND token = $2 AND state = 'running'"
	       "  RETURNING node_id),"
	       " n AS (UPDATE nodes n SET reservation = NULL, lock_token = NULL, lock_action = NULL,"
	       "  version = n.version + 1 FROM a WHERE n.id = a.node_id AND n.lock_token = $2)"
	       " SELECT 1 FROM a",
	.param_count = 2,
};

/* ---- items ---- */

struct write_item {
	const struct action *action;
	const char *changes;
	uint64_t mask;
	const struct action_outcome *outcome; /* of finish */
	bool is_told;                         /* the reply channel, in the transaction of the last try */
};

enum finish_column {
	WRITE_ID,
	WRITE_TOKEN,
	WRITE_MASK,
	WRITE_CHANGES,
	WRITE_STATE,
	WRITE_ERROR_CODE,
	WRITE_ERROR,
	WRITE_RESULT,
	WRITE_RESULT_TYPE,
	WRITE_KEPT,
	WRITE_COLUMN_COUNT
};

static int compare_nodes(const void *a, const void *b)
{
	const struct action *action = ((struct write_item *)(*(struct batch_entry *const *)a)->item)->action;
	const struct action *other = ((struct write_item *)(*(struct batch_entry *const *)b)->item)->action;
	int order = (action->node_id > other->node_id) - (action->node_id < other->node_id);

	return order != 0 ? order : (action->id > other->id) - (action->id < other->id);
}

static void put_outcome(struct array arrays[WRITE_COLUMN_COUNT], const struct action_outcome *outcome)
{
	array_word(&arrays[WRITE_STATE], action_state_name(outcome->state));
	if (outcome->error_code != 0)
		array_int(&arrays[WRITE_ERROR_CODE], outcome->error_code);
	else
		array_word(&arrays[WRITE_ERROR_CODE], NULL);
	array_text(&arrays[WRITE_ERROR], outcome->error);
	array_bytes(&arrays[WRITE_RESULT], outcome->result, outcome->result_len);
	array_text(&arrays[WRITE_RESULT_TYPE], outcome->result_type);
	array_bool(&arrays[WRITE_KEPT], outcome->is_kept);
}

static void put_item(struct array arrays[WRITE_COLUMN_COUNT], const struct write_item *item)
{
	array_int(&arrays[WRITE_ID], item->action->id);
	array_word(&arrays[WRITE_TOKEN], item->action->token);
	array_int(&arrays[WRITE_MASK], (int64_t)item->mask);
	array_text(&arrays[WRITE_CHANGES], item->changes);
	if (item->outcome != NULL)
		put_outcome(arrays, item->outcome);
}

static const char *fenced = "The lock on the node is lost: another conductor has taken over";

/* Who is not answered is not ours any more. */
static void match(struct batch_entry **entries, size_t count, const struct db_rows *rows)
{
	for (size_t i = 0; i < count; i++) {
		const struct write_item *item = entries[i]->item;
		bool is_held = false;

		for (int row = 0; row < db_rows_count(rows) && !is_held; row++)
			is_held =
				db_value_int(rows, row, 0) == item->action->id && db_value_bool(rows, row, 1);
		if (!is_held)
			entries[i]->rc = fail(entries[i]->err, ERR_FENCED, "%s", fenced);
	}
}

static bool has_changes(struct batch_entry **entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (((struct write_item *)entries[i]->item)->mask != 0)
			return true;
	}
	return false;
}

static const char *put_all(struct array arrays[WRITE_COLUMN_COUNT], const char *values[WRITE_COLUMN_COUNT],
			   struct batch_entry **entries, size_t count)
{
	qsort(entries, count, sizeof(struct batch_entry *), compare_nodes);
	for (int i = 0; i < WRITE_COLUMN_COUNT; i++)
		array_init(&arrays[i]);
	for (size_t i = 0; i < count; i++)
		put_item(arrays, entries[i]->item);
	for (int i = 0; i < WRITE_COLUMN_COUNT; i++)
		values[i] = array_end(&arrays[i]);
	return values[0];
}

/* ---- accept and save ---- */

SUSPENDS static int write_run(struct db *db, enum statement which, struct batch_entry **entries, size_t count,
			      struct error *err)
{
	struct array arrays[WRITE_COLUMN_COUNT];
	const char *values[WRITE_COLUMN_COUNT];

	put_all(arrays, values, entries, count);
	struct db_step step = { .statement = statement_of(which), .values = values };
	int rc = db_exec_exactly(db, &step, 1, err);
	if (rc == 0)
		match(entries, count, step.rows);
	db_rows_release(step.rows);
	for (int i = 0; i < WRITE_COLUMN_COUNT; i++)
		array_release(&arrays[i]);
	return rc;
}

SUSPENDS static int accept_run(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	return write_run(db, has_changes(entries, count) ? ACCEPT_CHANGES : ACCEPT, entries, count, err);
}

SUSPENDS static int save_run(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	return write_run(db, SAVE_CHANGES, entries, count, err);
}

static const struct batch_kind accept_batch = { .name = "accept", .run = accept_run };
static const struct batch_kind save_batch = { .name = "save", .run = save_run };

SUSPENDS static int write_until_known(struct db *db, const struct batch_kind *kind,
				      const struct action *action, const char *changes, struct error *err)
{
	struct write_item item = { .action = action, .changes = changes };
	struct retry retry = { .deadline_ms = DEADLINE_NEVER };
	int rc = node_changes_mask(changes, &item.mask, err);

	if (rc < 0)
		return rc;
	do
		rc = batch_submit(db, kind, &item, 128 + (changes != NULL ? strlen(changes) : 0), err);
	while (retry_again(&retry, &rc, err));
	return rc;
}

int action_accept(struct db *db, const struct action *action, const char *changes, struct error *err)
{
	int rc = write_until_known(db, &accept_batch, action, changes, err);

	if (rc == 0)
		action_news_accepted(db, action);
	return rc;
}

int action_save(struct db *db, const struct action *action, const char *changes, struct error *err)
{
	return changes != NULL ? write_until_known(db, &save_batch, action, changes, err) : 0;
}

/* ---- finish ---- */

enum history_column {
	HISTORY_ACTION,
	HISTORY_TOKEN,
	HISTORY_SEVERITY,
	HISTORY_TYPE,
	HISTORY_EVENT,
	HISTORY_CONDUCTOR,
	HISTORY_COLUMN_COUNT
};

/* Returns how many events there are. */
static size_t put_history(struct array arrays[HISTORY_COLUMN_COUNT], const char *values[HISTORY_COLUMN_COUNT],
			  struct batch_entry **entries, size_t count)
{
	size_t events = 0;

	for (int i = 0; i < HISTORY_COLUMN_COUNT; i++)
		array_init(&arrays[i]);
	for (size_t i = 0; i < count; i++) {
		const struct write_item *item = entries[i]->item;
		const struct action_outcome *outcome = item->outcome;
		if (outcome->history_event == NULL)
			continue;
		array_int(&arrays[HISTORY_ACTION], item->action->id);
		array_word(&arrays[HISTORY_TOKEN], item->action->token);
		array_word(&arrays[HISTORY_SEVERITY], "ERROR");
		array_text(&arrays[HISTORY_TYPE], outcome->history_type);
		array_text(&arrays[HISTORY_EVENT], outcome->history_event);
		array_text(&arrays[HISTORY_CONDUCTOR], outcome->conductor);
		events++;
	}
	for (int i = 0; i < HISTORY_COLUMN_COUNT; i++)
		values[i] = array_end(&arrays[i]);
	return events;
}

enum { FINISH_STEPS = 3 };

struct tell {
	char id[24], item[ACTION_NEWS_MAX];
	const char *values[4];
};

/* False when nobody waits. */
static bool put_tell(struct tell *tell, struct write_item *item)
{
	const struct action *action = item->action;

	if (action->reply == NULL)
		return false;
	snprintf(tell->id, sizeof(tell->id), "%" PRId64, action->id);
	action_news_end(action, item->outcome, tell->item);
	tell->values[0] = action->reply;
	tell->values[1] = tell->item;
	tell->values[2] = tell->id;
	tell->values[3] = action->token;
	item->is_told = true;
	return true;
}

SUSPENDS static int finish_run(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	struct array arrays[WRITE_COLUMN_COUNT], history[HISTORY_COLUMN_COUNT];
	const char *values[WRITE_COLUMN_COUNT], *history_values[HISTORY_COLUMN_COUNT];

	put_all(arrays, values, entries, count);
	size_t events = put_history(history, history_values, entries, count);
	for (size_t i = 0; i < count; i++)
		((struct write_item *)entries[i]->item)->is_told = false;
	struct tell tell;
	struct db_step steps[FINISH_STEPS] = {
		{ .statement = statement_of(has_changes(entries, count) ? FINISH_CHANGES : FINISH),
		  .values = values },
	};
	size_t step_count = 1;
	if (events > 0)
		steps[step_count++] =
			(struct db_step){ .statement = &history_statement, .values = history_values };
	if (count == 1 && put_tell(&tell, entries[0]->item))
		steps[step_count++] = (struct db_step){ .statement = &tell_statement, .values = tell.values };
	int rc = db_exec_exactly(db, steps, step_count, err);
	if (rc == 0)
		match(entries, count, steps[0].rows);
	for (size_t i = 0; i < step_count; i++)
		db_rows_release(steps[i].rows);
	for (int i = 0; i < WRITE_COLUMN_COUNT; i++)
		array_release(&arrays[i]);
	for (int i = 0; i < HISTORY_COLUMN_COUNT; i++)
		array_release(&history[i]);
	return rc;
}

static const struct batch_kind finish_batch = { .name = "finish", .run = finish_run };

/* True when an earlier attempt, whose reply was lost, has finished the action so. */
SUSPENDS static bool was_finished(struct db *db, const struct action *action, enum action_state state)
{
	char id[24];
	const char *values[] = { id, action->token, action_state_name(state) };
	struct retry retry = { .deadline_ms = DEADLINE_NEVER };
	struct db_rows *rows = NULL;
	int rc;

	snprintf(id, sizeof(id), "%" PRId64, action->id);
	do
		rc = db_exec(db, &outcome_statement, values, &rows, NULL);
	while (retry_again(&retry, &rc, NULL));
	bool was = rc == 0 && db_rows_count(rows) == 1;
	db_rows_release(rows);
	return was;
}

SUSPENDS static int finish(struct db *db, const struct action *action, const struct action_outcome *outcome,
			   struct error *err)
{
	struct write_item item = { .action = action, .changes = outcome->changes, .outcome = outcome };
	struct retry retry = { .deadline_ms = DEADLINE_NEVER };
	size_t weight =
		256 + 2 * outcome->result_len + (outcome->changes != NULL ? strlen(outcome->changes) : 0);
	int rc = node_changes_mask(outcome->changes, &item.mask, err);

	if (rc < 0)
		return rc;
	do
		rc = batch_submit(db, &finish_batch, &item, weight, err);
	while (retry_again(&retry, &rc, err));
	bool is_told = rc == 0 && item.is_told;
	if (rc == -ERR_FENCED && retry.is_in_doubt && was_finished(db, action, outcome->state))
		rc = 0;
	if (rc == 0 && !is_told)
		action_news_finished(db, action, outcome);
	return rc;
}

/* The database does not take the outcome as it is: a lock must not stay for that. */
SUSPENDS static int finish_plainly(struct db *db, const struct action *action,
				   const struct action_outcome *outcome, const char *why, struct error *err)
{
	char text[ERROR_MAX];
	struct action_outcome plain = {
		.state = outcome->state == ACTION_DONE ? ACTION_UNKNOWN : outcome->state,
		.error_code = outcome->error_code != 0 ? outcome->error_code : 500,
		.error = text,
		.is_kept = outcome->is_kept,
	};

	snprintf(text, sizeof(text), "%.1500s%sThe outcome could not be stored: %.500s",
		 outcome->error != NULL ? outcome->error : "", outcome->error != NULL ? ". " : "", why);
	return finish(db, action, &plain, err);
}

int action_finish(struct db *db, const struct action *action, const struct action_outcome *outcome,
		  struct error *err)
{
	struct error own;
	int rc = finish(db, action, outcome, &own);

	if (rc == -ERR_INVALID || rc == -ERR_CONFLICT || rc == -ERR_INTERNAL) {
		struct error why = own;
		rc = finish_plainly(db, action, outcome, why.text, &own);
	}
	return rc < 0 ? fail(err, own.code, "%s", own.text) : 0;
}

/* ---- requeue ---- */

int action_requeue(struct db *db, const struct action *action, struct error *err)
{
	char id[24];
	const char *values[] = { id, action->token };
	struct retry retry = { .deadline_ms = DEADLINE_NEVER };
	struct db_step step = { .statement = &requeue_statement, .values = values };
	int rc;

	snprintf(id, sizeof(id), "%" PRId64, action->id);
	do {
		rc = db_exec_exactly(db, &step, 1, err);
		if (rc == 0 && db_rows_count(step.rows) == 0 && !retry.is_in_doubt)
			rc = fail(err, ERR_FENCED, "%s", fenced);
		db_rows_release(step.rows);
	} while (retry_again(&retry, &rc, err));
	return rc;
}
