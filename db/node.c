/* node: reading whole nodes. The column list comes from the field table, so its order cannot drift. */
#include "db/node.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "lib/buf.h"
#include "lib/uuid.h"

enum { SQL_MAX = 16384 };

/* What a SELECT of a node appends to the columns of the field table: enum NODE_ROW_*. */
static const char extra_columns[] =
	", n.id, n.version, (SELECT c.uuid FROM chassis c WHERE c.id = n.chassis_id),"
	" (SELECT a.uuid FROM allocations a WHERE a.id = n.allocation_id),"
	" (SELECT json_agg(t.trait ORDER BY t.trait) FROM node_traits t WHERE t.node_id = n.id)";

enum key { BY_UUID, BY_NAME, BY_ID, BY_IDS, BY_ACTIONS, KEY_COUNT };
enum shape { WHOLE, ROW, BRIEF, SHAPE_COUNT };

/* The columns of BRIEF. */
static const enum node_field brief_fields[] = {
	NODE_UUID,
	NODE_NAME,
	NODE_DRIVER,
	NODE_CONDUCTOR_GROUP,
	NODE_VENDOR_INTERFACE,
	NODE_RAID_INTERFACE,
	NODE_NETWORK_INTERFACE,
	NODE_POWER_STATE,
	NODE_TARGET_POWER_STATE,
	NODE_PROVISION_STATE,
	NODE_TARGET_PROVISION_STATE,
	NODE_MAINTENANCE,
	NODE_RESERVATION,
};
enum { BRIEF_COUNT = sizeof brief_fields / sizeof brief_fields[0] };

static const char *const conditions[KEY_COUNT] = {
	[BY_UUID] = " FROM nodes n WHERE n.uuid = $1",
	[BY_NAME] = " FROM nodes n WHERE n.name = $1",
	[BY_ID] = " FROM nodes n WHERE n.id = $1",
	[BY_IDS] = " FROM nodes n WHERE n.id = ANY ($1::bigint[])",
	[BY_ACTIONS] = (" FROM nodes n WHERE n.id = ANY"
			" (ARRAY(SELECT a.node_id FROM actions a WHERE a.id = ANY ($1::bigint[])))"),
};
static const char *const names[SHAPE_COUNT][KEY_COUNT] = {
	[WHOLE] = { "node_read_uuid", "node_read_name", "node_read_id", "node_read_ids",
		    "node_read_actions" },
	[ROW] = { "node_row_uuid", "node_row_name", "node_row_id" },
	[BRIEF] = { "node_brief_uuid", "node_brief_name", "node_brief_id" },
};

static struct db_statement statements[SHAPE_COUNT][KEY_COUNT];

const char *node_row_columns(void)
{
	static char *columns;
	struct buf sql;

	if (columns)
		return columns;
	buf_init(&sql, SQL_MAX);
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);

		buf_printf(&sql, "%sn.%s%s", field == 0 ? "" : ", ", info->name,
			   info->type == FIELD_TIME ? " AT TIME ZONE 'UTC'" : "");
	}
	buf_puts(&sql, extra_columns);
	assert(!sql.overflow);
	return columns = buf_take(&sql);
}

static void statement_make(struct db_statement *statement, enum shape shape, enum key key)
{
	struct buf sql;

	buf_init(&sql, SQL_MAX);
	for (size_t i = 0; i < (shape == BRIEF ? (size_t)BRIEF_COUNT : (size_t)NODE_COLUMN_COUNT); i++) {
		const struct node_field_info *info =
			node_field_info(shape == BRIEF ? brief_fields[i] : (enum node_field)i);
		buf_printf(&sql, "%s n.%s%s", i == 0 ? "SELECT" : ",", info->name,
			   info->type == FIELD_TIME ? " AT TIME ZONE 'UTC'" : "");
	}
	buf_puts(&sql, shape == ROW ? extra_columns : ", n.id, n.version, n.lock_epoch");
	buf_puts(&sql, conditions[key]);
	assert(!sql.overflow);
	*statement = (struct db_statement){
		.name = names[shape][key], .sql = buf_take(&sql), .param_count = 1, .is_grouped = true
	};
}

static struct db_statement *statement_of(enum shape shape, enum key key)
{
	struct db_statement *statement = &statements[shape][key];

	if (statement->sql == NULL)
		statement_make(statement, shape, key);
	return statement;
}

SUSPENDS static int read_by(struct db *db, enum shape shape, const char *uuid, const char *name, int64_t id,
			    struct db_rows **ret, struct error *err)
{
	enum key key = uuid != NULL ? BY_UUID : name != NULL ? BY_NAME : BY_ID;
	char id_text[24];
	const char *values[] = { uuid != NULL ? uuid : name != NULL ? name : id_text };
	struct db_rows *rows = NULL;

	if (uuid != NULL && !uuid_is_valid(uuid))
		return fail(err, ERR_NOT_FOUND, "%s", "");
	snprintf(id_text, sizeof(id_text), "%" PRId64, id);
	int rc = db_exec(db, statement_of(shape, key), values, &rows, err);
	if (rc < 0)
		return rc;
	if (db_rows_count(rows) == 0) {
		db_rows_release(rows);
		return fail(err, ERR_NOT_FOUND, "%s", "");
	}
	*ret = rows;
	return 0;
}

static void load_whole(const struct db_rows *rows, int row, struct node *ret)
{
	node_init(ret);
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++)
		node_load(ret, field, db_value(rows, row, (int)field), db_value_len(rows, row, (int)field));
	ret->id = db_value_int(rows, row, NODE_COLUMN_COUNT);
	ret->version = db_value_int(rows, row, NODE_COLUMN_COUNT + 1);
	ret->lock_epoch = db_value_int(rows, row, NODE_COLUMN_COUNT + 2);
}

int node_read(struct db *db, const char *uuid, const char *name, int64_t id, struct node *ret,
	      struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = read_by(db, WHOLE, uuid, name, id, &rows, err);

	if (rc < 0)
		return rc;
	load_whole(rows, 0, ret);
	db_rows_release(rows);
	return 0;
}

const struct db_statement *node_read_ids(void)
{
	return statement_of(WHOLE, BY_IDS);
}

const struct db_statement *node_read_actions(void)
{
	return statement_of(WHOLE, BY_ACTIONS);
}

bool node_take_row(const struct db_rows *rows, int64_t id, struct node *ret)
{
	for (int row = 0; row < db_rows_count(rows); row++) {
		if (db_value_int(rows, row, NODE_COLUMN_COUNT) == id) {
			load_whole(rows, row, ret);
			return true;
		}
	}
	return false;
}

int node_read_row(struct db *db, const char *uuid, const char *name, struct db_rows **ret, struct error *err)
{
	return read_by(db, ROW, uuid, name, 0, ret, err);
}

int node_read_brief(struct db *db, const char *uuid, const char *name, struct node *ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = read_by(db, BRIEF, uuid, name, 0, &rows, err);

	if (rc < 0)
		return rc;
	node_init(ret);
	for (int i = 0; i < BRIEF_COUNT; i++)
		node_load(ret, brief_fields[i], db_value(rows, 0, i), db_value_len(rows, 0, i));
	ret->id = db_value_int(rows, 0, BRIEF_COUNT);
	ret->version = db_value_int(rows, 0, BRIEF_COUNT + 1);
	ret->lock_epoch = db_value_int(rows, 0, BRIEF_COUNT + 2);
	db_rows_release(rows);
	return 0;
}
