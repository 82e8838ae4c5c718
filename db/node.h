#pragma once
/* node: rows of `nodes`. Column lists come from the field table, so SELECT order cannot drift. */
#include "db/db.h"
#include "model/node.h"

/* A whole node by uuid, name or id (one of them not NULL / not 0). -ERR_NOT_FOUND without a sentence: the
 * caller knows what the user called it. */
SUSPENDS int node_read(struct db *db, const char *uuid, const char *name, int64_t id, struct node *ret,
		       struct error *err);

/* Statements that read whole nodes within the transaction of another: by their ids, and by the ids of
 * actions; $1 is the array. node_take_row finds one in the answer; false when it is not there. */
const struct db_statement *node_read_ids(void);
const struct db_statement *node_read_actions(void);
bool node_take_row(const struct db_rows *rows, int64_t id, struct node *ret);

/* Raw rows for serialising: node_rows_field gives columns in the order of enum node_field (0 ..
 * NODE_COLUMN_COUNT-1), then the extra ones below. */
enum {
	NODE_ROW_ID = NODE_COLUMN_COUNT,
	NODE_ROW_VERSION,
	NODE_ROW_CHASSIS_UUID,
	NODE_ROW_ALLOCATION_UUID,
	NODE_ROW_TRAITS,
	NODE_ROW_COUNT
};
/* Those columns, for RETURNING from "nodes AS n". */
const char *node_row_columns(void);
SUSPENDS int node_read_row(struct db *db, const char *uuid, const char *name, struct db_rows **ret,
			   struct error *err);

/* The few columns by which a request finds its conductor and is judged: uuid, name, driver, conductor_group,
 * vendor, RAID and network interface, power and provision state, their targets, maintenance, reservation. The
 * other fields of *ret read as null. Errors as node_read. */
SUSPENDS int node_read_brief(struct db *db, const char *uuid, const char *name, struct node *ret,
			     struct error *err);
