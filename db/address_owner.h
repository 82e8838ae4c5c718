#pragma once
/* address_owner: whose network card is it? */
#include "db/db.h"

/* The uuid of the one node that has ports with these MAC addresses (comma-separated, lower case). rows: one
 * row, one column. -ERR_NOT_FOUND without a sentence: none, or more than one. */
SUSPENDS int address_owner(struct db *db, const char *addresses, struct db_rows **ret, struct error *err);
