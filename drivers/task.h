#pragma once
/*
 * task: what a driver sees of the work in hand: the node, its lock, the deadline, an arena. Conductors
 * make tasks (conductor/task.c); tests and tools make them with task_ops that always permit. Drivers
 * never see the database.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "model/node.h"

struct task;
struct pool_records;

/* How the gate before each BMC write is kept. Source: docs/locks.rst, section 4. */
struct task_ops {
	/* Waits until a BMC write may leave: the action is accepted (committed), the lease and the
	 * database's confirmation are fresh. -ERR_FENCED when the lock is lost for good. */
	SUSPENDS int (*gate_wait)(struct task *task, struct error *err);
	/* The check where bytes leave: reads CLOCK_BOOTTIME now, never suspends. journals the write. */
	int (*gate_check)(struct task *task, const char *what, struct error *err);
	const struct pool_records *pool; /* drivers/pool.h; NULL: none are kept */
	/* Writes the node's changes so far. -ERR_FENCED. */
	SUSPENDS int (*save)(struct task *task, struct error *err);
};

struct task {
	struct node *node; /* borrowed; NULL in driver-level passthru */
	const struct hardware_type *hardware;
	bool is_exclusive;   /* holds the node's lock; changes to node are saved at the end */
	bool is_repeatable;  /* on_crash = repeat */
	int64_t deadline_ms; /* clock_ms() after which every wait ends */
	struct arena arena;  /* freed when the task ends */
	const struct task_ops *ops;
	void *owner; /* of ops */
};

/* Called by protocol clients around each write (see drivers/gate rules in task.c). */
SUSPENDS int task_gate_wait(struct task *task, struct error *err);
int task_gate_check(struct task *task, const char *what, struct error *err);
/* Stores what was changed on the node so far, in the middle of the work: where a later conductor must know
 * how far this one came. -ERR_FENCED. */
SUSPENDS int task_checkpoint(struct task *task, struct error *err);

/* A task without a lock that permits every write: for tools and unit tests. */
void task_init_permissive(struct task *task, struct node *node);
void task_release(struct task *task);

/* Value of a driver_info member as text (numbers and booleans printed); NULL when absent or null.
 * Lives in the task's arena. */
const char *task_driver_info(struct task *task, const char *key);
