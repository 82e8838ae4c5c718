#pragma once
/* changes: reading the outbox of node changes (db/migrations/0002_changes.sql says how it is kept). */
#include "db/db.h"

/* A place in the stream: everything up to and including it has been read. */
struct changes_cursor {
	uint64_t xid;
	int64_t id;
};

enum changes_column {
	CHANGES_XID,
	CHANGES_ID,
	CHANGES_AT, /* UTC */
	CHANGES_NODE_UUID,
	CHANGES_CHANGE, /* created, updated, deleted */
	CHANGES_VERSION,
	CHANGES_NAME,
	CHANGES_POWER_STATE,
	CHANGES_TARGET_POWER_STATE,
	CHANGES_PROVISION_STATE,
	CHANGES_TARGET_PROVISION_STATE,
	CHANGES_MAINTENANCE,
	CHANGES_FAULT,
	CHANGES_LAST_ERROR
};

struct changes_page {
	struct db_rows *rows;       /* owned: db_rows_release */
	struct changes_cursor next; /* behind the page */
	bool is_full;               /* more may be there at once */
	bool is_lost; /* the place is no longer known: rows behind it were removed. next is the present */
};
/* The next rows behind the cursor, at most max, oldest first, that are settled. node_uuids: a PostgreSQL
 * array literal of the wanted nodes, NULL: all. */
SUSPENDS int changes_read(struct db *db, const struct changes_cursor *cursor, const char *node_uuids,
			  size_t max, struct changes_page *ret, struct error *err);

/* Where the present is, and whether anything has come since *cursor; then the cursor is moved there. */
SUSPENDS int changes_poll(struct db *db, struct changes_cursor *cursor, bool *ret_news, struct error *err);

/* Removes rows older than keep_s, at most max. */
SUSPENDS int changes_purge(struct db *db, int64_t keep_s, size_t max, size_t *ret_count, struct error *err);
