/* inspection: see inspection.h. */
#include "db/inspection.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"

#define SQL_MAX 16384

/* Members of ports that may be written, and are read besides uuid and address. */
#define PORT_COLUMNS                                                                                         \
	"name, extra, local_link_connection, pxe_enabled, physical_network, is_smartnic, description,"       \
	" vendor, category, available_for_dynamic_portgroup"

static const struct db_statement read_statement = {
	.name = "inspection_read",
	.sql = "SELECT (SELECT coalesce(json_agg(p ORDER BY p.id), '[]') FROM (SELECT id, uuid, address,"
	       " " PORT_COLUMNS " FROM ports WHERE node_id = $1) AS p),"
	       " (SELECT coalesce(json_agg(trait ORDER BY trait), '[]') FROM node_traits WHERE node_id = $1)",
	.param_count = 1,
};

static const struct db_statement rules_statement = {
	.name = "inspection_rules_read",
	.sql = "SELECT uuid, sensitive, conditions, actions FROM inspection_rules WHERE phase = $1"
	       " ORDER BY priority DESC, id",
	.param_count = 1,
};

/* Of a port that is new: what it does not say has the table's default. */
#define NEW_PORT                                                                                             \
	"r.name, coalesce(r.extra, '{}'), coalesce(r.local_link_connection, '{}'),"                          \
	" coalesce(r.pxe_enabled, true), r.physical_network, coalesce(r.is_smartnic, false), r.description," \
	" r.vendor, r.category, coalesce(r.available_for_dynamic_portgroup, true)"

#define PORTS                                                                                                \
	", changed_port AS (UPDATE ports p SET updated_at = now(), (" PORT_COLUMNS                           \
	") = (SELECT " PORT_COLUMNS                                                                          \
	" FROM json_populate_record(p, c.value)) FROM n, json_array_elements($4::json) AS c"                 \
	" WHERE p.node_id = n.id AND p.uuid = (c.value->>'uuid')::uuid)"                                     \
	", new_port AS (INSERT INTO ports (uuid, node_id, address, " PORT_COLUMNS ")"                        \
	" SELECT r.uuid, n.id, r.address, " NEW_PORT                                                         \
	" FROM n, json_populate_recordset(NULL::ports, $5::json) AS r ON CONFLICT (address) DO NOTHING)"     \
	", dropped_port AS (DELETE FROM ports p USING n WHERE p.node_id = n.id AND p.uuid IN"                \
	" (SELECT json_array_elements_text($6::json)::uuid))"

#define TRAITS                                                                                               \
	", lost_trait AS (DELETE FROM node_traits t USING n WHERE t.node_id = n.id"                          \
	" AND $7::json IS NOT NULL AND t.trait NOT IN (SELECT json_array_elements_text($7::json)))"          \
	", new_trait AS (INSERT INTO node_traits (node_id, trait) SELECT n.id, name"                         \
	" FROM n, json_array_elements_text($7::json) AS name ON CONFLICT DO NOTHING)"

#define INVENTORY                                                                                            \
	", i AS (INSERT INTO node_inventory (node_id, inventory, plugin_data)"                               \
	" SELECT n.id, $8::json, coalesce($9::json, '{}') FROM n WHERE $8::json IS NOT NULL"                 \
	" ON CONFLICT (node_id) DO UPDATE SET inventory = excluded.inventory,"                               \
	" plugin_data = excluded.plugin_data, updated_at = now())"

bool inspection_writes(enum node_field field)
{
	return field == NODE_INSPECTION_STARTED_AT || field == NODE_INSPECTION_FINISHED_AT ||
	       (field < NODE_COLUMN_COUNT && (node_field_info(field)->flags & FIELD_IN_PATCH));
}

bool inspection_writes_port(const char *name)
{
	size_t len = strlen(name);

	for (const char *at = PORT_COLUMNS; *at; at += strspn(at, ", ")) {
		size_t column = strcspn(at, ",");

		if (column == len && strncmp(at, name, len) == 0)
			return true;
		at += column;
	}
	return false;
}

static void put_columns(struct buf *sql)
{
	const char *separator = "";

	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		if (inspection_writes(field)) {
			buf_printf(sql, "%s%s", separator, node_field_info(field)->name);
			separator = ", ";
		}
	}
}

static const struct db_statement *write_statement(void)
{
	static struct db_statement statement;
	struct buf sql;

	if (statement.sql)
		return &statement;
	buf_init(&sql, SQL_MAX);
	buf_puts(&sql, FOUND_HELD ", w AS (UPDATE nodes x SET version = version + 1, updated_at = now(), (");
	put_columns(&sql);
	buf_puts(&sql, ") = (SELECT ");
	put_columns(&sql);
	buf_puts(&sql, " FROM json_populate_record(x, $3::json)) FROM n WHERE x.id = n.id)" PORTS TRAITS
			       INVENTORY FOUND_ANSWER);
	assert(!sql.overflow);
	statement =
		(struct db_statement){ .name = "inspection_write", .sql = buf_take(&sql), .param_count = 9 };
	return &statement;
}

int inspection_write(struct db *db, const struct found_key *key, const struct inspection_rows *rows,
		     struct error *err)
{
	const char *const values[] = { rows->node,          rows->changed_ports, rows->new_ports,
				       rows->dropped_ports, rows->traits,        rows->inventory,
				       rows->plugin_data };

	return node_found_write(db, write_statement(), key, values, err);
}

int inspection_read(struct db *db, int64_t node_id, struct db_rows **ret_rows, struct error *err)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	return db_exec(db, &read_statement, (const char *[]){ id }, ret_rows, err);
}

int inspection_rules_read(struct db *db, const char *phase, struct db_rows **ret_rows, struct error *err)
{
	return db_exec(db, &rules_statement, (const char *[]){ phase }, ret_rows, err);
}
