#pragma once
/* address_owner: whose network card is it, or whose BMC? */
#include "db/db.h"

/* The uuid of the one node that has ports with these MAC addresses (comma-separated, lower case). rows: one
 * row, one column. -ERR_NOT_FOUND without a sentence: none, or more than one. */
SUSPENDS int address_owner(struct db *db, const char *addresses, struct db_rows **ret, struct error *err);

enum { INSPECTED_OWNER_UUID, INSPECTED_OWNER_BY_BMC };
/* Whom an inventory may be of: a row for each node that has ports with these MAC addresses, and for each node
 * in "inspect wait" whose BMC has one of these addresses (both comma-separated; may be empty); not all, when
 * they are many. *ret: released by the caller. */
SUSPENDS int address_inspected_owners(struct db *db, const char *addresses, const char *bmc_addresses,
				      struct db_rows **ret, struct error *err);
