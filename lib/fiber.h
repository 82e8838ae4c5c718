#pragma once
/*
 * fiber: stackful coroutines over the one libuv loop of the process, so that code which waits
 * reads top-down. Everything above "request complete" and all of the conductor runs in fibers.
 *
 * Rules: fibers never change thread. No lock is held across a wait. errno and OpenSSL's error queue
 * are read before suspending. Functions that may suspend are marked SUSPENDS; suspending off a
 * fiber is an assertion. Loop callbacks only mark fibers ready; one place resumes them, with a
 * budget per tick. Every wait has a deadline. A cancelled fiber's waits return -ERR_CANCELLED, at
 * once and from then on, except inside fiber_shield_begin/end.
 *
 * Stacks: FIBER_STACK_BYTES (twice that under ASan) mapped lazily with a guard page, recycled.
 */
#include <stdbool.h>
#include <stdint.h>

/* ---- ferrule/driver.h: from here ---- */
/* Marks a function that may suspend the calling fiber. tools/check-suspends reads it. */
#define SUSPENDS
/* ---- ferrule/driver.h: to here ---- */

#define FIBER_STACK_BYTES (128 * 1024)
#define DEADLINE_NEVER INT64_MAX

struct fiber;
typedef void fiber_fn(void *arg);

/* Starts fn(arg) in a new fiber at the next tick. name: static or copied up to 31 bytes, for the
 * watchdog, gdb and logs. The handle dies when fn returns. */
struct fiber *fiber_spawn(const char *name, fiber_fn *fn, void *arg);

/* The running fiber, or NULL on the main stack. */
struct fiber *fiber_self(void);

/* How many fibers exist. */
unsigned fiber_count(void);

/* Makes the fiber's current wait, and all later ones, return -ERR_CANCELLED. */
void fiber_cancel(struct fiber *fiber);
bool fiber_is_cancelled(const struct fiber *fiber);

/* Between these, waits of the calling fiber ignore cancellation: for cleanup that must wait
 * (writing an outcome to the database). They nest. */
void fiber_shield_begin(void);
void fiber_shield_end(void);

/* What the log prints beside each line of this fiber; borrowed, may be NULL. */
struct fiber_labels {
	const char *request_id;
	const char *node_uuid;
};
void fiber_set_labels(const struct fiber_labels *labels);
const struct fiber_labels *fiber_labels(void); /* of the running fiber; NULL when none */

/* ---- ferrule/driver.h: from here ---- */
/* Sleeps. 0, or -ERR_CANCELLED. */
SUSPENDS int fiber_sleep(int64_t ms);
/* ---- ferrule/driver.h: to here ---- */
/* Lets other ready fibers and the loop run once. */
SUSPENDS int fiber_yield(void);

struct fiber_waiter;
/* A condition: fibers wait on it, anyone on the loop's thread signals it. Zeroed is initialised. */
struct cond {
	struct fiber_waiter *first, *last;
};
/* Waits until signalled or clock_ms() >= deadline_ms. 0, -ERR_TIMEOUT or -ERR_CANCELLED. Check the
 * state in a loop: a wake-up is a hint. */
SUSPENDS int cond_wait(struct cond *cond, int64_t deadline_ms);
void cond_signal(struct cond *cond);    /* wakes the longest waiting fiber */
void cond_broadcast(struct cond *cond); /* wakes all */

/* A semaphore with first-in first-out order. */
struct semaphore {
	unsigned free;
	struct cond cond;
};
SUSPENDS int semaphore_take(struct semaphore *semaphore, int64_t deadline_ms);
bool semaphore_try(struct semaphore *semaphore);
void semaphore_give(struct semaphore *semaphore);

/* ---- ferrule/driver.h: from here ---- */
/* Runs fn(arg) in libuv's thread pool (bcrypt, DNS, files) and waits. Cancellation is honoured only
 * after fn has ended, so arg may live on the fiber's stack. fn must not touch fibers, loop or log. */
SUSPENDS void offload(void (*fn)(void *arg), void *arg);
/* ---- ferrule/driver.h: to here ---- */
