#include "lib/fiber.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <uv.h>

#include "lib/clock.h"
#include "lib/deadline.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/sanitizer.h"
#include "lib/scheduler.h"
#include "lib/stack.h"
#include "lib/xalloc.h"

#define STACK_BYTES ((size_t)FIBER_STACK_BYTES * (SANITIZER_ON ? 2 : 1))

struct fiber {
	struct stack stack;
	struct fiber *next_ready;      /* in the ready or the yielded queue */
	struct fiber *next, *previous; /* of all that live; tools/gdb/fibers.py walks them */
	struct fiber_waiter *waiter;   /* set while suspended in a wait that has not ended */
	const struct fiber_labels *labels;
	fiber_fn *fn;
	void *arg;
	unsigned shields;
	bool is_cancelled;
	bool is_done;
	char name[32];
};

/* A suspended wait, on the waiting fiber's stack. Whatever comes first ends it: the signal, the
 * deadline, the cancellation; wait_end takes it off everything, so there is no second. */
struct fiber_waiter {
	struct fiber_waiter *next, *previous; /* in the cond's queue, oldest first */
	struct cond *cond;                    /* NULL: only the deadline ends it */
	struct fiber *fiber;
	struct deadline deadline;
	int rc;
};

struct queue {
	struct fiber *first, *last;
};

static struct {
	struct stack main;
	struct fiber *running;
	struct fiber *all;
	unsigned count;
	struct queue ready;
	struct queue yielded; /* ready again at the next tick */
	char longest_name[32];
	int64_t longest_ns;
} scheduler;

static void queue_put(struct queue *queue, struct fiber *fiber)
{
	fiber->next_ready = NULL;
	if (queue->last)
		queue->last->next_ready = fiber;
	else
		queue->first = fiber;
	queue->last = fiber;
}

static struct fiber *queue_take(struct queue *queue)
{
	struct fiber *fiber = queue->first;

	if (fiber) {
		queue->first = fiber->next_ready;
		if (!queue->first)
			queue->last = NULL;
	}
	return fiber;
}

/* The whole life of a fiber, at the bottom of its stack. */
static void fiber_main(void)
{
	stack_entered();
	struct fiber *self = scheduler.running;
	self->fn(self->arg);
	self->is_done = true;
	stack_switch(&self->stack, &scheduler.main, 1);
	__builtin_unreachable();
}

struct fiber *fiber_spawn(const char *name, fiber_fn *fn, void *arg)
{
	struct fiber *fiber = xcalloc(1, sizeof(*fiber));

	memcpy(fiber->name, name, strnlen(name, sizeof(fiber->name) - 1));
	fiber->fn = fn;
	fiber->arg = arg;
	stack_take(&fiber->stack, STACK_BYTES, fiber_main);
	fiber->next = scheduler.all;
	if (fiber->next)
		fiber->next->previous = fiber;
	scheduler.all = fiber;
	scheduler.count++;
	queue_put(&scheduler.ready, fiber);
	return fiber;
}

static void fiber_free(struct fiber *fiber)
{
	if (fiber->previous)
		fiber->previous->next = fiber->next;
	else
		scheduler.all = fiber->next;
	if (fiber->next)
		fiber->next->previous = fiber->previous;
	scheduler.count--;
	stack_give(&fiber->stack);
	xfree(fiber);
}

/* From the main stack into the fiber, until it suspends or ends. */
static void resume(struct fiber *fiber)
{
	scheduler.running = fiber;
	stack_switch(&scheduler.main, &fiber->stack, 0);
	scheduler.running = NULL;
}

static void note_duration(const struct fiber *fiber, int64_t ns)
{
	if (ns <= scheduler.longest_ns)
		return;
	scheduler.longest_ns = ns;
	memcpy(scheduler.longest_name, fiber->name, sizeof(fiber->name));
}

void scheduler_run(void)
{
	struct fiber *fiber;

	while ((fiber = queue_take(&scheduler.yielded)))
		queue_put(&scheduler.ready, fiber);
	if (!scheduler.ready.first)
		return;
	int64_t begin_ns = clock_ns();
	for (unsigned left = SCHEDULER_BUDGET; left && (fiber = queue_take(&scheduler.ready)); left--) {
		resume(fiber);
		int64_t end_ns = clock_ns();
		note_duration(fiber, end_ns - begin_ns);
		begin_ns = end_ns;
		if (fiber->is_done)
			fiber_free(fiber);
	}
}

bool scheduler_is_ready(void)
{
	return scheduler.ready.first || scheduler.yielded.first;
}

const char *scheduler_longest(int64_t *ret_ns)
{
	*ret_ns = scheduler.longest_ns;
	scheduler.longest_ns = 0;
	return *ret_ns ? scheduler.longest_name : NULL;
}

void scheduler_release(void)
{
	for (const struct fiber *fiber = scheduler.all; fiber; fiber = fiber->next)
		log_error("fiber '%s' still lives when the loop is released", fiber->name);
	stack_release();
}

struct fiber *fiber_self(void)
{
	return scheduler.running;
}

unsigned fiber_count(void)
{
	return scheduler.count;
}

void fiber_set_labels(const struct fiber_labels *labels)
{
	assert(scheduler.running);
	scheduler.running->labels = labels;
}

const struct fiber_labels *fiber_labels(void)
{
	return scheduler.running ? scheduler.running->labels : NULL;
}

static void suspend(struct fiber *self)
{
	stack_switch(&self->stack, &scheduler.main, 0);
}

static void cond_link(struct cond *cond, struct fiber_waiter *waiter)
{
	waiter->cond = cond;
	waiter->previous = cond->last;
	if (cond->last)
		cond->last->next = waiter;
	else
		cond->first = waiter;
	cond->last = waiter;
}

static void cond_unlink(struct fiber_waiter *waiter)
{
	struct cond *cond = waiter->cond;

	if (!cond)
		return;
	if (waiter->previous)
		waiter->previous->next = waiter->next;
	else
		cond->first = waiter->next;
	if (waiter->next)
		waiter->next->previous = waiter->previous;
	else
		cond->last = waiter->previous;
	waiter->cond = NULL;
}

/* Ends the wait with rc and makes its fiber ready. The cond may be freed right after. */
static void wait_end(struct fiber_waiter *waiter, int rc)
{
	cond_unlink(waiter);
	deadline_cancel(&waiter->deadline);
	waiter->rc = rc;
	waiter->fiber->waiter = NULL;
	queue_put(&scheduler.ready, waiter->fiber);
}

static void wait_expired(struct deadline *deadline)
{
	char *start = (char *)deadline - offsetof(struct fiber_waiter, deadline);

	wait_end((struct fiber_waiter *)(void *)start, -ERR_TIMEOUT);
}

static bool must_stop(const struct fiber *fiber)
{
	return fiber->is_cancelled && !fiber->shields;
}

static int wait_until(struct cond *cond, int64_t deadline_ms)
{
	struct fiber *self = scheduler.running;

	assert(self && "only a fiber can wait");
	if (must_stop(self))
		return -ERR_CANCELLED;
	if (deadline_ms != DEADLINE_NEVER && clock_ms() >= deadline_ms)
		return -ERR_TIMEOUT;
	struct fiber_waiter waiter = { .fiber = self, .deadline.fn = wait_expired };
	if (cond)
		cond_link(cond, &waiter);
	if (deadline_ms != DEADLINE_NEVER)
		deadline_set(&waiter.deadline, deadline_ms);
	self->waiter = &waiter;
	suspend(self);
	return waiter.rc;
}

SUSPENDS int cond_wait(struct cond *cond, int64_t deadline_ms)
{
	return wait_until(cond, deadline_ms);
}

void cond_signal(struct cond *cond)
{
	if (cond->first)
		wait_end(cond->first, 0);
}

void cond_broadcast(struct cond *cond)
{
	while (cond->first)
		wait_end(cond->first, 0);
}

void fiber_cancel(struct fiber *fiber)
{
	fiber->is_cancelled = true;
	if (fiber->waiter && !fiber->shields)
		wait_end(fiber->waiter, -ERR_CANCELLED);
}

bool fiber_is_cancelled(const struct fiber *fiber)
{
	return fiber->is_cancelled;
}

void fiber_shield_begin(void)
{
	assert(scheduler.running);
	scheduler.running->shields++;
}

void fiber_shield_end(void)
{
	assert(scheduler.running && scheduler.running->shields);
	scheduler.running->shields--;
}

SUSPENDS int fiber_sleep(int64_t ms)
{
	if (ms <= 0)
		return fiber_yield();
	int64_t now_ms = clock_ms();
	int rc = wait_until(NULL, ms < DEADLINE_NEVER - now_ms ? now_ms + ms : DEADLINE_NEVER);
	return rc == -ERR_TIMEOUT ? 0 : rc;
}

/* Suspends even when cancelled: who yields in a loop must not stop the others. */
SUSPENDS int fiber_yield(void)
{
	struct fiber *self = scheduler.running;

	assert(self && "only a fiber can yield");
	queue_put(&scheduler.yielded, self);
	suspend(self);
	return must_stop(self) ? -ERR_CANCELLED : 0;
}

/* A unit is handed to the longest waiter itself and never counted as free meanwhile, so nobody can
 * slip in between the signal and the waiter's turn. */
SUSPENDS int semaphore_take(struct semaphore *semaphore, int64_t deadline_ms)
{
	if (semaphore_try(semaphore))
		return 0;
	return wait_until(&semaphore->cond, deadline_ms);
}

bool semaphore_try(struct semaphore *semaphore)
{
	if (!semaphore->free)
		return false;
	semaphore->free--;
	return true;
}

void semaphore_give(struct semaphore *semaphore)
{
	if (semaphore->cond.first)
		cond_signal(&semaphore->cond);
	else
		semaphore->free++;
}

struct offloaded {
	uv_work_t work;
	void (*fn)(void *arg);
	void *arg;
	bool is_done;
	struct cond cond;
};

static void offload_run(uv_work_t *work)
{
	struct offloaded *job = work->data;

	job->fn(job->arg);
}

static void offload_done(uv_work_t *work, int status)
{
	struct offloaded *job = work->data;

	(void)status; /* never cancelled */
	job->is_done = true;
	cond_signal(&job->cond);
}

SUSPENDS void offload(void (*fn)(void *arg), void *arg)
{
	struct offloaded job = { .fn = fn, .arg = arg, .work.data = &job };

	assert(scheduler.running && "only a fiber can wait");
	uv_queue_work(loop_uv(), &job.work, offload_run, offload_done);
	fiber_shield_begin();
	while (!job.is_done)
		cond_wait(&job.cond, DEADLINE_NEVER);
	fiber_shield_end();
}
