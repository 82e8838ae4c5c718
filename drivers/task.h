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
#include "model/interface.h"
#include "model/node.h"
#include "model/states.h"

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
	/* What interfaces of this type tell of the node has changed: reads and stores it, as far as it can be
	 * read. Failures are logged. NULL: nobody keeps it. */
	SUSPENDS int (*refresh)(struct task *task, enum interface_type type);
	/* Brings the node to power on or off, unless it is there, or reboots it; its row follows.
	 * -ERR_CONFLICT: it must not be powered off. NULL: nobody does. */
	SUSPENDS int (*power)(struct task *task, enum power_state target, unsigned timeout_s,
			      struct error *err);
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

/* ---- ferrule/driver.h: from here ---- */
/* Around each write to a BMC: the first before it (-ERR_FENCED: the lock is lost for good), the second where
 * the bytes leave, without a wait in between. what: a word for the journal. */
SUSPENDS int task_gate_wait(struct task *task, struct error *err);
int task_gate_check(struct task *task, const char *what, struct error *err);
/* Stores what was changed on the node so far, in the middle of the work: where a later conductor must know
 * how far this one came. -ERR_FENCED. */
SUSPENDS int task_checkpoint(struct task *task, struct error *err);
/* ---- ferrule/driver.h: to here ---- */

/* A task without a lock that permits every write: for tools and unit tests. */
void task_init_permissive(struct task *task, struct node *node);
void task_release(struct task *task);

/* ---- ferrule/driver.h: from here ---- */
/* Value of a driver_info member as text (numbers and booleans printed); NULL when absent or null.
 * Lives in the task's arena. */
const char *task_driver_info(struct task *task, const char *key);

/* For those who see no struct node: fields of the node by their names in the API. NULL at driver level and
 * for a name that is no such field. text: also of booleans ("true", "false"); NULL when null. object:
 * borrowed, not to be changed. Both live as long as the task. */
const char *task_node_text(struct task *task, const char *field);
const json_t *task_node_object(struct task *task, const char *field);
/* What the driver keeps with the node (in driver_internal_info) from task to task: borrowed, NULL when there
 * is nothing. Storing takes the value (NULL or null: forget) and needs the node's lock: -ERR_INTERNAL without
 * it, or for a value that is nested too deeply. */
const json_t *task_memory(struct task *task, const char *key);
int task_remember(struct task *task, const char *key, json_t *take_value, struct error *err);
/* Milliseconds until the task's deadline, after which every wait ends; 0 when it has passed. */
int64_t task_left_ms(const struct task *task);
/* Memory that lives as long as the task; zeroed. */
void *task_alloc(struct task *task, size_t size);
char *task_printf(struct task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* ---- ferrule/driver.h: to here ---- */
