/* pooled_node: see pooled_node.h. */
#include "db/pooled_node.h"

#include <stdio.h>

#define TIME(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"

/* As the driver completes them (docs/expether.rst). */
#define PARTS                                                                                                \
	"regexp_match(rtrim(n.driver_info->>'expether_address', '/'), '^(?:(https?)://)?([^/]+)(/.*)?$', "   \
	"'i')"
#define URL                                                                                                  \
	"(SELECT coalesce(lower(m[1]), 'http') || '://' || lower(m[2])"                                      \
	" || CASE WHEN m[1] IS NULL AND m[2] !~ ':[0-9]+$' THEN ':30500' ELSE '' END"                        \
	" || coalesce(m[3], '/eem') FROM (SELECT " PARTS " AS m) parts)"
#define HOST_ID                                                                                              \
	"'0x' || replace(regexp_replace(lower(n.driver_info->>'expether_eesv_id'), '^0x', ''), ':', '')"

static const struct db_statement list = {
	.name = "pooled_node_list",
	.sql = "SELECT h.uuid, p.uuid, coalesce(h.given_name, h.name, h.host_id, ''), coalesce(h.host_id, "
	       "''),"
	       " h.managed_by, h.created_at, h.updated_at, h.is_from_valence FROM"
	       " (SELECT n.id, n.uuid, n.name, n.extra->'valence'->>'name' AS given_name, " HOST_ID
	       " AS host_id, " URL " AS url, n.extra->'valence'->>'managed_by' AS managed_by,"
	       " n.extra->'valence' IS NOT NULL AS is_from_valence, " TIME(
		       "n.created_at") " AS created_at, " TIME("n.updated_at") " AS updated_at FROM nodes n"
									       " WHERE n.driver = "
									       "'" POOLED_NODE_DRIVER
									       "' AND ($1::uuid IS NULL OR "
									       "n.uuid = $1)) h"
									       " LEFT JOIN pod_managers p ON "
									       "p.url = h.url"
									       " WHERE $2::uuid IS NULL OR "
									       "p.uuid = $2 ORDER BY h.id",
	.param_count = 2,
};

/* Whoever wants the same host waits until this transaction ends; the INSERT then sees what came of it. */
static const struct db_statement lock = {
	.name = "pooled_node_lock",
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended('pooled node ' || $1::text || ' ' || $2::text, "
	       "0))",
	.param_count = 2,
};

static const struct db_statement insert = {
	.name = "pooled_node_insert",
	.sql = "INSERT INTO nodes (uuid, name, description, conductor_group, driver, driver_info, extra,"
	       " provision_state, bios_interface, boot_interface, console_interface, deploy_interface,"
	       " firmware_interface, inspect_interface, management_interface, network_interface,"
	       " power_interface, raid_interface, rescue_interface, storage_interface, vendor_interface)"
	       " SELECT $1::uuid, $2::text, $3::text, $4::text, '" POOLED_NODE_DRIVER "', $5::json, $6::json,"
	       " 'enroll', $9::text, $10::text, $11::text, $12::text, $13::text, $14::text, $15::text,"
	       " $16::text, $17::text, $18::text, $19::text, $20::text, $21::text"
	       " WHERE NOT EXISTS (SELECT 1 FROM nodes n WHERE n.driver = '" POOLED_NODE_DRIVER "'"
	       " AND " URL " = $7::text AND " HOST_ID " = $8::text)",
	.param_count = 8 + INTERFACE_COUNT,
};

static void read_row(const struct db_rows *rows, int row, struct arena *arena, struct pooled_node *ret)
{
	const char *pod_manager = db_value(rows, row, 1);

	*ret = (struct pooled_node){
		.name = db_value_copy(arena, rows, row, 2),
		.host_id = db_value_copy(arena, rows, row, 3),
		.managed_by = db_value_copy(arena, rows, row, 4),
		.created_at = db_value_copy(arena, rows, row, 5),
		.updated_at = db_value_copy(arena, rows, row, 6),
		.is_from_valence = db_value_bool(rows, row, 7),
	};
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, row, 0));
	snprintf(ret->pod_manager_uuid, sizeof(ret->pod_manager_uuid), "%s", pod_manager ? pod_manager : "");
}

int pooled_node_list(struct db *db, const struct pooled_node_filter *filter, struct arena *arena,
		     struct pooled_node **ret, size_t *ret_count, struct error *err)
{
	const char *values[] = { filter->uuid, filter->pod_manager_uuid };
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &list, values, &rows, err);

	if (rc < 0)
		return rc;
	*ret_count = (size_t)db_rows_count(rows);
	*ret = arena_alloc(arena, (*ret_count + 1) * sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		read_row(rows, (int)i, arena, &(*ret)[i]);
	db_rows_release(rows);
	return 0;
}

int pooled_node_insert(struct db *db, const struct pooled_node_new *row, bool *ret_inserted,
		       struct error *err)
{
	const char *values[8 + INTERFACE_COUNT] = { row->uuid,        row->name,
						    row->description, row->conductor_group,
						    row->driver_info, row->extra,
						    row->url,         row->host_id };
	struct db_step steps[] = {
		{ .statement = &lock, .values = values + 6 },
		{ .statement = &insert, .values = values },
	};

	for (size_t i = 0; i < INTERFACE_COUNT; i++)
		values[8 + i] = row->interfaces[i];
	int rc = db_exec_all(db, steps, 2, err);
	if (rc == 0)
		*ret_inserted = db_affected(steps[1].rows) > 0;
	db_rows_release(steps[0].rows);
	db_rows_release(steps[1].rows);
	return rc;
}
