#pragma once
/* metrics: what ferrule-conductor counts, and the listener that shows it. Meanings: docs/operations.rst. */
#include "conductor/conductor.h"
#include "db/action.h"

/* Registers them, and listens on [conductor] metrics_port of the loopback address unless that is 0.
 * -ERR_CONFLICT when the port is in use. */
int conductor_metrics_start(struct conductor *conductor, struct error *err);
void conductor_metrics_stop(void);

/* An action was started after that time in line; an exclusive one has taken its node's lock. */
void conductor_metrics_started(const struct action *action);
/* It ended, this long after its start. */
void conductor_metrics_ended(const struct action *action, enum action_state state, int64_t started_ms);
/* A lock was lost. */
void conductor_metrics_fenced(void);
/* An action of an instance that is no more was ended or put back in line. */
void conductor_metrics_taken_over(enum action_state state);
