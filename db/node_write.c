#include "db/node_write.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/node.h"
#include "db/write.h"

static const struct db_statement delete_statement = {
	.name = "node_delete",
	.sql = "DELETE FROM nodes WHERE id = $1::bigint AND version = $2::bigint AND reservation IS NULL",
	.param_count = 2,
};

/* Insert and delete go by the row that the UPDATE has taken, so that nothing changes without it. */
static const struct db_statement traits_write_statement = {
	.name = "node_traits_write",
	.sql = "WITH n AS (UPDATE nodes SET version = version + 1, updated_at = now()"
	       " WHERE id = $1::bigint AND version = $2::bigint AND reservation IS NULL RETURNING id),"
	       " wanted AS (SELECT DISTINCT json_array_elements_text($3::json) AS trait),"
	       " gone AS (DELETE FROM node_traits t USING n WHERE t.node_id = n.id"
	       " AND t.trait NOT IN (SELECT trait FROM wanted)),"
	       " added AS (INSERT INTO node_traits (node_id, trait) SELECT n.id, wanted.trait FROM n, wanted"
	       " ON CONFLICT DO NOTHING)"
	       " SELECT id FROM n",
	.param_count = 3,
};

static const struct db_statement traits_read_statement = {
	.name = "node_traits_read",
	.sql = "SELECT coalesce(json_agg(trait ORDER BY trait), '[]') FROM node_traits WHERE node_id = "
	       "$1::bigint",
	.param_count = 1,
};

struct change node_change(enum node_field field, const char *value)
{
	if (field == NODE_CHASSIS_UUID)
		return (struct change){ .column = "chassis_id",
					.value = value,
					.as = "(SELECT c.id FROM chassis c WHERE c.uuid = $?::uuid)" };
	return (struct change){ .column = node_field_info(field)->name, .value = value };
}

int node_row_insert(struct db *db, const struct change *changes, size_t count, struct db_rows **ret,
		    struct error *err)
{
	return change_insert_row(db, "nodes AS n", changes, count, node_row_columns(), ret, err);
}

int node_row_update(struct db *db, int64_t id, int64_t version, const struct change *changes, size_t count,
		    bool *ret_done, struct error *err)
{
	struct change all[NODE_CHANGE_MAX + 1] = { { .column = "version", .as = "version + 1" } };
	char version_text[24];

	assert(count <= NODE_CHANGE_MAX);
	memcpy(all + 1, changes, count * sizeof changes[0]);
	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	return change_update(db, "nodes", id, " AND version = $?::bigint AND reservation IS NULL",
			     version_text, all, count + 1, ret_done, err);
}

/* It shares its commit with others, so it must not wait for a row: two such transactions that take the same
 * rows in another order would wait for each other. A row that somebody is writing is skipped. */
int node_row_change(struct db *db, int64_t id, int64_t version, const struct change *changes, size_t count,
		    struct db_rows **ret, struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;
	char id_text[24], version_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	made_init(&made);
	made_add(&made, "UPDATE nodes AS n SET updated_at = now(), version = version + 1");
	made_add_changes(&made, changes, count);
	made_add(&made,
		 " WHERE n.id = (SELECT m.id FROM nodes m WHERE m.id = $?::bigint AND m.version = $?::bigint"
		 " AND m.reservation IS NULL FOR NO KEY UPDATE SKIP LOCKED) RETURNING ",
		 id_text, version_text);
	made_add(&made, node_row_columns());
	made.is_together = true;
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc == 0)
		*ret = db_rows_count(rows) > 0 ? rows : NULL;
	if (rc < 0 || !*ret)
		db_rows_release(rows);
	return rc;
}

int node_row_delete(struct db *db, int64_t id, int64_t version, bool *ret_done, struct error *err)
{
	char id_text[24], version_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	return db_write(db, &delete_statement, (const char *[]){ id_text, version_text }, ret_done, err);
}

int node_traits_write(struct db *db, int64_t id, int64_t version, const char *traits, bool *ret_done,
		      struct error *err)
{
	struct db_rows *rows = NULL;
	char id_text[24], version_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	int rc = db_exec(db, &traits_write_statement, (const char *[]){ id_text, version_text, traits },
			 &rows, err);
	if (rc == 0)
		*ret_done = db_rows_count(rows) > 0;
	db_rows_release(rows);
	return rc;
}

int node_traits_read(struct db *db, int64_t id, struct db_rows **ret, struct error *err)
{
	char id_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	return db_exec(db, &traits_read_statement, (const char *[]){ id_text }, ret, err);
}
