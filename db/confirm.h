#pragma once
/* confirm: the database's word, asked for before a BMC write, that an action still runs and holds its lock.
 */
#include "db/action.h"

/* 0: (id, token) runs, and an exclusive one holds the node. -ERR_FENCED: no more. -ERR_DATABASE and others:
 * not known; ask again. */
SUSPENDS int confirm_action(struct db *db, const struct action *action, struct error *err);
