#pragma once
/*
 * made: statements put together at run time from the words of const tables (a list with filters, an UPDATE of
 * the columns that a PATCH touched). Values are parameters always; only names out of tables reach the text.
 */
#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"
#include "lib/buf.h"

#define MADE_PARAMETER_MAX 96

/* A statement in the making. */
struct made {
	struct buf sql;
	const char *values[MADE_PARAMETER_MAX]; /* borrowed until the statement has run */
	int count;
	bool is_together; /* see struct db_statement */
};

void made_init(struct made *made);
void made_release(struct made *made);
/* Appends text; each "$?" in it becomes the next parameter, whose values follow as const char *. */
void made_add(struct made *made, const char *text, ...);
/* Runs it: prepared under a name of its own while there are fewer than 256 different texts, else unnamed.
 * Errors as db_exec. */
SUSPENDS int made_exec(struct made *made, struct db *db, struct db_rows **ret_rows, struct error *err);

/* One column to write. */
struct change {
	const char *column; /* from a table */
	const char *value;  /* text or NULL; borrowed */
	const char *as; /* SQL around the parameter, as "(SELECT id FROM chassis WHERE uuid = $?)", or without
			 * one; NULL: "$?" */
};

/* ", column = value" of each, for an UPDATE's SET. */
void made_add_changes(struct made *made, const struct change *changes, size_t count);

/* INSERT of one row. */
SUSPENDS int change_insert(struct db *db, const char *table, const struct change *changes, size_t count,
			   struct error *err);
/* The same, into a table whose INSERTs wait for no rows of others, so that those of many requests share a
 * commit. returning: what of the row is given back, as "n.id, n.name" with the table "nodes AS n". */
SUSPENDS int change_insert_row(struct db *db, const char *table, const struct change *changes, size_t count,
			       const char *returning, struct db_rows **ret_rows, struct error *err);
/* UPDATE of the row with that id; sets updated_at. guard: more conditions, as " AND version = $?::bigint"
 * with guard_value as its parameter, or "". *ret_done: whether a row was there. */
SUSPENDS int change_update(struct db *db, const char *table, int64_t id, const char *guard,
			   const char *guard_value, const struct change *changes, size_t count,
			   bool *ret_done, struct error *err);
