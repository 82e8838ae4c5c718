#pragma once
/* orphan: nodes that nobody works on although their state says that somebody does. */
#include "db/db.h"
#include "lib/uuid.h"

struct orphan {
	int64_t node_id;
	char uuid[UUID_TEXT];
	char driver[64];
};
/* At most max nodes of the group with one of the drivers: unreserved, without an open exclusive action, and
 * with a target power state or in one of the provision states. */
SUSPENDS int orphan_find(struct db *db, const char *group, const char *const *drivers, size_t driver_count,
			 const char *const *provision_states, size_t state_count, size_t max,
			 struct orphan *ret, size_t *ret_count, struct error *err);
