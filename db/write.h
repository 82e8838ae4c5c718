#pragma once
/* write: statements whose rows nobody reads. */
#include "db/db.h"

/* db_exec; *ret_done (may be NULL): whether a row was inserted, updated or deleted. */
SUSPENDS int db_write(struct db *db, const struct db_statement *statement, const char *const *values,
		      bool *ret_done, struct error *err);
