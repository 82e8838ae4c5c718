/* flavor: see flavor.h. */
#include "db/flavor.h"

#include <stdio.h>

#include "db/write.h"

#define TIME(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"

static const struct db_statement list = {
	.name = "flavor_list",
	.sql = "SELECT uuid, name, description, properties, " TIME("created_at") ", " TIME(
		"updated_at") " FROM flavors WHERE $1::uuid IS NULL OR uuid = $1 ORDER BY id",
	.param_count = 1,
};
static const struct db_statement insert = {
	.name = "flavor_insert",
	.sql = "INSERT INTO flavors (uuid, name, description, properties) VALUES ($1::uuid, $2, $3, "
	       "$4::json)",
	.param_count = 4,
};
static const struct db_statement update = {
	.name = "flavor_update",
	.sql = "UPDATE flavors SET name = coalesce($2, name), description = coalesce($3, description),"
	       " properties = coalesce($4::json, properties), updated_at = now() WHERE uuid = $1::uuid",
	.param_count = 4,
};
static const struct db_statement remove_statement = {
	.name = "flavor_delete",
	.sql = "DELETE FROM flavors WHERE uuid = $1::uuid",
	.param_count = 1,
};

static void read_row(const struct db_rows *rows, int row, struct arena *arena, struct flavor *ret)
{
	*ret = (struct flavor){
		.name = db_value_copy(arena, rows, row, 1),
		.description = db_value_copy(arena, rows, row, 2),
		.properties = db_value_copy(arena, rows, row, 3),
		.created_at = db_value_copy(arena, rows, row, 4),
		.updated_at = db_value_copy(arena, rows, row, 5),
	};
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, row, 0));
}

int flavor_list(struct db *db, const char *uuid, struct arena *arena, struct flavor **ret, size_t *ret_count,
		struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &list, &uuid, &rows, err);

	if (rc < 0)
		return rc;
	*ret_count = (size_t)db_rows_count(rows);
	*ret = arena_alloc(arena, (*ret_count + 1) * sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		read_row(rows, (int)i, arena, &(*ret)[i]);
	db_rows_release(rows);
	return 0;
}

int flavor_insert(struct db *db, const struct flavor *row, struct error *err)
{
	const char *values[] = { row->uuid, row->name, row->description, row->properties };

	return db_write(db, &insert, values, NULL, err);
}

int flavor_update(struct db *db, const struct flavor *row, bool *ret_done, struct error *err)
{
	const char *values[] = { row->uuid, row->name, row->description, row->properties };

	return db_write(db, &update, values, ret_done, err);
}

int flavor_delete(struct db *db, const char *uuid, bool *ret_done, struct error *err)
{
	return db_write(db, &remove_statement, &uuid, ret_done, err);
}
