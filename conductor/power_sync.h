#pragma once
/*
 * power_sync: reads the power state of this conductor's nodes every sync_power_state_interval, without locks,
 * and stores what it finds by the epoch read before (docs/locks.rst, section 3). What must be changed at the
 * BMC becomes an action.
 */
struct conductor;

void power_sync_start(struct conductor *conductor);
