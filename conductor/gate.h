#pragma once
/* gate: what stands before each BMC write. Source: docs/locks.rst, section 4. */
#include "drivers/task.h"
#include "lib/error.h"

/* For jobs. gate_wait accepts the action if it was not, then waits for a fresh lease and a fresh word of the
 * database; gate_check answers -ERR_TIMEOUT when these have grown old since (wait again), -ERR_FENCED when
 * the lock is lost. */
extern const struct task_ops gate_ops;
/* For work without an action: polling reads and never writes. */
extern const struct task_ops gate_closed_ops;

/* Opens the journal that [conductor] write_journal names, or closes it (NULL). Lines: monotonic nanoseconds
 * (CLOCK_BOOTTIME), node uuid or "-", epoch, token, action id, nanosecond until which the lease was trusted,
 * what. */
int gate_journal_open(const char *path, struct error *err);
