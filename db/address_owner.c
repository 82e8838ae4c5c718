#include "db/address_owner.h"

static const struct db_statement owner_statement = {
	.name = "address_owner",
	.sql = "SELECT DISTINCT n.uuid FROM ports p JOIN nodes n ON n.id = p.node_id"
	       " WHERE p.address = ANY (string_to_array($1, ',')) LIMIT 2",
	.param_count = 1,
};

int address_owner(struct db *db, const char *addresses, struct db_rows **ret, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = db_exec(db, &owner_statement, (const char *[]){ addresses }, &rows, err);
	if (rc < 0)
		return rc;
	if (db_rows_count(rows) != 1) {
		db_rows_release(rows);
		return fail(err, ERR_NOT_FOUND, "%s", "");
	}
	*ret = rows;
	return 0;
}
