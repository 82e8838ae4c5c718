#pragma once
/* options: what [conductor] says. Times of the lease are explained in docs/locks.rst, section 2. */
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct conductor_options {
	char *group; /* conductor_group */
	double beat_s, hold_s, flight_s, watch_s;
	long workers; /* workers_pool_size */
	double graceful_timeout_s;
	double power_change_timeout_s; /* power_state_change_timeout */
	double soft_power_off_timeout_s;
	double power_sync_interval_s; /* 0: off */
	long power_sync_max_retries;
	long power_sync_workers;
	bool power_sync_is_forced;        /* force_power_state_during_sync */
	double power_recovery_interval_s; /* power_failure_recovery_interval; 0: off */
	double orphan_interval_s;
	double changes_kept_s; /* changes_retention */
	double actions_kept_s; /* action_retention */
	double sync_actions_kept_s; /* sync_action_retention */
	long metrics_port; /* 0: off */
	char *journal; /* write_journal; NULL: none */
};
extern struct conductor_options conductor_options;

void conductor_options_register(void);
/* [conductor] conductor_group in lower case; "" when unset. After conductor_options_check. */
const char *conductor_group(void);
/* Refuses lease times that break 2 * beat + flight < hold or 1.2 * hold <= watch. */
int conductor_options_check(struct error *err);

/* The lease's times in milliseconds. */
static inline int64_t seconds_ms(double seconds)
{
	return (int64_t)(seconds * 1000);
}
