/* pod_manager: see pod_manager.h. */
#include "db/pod_manager.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/write.h"

#define TIME(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
#define COLUMNS                                                                                              \
	"p.id, p.uuid, p.name, p.url, p.driver, p.username, p.password, p.verify_ca, p.is_from_node,"        \
	" p.status, p.last_error, " TIME("p.created_at") ", " TIME("p.updated_at") ", " TIME("p.synced_at")
#define SELECT "SELECT " COLUMNS " FROM pod_managers p"
/* A conductor died between the manager's write and ours. */
#define HAS_STUCK                                                                                            \
	"EXISTS (SELECT 1 FROM devices d WHERE d.pod_manager_id = p.id AND d.intent IS NOT NULL"             \
	" AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.id = d.claim_action AND a.finished_at IS NULL))"

static const struct db_statement find_uuid = {
	.name = "pod_manager_find_uuid",
	.sql = SELECT " WHERE p.uuid = $1::uuid OR p.name = $1::text",
	.param_count = 1,
};
static const struct db_statement find_name = {
	.name = "pod_manager_find_name",
	.sql = SELECT " WHERE p.name = $1",
	.param_count = 1,
};
static const struct db_statement find_id = {
	.name = "pod_manager_find_id",
	.sql = SELECT " WHERE p.id = $1::bigint",
	.param_count = 1,
	.is_grouped = true,
};
static const struct db_statement find_url = {
	.name = "pod_manager_find_url",
	.sql = SELECT " WHERE p.url = $1",
	.param_count = 1,
	.is_grouped = true,
};
static const struct db_statement list = {
	.name = "pod_manager_list",
	.sql = SELECT " WHERE $1::text IS NULL OR p.driver = $1 ORDER BY p.id",
	.param_count = 1,
};

static const struct db_statement insert = {
	.name = "pod_manager_insert",
	.sql = "INSERT INTO pod_managers (uuid, name, url, driver, username, password, verify_ca)"
	       " VALUES ($1::uuid, $2, $3, $4, $5, $6, $7)",
	.param_count = 7,
};
static const struct db_statement take_over = {
	.name = "pod_manager_take_over",
	.sql = "UPDATE pod_managers SET uuid = $1::uuid, name = $2, driver = $4, username = $5, password = "
	       "$6,"
	       " verify_ca = $7, is_from_node = false, is_sync_asked = true, updated_at = now()"
	       " WHERE url = $3 AND is_from_node",
	.param_count = 7,
};
static const struct db_statement update = {
	.name = "pod_manager_update",
	.sql = "UPDATE pod_managers SET name = $2, username = $3, password = $4, verify_ca = $5,"
	       " is_from_node = false, is_sync_asked = true, updated_at = now() WHERE id = $1::bigint",
	.param_count = 5,
};
static const struct db_statement delete_statement = {
	.name = "pod_manager_delete",
	.sql = "DELETE FROM pod_managers p WHERE id = $1::bigint AND NOT EXISTS"
	       " (SELECT 1 FROM devices d WHERE d.pod_manager_id = p.id AND d.is_held)",
	.param_count = 1,
};

/* Two nodes may come with a new URL at once: the second finds the first one's row. */
static const struct db_statement make = {
	.name = "pod_manager_make",
	.sql = "INSERT INTO pod_managers (uuid, name, url, driver, username, password, verify_ca, "
	       "is_from_node)"
	       " VALUES (gen_random_uuid(), $1, $1, $2, $3, $4, $5, true) ON CONFLICT DO NOTHING",
	.param_count = 5,
};
static const struct db_statement follow = {
	.name = "pod_manager_follow",
	.sql = "UPDATE pod_managers SET username = $2, password = $3, verify_ca = $4, updated_at = now()"
	       " WHERE id = $1::bigint AND is_from_node",
	.param_count = 4,
};

static const struct db_statement nodes = {
	.name = "pod_manager_nodes",
	.sql = "SELECT uuid, driver_info FROM nodes WHERE driver = $1 ORDER BY id",
	.param_count = 1,
};

static const struct db_statement take_due = {
	.name = "pod_manager_take_due",
	.sql = "UPDATE pod_managers SET sync_taken_at = now(), is_sync_asked = false WHERE id IN"
	       " (SELECT p.id FROM pod_managers p WHERE p.driver = $1 AND (p.is_sync_asked"
	       " OR ($2::float8 > 0 AND (p.sync_taken_at IS NULL"
	       " OR p.sync_taken_at <= now() - make_interval(secs => $2::float8)))"
	       " OR (p.sync_taken_at < now() - interval '2 s' AND " HAS_STUCK "))"
	       " ORDER BY p.sync_taken_at NULLS FIRST, p.id LIMIT $3::int FOR UPDATE SKIP LOCKED) RETURNING "
	       "id",
	.param_count = 3,
};
static const struct db_statement note = {
	.name = "pod_manager_note",
	.sql = "UPDATE pod_managers SET status = CASE WHEN $2::text IS NULL THEN 'Online' ELSE 'Offline' END,"
	       " last_error = $2, synced_at = CASE WHEN $3::boolean THEN now() ELSE synced_at END"
	       " WHERE id = $1::bigint AND ($3 OR last_error IS DISTINCT FROM $2 OR status = 'Unknown'"
	       " OR status = 'Offline' AND $2 IS NULL)",
	.param_count = 3,
};
static const struct db_statement take_orphaned = {
	.name = "pod_manager_take_orphaned",
	.sql = "UPDATE pod_managers SET release_asked_at = now() WHERE id IN"
	       " (SELECT p.id FROM pod_managers p WHERE p.driver = $1"
	       " AND (p.release_asked_at IS NULL OR p.release_asked_at < now() - interval '10 s')"
	       " AND EXISTS (SELECT 1 FROM devices d WHERE d.pod_manager_id = p.id AND d.is_held"
	       " AND d.node_id IS NULL) ORDER BY p.id LIMIT $2::int FOR UPDATE SKIP LOCKED) RETURNING id",
	.param_count = 2,
};

static void read_row(const struct db_rows *rows, int row, struct arena *arena, struct pod_manager *ret)
{
	*ret = (struct pod_manager){
		.id = db_value_int(rows, row, 0),
		.name = db_value_copy(arena, rows, row, 2),
		.url = db_value_copy(arena, rows, row, 3),
		.driver = db_value_copy(arena, rows, row, 4),
		.username = db_value_copy(arena, rows, row, 5),
		.password = db_value_copy(arena, rows, row, 6),
		.verify_ca = db_value_copy(arena, rows, row, 7),
		.is_from_node = db_value_bool(rows, row, 8),
		.status = db_value_copy(arena, rows, row, 9),
		.last_error = db_value_copy(arena, rows, row, 10),
		.created_at = db_value_copy(arena, rows, row, 11),
		.updated_at = db_value_copy(arena, rows, row, 12),
		.synced_at = db_value_copy(arena, rows, row, 13),
	};
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, row, 1));
}

/* -ERR_NOT_FOUND without a sentence. */
SUSPENDS static int read_one(struct db *db, const struct db_statement *statement, const char *value,
			     struct arena *arena, struct pod_manager *ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, statement, &value, &rows, err);

	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "%s", "");
	if (rc == 0)
		read_row(rows, 0, arena, ret);
	db_rows_release(rows);
	return rc;
}

int pod_manager_find(struct db *db, const char *ident, struct arena *arena, struct pod_manager *ret,
		     struct error *err)
{
	int rc = read_one(db, uuid_is_valid(ident) ? &find_uuid : &find_name, ident, arena, ret, err);

	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "Pod manager %s could not be found.", ident);
	return rc;
}

int pod_manager_read(struct db *db, int64_t id, struct arena *arena, struct pod_manager *ret,
		     struct error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, id);
	int rc = read_one(db, &find_id, text, arena, ret, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "The pod manager could not be found.");
	return rc;
}

int pod_manager_list(struct db *db, const char *driver, struct arena *arena, struct pod_manager **ret,
		     size_t *ret_count, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &list, &driver, &rows, err);

	if (rc < 0)
		return rc;
	*ret_count = (size_t)db_rows_count(rows);
	*ret = arena_alloc(arena, (*ret_count + 1) * sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		read_row(rows, (int)i, arena, &(*ret)[i]);
	db_rows_release(rows);
	return 0;
}

/* Runs a write; *ret_done (may be NULL): whether a row was written. */
int pod_manager_insert(struct db *db, const struct pod_manager *row, struct error *err)
{
	const char *values[] = { row->uuid,     row->name,     row->url,      row->driver,
				 row->username, row->password, row->verify_ca };
	bool is_taken_over = false;
	int rc = db_write(db, &take_over, values, &is_taken_over, err);

	return rc < 0 || is_taken_over ? rc : db_write(db, &insert, values, NULL, err);
}

int pod_manager_update(struct db *db, const struct pod_manager *row, bool *ret_done, struct error *err)
{
	char id[24];
	const char *values[] = { id, row->name, row->username, row->password, row->verify_ca };

	snprintf(id, sizeof(id), "%" PRId64, row->id);
	return db_write(db, &update, values, ret_done, err);
}

int pod_manager_delete(struct db *db, int64_t id, bool *ret_done, struct error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, id);
	return db_write(db, &delete_statement, (const char *[]){ text }, ret_done, err);
}

/* ---- nodes ---- */

static bool is_same(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

static bool has_credentials(const struct pod_manager *row, const struct pod_manager *wanted)
{
	return is_same(row->username, wanted->username) && is_same(row->password, wanted->password) &&
	       is_same(row->verify_ca, wanted->verify_ca);
}

int pod_manager_for_node(struct db *db, const struct pod_manager *wanted, struct arena *arena,
			 struct pod_manager *ret, struct error *err)
{
	const char *values[] = { wanted->url, wanted->driver, wanted->username, wanted->password,
				 wanted->verify_ca };
	int rc = read_one(db, &find_url, wanted->url, arena, ret, err);

	if (rc == -ERR_NOT_FOUND) {
		rc = db_write(db, &make, values, NULL, err);
		if (rc == 0)
			rc = read_one(db, &find_url, wanted->url, arena, ret, err);
	}
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_CONFLICT,
			    "The name %s is another pod manager's, so that none can be made for that URL.",
			    wanted->url);
	if (rc == 0 && ret->is_from_node && !has_credentials(ret, wanted)) {
		char id[24];

		snprintf(id, sizeof(id), "%" PRId64, ret->id);
		values[1] = id;
		rc = db_write(db, &follow, values + 1, NULL, err);
	}
	return rc;
}

int pod_manager_nodes(struct db *db, const char *driver, struct db_rows **ret, struct error *err)
{
	return db_exec(db, &nodes, &driver, ret, err);
}

/* ---- sync ---- */

SUSPENDS static int take(struct db *db, const struct db_statement *statement, const char *const *values,
			 size_t max, int64_t *ret_ids, size_t *ret_count, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, statement, values, &rows, err);

	*ret_count = 0;
	for (int i = 0; rc == 0 && i < db_rows_count(rows) && *ret_count < max; i++)
		ret_ids[(*ret_count)++] = db_value_int(rows, i, 0);
	db_rows_release(rows);
	return rc;
}

int pod_manager_take_due(struct db *db, const char *driver, double interval_s, size_t max, int64_t *ret_ids,
			 size_t *ret_count, struct error *err)
{
	char interval[32], limit[24];

	snprintf(interval, sizeof(interval), "%.3f", interval_s);
	snprintf(limit, sizeof(limit), "%zu", max);
	return take(db, &take_due, (const char *[]){ driver, interval, limit }, max, ret_ids, ret_count, err);
}

int pod_manager_take_orphaned(struct db *db, const char *driver, size_t max, int64_t *ret_ids,
			      size_t *ret_count, struct error *err)
{
	char limit[24];

	snprintf(limit, sizeof(limit), "%zu", max);
	return take(db, &take_orphaned, (const char *[]){ driver, limit }, max, ret_ids, ret_count, err);
}

int pod_manager_note(struct db *db, int64_t id, const char *failure, bool is_synced, struct error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, id);
	return db_write(db, &note, (const char *[]){ text, failure, is_synced ? "true" : "false" }, NULL,
			err);
}
