#pragma once
/*
 * node_write: what the API writes to `nodes` by itself. Each is one statement that does nothing while a
 * conductor holds the node or when another write came between; the caller reads again and repeats.
 */
#include "db/made.h"
#include "model/node.h"

#define NODE_CHANGE_MAX 80

/* How the field is written; value is the column's text, borrowed. */
struct change node_change(enum node_field field, const char *value);
/* *ret: the row as node_read_row gives it. -ERR_CONFLICT with the constraint's name: nodes_uuid, nodes_name,
 * nodes_instance_uuid. */
SUSPENDS int node_row_insert(struct db *db, const struct change *changes, size_t count, struct db_rows **ret,
			     struct error *err);
/* *ret_done: false when the version differs, or the node is reserved or gone. */
SUSPENDS int node_row_update(struct db *db, int64_t id, int64_t version, const struct change *changes,
			     size_t count, bool *ret_done, struct error *err);
/* The same; *ret: the row as node_read_row gives it, or NULL when it was not done, also because somebody is
 * writing the row at this moment. */
SUSPENDS int node_row_change(struct db *db, int64_t id, int64_t version, const struct change *changes,
			     size_t count, struct db_rows **ret, struct error *err);
SUSPENDS int node_row_delete(struct db *db, int64_t id, int64_t version, bool *ret_done, struct error *err);

/* Traits. Set replaces all. *ret_done as above; taken with a new version of the node. traits: a JSON list. */
SUSPENDS int node_traits_write(struct db *db, int64_t id, int64_t version, const char *traits, bool *ret_done,
			       struct error *err);
/* The traits as JSON text, "[]" when none; rows: one row, one column. */
SUSPENDS int node_traits_read(struct db *db, int64_t id, struct db_rows **ret, struct error *err);
