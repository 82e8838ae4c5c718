#pragma once
/*
 * power_sync: reads the power state of this conductor's nodes every sync_power_state_interval, without locks,
 * and stores what it finds by the epoch read before (docs/locks.rst, section 3). What must be changed at the
 * BMC becomes an action.
 */
#include "db/conductor.h"
#include "db/power_sync.h"

struct conductor;

void power_sync_start(struct conductor *conductor);
/* Calls `each` for every node of that kind that is this conductor's. registry: as loaded just now. */
SUSPENDS int power_sync_each(struct conductor *conductor, enum power_sync_kind kind,
			     const struct registry *registry,
			     void (*each)(void *arg, const struct power_sync_row *row), void *arg,
			     struct error *err);
