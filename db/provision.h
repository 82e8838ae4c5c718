#pragma once
/* provision: nodes by provision state, for limits and timeouts. */
#include "db/db.h"
#include "db/orphan.h"

/* How many nodes are in one of the states. */
SUSPENDS int provision_count(struct db *db, const char *const *states, size_t count, int64_t *ret_count,
			     struct error *err);

/* Is the node longer than that in its state? */
SUSPENDS int provision_is_overdue(struct db *db, int64_t node_id, double seconds, bool *ret_is_overdue,
				  struct error *err);

/* A state and how long a node may stay in it. */
struct provision_limit {
	const char *state;
	double seconds;
};
/* At most max nodes of the group with one of the drivers that are longer in a state than its limit allows:
 * unreserved, not in maintenance, without an open exclusive action. */
SUSPENDS int provision_overdue(struct db *db, const struct orphan_search *search,
			       const struct provision_limit *limits, size_t limit_count, size_t max,
			       struct orphan *ret, size_t *ret_count, struct error *err);
