#pragma once
/*
 * loop: the process's libuv loop, and the few things that callbacks need of it. Only lib/ and
 * drivers/ipmi include uv.h.
 */
#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;

/* Once, before any fiber: creates loop, fiber scheduler, watchdog (logs a tick over 100 ms with the
 * fiber's name). Ignores SIGPIPE, and raises the soft limit of open files. */
void loop_init(void);
/* Runs until loop_stop. */
void loop_run(void);
void loop_stop(void);
/* Frees everything that loop_init made; after loop_run. For leak checkers. */
void loop_release(void);
struct uv_loop_s *loop_uv(void);

/* fn(signum, arg) on the loop for each delivery. */
void loop_on_signal(int signum, void (*fn)(int signum, void *arg), void *arg);

/* Work to do once at the end of this tick, after the ready fibers ran and before the loop polls:
 * coalesced flushes. Embedded in its owner; queueing it twice is harmless. */
struct deferred {
	void (*fn)(struct deferred *self);
	struct deferred *next;
	bool queued;
};
void loop_defer(struct deferred *deferred);
void loop_defer_cancel(struct deferred *deferred);

/* Watches a descriptor that another library owns (libpq, OpenSSL). Callbacks run on the main stack. */
enum { FD_READ = 1, FD_WRITE = 2 };
struct fd_watch;
typedef void fd_watch_fn(int events, void *arg);
struct fd_watch *fd_watch_new(int fd, fd_watch_fn *fn, void *arg);
void fd_watch_set(struct fd_watch *watch, int events); /* 0 pauses; cheap when unchanged */
void fd_watch_free(struct fd_watch *watch);            /* before the descriptor is closed */

/* One-shot timer for callback code; fibers use fiber_sleep. */
struct loop_timer;
typedef void loop_timer_fn(void *arg);
struct loop_timer *loop_timer_new(loop_timer_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms); /* restarts; < 0 stops */
void loop_timer_free(struct loop_timer *timer);
