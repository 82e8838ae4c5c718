#pragma once
/* history: what has happened to nodes. Rows are written with the end of actions (action_finish). */
#include "db/db.h"

/* Removes what is older than each node's newest `keep` entries, at most max rows. */
SUSPENDS int history_purge(struct db *db, size_t keep, size_t max, size_t *ret_count, struct error *err);
