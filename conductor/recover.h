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
/* Looks for them every check_orphans_interval, and removes old rows of actions and conductors. */
void recover_start(struct conductor *conductor);
