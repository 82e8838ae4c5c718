/* node_found: see node_found.h. */
#include "db/node_found.h"

#include <inttypes.h>
#include <stdio.h>

static const struct db_statement firmware_store = {
	.name = "node_firmware_store",
	.sql = FOUND_HELD
	", f AS (INSERT INTO node_firmware AS f (node_id, component, initial_version,"
	" current_version, vendor, model, serial_number)"
	" SELECT DISTINCT ON (c.component) n.id, c.component, c.current_version,"
	" c.current_version, c.vendor, c.model, c.serial_number FROM n,"
	" json_to_recordset($3::json) AS c (component text, current_version text, vendor text,"
	" model text, serial_number text) ORDER BY c.component"
	" ON CONFLICT (node_id, component) DO UPDATE SET"
	" current_version = excluded.current_version, last_version_flashed ="
	" CASE WHEN f.current_version = excluded.current_version THEN f.last_version_flashed"
	" ELSE excluded.current_version END, vendor = excluded.vendor,"
	" model = excluded.model, serial_number = excluded.serial_number, updated_at = now()"
	" WHERE (f.current_version, f.vendor, f.model, f.serial_number) IS DISTINCT FROM"
	" (excluded.current_version, excluded.vendor, excluded.model, excluded.serial_number))" FOUND_ANSWER,
	.param_count = 3,
};

/* What is stored of a BIOS setting beside its name. */
#define BIOS_COLUMNS(of)                                                                                     \
	of "value, " of "attribute_type, " of "allowable_values, " of "lower_bound, " of "max_length, " of   \
	   "min_length, " of "read_only, " of "reset_required, " of "\"unique\", " of "upper_bound"

/* clang-format off */
static const struct db_statement bios_store = {
	.name = "node_bios_store",
	.sql = FOUND_HELD
	", s AS MATERIALIZED (SELECT DISTINCT ON (name) * FROM json_to_recordset($3::json) AS r (name text,"
	" value text, attribute_type text, allowable_values text, lower_bound bigint, max_length bigint,"
	" min_length bigint, read_only boolean, reset_required boolean, \"unique\" boolean,"
	" upper_bound bigint) ORDER BY name)"
	", gone AS (DELETE FROM node_bios_settings b USING n WHERE b.node_id = n.id"
	" AND NOT EXISTS (SELECT 1 FROM s WHERE s.name = b.name))"
	", put AS (INSERT INTO node_bios_settings AS b (node_id, name, " BIOS_COLUMNS("") ")"
	" SELECT n.id, s.name, " BIOS_COLUMNS("s.") " FROM n, s ON CONFLICT (node_id, name) DO UPDATE"
	" SET updated_at = now(), (" BIOS_COLUMNS("") ") = ROW(" BIOS_COLUMNS("excluded.") ")"
	" WHERE (" BIOS_COLUMNS("b.") ") IS DISTINCT FROM (" BIOS_COLUMNS("excluded.") "))" FOUND_ANSWER,
	.param_count = 3,
};
/* clang-format on */

static const struct db_statement bios_read = {
	.name = "node_bios_read",
	.sql = "SELECT name, " BIOS_COLUMNS(
		"") ", created_at, updated_at FROM node_bios_settings"
		    " WHERE node_id = $1 AND ($2::text IS NULL OR name = $2) ORDER BY name COLLATE \"C\"",
	.param_count = 2,
	.is_grouped = true,
};

static const struct db_statement firmware_read = {
	.name = "node_firmware_read",
	.sql = "SELECT component, initial_version, current_version, last_version_flashed, created_at,"
	       " updated_at, vendor, model, serial_number FROM node_firmware WHERE node_id = $1"
	       " ORDER BY component",
	.param_count = 1,
	.is_grouped = true,
};

static const struct db_statement inventory_read = {
	.name = "node_inventory_read",
	.sql = "SELECT inventory, plugin_data FROM node_inventory WHERE node_id = $1",
	.param_count = 1,
	.is_grouped = true,
};

int node_found_write(struct db *db, const struct db_statement *statement, const struct found_key *key,
		     const char *const *values, struct error *err)
{
	const char *params[FOUND_PARAMS_MAX] = { NULL, key->token };
	struct db_rows *rows = NULL;
	char id[24];
	int rc;

	snprintf(id, sizeof(id), "%" PRId64, key->node_id);
	params[0] = id;
	for (int i = 2; i < statement->param_count; i++)
		params[i] = values[i - 2];
	rc = db_exec(db, statement, params, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_FENCED, "The lock on the node is lost: another conductor has taken over");
	db_rows_release(rows);
	return rc;
}

int node_firmware_store(struct db *db, const struct found_key *key, const char *components, struct error *err)
{
	return node_found_write(db, &firmware_store, key, &components, err);
}

int node_bios_store(struct db *db, const struct found_key *key, const char *settings, struct error *err)
{
	return node_found_write(db, &bios_store, key, &settings, err);
}

SUSPENDS static int read_rows(struct db *db, const struct db_statement *statement, int64_t node_id,
			      const char *name, struct db_rows **ret_rows, struct error *err)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	return db_exec(db, statement, (const char *[]){ id, name }, ret_rows, err);
}

int node_bios_read(struct db *db, int64_t node_id, const char *name, struct db_rows **ret_rows,
		   struct error *err)
{
	return read_rows(db, &bios_read, node_id, name, ret_rows, err);
}

int node_firmware_read(struct db *db, int64_t node_id, struct db_rows **ret_rows, struct error *err)
{
	return read_rows(db, &firmware_read, node_id, NULL, ret_rows, err);
}

int node_inventory_read(struct db *db, int64_t node_id, struct db_rows **ret_rows, struct error *err)
{
	return read_rows(db, &inventory_read, node_id, NULL, ret_rows, err);
}
