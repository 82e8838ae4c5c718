/* confirm: see confirm.h. Source: docs/locks.rst, section 4. */
#include "db/confirm.h"

#include <inttypes.h>
#include <stdio.h>

static const struct db_statement confirm = {
	.name = "action_confirm",
	.sql = "SELECT 1 FROM actions a LEFT JOIN nodes n ON n.id = a.node_id"
	       " WHERE a.id = $1 AND a.token = $2 AND a.state = 'running'"
	       " AND (NOT a.exclusive OR n.lock_token = a.token)",
	.param_count = 2,
};

int confirm_action(struct db *db, const struct action *action, struct error *err)
{
	char id[24];
	const char *values[] = { id, action->token };
	struct db_rows *rows = NULL;
	int rc;

	snprintf(id, sizeof(id), "%" PRId64, action->id);
	rc = db_exec(db, &confirm, values, &rows, err);
	if (rc == 0 && db_rows_count(rows) != 1)
		rc = fail(err, ERR_FENCED, "action %s no longer runs here", action->uuid);
	db_rows_release(rows);
	return rc;
}
