/* device: see device.h. */
#include "db/device.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/array.h"
#include "db/made.h"

#define TIME(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
/* The action of an intent is looked up by its id. */
#define IS_BUSY                                                                                              \
	"(d.claim_action IS NOT NULL AND EXISTS"                                                             \
	" (SELECT 1 FROM actions a WHERE a.id = d.claim_action AND a.finished_at IS NULL))"
#define COLUMNS                                                                                              \
	"d.id, d.version, d.pod_manager_id, d.uuid,"                                                         \
	" (SELECT p.uuid FROM pod_managers p WHERE p.id = d.pod_manager_id), d.resource_id, d.type, "        \
	"d.state,"                                                                                           \
	" d.group_id, d.host_id, d.node_id, (SELECT n.uuid FROM nodes n WHERE n.id = d.node_id), d.is_held," \
	" d.is_present, d.intent, " IS_BUSY                                                                  \
	", d.properties, d.extra, " TIME("d.created_at") ", " TIME("d.updated_at")

/* ---- reading ---- */

static const struct db_statement read_statement = {
	.name = "device_read",
	.sql = "SELECT " COLUMNS " FROM devices d WHERE d.pod_manager_id = $1::bigint AND d.resource_id = $2",
	.param_count = 2,
	.is_grouped = true,
};

static void read_row(const struct db_rows *rows, int row, struct arena *arena, struct device *ret)
{
	*ret = (struct device){
		.id = db_value_int(rows, row, 0),
		.version = db_value_int(rows, row, 1),
		.pod_manager_id = db_value_int(rows, row, 2),
		.resource_id = db_value_copy(arena, rows, row, 5),
		.type = db_value_copy(arena, rows, row, 6),
		.state = db_value_copy(arena, rows, row, 7),
		.group_id = db_value_copy(arena, rows, row, 8),
		.host_id = db_value_copy(arena, rows, row, 9),
		.node_id = db_value_int(rows, row, 10),
		.node_uuid = db_value_copy(arena, rows, row, 11),
		.is_held = db_value_bool(rows, row, 12),
		.is_present = db_value_bool(rows, row, 13),
		.intent = db_value_copy(arena, rows, row, 14),
		.is_busy = db_value_bool(rows, row, 15),
		.properties = db_value_copy(arena, rows, row, 16),
		.extra = db_value_copy(arena, rows, row, 17),
		.created_at = db_value_copy(arena, rows, row, 18),
		.updated_at = db_value_copy(arena, rows, row, 19),
	};
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, row, 3));
	snprintf(ret->pod_manager_uuid, sizeof(ret->pod_manager_uuid), "%s", db_value(rows, row, 4));
}

static void narrow(struct made *made, const struct device_filter *filter, const char *pod_manager_id)
{
	const struct {
		const char *sql, *value;
	} conditions[] = {
		{ " AND d.pod_manager_id = $?::bigint", filter->pod_manager_id ? pod_manager_id : NULL },
		{ " AND d.uuid = $?::uuid", filter->uuid },
		{ " AND d.pod_manager_id = (SELECT p.id FROM pod_managers p WHERE p.uuid = $?::uuid)",
		  filter->pod_manager_uuid },
		{ " AND d.node_id = (SELECT n.id FROM nodes n WHERE n.uuid = $?::uuid)", filter->node_uuid },
		{ " AND d.resource_id = $?", filter->resource_id },
		{ " AND d.host_id = $?", filter->host_id },
		{ " AND d.state = $?", filter->state },
		{ " AND d.type = $?", filter->type },
		{ " AND d.group_id = $?", filter->group_id },
	};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (conditions[i].value)
			made_add(made, conditions[i].sql, conditions[i].value);
	}
	if (filter->is_free)
		made_add(made, " AND d.state = 'free' AND d.node_id IS NULL AND NOT d.is_held"
			       " AND d.intent IS NULL");
	if (filter->is_orphaned)
		made_add(made, " AND d.is_held AND d.node_id IS NULL");
	if (!filter->is_absent_shown)
		made_add(made, " AND d.is_present");
}

int device_list(struct db *db, const struct device_filter *filter, size_t max, struct arena *arena,
		struct device **ret, size_t *ret_count, struct error *err)
{
	char pod_manager_id[24], limit[24];
	struct db_rows *rows = NULL;
	struct made made;

	snprintf(pod_manager_id, sizeof(pod_manager_id), "%" PRId64, filter->pod_manager_id);
	snprintf(limit, sizeof(limit), "%zu", max);
	made_init(&made);
	made_add(&made, "SELECT " COLUMNS " FROM devices d WHERE true");
	narrow(&made, filter, pod_manager_id);
	made_add(&made, " ORDER BY d.pod_manager_id, d.id");
	if (max)
		made_add(&made, " LIMIT $?::bigint", limit);
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc < 0)
		return rc;
	*ret_count = (size_t)db_rows_count(rows);
	*ret = arena_alloc(arena, (*ret_count + 1) * sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		read_row(rows, (int)i, arena, &(*ret)[i]);
	db_rows_release(rows);
	return 0;
}

int device_read(struct db *db, int64_t pod_manager_id, const char *resource_id, struct arena *arena,
		struct device *ret, struct error *err)
{
	struct db_rows *rows = NULL;
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, pod_manager_id);
	int rc = db_exec(db, &read_statement, (const char *[]){ id, resource_id }, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "%s", "");
	if (rc == 0)
		read_row(rows, 0, arena, ret);
	db_rows_release(rows);
	return rc;
}

/* ---- claims ---- */

/* Both are on the disk with the action's next commit that waits for it: a claim before anything is sent, an
 * outcome before anybody is told. */
#define OFF "off AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"

/* What stood in the row is told beside what stands in it now: the row is taken first, then written. Nobody
 * but the owner of an intent takes it up, and only when no other action is at work. */
#define CLAIM(name_, intent_, owner_, holding_)                                                              \
	{                                                                                                    \
		.name = (name_),                                                                             \
		.sql = "WITH " OFF ", o AS (SELECT * FROM devices d WHERE d.pod_manager_id = $1::bigint"     \
		       " AND d.resource_id = $2 AND " owner_                                                 \
		       " AND (d.claim_action IS NULL OR d.claim_action = $4::bigint OR NOT " IS_BUSY ")"     \
		       " FOR UPDATE),"                                                                       \
		       " w AS (UPDATE devices w SET intent = '" intent_ "', claim_action = $4::bigint,"      \
		       " version = w.version + 1, host_id = coalesce($5, w.host_id), updated_at = "          \
		       "now()" holding_ " FROM o, off WHERE w.id = o.id"                                     \
		       " RETURNING w.version)"                                                               \
		       " SELECT " COLUMNS ", (SELECT w.version FROM w) FROM o d",                            \
		.param_count = 5,                                                                            \
	}

static const struct db_statement claims[] = {
	[DEVICE_ATTACH] = CLAIM("device_claim_attach", "attach",
				"((d.node_id IS NULL AND NOT d.is_held)"
				" OR (d.node_id = $3::bigint AND d.intent IS NOT NULL))",
				", node_id = $3::bigint, is_held = true"),
	[DEVICE_DETACH] = CLAIM("device_claim_detach", "detach",
				"((d.node_id IS NULL AND NOT d.is_held) OR d.node_id = $3::bigint)",
				", node_id = $3::bigint, is_held = true"),
	[DEVICE_RELEASE] = CLAIM("device_claim_release", "detach",
				 "d.node_id IS NULL AND d.is_held AND $3::bigint = 0", ""),
};

int device_claim(struct db *db, const struct device_claim *claim, struct arena *arena, bool *ret_claimed,
		 struct device *ret, struct error *err)
{
	char pod_manager_id[24], node_id[24], action_id[24];
	struct db_rows *rows = NULL;

	snprintf(pod_manager_id, sizeof(pod_manager_id), "%" PRId64, claim->pod_manager_id);
	snprintf(node_id, sizeof(node_id), "%" PRId64, claim->node_id);
	snprintf(action_id, sizeof(action_id), "%" PRId64, claim->action_id);
	int rc = db_exec(
		db, &claims[claim->intent],
		(const char *[]){ pod_manager_id, claim->resource_id, node_id, action_id, claim->host_id },
		&rows, err);
	if (rc < 0)
		return rc;
	*ret_claimed = db_rows_count(rows) > 0 && db_value(rows, 0, 20);
	if (*ret_claimed) {
		read_row(rows, 0, arena, ret);
		ret->version = db_value_int(rows, 0, 20);
	}
	db_rows_release(rows);
	return 0;
}

static const struct db_statement settle = {
	.name = "device_settle",
	.sql = "WITH " OFF " UPDATE devices SET group_id = $3, state = CASE WHEN $3 = '" DEVICE_FREE_GROUP
	       "' THEN 'free' ELSE 'allocated' END, host_id = $4,"
	       " node_id = (SELECT n.id FROM nodes n WHERE n.id = $5::bigint), is_held = $6::boolean, intent "
	       "= NULL,"
	       " claim_action = NULL, version = version + 1, updated_at = now()"
	       " FROM off WHERE id = $1::bigint AND version = $2::bigint",
	.param_count = 6,
};

int device_settle(struct db *db, int64_t id, int64_t version, const struct device_outcome *outcome,
		  bool *ret_done, struct error *err)
{
	char id_text[24], version_text[24], node_id[24];
	const char *values[] = { id_text,          version_text, outcome->group_id,
				 outcome->host_id, node_id,      outcome->is_held ? "true" : "false" };
	struct db_rows *rows = NULL;

	snprintf(id_text, sizeof(id_text), "%" PRId64, id);
	snprintf(version_text, sizeof(version_text), "%" PRId64, version);
	snprintf(node_id, sizeof(node_id), "%" PRId64, outcome->node_id);
	int rc = db_exec(db, &settle, values, &rows, err);
	if (rc == 0)
		*ret_done = db_affected(rows) > 0;
	db_rows_release(rows);
	return rc;
}

/* ---- what the manager shows ---- */

#define STATE "CASE WHEN u.group_id = '" DEVICE_FREE_GROUP "' THEN 'free' ELSE 'allocated' END"

static const struct db_statement add = {
	.name = "device_add",
	.sql = "INSERT INTO devices (uuid, pod_manager_id, resource_id, type, state, group_id, host_id,"
	       " properties, extra) SELECT gen_random_uuid(), $1::bigint, u.resource_id, u.type, " STATE
	       ", u.group_id, u.host_id, u.properties::json, u.extra::json FROM unnest($2::text[], "
	       "$3::text[],"
	       " $4::text[], $5::text[], $6::text[], $7::text[]) AS"
	       " u (resource_id, type, group_id, host_id, properties, extra)"
	       " ON CONFLICT (pod_manager_id, resource_id) DO NOTHING",
	.param_count = 7,
};

static const struct db_statement rewrite = {
	.name = "device_rewrite",
	.sql = "UPDATE devices d SET type = u.type, state = " STATE ", group_id = u.group_id,"
	       " host_id = u.host_id, node_id = CASE WHEN u.is_kept THEN d.node_id END,"
	       " is_held = d.is_held AND u.is_kept, is_present = u.is_present, intent = NULL,"
	       " claim_action = NULL, properties = u.properties::json, extra = u.extra::json,"
	       " version = d.version + 1, updated_at = now() FROM unnest($1::bigint[], $2::bigint[], "
	       "$3::text[],"
	       " $4::text[], $5::text[], $6::boolean[], $7::boolean[], $8::text[], $9::text[]) AS"
	       " u (id, version, type, group_id, host_id, is_kept, is_present, properties, extra)"
	       " WHERE d.id = u.id AND d.version = u.version",
	.param_count = 9,
};

static const struct db_statement delete_gone = {
	.name = "device_remove",
	.sql = "DELETE FROM devices d USING unnest($1::bigint[], $2::bigint[]) AS u (id, version)"
	       " WHERE d.id = u.id AND d.version = u.version",
	.param_count = 2,
};

enum {
	ADD_ARRAYS = 6,
	REWRITE_ARRAYS = 9,
	DELETE_ARRAYS = 2,
	ARRAYS = ADD_ARRAYS + REWRITE_ARRAYS + DELETE_ARRAYS
};

static void put_added(struct array *arrays, const struct device_store *store)
{
	array_text(&arrays[0], store->resource_id);
	array_text(&arrays[1], store->type);
	array_text(&arrays[2], store->group_id);
	array_text(&arrays[3], store->host_id);
	array_text(&arrays[4], store->properties);
	array_text(&arrays[5], store->extra);
}

static void put_rewritten(struct array *arrays, const struct device_store *store)
{
	array_int(&arrays[0], store->id);
	array_int(&arrays[1], store->version);
	array_text(&arrays[2], store->type);
	array_text(&arrays[3], store->group_id);
	array_text(&arrays[4], store->host_id);
	array_bool(&arrays[5], store->is_kept);
	array_bool(&arrays[6], store->is_present);
	array_text(&arrays[7], store->properties);
	array_text(&arrays[8], store->extra);
}

static void put_gone(struct array *arrays, const struct device_store *store)
{
	array_int(&arrays[0], store->id);
	array_int(&arrays[1], store->version);
}

int device_store(struct db *db, int64_t pod_manager_id, const struct device_store *stores, size_t count,
		 struct error *err)
{
	struct array arrays[ARRAYS];
	struct array *added = arrays, *rewritten = added + ADD_ARRAYS, *gone = rewritten + REWRITE_ARRAYS;
	const char *values[1 + ARRAYS];
	char id[24];

	if (count == 0)
		return 0;
	for (size_t i = 0; i < ARRAYS; i++)
		array_init(&arrays[i]);
	for (size_t i = 0; i < count; i++) {
		if (stores[i].is_gone)
			put_gone(gone, &stores[i]);
		else if (stores[i].id)
			put_rewritten(rewritten, &stores[i]);
		else
			put_added(added, &stores[i]);
	}
	snprintf(id, sizeof(id), "%" PRId64, pod_manager_id);
	values[0] = id;
	for (size_t i = 0; i < ARRAYS; i++)
		values[1 + i] = array_end(&arrays[i]);
	struct db_step steps[] = {
		{ .statement = &delete_gone, .values = values + 1 + ADD_ARRAYS + REWRITE_ARRAYS },
		{ .statement = &rewrite, .values = values + 1 + ADD_ARRAYS },
		{ .statement = &add, .values = values },
	};
	int rc = db_exec_all(db, steps, 3, err);
	for (size_t i = 0; i < 3; i++)
		db_rows_release(steps[i].rows);
	for (size_t i = 0; i < ARRAYS; i++)
		array_release(&arrays[i]);
	return rc;
}
