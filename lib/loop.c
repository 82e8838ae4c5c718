#include "lib/loop.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "lib/clock.h"
#include "lib/deadline.h"
#include "lib/log.h"
#include "lib/scheduler.h"
#include "lib/xalloc.h"

#define SLOW_TICK_NS INT64_C(100000000)

/* The longest that a poll blocks while something has a deadline. The poll's own clock stands still
 * while the machine sleeps, CLOCK_BOOTTIME does not. */
#define LONGEST_POLL_MS 1000

/* Connections, BMCs' sockets and some to spare. */
#define DESCRIPTORS_WANTED 65536

struct signal_watch {
	uv_signal_t handle;
	void (*fn)(int signum, void *arg);
	void *arg;
	struct signal_watch *next;
};

/*
 * A tick: libuv polls and runs I/O callbacks, which mark fibers ready; then `prepare` runs the due
 * deadlines, the ready fibers and the deferred work, and arranges how long the next poll may block:
 * not at all while something is ready (`idle` active), else to the next deadline (`timer`).
 */
static struct {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t idle;
	uv_timer_t timer;
	struct signal_watch *signals;
	struct deferred *first_deferred, *last_deferred;
	int64_t armed_for_ms;  /* the deadline that the timer runs for; INT64_MAX: not running */
	int64_t tick_begin_ns; /* when the last prepare ended */
	uint64_t blocked_ns;   /* time that polls have waited, by then */
	bool is_interrupted;   /* by a signal since then: libuv counts that poll as busy */
	bool is_open;
} loop;

struct uv_loop_s *loop_uv(void)
{
	assert(loop.is_open);
	return &loop.uv;
}

void loop_defer(struct deferred *deferred)
{
	if (deferred->queued)
		return;
	deferred->queued = true;
	deferred->next = NULL;
	if (loop.last_deferred)
		loop.last_deferred->next = deferred;
	else
		loop.first_deferred = deferred;
	loop.last_deferred = deferred;
}

void loop_defer_cancel(struct deferred *deferred)
{
	struct deferred *previous = NULL;

	if (!deferred->queued)
		return;
	for (struct deferred *at = loop.first_deferred; at != deferred; at = at->next)
		previous = at;
	if (previous)
		previous->next = deferred->next;
	else
		loop.first_deferred = deferred->next;
	if (loop.last_deferred == deferred)
		loop.last_deferred = previous;
	deferred->queued = false;
}

/* What deferred work queues anew runs in the next tick: a marker at the end of the list stops the run. */
static void run_deferred(void)
{
	struct deferred marker = { 0 };

	if (!loop.first_deferred)
		return;
	loop_defer(&marker);
	for (struct deferred *at; (at = loop.first_deferred);) {
		loop_defer_cancel(at);
		if (at == &marker)
			return;
		at->fn(at);
	}
}

static void watch_tick(void)
{
	int64_t longest_ns, now_ns = clock_ns();
	uint64_t blocked_ns = uv_metrics_idle_time(&loop.uv);
	int64_t busy_ns = now_ns - loop.tick_begin_ns - (int64_t)(blocked_ns - loop.blocked_ns);
	const char *name = scheduler_longest(&longest_ns);

	if (busy_ns >= SLOW_TICK_NS && !loop.is_interrupted)
		log_warning("the loop was held for %" PRId64 " ms; longest: %s '%s', %" PRId64 " ms",
			    busy_ns / 1000000, name ? "fiber" : "callbacks", name ? name : "-",
			    longest_ns / 1000000);
	loop.tick_begin_ns = now_ns;
	loop.blocked_ns = blocked_ns;
	loop.is_interrupted = false;
}

static void on_idle(uv_idle_t *idle)
{
	(void)idle; /* being active is its work */
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer; /* it ends the poll; on_prepare does the rest */
	loop.armed_for_ms = INT64_MAX;
}

static void arrange_poll(void)
{
	int64_t next_ms = deadline_next();

	if (scheduler_is_ready() || loop.first_deferred) {
		uv_idle_start(&loop.idle, on_idle);
		return;
	}
	uv_idle_stop(&loop.idle);
	if (next_ms == loop.armed_for_ms)
		return;
	loop.armed_for_ms = next_ms;
	if (next_ms == INT64_MAX) {
		uv_timer_stop(&loop.timer);
		return;
	}
	int64_t wait_ms = next_ms - clock_ms();
	wait_ms = wait_ms < 0 ? 0 : wait_ms > LONGEST_POLL_MS ? LONGEST_POLL_MS : wait_ms;
	uv_update_time(&loop.uv);
	uv_timer_start(&loop.timer, on_timer, (uint64_t)wait_ms, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
	(void)prepare;
	if (deadline_next() != INT64_MAX)
		deadline_run(clock_ms());
	scheduler_run();
	run_deferred();
	arrange_poll();
	watch_tick();
}

static void must(int rc, const char *what)
{
	if (rc < 0)
		log_fatal("the event loop cannot %s: %s", what, uv_strerror(rc));
}

/* A login's soft limit of 1,024 is for select(), which nobody here calls. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void loop_init(void)
{
	assert(!loop.is_open);
	raise_descriptor_limit();
	signal(SIGPIPE, SIG_IGN);
	must(uv_loop_init(&loop.uv), "be created");
	must(uv_loop_configure(&loop.uv, UV_METRICS_IDLE_TIME), "measure itself");
	uv_prepare_init(&loop.uv, &loop.prepare);
	uv_prepare_start(&loop.prepare, on_prepare);
	uv_idle_init(&loop.uv, &loop.idle);
	uv_timer_init(&loop.uv, &loop.timer);
	loop.armed_for_ms = INT64_MAX;
	loop.is_open = true;
}

void loop_run(void)
{
	loop.tick_begin_ns = clock_ns();
	loop.blocked_ns = uv_metrics_idle_time(&loop.uv);
	uv_run(&loop.uv, UV_RUN_DEFAULT);
}

void loop_stop(void)
{
	uv_stop(&loop.uv);
}

static void free_signal(uv_handle_t *handle)
{
	xfree(handle->data);
}

static void complain_open(uv_handle_t *handle, void *arg)
{
	(void)arg;
	log_error("a %s handle is still open when the loop is released",
		  uv_handle_type_name(uv_handle_get_type(handle)));
}

void loop_release(void)
{
	scheduler_release();
	uv_close((uv_handle_t *)&loop.prepare, NULL);
	uv_close((uv_handle_t *)&loop.idle, NULL);
	uv_close((uv_handle_t *)&loop.timer, NULL);
	while (loop.signals) {
		struct signal_watch *next = loop.signals->next;
		uv_close((uv_handle_t *)&loop.signals->handle, free_signal);
		loop.signals = next;
	}
	uv_run(&loop.uv, UV_RUN_NOWAIT); /* runs the closing callbacks, ours and those of freed watches */
	if (uv_loop_close(&loop.uv) < 0)
		uv_walk(&loop.uv, complain_open, NULL);
	deadline_release();
	memset(&loop, 0, sizeof(loop));
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct signal_watch *watch = handle->data;

	loop.is_interrupted = true;
	watch->fn(signum, watch->arg);
}

void loop_on_signal(int signum, void (*fn)(int signum, void *arg), void *arg)
{
	struct signal_watch *watch = xcalloc(1, sizeof(*watch));

	watch->fn = fn;
	watch->arg = arg;
	watch->handle.data = watch;
	watch->next = loop.signals;
	loop.signals = watch;
	must(uv_signal_init(loop_uv(), &watch->handle), "watch signals");
	must(uv_signal_start(&watch->handle, on_signal, signum), "watch a signal");
	uv_unref((uv_handle_t *)&watch->handle);
}

struct fd_watch {
	uv_poll_t handle;
	fd_watch_fn *fn;
	void *arg;
	int events;
};

struct fd_watch *fd_watch_new(int fd, fd_watch_fn *fn, void *arg)
{
	struct fd_watch *watch = xcalloc(1, sizeof(*watch));

	watch->fn = fn;
	watch->arg = arg;
	watch->handle.data = watch;
	must(uv_poll_init(loop_uv(), &watch->handle, fd), "watch a descriptor");
	return watch;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct fd_watch *watch = handle->data;

	if (status < 0) {
		/* libuv has stopped watching; the owner finds the error by reading or writing. */
		int wanted = watch->events;
		watch->events = 0;
		watch->fn(wanted, watch->arg);
		return;
	}
	watch->fn((events & UV_READABLE ? FD_READ : 0) | (events & UV_WRITABLE ? FD_WRITE : 0), watch->arg);
}

void fd_watch_set(struct fd_watch *watch, int events)
{
	if (events == watch->events)
		return;
	watch->events = events;
	if (events)
		must(uv_poll_start(&watch->handle,
				   (events & FD_READ ? UV_READABLE : 0) |
					   (events & FD_WRITE ? UV_WRITABLE : 0),
				   on_poll),
		     "watch a descriptor");
	else
		uv_poll_stop(&watch->handle);
}

static void free_watch(uv_handle_t *handle)
{
	xfree(handle->data);
}

void fd_watch_free(struct fd_watch *watch)
{
	if (watch)
		uv_close((uv_handle_t *)&watch->handle, free_watch);
}

struct loop_timer {
	struct deadline deadline; /* first: cast back from it */
	loop_timer_fn *fn;
	void *arg;
};

static void on_loop_timer(struct deadline *deadline)
{
	struct loop_timer *timer = (struct loop_timer *)deadline;

	timer->fn(timer->arg);
}

struct loop_timer *loop_timer_new(loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->deadline.fn = on_loop_timer;
	timer->fn = fn;
	timer->arg = arg;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	if (delay_ms < 0)
		deadline_cancel(&timer->deadline);
	else
		deadline_set(&timer->deadline, clock_ms() + delay_ms);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	deadline_cancel(&timer->deadline);
	xfree(timer);
}
