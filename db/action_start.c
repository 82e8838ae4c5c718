/*
 * action_start: what conductors find and take. Source: docs/locks.rst, section 3. Locks are taken in one
 * order by all statements: actions before nodes, nodes by id; the arrays are sorted for that, and nested
 * loops over them keep the order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/action.h"
#include "db/array.h"
#include "db/batch.h"
#include "db/node.h"
#include "lib/xalloc.h"

enum started_column {
	STARTED_ID,
	STARTED_UUID,
	STARTED_NODE_ID,
	STARTED_KIND,
	STARTED_POOL,
	STARTED_REPLY,
	STARTED_REQUEST_ID,
	STARTED_ARGS,
	STARTED_EXCLUSIVE,
	STARTED_ON_CRASH,
	STARTED_ACCEPTED,
	STARTED_ATTEMPT,
	STARTED_RUN_S,
	STARTED_TOKEN,
	STARTED_EPOCH,
	STARTED_WAITED_MS
};

#define RETURNING_STARTED                                                                                    \
	" RETURNING a.id, a.uuid, a.node_id, a.kind, a.pool, a.reply, a.request_id, a.args, a.exclusive,"    \
	" a.on_crash, a.accepted_at IS NOT NULL, a.attempt, a.run_s, a.token, a.epoch,"                      \
	" (extract(epoch FROM a.started_at - a.created_at) * 1000)::bigint"

/* The commit may be lost with the server: then the row is queued and the lock free again, together. */
#define OFF "off AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"

/* A node whose row says that it is reserved is passed over by the snapshot: who releases it starts again. */
static const struct db_statement start_exclusive_statement = {
	.name = "action_start_exclusive",
	.sql = "WITH " OFF ","
	       " head AS MATERIALIZED (SELECT h.id, h.node_id FROM unnest($1::bigint[]) AS wanted (node_id)"
	       "  JOIN nodes n ON n.id = wanted.node_id AND n.reservation IS NULL"
	       "  CROSS JOIN LATERAL (SELECT id, node_id FROM actions WHERE node_id = n.id"
	       " AND finished_at IS NULL"
	       "   AND exclusive AND state = 'queued' AND (accepted_at IS NOT NULL OR start_by > now())"
	       "   ORDER BY id LIMIT 1 FOR UPDATE) h),"
	       " free AS MATERIALIZED (SELECT n.id FROM nodes n"
	       " WHERE n.id = ANY (ARRAY(SELECT node_id FROM head))"
	       "  AND n.reservation IS NULL ORDER BY n.id FOR NO KEY UPDATE),"
	       " lock AS (UPDATE nodes n SET reservation = $2, lock_token = gen_random_uuid(),"
	       "  lock_epoch = n.lock_epoch + 1, lock_action = head.id"
	       "  FROM head JOIN free ON free.id = head.node_id WHERE n.id = head.node_id"
	       " AND n.reservation IS NULL"
	       "  RETURNING n.lock_token, n.lock_epoch, n.lock_action)"
	       " UPDATE actions a"
	       " SET state = 'running', instance = $3, token = lock.lock_token, epoch = lock.lock_epoch,"
	       " attempt = a.attempt + 1, started_at = now() FROM lock, off"
	       " WHERE a.id = lock.lock_action" RETURNING_STARTED,
	.param_count = 3,
};

/* Two conductors that start shared actions of one node at once must count one after the other; a statement
 * sees what was committed before it began, so the lock is a statement of its own. */
static const struct db_statement count_lock_statement = {
	.name = "action_count_lock",
	.sql = "SELECT pg_advisory_xact_lock(1179869778, hashint8(node_id))"
	       " FROM (SELECT DISTINCT node_id FROM actions"
	       " WHERE id = ANY ($1::bigint[]) AND node_id IS NOT NULL ORDER BY node_id) AS wanted",
	.param_count = 1,
};

static const struct db_statement start_shared_statement = {
	.name = "action_start_shared",
	.sql = "WITH " OFF ","
	       " wanted AS MATERIALIZED (SELECT id, node_id, row_number() OVER"
	       " (PARTITION BY node_id ORDER BY id) AS place"
	       "  FROM actions WHERE id = ANY ($1::bigint[]) AND state = 'queued' AND NOT exclusive"
	       "  AND (accepted_at IS NOT NULL OR start_by > now())),"
	       " may AS MATERIALIZED (SELECT w.id FROM wanted w WHERE w.node_id IS NULL OR w.place +"
	       "  (SELECT count(*) FROM actions r WHERE r.node_id = w.node_id AND r.finished_at IS NULL"
	       "   AND NOT r.exclusive AND r.state = 'running') <= 4 ORDER BY w.id)"
	       " UPDATE actions a SET state = 'running', instance = $2, token = gen_random_uuid(), epoch = 0,"
	       " attempt = a.attempt + 1, started_at = now() FROM may, off WHERE a.id = may.id"
	       " AND a.state = 'queued'" RETURNING_STARTED,
	.param_count = 2,
};

/* The rows of one's own host, and after a second those that their target has not started. A line behind a
 * held lock is left out, or it would hide others behind it. */
static const struct db_statement poll_statement = {
	.name = "action_poll",
	.sql = "SELECT id, node_id, exclusive FROM actions a WHERE a.finished_at IS NULL"
	       " AND a.state = 'queued'"
	       " AND (a.target = $1 OR (a.pool = ANY ($2::text[])"
	       " AND a.created_at < now() - interval '1 second'))"
	       " AND (a.accepted_at IS NOT NULL OR a.start_by > now())"
	       " AND NOT (a.exclusive AND EXISTS (SELECT FROM nodes n WHERE n.id = a.node_id"
	       " AND n.reservation IS NOT NULL))"
	       " ORDER BY id LIMIT $3",
	.param_count = 3,
};

void action_release(struct action *action)
{
	xfree(action->kind);
	xfree(action->pool);
	xfree(action->reply);
	xfree(action->request_id);
	xfree_secret(action->args); /* may hold passwords */
	*action = (struct action){ 0 };
}

static void action_fill(struct action *action, const struct db_rows *rows, int row)
{
	*action = (struct action){
		.id = db_value_int(rows, row, STARTED_ID),
		.node_id = db_value_int(rows, row, STARTED_NODE_ID),
		.kind = db_value_dup(rows, row, STARTED_KIND),
		.pool = db_value_dup(rows, row, STARTED_POOL),
		.reply = db_value_dup(rows, row, STARTED_REPLY),
		.request_id = db_value_dup(rows, row, STARTED_REQUEST_ID),
		.args = db_value_dup(rows, row, STARTED_ARGS),
		.is_exclusive = db_value_bool(rows, row, STARTED_EXCLUSIVE),
		.is_repeatable = strcmp(db_value(rows, row, STARTED_ON_CRASH), "repeat") == 0,
		.is_accepted = db_value_bool(rows, row, STARTED_ACCEPTED),
		.attempt = (int)db_value_int(rows, row, STARTED_ATTEMPT),
		.run_s = (int)db_value_int(rows, row, STARTED_RUN_S),
		.epoch = db_value_int(rows, row, STARTED_EPOCH),
		.waited_ms = db_value_int(rows, row, STARTED_WAITED_MS),
	};
	snprintf(action->uuid, sizeof(action->uuid), "%s", db_value(rows, row, STARTED_UUID));
	snprintf(action->token, sizeof(action->token), "%s", db_value(rows, row, STARTED_TOKEN));
}

/* One who asks: by node for an exclusive start, by action for a shared one. */
struct start_item {
	int64_t key;
	const char *hostname, *instance;
	struct action *ret;
	struct node *node; /* NULL: not asked for */
	bool is_started;
};

static int compare_keys(const void *a, const void *b)
{
	const struct start_item *item = (*(struct batch_entry *const *)a)->item;
	const struct start_item *other = (*(struct batch_entry *const *)b)->item;

	return (item->key > other->key) - (item->key < other->key);
}

/* Sorted, each key once. */
static const char *put_keys(struct array *keys, struct batch_entry **entries, size_t count)
{
	int64_t last = 0;

	array_init(keys);
	qsort(entries, count, sizeof(struct batch_entry *), compare_keys);
	for (size_t i = 0; i < count; i++) {
		const struct start_item *item = entries[i]->item;
		if (i == 0 || item->key != last)
			array_int(keys, item->key);
		last = item->key;
	}
	return array_end(keys);
}

/* Gives each started row to the first who asked for its key. */
static void give_out(struct batch_entry **entries, size_t count, const struct db_rows *rows,
		     const struct db_rows *nodes, enum started_column key)
{
	for (int row = 0; row < db_rows_count(rows); row++) {
		for (size_t i = 0; i < count; i++) {
			struct start_item *item = entries[i]->item;
			if (item->key != db_value_int(rows, row, (int)key) || item->is_started)
				continue;
			action_fill(item->ret, rows, row);
			if (item->node != NULL && item->ret->node_id != 0)
				node_take_row(nodes, item->ret->node_id, item->node);
			item->is_started = true;
			break;
		}
	}
}

/* A process that registered anew may ask for both of its instances in one tick; then each goes alone. */
static int check_same_instance(struct batch_entry **entries, size_t count, struct error *err)
{
	const struct start_item *first = entries[0]->item;

	for (size_t i = 1; i < count; i++) {
		if (strcmp(((const struct start_item *)entries[i]->item)->instance, first->instance) != 0)
			return fail(err, ERR_CONFLICT, "Two instances start actions at once");
	}
	return 0;
}

SUSPENDS static int start_exclusive_run(struct db *db, struct batch_entry **entries, size_t count,
					struct error *err)
{
	if (check_same_instance(entries, count, err) < 0)
		return -ERR_CONFLICT;

	const struct start_item *first = entries[0]->item;
	struct array nodes;
	const char *values[] = { put_keys(&nodes, entries, count), first->hostname, first->instance };
	struct db_step steps[] = { { .statement = &start_exclusive_statement, .values = values },
				   { .statement = node_read_ids(), .values = values } };
	int rc = db_exec_exactly(db, steps, 2, err);

	if (rc == 0)
		give_out(entries, count, steps[0].rows, steps[1].rows, STARTED_NODE_ID);
	db_rows_release(steps[0].rows);
	db_rows_release(steps[1].rows);
	array_release(&nodes);
	return rc;
}

SUSPENDS static int start_shared_run(struct db *db, struct batch_entry **entries, size_t count,
				     struct error *err)
{
	if (check_same_instance(entries, count, err) < 0)
		return -ERR_CONFLICT;

	struct array ids;
	const char *values[] = { put_keys(&ids, entries, count),
				 ((struct start_item *)entries[0]->item)->instance };
	struct db_step steps[] = { { .statement = &count_lock_statement, .values = values },
				   { .statement = &start_shared_statement, .values = values },
				   { .statement = node_read_actions(), .values = values } };
	int rc = db_exec_exactly(db, steps, 3, err);

	if (rc == 0)
		give_out(entries, count, steps[1].rows, steps[2].rows, STARTED_ID);
	for (size_t i = 0; i < 3; i++)
		db_rows_release(steps[i].rows);
	array_release(&ids);
	return rc;
}

static const struct batch_kind start_exclusive_batch = { .name = "start exclusive",
							 .run = start_exclusive_run };
static const struct batch_kind start_shared_batch = { .name = "start shared", .run = start_shared_run };

SUSPENDS static int start(struct db *db, const struct batch_kind *kind, struct start_item *item,
			  bool *ret_started, struct error *err)
{
	int rc = batch_submit(db, kind, item, 64, err);

	/* A start whose reply was lost is a row without a fiber: the next renewal finds it. */
	if (rc == -ERR_UNKNOWN_OUTCOME)
		return fail(err, ERR_DATABASE, "The connection to the database was lost");
	if (rc == 0)
		*ret_started = item->is_started;
	return rc;
}

int action_start_exclusive(struct db *db, int64_t node_id, const char *hostname, const char *instance,
			   bool *ret_started, struct action *ret, struct node *node, struct error *err)
{
	struct start_item item = {
		.key = node_id, .hostname = hostname, .instance = instance, .ret = ret, .node = node
	};

	return start(db, &start_exclusive_batch, &item, ret_started, err);
}

int action_start_shared(struct db *db, int64_t id, const char *instance, bool *ret_started,
			struct action *ret, struct node *node, struct error *err)
{
	struct start_item item = { .key = id, .instance = instance, .ret = ret, .node = node };

	return start(db, &start_shared_batch, &item, ret_started, err);
}

int action_poll(struct db *db, const char *hostname, const char *const *pools, size_t pool_count, size_t max,
		struct action_ref *ret, size_t *ret_count, struct error *err)
{
	struct array names;
	char limit[24];
	struct db_rows *rows = NULL;

	array_init(&names);
	for (size_t i = 0; i < pool_count; i++)
		array_text(&names, pools[i]);
	snprintf(limit, sizeof(limit), "%zu", max);
	const char *values[] = { hostname, array_end(&names), limit };
	int rc = db_exec(db, &poll_statement, values, &rows, err);
	array_release(&names);
	if (rc < 0)
		return rc;
	*ret_count = (size_t)db_rows_count(rows);
	for (size_t i = 0; i < *ret_count; i++)
		ret[i] = (struct action_ref){ .id = db_value_int(rows, (int)i, 0),
					      .node_id = db_value_int(rows, (int)i, 1),
					      .is_exclusive = db_value_bool(rows, (int)i, 2) };
	db_rows_release(rows);
	return 0;
}
