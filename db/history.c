/* history: see history.h. */
#include "db/history.h"

#include <stdio.h>

static const struct db_statement purge_statement = {
	.name = "history_purge",
	.sql = "DELETE FROM node_history WHERE id = ANY (ARRAY(SELECT id FROM (SELECT id, row_number() OVER"
	       " (PARTITION BY node_id ORDER BY id DESC) AS place FROM node_history) h WHERE place > $1"
	       " LIMIT $2))",
	.param_count = 2,
};

int history_purge(struct db *db, size_t keep, size_t max, size_t *ret_count, struct error *err)
{
	struct db_rows *rows = NULL;
	char keep_text[24], max_text[24];

	snprintf(keep_text, sizeof(keep_text), "%zu", keep);
	snprintf(max_text, sizeof(max_text), "%zu", max);
	int rc = db_exec(db, &purge_statement, (const char *[]){ keep_text, max_text }, &rows, err);
	if (rc == 0)
		*ret_count = (size_t)db_affected(rows);
	db_rows_release(rows);
	return rc;
}
