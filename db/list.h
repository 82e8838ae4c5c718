#pragma once
/*
 * list: one chunk of an ordered list by key. Each chunk is one statement that starts behind the last row of
 * the previous one, so a list of any length holds neither a cursor nor a connection. Where no index has the
 * order, one statement finds the ids of many rows, since each sorts the table, and chunks read those.
 */
#include <stdbool.h>
#include <stdint.h>

#include "db/made.h"

#define LIST_CONDITION_MAX 32

struct list {
	const char *from;      /* "nodes n" */
	const char *id;        /* "n.id" */
	const char *sort;      /* "n.name"; NULL: by id alone */
	char sort_text[64];    /* where sort may stand */
	const char *sort_type; /* SQL type of sort: "text" */
	enum list_order {
		LIST_SORTED,           /* no index has the order */
		LIST_INDEXED,          /* one of (sort NULLS FIRST, id) has */
		LIST_INDEXED_NOT_NULL, /* and the column is NOT NULL */
	} order;                       /* of sort */
	bool is_descending;
	struct buf columns; /* ", n.uuid, n.name": what follows id and sort key in the answer */
	struct {
		const char *sql; /* with "$?" for the value, at most twice */
		const char *value;
	} conditions[LIST_CONDITION_MAX];
	int condition_count;
	/* where the next chunk begins; rows whose key is NULL are a part of their own, so that each chunk is
	 * one range of the index */
	enum list_part { LIST_WHOLE, LIST_NULLS, LIST_KEYS } part;
	bool is_behind; /* begins behind after_id (and after_key), else where the part begins */
	int64_t after_id;
	char *after_key; /* owned; NULL: SQL NULL */
	bool is_done;    /* nothing follows */
	struct list_window { /* LIST_SORTED: rows that are known to come next */
		int64_t *ids; /* owned */
		int count, next;
		bool is_last; /* none follow these */
	} window;
};

/* Columns 0 and 1 of each row: id, and the sort key as text (NULL when sorting by id). */
enum { LIST_ID, LIST_KEY, LIST_COLUMNS };

void list_init(struct list *list, const char *from, const char *id);
void list_release(struct list *list);
/* sql and value are borrowed until list_release. */
void list_where(struct list *list, const char *sql, const char *value);
/* Starts behind this row. */
void list_start_after(struct list *list, int64_t id, const char *key);
/* Starts behind the row whose `column` is that uuid. -ERR_NOT_FOUND without a sentence. */
SUSPENDS int list_start_at(struct list *list, struct db *db, const char *column, const char *uuid,
			   struct error *err);
/* At most `count` rows; the list moves behind the last, and is_done tells whether there are more. Fewer rows
 * do not: the part without keys may follow. Errors as db_exec. */
SUSPENDS int list_next(struct list *list, struct db *db, int count, struct db_rows **ret, struct error *err);
