#include "db/write.h"

int db_write(struct db *db, const struct db_statement *statement, const char *const *values, bool *ret_done,
	     struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, statement, values, &rows, err);

	if (rc == 0 && ret_done)
		*ret_done = db_affected(rows) > 0;
	db_rows_release(rows);
	return rc;
}
