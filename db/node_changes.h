#pragma once
/*
 * node_changes: what a conductor writes into a node, as one generic piece of SQL. A change set is a JSON
 * object of columns; which members are there is a bit mask beside it, so that the statement parses the JSON
 * once and tells "null" from "not there" by a bit. The SQL is generated from the field table
 * (FIELD_BY_CONDUCTOR).
 */
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

/* The mask of a JSON object of changes; NULL text: 0. -ERR_INVALID when malformed or with another member than
 * columns that a conductor may write. */
int node_changes_mask(const char *changes, uint64_t *ret_mask, struct error *err);

/* Appends " LEFT JOIN LATERAL json_to_record(<changes>) AS c (...) ON true". */
void node_changes_join(struct buf *sql, const char *changes);
/* Appends ", column = CASE WHEN <mask> & bit <> 0 THEN c.column ELSE n.column END" for each column, and
 * updated_at. */
void node_changes_set(struct buf *sql, const char *mask);
