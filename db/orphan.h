#pragma once
/* orphan: nodes that nobody works on although their state says that somebody does. */
#include "db/db.h"
#include "lib/uuid.h"

struct orphan {
	int64_t node_id;
	char uuid[UUID_TEXT];
	char driver[64];
};
/* Where to look: nodes of the group with one of the drivers, with a target power state or in one of the
 * states. */
struct orphan_search {
	const char *group;
	const char *const *drivers;
	size_t driver_count;
	const char *const *provision_states;
	size_t state_count;
};
/* At most max of those that are unreserved and have no open exclusive action. */
SUSPENDS int orphan_find(struct db *db, const struct orphan_search *search, size_t max, struct orphan *ret,
			 size_t *ret_count, struct error *err);
