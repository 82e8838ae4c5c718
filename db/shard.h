#pragma once
/* shard: how many nodes each shard has. */
#include "db/db.h"

/* Rows of (shard, count), by name; the shard of nodes without one is NULL. */
SUSPENDS int shard_read(struct db *db, struct db_rows **ret, struct error *err);
