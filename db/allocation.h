#pragma once
/*
 * allocation: how nodes are given away. Which node an allocation gets is decided by one statement that picks
 * a node that matches and is held by nobody, and takes it; the unique constraint on allocations.node_id is
 * the last word. A node whose instance is taken off loses its allocation by a trigger (0006_resources.sql).
 */
#include "db/made.h"

/* Ids of allocations that nobody has answered yet, oldest first, at most `count`. */
SUSPENDS int allocation_open(struct db *db, int count, struct db_rows **ret, struct error *err);
/* Gives the allocation a node. *ret_done: false when there is none to give. -ERR_CONFLICT: a node has the
 * allocation's uuid as its instance_uuid already. */
SUSPENDS int allocation_take(struct db *db, const char *id, bool *ret_done, struct error *err);

/* Why it got none: columns of one row; no row when it is open no more. */
enum {
	ALLOCATION_WHY_UUID,
	ALLOCATION_WHY_RESOURCE_CLASS,
	ALLOCATION_WHY_HAS_CANDIDATES,
	ALLOCATION_WHY_TRAITS,   /* "A, B" */
	ALLOCATION_WHY_MATCHING, /* nodes that match but for their traits */
	ALLOCATION_WHY_SUITABLE, /* nodes that match; all were held */
	ALLOCATION_WHY_AGE_MS
};
SUSPENDS int allocation_why(struct db *db, const char *id, struct db_rows **ret, struct error *err);
/* Ends an open allocation as failed. */
SUSPENDS int allocation_fail(struct db *db, const char *id, const char *sentence, struct error *err);

/* Inserts an allocation that has its node already. *ret_done: false when the node was changed or is reserved.
 * -ERR_CONFLICT with the constraint's name. */
SUSPENDS int allocation_backfill(struct db *db, const struct change *changes, size_t count, int64_t node_id,
				 int64_t version, bool *ret_done, struct error *err);
/* Deletes an allocation that has no node. *ret_done: false when it has one by now, or is gone. */
SUSPENDS int allocation_delete(struct db *db, const char *id, bool *ret_done, struct error *err);
