/* power_sync: see power_sync.h. */
#include "db/power_sync.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/array.h"

#define COMMON                                                                                               \
	"SELECT id, uuid, array_position($2::text[], driver) - 1 FROM nodes n"                               \
	" WHERE id > $3 AND lower(conductor_group) = lower($1) AND driver = ANY ($2)"                        \
	" AND reservation IS NULL AND target_power_state IS NULL"
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

static const struct db_statement record = {
	.name = "power_sync_record",
	.sql = "UPDATE nodes SET power_state = $3, version = version + 1, updated_at = now()" GUARD
	       " AND power_state IS DISTINCT FROM $3",
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
	.sql = "INSERT INTO node_power_observed (node_id, observed_at, source)"
	       " SELECT n.id, now(), 'poll' FROM nodes n WHERE n.id = ANY ($1::bigint[]) ORDER BY n.id"
	       " ON CONFLICT (node_id) DO UPDATE SET observed_at = excluded.observed_at, source = "
	       "excluded.source",
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

int power_sync_record(struct db *db, const struct power_sync_store *store, bool *ret_stored,
		      struct error *err)
{
	return run_store(db, &record, store, ret_stored, err);
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

int power_sync_observe(struct db *db, const int64_t *node_ids, size_t count, struct error *err)
{
	struct db_rows *rows = NULL;
	struct array ids;
	int rc;

	array_init(&ids);
	for (size_t i = 0; i < count; i++)
		array_int(&ids, node_ids[i]);
	rc = db_exec(db, &observe, (const char *[]){ array_end(&ids) }, &rows, err);
	db_rows_release(rows);
	array_release(&ids);
	return rc;
}
