#pragma once
/* runbook: the traits of a runbook. */
#include "db/db.h"

enum runbook_change {
	RUNBOOK_TRAITS_SET,   /* to a JSON list */
	RUNBOOK_TRAITS_ADD,   /* one name */
	RUNBOOK_TRAITS_REMOVE /* one name */
};

/* id: decimal. One statement, so that two changes at once both count. -ERR_NOT_FOUND without a sentence: no
 * such runbook, or it has not the trait that is to be removed. */
SUSPENDS int runbook_change_traits(struct db *db, const char *id, enum runbook_change change,
				   const char *value, struct error *err);
