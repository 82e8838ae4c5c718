/* changes: see changes.h. */
#include "db/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define XMIN "pg_snapshot_xmin(pg_current_snapshot())"

static const struct db_statement present_statement = {
	.name = "changes_present",
	.sql = "SELECT " XMIN ", pg_snapshot_xmax(pg_current_snapshot()), xid, id FROM node_changes_purged",
};
static const struct db_statement read_statement = {
	.name = "changes_read",
	.sql = "SELECT xid, id, at AT TIME ZONE 'UTC', node_uuid, change, version, name, power_state,"
	       " target_power_state, provision_state, target_provision_state, maintenance, fault, last_error"
	       " FROM node_changes WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < " XMIN
	       " AND ($3::uuid[] IS NULL OR node_uuid = ANY ($3)) ORDER BY xid, id LIMIT $4",
	.param_count = 4,
};
static const struct db_statement poll_statement = {
	.name = "changes_poll",
	.sql = "SELECT " XMIN ", EXISTS (SELECT FROM node_changes WHERE (xid, id) > ($1::xid8, $2::bigint)"
	       " AND xid < " XMIN ")",
	.param_count = 2,
	.is_grouped = true,
};
/* Only the oldest are looked at, so that a purge with nothing to do is cheap. */
static const struct db_statement purge_statement = {
	.name = "changes_purge",
	.sql = "WITH old AS MATERIALIZED (SELECT xid, id FROM (SELECT xid, id, at FROM node_changes"
	       "  WHERE xid < " XMIN " ORDER BY xid, id LIMIT $2) AS first"
	       "  WHERE at < now() - make_interval(secs => $1::bigint)),"
	       " mark AS (UPDATE node_changes_purged p SET xid = m.xid, id = m.id"
	       "  FROM (SELECT xid, id FROM old ORDER BY xid DESC, id DESC LIMIT 1) AS m"
	       "  WHERE (m.xid, m.id) > (p.xid, p.id))"
	       " DELETE FROM node_changes c USING old WHERE c.xid = old.xid AND c.id = old.id",
	.param_count = 2,
};

static uint64_t value_xid(const struct db_rows *rows, int row, int column)
{
	return strtoull(db_value(rows, row, column), NULL, 10);
}

static bool is_before(const struct changes_cursor *a, const struct changes_cursor *b)
{
	return a->xid < b->xid || (a->xid == b->xid && a->id < b->id);
}

/* present: the answer of present_statement, asked before the rows. */
static void judge(const struct changes_cursor *cursor, const struct db_rows *present, size_t max,
		  struct changes_page *page)
{
	struct changes_cursor purged = { value_xid(present, 0, 2), db_value_int(present, 0, 3) };
	struct changes_cursor settled = { value_xid(present, 0, 0), 0 };
	int count = db_rows_count(page->rows);

	page->next = *cursor;
	/* Ahead of the present: of another database, or before a fail-over that has forgotten it. */
	page->is_lost = is_before(cursor, &purged) || cursor->xid > value_xid(present, 0, 1);
	page->is_full = (size_t)count == max;
	if (page->is_lost) {
		page->next = settled;
		return;
	}
	if (count > 0)
		page->next = (struct changes_cursor){ value_xid(page->rows, count - 1, CHANGES_XID),
						      db_value_int(page->rows, count - 1, CHANGES_ID) };
	/* All below is read, whatever the filter. */
	if (!page->is_full && is_before(&page->next, &settled))
		page->next = settled;
}

int changes_read(struct db *db, const struct changes_cursor *cursor, const char *node_uuids, size_t max,
		 struct changes_page *ret, struct error *err)
{
	char xid[24], id[24], limit[24];
	struct db_step steps[] = {
		{ .statement = &present_statement },
		{ .statement = &read_statement, .values = (const char *[]){ xid, id, node_uuids, limit } },
	};

	snprintf(xid, sizeof(xid), "%" PRIu64, cursor->xid);
	snprintf(id, sizeof(id), "%" PRId64, cursor->id);
	snprintf(limit, sizeof(limit), "%zu", max);
	int rc = db_exec_all(db, steps, 2, err);
	if (rc == 0) {
		*ret = (struct changes_page){ .rows = steps[1].rows };
		judge(cursor, steps[0].rows, max, ret);
	} else {
		db_rows_release(steps[1].rows);
	}
	db_rows_release(steps[0].rows);
	return rc;
}

int changes_poll(struct db *db, struct changes_cursor *cursor, bool *ret_news, struct error *err)
{
	char xid[24], id[24];
	struct db_rows *rows = NULL;

	snprintf(xid, sizeof(xid), "%" PRIu64, cursor->xid);
	snprintf(id, sizeof(id), "%" PRId64, cursor->id);
	int rc = db_exec(db, &poll_statement, (const char *[]){ xid, id }, &rows, err);
	if (rc < 0)
		return rc;
	*ret_news = db_value_bool(rows, 0, 1);
	*cursor = (struct changes_cursor){ value_xid(rows, 0, 0), 0 };
	db_rows_release(rows);
	return 0;
}

int changes_purge(struct db *db, int64_t keep_s, size_t max, size_t *ret_count, struct error *err)
{
	char keep[24], limit[24];
	struct db_rows *rows = NULL;

	snprintf(keep, sizeof(keep), "%" PRId64, keep_s);
	snprintf(limit, sizeof(limit), "%zu", max);
	int rc = db_exec(db, &purge_statement, (const char *[]){ keep, limit }, &rows, err);
	if (rc == 0)
		*ret_count = (size_t)db_affected(rows);
	db_rows_release(rows);
	return rc;
}
