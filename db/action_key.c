/*
 * action_key: inserting under an idempotency key. Apart from the batches of action.c, so that those who send
 * no key pay nothing. The unique index over (idem_scope, idem_key) decides between two at once: the second
 * waits for the first's commit and then finds its row. Source: docs/locks.rst, section 6; docs/actions.rst.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/action.h"
#include "db/action_news.h"
#include "db/batch.h"
#include "db/retry.h"
#include "lib/clock.h"

enum { INSERT_GRACE_MS = 10000 }; /* how long beyond wait_ms an insert in doubt is repeated */

static const struct db_statement insert_statement = {
	.name = "action_key_insert",
	.sql = "INSERT INTO actions (uuid, node_id, node_uuid, kind, exclusive, on_crash, pool, target, "
	       "reply, args,"
	       " start_by, run_s, request_id, idem_scope, idem_key, idem_print) VALUES ($1::text::uuid, $2, "
	       "$3, $4,"
	       " $5, $6, $7, $8, $9, $10, now() + $11::bigint * interval '1 millisecond', $12, $13, $14, $15,"
	       " decode($16, 'hex')) ON CONFLICT DO NOTHING",
	.param_count = 16,
};

/* "free": its answer was a promise that it will never run, or the time for which it is kept is over. */
static const struct db_statement find_statement = {
	.name = "action_key_find",
	.sql = "SELECT id, uuid, idem_print = decode($3, 'hex'),"
	       " coalesce(state = 'failed' AND accepted_at IS NULL AND error_code = 503 OR keep_until < "
	       "now(), false)"
	       " FROM actions WHERE idem_scope = $1 AND idem_key = $2",
	.param_count = 3,
};

static const struct db_statement free_statement = {
	.name = "action_key_free",
	.sql = "UPDATE actions SET idem_key = NULL WHERE id = $1 AND idem_key = $2",
	.param_count = 2,
};

SUSPENDS static int insert(struct db *db, const struct action_request *request, struct error *err)
{
	char node_id[24], wait_ms[24], run_s[16];
	const char *values[] = { request->uuid,
				 request->node_id != 0 ? node_id : NULL,
				 request->node_uuid,
				 request->kind,
				 request->is_exclusive ? "t" : "f",
				 request->on_crash,
				 request->pool,
				 request->target,
				 request->reply,
				 request->args,
				 wait_ms,
				 run_s,
				 request->request_id,
				 request->idem_scope,
				 request->idem_key,
				 request->idem_print };
	struct db_step step = { .statement = &insert_statement, .values = values };

	snprintf(node_id, sizeof(node_id), "%" PRId64, request->node_id);
	snprintf(wait_ms, sizeof(wait_ms), "%" PRId64, request->wait_ms);
	snprintf(run_s, sizeof(run_s), "%d", request->run_s);
	int rc = db_exec_exactly(db, &step, 1, err);
	db_rows_release(step.rows);
	return rc;
}

SUSPENDS static int free_key(struct db *db, const char *id, const char *key, struct error *err)
{
	const char *values[] = { id, key };

	return db_exec(db, &free_statement, values, NULL, err);
}

int action_find_keyed(struct db *db, const struct action_request *request, struct action_keyed *ret,
		      struct error *err)
{
	const char *values[] = { request->idem_scope, request->idem_key, request->idem_print };
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &find_statement, values, &rows, err);

	if (rc == 0 && db_rows_count(rows) == 0)
		rc = 1;
	if (rc == 0 && db_value_bool(rows, 0, 3)) {
		rc = free_key(db, db_value(rows, 0, 0), request->idem_key, err);
		rc = rc == 0 ? 1 : rc;
	} else if (rc == 0 && !db_value_bool(rows, 0, 2)) {
		rc = fail(err, ERR_IDEMPOTENCY,
			  "The Idempotency-Key %s was used for another request: its method, path or body "
			  "differs.",
			  request->idem_key);
	} else if (rc == 0) {
		ret->id = db_value_int(rows, 0, 0);
		snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, 0, 1));
		ret->is_new = strcmp(ret->uuid, request->uuid) == 0;
	}
	db_rows_release(rows);
	return rc;
}

SUSPENDS static int insert_or_find(struct db *db, const struct action_request *request,
				   struct action_keyed *ret, struct error *err)
{
	int rc;

	do {
		rc = insert(db, request, err);
		if (rc < 0)
			return rc;
		rc = action_find_keyed(db, request, ret, err);
	} while (rc == 1);
	/* The insert itself may be committed, and repeating it is harmless. */
	return rc == -ERR_DATABASE ? -ERR_UNKNOWN_OUTCOME : rc;
}

int action_insert_keyed(struct db *db, const struct action_request *request, struct action_keyed *ret,
			struct error *err)
{
	int64_t start_by_ms = clock_ms() + request->wait_ms;
	struct retry retry = { .deadline_ms = start_by_ms };
	int rc;

	do {
		rc = insert_or_find(db, request, ret, err);
		if (rc == -ERR_UNKNOWN_OUTCOME)
			retry.deadline_ms = start_by_ms + INSERT_GRACE_MS;
	} while (retry_again(&retry, &rc, err));
	if (rc == 0 && ret->is_new)
		action_news_inserted(db, request, ret->id);
	return rc;
}
