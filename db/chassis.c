#include "db/chassis.h"

static const struct db_statement find_statement = {
	.name = "chassis_exists",
	.sql = "SELECT id FROM chassis WHERE uuid = $1::uuid",
	.param_count = 1,
};

int chassis_exists(struct db *db, const char *uuid, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = db_exec(db, &find_statement, (const char *[]){ uuid }, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "Chassis %s could not be found.", uuid);
	db_rows_release(rows);
	return rc;
}
