#pragma once
/*
 * recover: nodes that a lost conductor left in the middle of something: unreserved, yet with a target power
 * state or in a state that only a worker leaves. Each gets an action that reads its power and fails the
 * workflow.
 */
#include <stdint.h>

#include "lib/fiber.h"

struct conductor;

/* Looks for them now. Failures are left to the next time. */
SUSPENDS void recover_orphans(struct conductor *conductor);
/* The same for one node, whose action was swept: what its BMC does is not known. */
SUSPENDS void recover_node(struct conductor *conductor, int64_t node_id);
/* Puts an action of that kind in the node's line: for what is found wrong with nodes. A failure is left to
 * the next time that it is found. */
SUSPENDS void recover_insert(struct conductor *conductor, const char *kind, int64_t node_id,
			     const char *node_uuid_text, const char *group, const char *driver);
/* Looks for them every check_orphans_interval, and removes old rows of actions and conductors. */
void recover_start(struct conductor *conductor);
