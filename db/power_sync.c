/* power_sync: see power_sync.h. */
#include "db/power_sync.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/array.h"
#include "db/batch.h"
#include "lib/clock.h"

#define COMMON                                                                                               \
	"SELECT id, uuid, array_position($2::text[], driver) - 1 FROM nodes n"                               \
	" WHERE id > $3 AND lower(conductor_group) = lower($1) AND driver = ANY ($2)"
#define GUARD " WHERE id = $1 AND lock_epoch = $2 AND reservation IS NULL"

static const struct db_statement pages[] = {
	[POWER_SYNC_POLL] = { .name = "power_sync_poll",
			      .sql = COMMON " AND " POWER_SYNC_WATCHED " ORDER BY id LIMIT $4",
			      .param_count = 4 },
	[POWER_SYNC_RECOVER] = { .name = "power_sync_recoverable",
				 .sql = COMMON " AND maintenance AND fault = 'power failure' AND "
					       "provision_state <> 'enroll'"
					       " ORDER BY id LIMIT $4",
				 .param_count = 4 },
};

/* Many at once; rows are locked by id, as everywhere. */
static const struct db_statement record = {
	.name = "power_sync_record",
	.sql = "WITH item AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])"
	       " AS item (id, epoch, state)),"
	       " free AS MATERIALIZED (SELECT n.id FROM nodes n WHERE n.id = ANY ($1::bigint[])"
	       " AND n.reservation IS NULL ORDER BY n.id FOR NO KEY UPDATE)"
	       " UPDATE nodes n SET power_state = item.state, version = n.version + 1, updated_at = now()"
	       " FROM item JOIN free ON free.id = item.id WHERE n.id = item.id AND n.lock_epoch = item.epoch"
	       " AND n.reservation IS NULL AND n.power_state IS DISTINCT FROM item.state RETURNING n.id",
	.param_count = 3,
};

static const struct db_statement fail_node = {
	.name = "power_sync_fail",
	.sql = "WITH n AS (UPDATE nodes SET power_state = $3, maintenance = true, maintenance_reason = $4,"
	       " fault = 'power failure', last_error = $4, version = version + 1, updated_at = now()" GUARD
	       " AND NOT maintenance RETURNING id, provision_state, target_provision_state)"
	       " INSERT INTO node_history (uuid, node_id, severity, event_type, event, conductor, state,"
	       " target_provision_state) SELECT gen_random_uuid(), id, 'ERROR', 'power', $4, $5, "
	       "provision_state,"
	       " target_provision_state FROM n",
	.param_count = 5,
};

static const struct db_statement recover_node = {
	.name = "power_sync_recover",
	.sql = "UPDATE nodes SET power_state = $3, maintenance = false, maintenance_reason = NULL, fault = "
	       "NULL,"
	       " version = version + 1, updated_at = now()" GUARD
	       " AND maintenance AND fault = 'power failure'",
	.param_count = 3,
};

static const struct db_statement observe = {
	.name = "power_sync_observe",
	.sql = "INSERT INTO node_power_observed (node_id, observed_at, source, failures, failed_at, failure)"
	       " SELECT n.id, CASE WHEN o.failure IS NULL THEN o.at END, CASE WHEN o.failure IS NULL THEN "
	       "o.source END,"
	       "  (o.failure IS NOT NULL)::int, CASE WHEN o.failure IS NOT NULL THEN o.at END, o.failure"
	       " FROM (SELECT DISTINCT ON (id) id, now() - make_interval(secs => age) AS at, source, failure"
	       "  FROM unnest($1::bigint[], $2::float8[], $3::text[], $4::text[]) WITH ORDINALITY"
	       "  AS seen (id, age, source, failure, place) ORDER BY id, place DESC) o JOIN nodes n ON n.id "
	       "= o.id"
	       " ORDER BY n.id ON CONFLICT (node_id) DO UPDATE SET"
	       " observed_at = coalesce(excluded.observed_at, node_power_observed.observed_at),"
	       " source = coalesce(excluded.source, node_power_observed.source),"
	       " failures = CASE WHEN excluded.failure IS NULL THEN 0 ELSE node_power_observed.failures + 1 "
	       "END,"
	       " failed_at = excluded.failed_at, failure = excluded.failure",
	.param_count = 4,
};

static const struct db_statement observed = {
	.name = "power_sync_observed",
	.sql = "SELECT n.power_state, o.observed_at AT TIME ZONE 'UTC', o.source, o.failed_at AT TIME ZONE "
	       "'UTC',"
	       " o.failure, extract(epoch FROM now() - o.observed_at), o.failures"
	       " FROM nodes n LEFT JOIN node_power_observed o ON o.node_id = n.id WHERE n.id = $1",
	.param_count = 1,
};

int power_sync_page(struct db *db, const struct power_sync_search *search, int64_t after_id, size_t max,
		    struct power_sync_row *ret, size_t *ret_count, struct error *err)
{
	char after[24], limit[24];
	struct db_rows *rows = NULL;
	struct array names;
	int rc;

	array_init(&names);
	for (size_t i = 0; i < search->driver_count; i++)
		array_text(&names, search->drivers[i]);
	snprintf(after, sizeof(after), "%" PRId64, after_id);
	snprintf(limit, sizeof(limit), "%zu", max);
	rc = db_exec(db, &pages[search->kind],
		     (const char *[]){ search->group, array_end(&names), after, limit }, &rows, err);
	array_release(&names);
	if (rc < 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < db_rows_count(rows) && *ret_count < max; i++) {
		struct power_sync_row *row = &ret[(*ret_count)++];

		row->id = db_value_int(rows, i, 0);
		snprintf(row->uuid, sizeof(row->uuid), "%s", db_value(rows, i, 1));
		row->driver = (int)db_value_int(rows, i, 2);
	}
	db_rows_release(rows);
	return 0;
}

static int run_store(struct db *db, const struct db_statement *statement,
		     const struct power_sync_store *store, bool *ret_stored, struct error *err)
{
	char id[24], epoch[24];
	const char *values[] = { id, epoch, store->power_state, store->reason, store->conductor };
	struct db_rows *rows = NULL;
	int rc;

	snprintf(id, sizeof(id), "%" PRId64, store->node_id);
	snprintf(epoch, sizeof(epoch), "%" PRId64, store->lock_epoch);
	rc = db_exec(db, statement, values, &rows, err);
	if (rc < 0)
		return rc;
	*ret_stored = db_affected(rows) > 0;
	db_rows_release(rows);
	return 0;
}

struct record_item {
	const struct power_sync_store *store;
	bool is_stored;
};

static void match(struct batch_entry **entries, size_t count, const struct db_rows *rows)
{
	for (size_t i = 0; i < count; i++) {
		struct record_item *item = entries[i]->item;

		for (int row = 0; row < db_rows_count(rows) && !item->is_stored; row++)
			item->is_stored = db_value_int(rows, row, 0) == item->store->node_id;
	}
}

static int record_run(struct db *db, struct batch_entry **entries, size_t count, struct error *err)
{
	enum { ID, EPOCH, STATE, COLUMN_COUNT };
	struct array arrays[COLUMN_COUNT];
	const char *values[COLUMN_COUNT];
	struct db_step step = { .statement = &record, .values = values };

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		array_init(&arrays[i]);
	for (size_t i = 0; i < count; i++) {
		const struct record_item *item = entries[i]->item;

		array_int(&arrays[ID], item->store->node_id);
		array_int(&arrays[EPOCH], item->store->lock_epoch);
		array_text(&arrays[STATE], item->store->power_state);
	}
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		values[i] = array_end(&arrays[i]);
	int rc = db_exec_exactly(db, &step, 1, err);
	if (rc == 0)
		match(entries, count, step.rows);
	db_rows_release(step.rows);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		array_release(&arrays[i]);
	return rc;
}

static const struct batch_kind record_batch = { .name = "power record", .run = record_run };

int power_sync_record(struct db *db, const struct power_sync_store *store, bool *ret_stored,
		      struct error *err)
{
	struct record_item item = { .store = store };
	int rc = batch_submit(db, &record_batch, &item, 64, err);

	if (rc == 0)
		*ret_stored = item.is_stored;
	return rc;
}

int power_sync_fail(struct db *db, const struct power_sync_store *store, bool *ret_stored, struct error *err)
{
	return run_store(db, &fail_node, store, ret_stored, err);
}

int power_sync_recover(struct db *db, const struct power_sync_store *store, bool *ret_stored,
		       struct error *err)
{
	return run_store(db, &recover_node, store, ret_stored, err);
}

int power_sync_observe(struct db *db, const struct power_observation *rows, size_t count, struct error *err)
{
	enum { ID, AGE, SOURCE, FAILURE, COLUMN_COUNT };
	struct array arrays[COLUMN_COUNT];
	const char *values[COLUMN_COUNT];
	int64_t now_ms = clock_ms();
	char age[32];
	int rc;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		array_init(&arrays[i]);
	for (size_t i = 0; i < count; i++) {
		snprintf(age, sizeof(age), "%.3f", (double)(now_ms - rows[i].seen_ms) / 1000);
		array_int(&arrays[ID], rows[i].node_id);
		array_word(&arrays[AGE], age);
		array_text(&arrays[SOURCE], rows[i].source);
		array_text(&arrays[FAILURE], rows[i].failure);
	}
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		values[i] = array_end(&arrays[i]);
	rc = db_exec(db, &observe, values, NULL, err);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		array_release(&arrays[i]);
	return rc;
}

int power_sync_observed(struct db *db, int64_t node_id, struct arena *arena, struct power_observed *ret,
			struct error *err)
{
	struct db_rows *rows = NULL;
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	int rc = db_exec(db, &observed, (const char *[]){ id }, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "%s", "");
	if (rc == 0)
		*ret = (struct power_observed){ .power_state = db_value_copy(arena, rows, 0, 0),
						.observed_at = db_value_copy(arena, rows, 0, 1),
						.source = db_value_copy(arena, rows, 0, 2),
						.failed_at = db_value_copy(arena, rows, 0, 3),
						.failure = db_value_copy(arena, rows, 0, 4),
						.age_s = db_value_double(rows, 0, 5),
						.failures = (int)db_value_int(rows, 0, 6) };
	db_rows_release(rows);
	return rc;
}
