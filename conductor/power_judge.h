#pragma once
/*
 * power_judge: reads one node's power state, without its lock, and does what follows: records it, puts the
 * hardware back, gives the node up or takes it out of maintenance. Source: Ironic's power sync
 * (ironic-contract, section 6.4); docs/locks.rst, section 3.
 */
#include "conductor/conductor.h"
#include "conductor/power_schedule.h"

enum power_verdict {
	POWER_READ,     /* the BMC has answered */
	POWER_UNREAD,   /* it has not */
	POWER_SKIPPED,  /* somebody works on the node: not asked */
	POWER_UNWATCHED /* gone, or not of the target's class any more: not asked */
};

/* Counts failures in target. */
SUSPENDS enum power_verdict power_judge(struct conductor *conductor, struct power_target *target);
