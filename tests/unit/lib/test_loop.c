#include "lib/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/deadline.h"
#include "lib/error.h"
#include "lib/log.h"
#include "tests/support/trace.h"
#include "tests/support/unit.h"
#include "tests/unit/lib/capture.h"
#include "tests/unit/lib/fiber_run.h"

struct flush {
	struct deferred deferred;
	char letter;
	unsigned again; /* queues itself anew that many times */
};

static void flush_now(struct deferred *self)
{
	struct flush *flush = (struct flush *)self;

	assert(!self->queued);
	note(flush->letter);
	if (flush->again) {
		flush->again--;
		loop_defer(self);
	}
}

static void note_fiber(void *arg)
{
	note(*(char *)arg);
}

static void defers(void *arg)
{
	struct flush first = { .deferred.fn = flush_now, .letter = 'A' };
	struct flush second = { .deferred.fn = flush_now, .letter = 'B', .again = 1 };
	struct flush dropped = { .deferred.fn = flush_now, .letter = 'C' };
	struct flush last = { .deferred.fn = flush_now, .letter = 'D' };

	(void)arg;
	loop_defer(&first.deferred);
	loop_defer(&dropped.deferred);
	loop_defer(&second.deferred);
	loop_defer(&last.deferred);
	loop_defer(&first.deferred); /* queued already */
	loop_defer_cancel(&dropped.deferred);
	loop_defer_cancel(&last.deferred);
	loop_defer_cancel(&last.deferred);
	fiber_spawn("x", note_fiber, "x");
	fiber_spawn("y", note_fiber, "y");
	fiber_yield();
	note('|');
	fiber_yield();
	assert(!first.deferred.queued && !second.deferred.queued);
}

static void test_loop_defer__queued_by_fiber__runs_once_after_the_ready_ones(void **state)
{
	(void)state;
	fiber_run(defers, NULL);
	assert_string_equal(trace, "xyAB|B");
}

struct watching {
	struct fd_watch *watch;
	int fd, events, calls;
	struct cond cond;
};

static void on_events(int events, void *arg)
{
	struct watching *watching = arg;

	watching->events |= events;
	watching->calls++;
	cond_signal(&watching->cond);
}

static void note_poll(int events, void *arg)
{
	struct watching *watching = arg;

	(void)events;
	note('p');
	fd_watch_set(watching->watch, 0);
}

static void defers_before_poll(void *arg)
{
	struct flush flush = { .deferred.fn = flush_now, .letter = 'A' };
	struct watching watching = { 0 };
	int ends[2];

	(void)arg;
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	watching.watch = fd_watch_new(ends[0], note_poll, &watching);
	fd_watch_set(watching.watch, FD_WRITE); /* due at the very next poll */
	loop_defer(&flush.deferred);
	fiber_yield();
	fd_watch_free(watching.watch);
	close(ends[0]);
	close(ends[1]);
}

static void test_loop_defer__descriptor_ready_too__runs_before_the_poll(void **state)
{
	(void)state;
	fiber_run(defers_before_poll, NULL);
	assert_string_equal(trace, "Ap");
}

static void watches(void *arg)
{
	struct watching watching = { 0 };
	int ends[2];
	char byte;

	(void)arg;
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	watching.watch = fd_watch_new(ends[0], on_events, &watching);
	fd_watch_set(watching.watch, FD_WRITE);
	assert(cond_wait(&watching.cond, clock_ms() + 5000) == 0);
	assert(watching.events == FD_WRITE);

	fd_watch_set(watching.watch, FD_READ);
	watching.events = 0;
	assert(cond_wait(&watching.cond, clock_ms() + 20) == -ERR_TIMEOUT);
	assert(write(ends[1], "a", 1) == 1);
	assert(cond_wait(&watching.cond, clock_ms() + 5000) == 0);
	assert(watching.events == FD_READ);

	fd_watch_set(watching.watch, 0); /* paused: unread data rings no bell */
	watching.calls = 0;
	fiber_sleep(10);
	assert(watching.calls == 0);
	fd_watch_set(watching.watch, FD_READ);
	assert(cond_wait(&watching.cond, clock_ms() + 5000) == 0);
	assert(read(ends[0], &byte, 1) == 1 && byte == 'a');

	close(ends[1]); /* the peer goes away: readable, end of stream */
	watching.calls = 0;
	assert(cond_wait(&watching.cond, clock_ms() + 5000) == 0);
	assert(read(ends[0], &byte, 1) == 0);
	fd_watch_free(watching.watch);
	close(ends[0]);
}

static void test_fd_watch__socket__reports_what_was_asked_for(void **state)
{
	(void)state;
	fiber_run(watches, NULL);
}

/* The other end of a pipe closes: the kernel reports an error, for which libuv stops watching. */
static void watches_broken_pipe(void *arg)
{
	struct watching watching = { 0 };
	int ends[2];

	(void)arg;
	assert(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	while (write(ends[1], trace, sizeof(trace)) > 0)
		;
	watching.watch = fd_watch_new(ends[1], on_events, &watching);
	fd_watch_set(watching.watch, FD_WRITE);
	assert(cond_wait(&watching.cond, clock_ms() + 10) == -ERR_TIMEOUT);
	close(ends[0]);
	assert(cond_wait(&watching.cond, clock_ms() + 5000) == 0);
	assert(watching.events == FD_WRITE);
	assert(write(ends[1], "x", 1) < 0 && errno == EPIPE); /* and no SIGPIPE */
	int calls = watching.calls;
	fd_watch_set(watching.watch, FD_WRITE);
	assert(cond_wait(&watching.cond, clock_ms() + 5000) == 0);
	assert(watching.calls == calls + 1);
	fd_watch_free(watching.watch);
	close(ends[1]);
}

static void test_fd_watch__error__told_as_readiness_and_watchable_again(void **state)
{
	(void)state;
	fiber_run(watches_broken_pipe, NULL);
}

static void free_other(int events, void *arg)
{
	struct watching *both = arg;

	(void)events;
	note('f');
	fd_watch_free(both[0].watch);
	fd_watch_free(both[1].watch);
	both[0].watch = both[1].watch = NULL;
	cond_signal(&both[0].cond);
}

static void frees_in_callback(void *arg)
{
	struct watching both[2] = { 0 };
	int ends[2];

	(void)arg;
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	for (int i = 0; i < 2; i++) {
		both[i].watch = fd_watch_new(ends[i], free_other, both);
		fd_watch_set(both[i].watch, FD_WRITE);
	}
	assert(cond_wait(&both[0].cond, clock_ms() + 5000) == 0);
	close(ends[0]);
	close(ends[1]);
	fiber_sleep(5);
}

static void test_fd_watch__freed_in_callback__other_of_same_tick_not_called(void **state)
{
	(void)state;
	fiber_run(frees_in_callback, NULL);
	assert_string_equal(trace, "f");
}

struct ticking {
	struct loop_timer *timer;
	char letter;
	bool is_freeing;
};

static void on_tick(void *arg)
{
	struct ticking *ticking = arg;

	note(ticking->letter);
	if (ticking->is_freeing) {
		loop_timer_free(ticking->timer);
		ticking->timer = NULL;
	}
}

static void sets_timers(void *arg)
{
	struct ticking timers[5] = { { 0 } };

	(void)arg;
	for (int i = 0; i < 5; i++) {
		timers[i].letter = (char)('a' + i);
		timers[i].timer = loop_timer_new(on_tick, &timers[i]);
	}
	timers[1].is_freeing = true;
	loop_timer_set(timers[0].timer, 30);
	loop_timer_set(timers[1].timer, 10);
	loop_timer_set(timers[2].timer, 5);
	loop_timer_set(timers[2].timer, 20); /* restarted */
	loop_timer_set(timers[3].timer, 5);
	loop_timer_set(timers[3].timer, -1); /* stopped */
	loop_timer_set(timers[4].timer, 0);
	fiber_sleep(60);
	loop_timer_set(timers[0].timer, 1000);
	for (int i = 0; i < 5; i++)
		loop_timer_free(timers[i].timer);
	assert(deadline_next() == INT64_MAX);
}

static void test_loop_timer__set_restarted_stopped__runs_in_order(void **state)
{
	(void)state;
	fiber_run(sets_timers, NULL);
	assert_string_equal(trace, "ebca");
}

static struct loop_timer *greedy;

static void restart_at_once(void *arg)
{
	unsigned *runs = arg;

	++*runs;
	loop_timer_set(greedy, 0);
}

static void runs_greedy_timer(void *arg)
{
	greedy = loop_timer_new(restart_at_once, arg);
	loop_timer_set(greedy, 0);
	assert(fiber_sleep(20) == 0);
	loop_timer_free(greedy);
}

static void test_loop_timer__restarts_itself_at_once__loop_goes_on(void **state)
{
	unsigned runs = 0;

	(void)state;
	fiber_run(runs_greedy_timer, &runs);
	assert_true(runs > 1);
}

static struct cond signalled;

static void on_signal(int signum, void *arg)
{
	assert(arg == trace);
	note(signum == SIGUSR1 ? '1' : '2');
	cond_signal(&signalled);
}

static void gets_signals(void *arg)
{
	(void)arg;
	loop_on_signal(SIGUSR1, on_signal, trace);
	loop_on_signal(SIGUSR2, on_signal, trace);
	kill(getpid(), SIGUSR2);
	assert(cond_wait(&signalled, clock_ms() + 5000) == 0);
	kill(getpid(), SIGUSR1);
	assert(cond_wait(&signalled, clock_ms() + 5000) == 0);
	assert(kill(getpid(), SIGPIPE) == 0); /* ignored */
}

static void test_loop_on_signal__delivered__called_on_the_loop(void **state)
{
	(void)state;
	fiber_run(gets_signals, NULL);
	assert_string_equal(trace, "21");
}

static void hold_loop(void *arg)
{
	(void)arg;
	usleep(150000);
}

static void hold_callback(void *arg)
{
	usleep(120000);
	cond_signal(arg);
}

static void holds_loop(void *arg)
{
	struct cond cond = { 0 };

	(void)arg;
	fiber_sleep(150); /* waiting is no offence */
	fiber_spawn("slow-one", hold_loop, NULL);
	fiber_sleep(10);
	struct loop_timer *timer = loop_timer_new(hold_callback, &cond);
	loop_timer_set(timer, 0);
	cond_wait(&cond, clock_ms() + 5000);
	loop_timer_free(timer);
}

static void test_watchdog__tick_over_100_ms__fiber_named(void **state)
{
	static struct capture capture;

	(void)state;
	capture_begin(&capture);
	fiber_run(holds_loop, NULL);
	const char *text = capture_end(&capture);
	const char *named = strstr(text, "longest: fiber 'slow-one', 15");
	assert_non_null(named);
	assert_ptr_equal(strstr(text, "the loop was held"), strstr(named - 40, "the loop was held"));
	assert_non_null(strstr(named, "the loop was held for 12"));
}

#define HEAP 500

static unsigned heap_order[HEAP], heap_count;

struct entry {
	struct deadline deadline;
	unsigned number;
};

static void on_entry(struct deadline *deadline)
{
	heap_order[heap_count++] = ((struct entry *)deadline)->number;
}

static void test_deadline__random_sets_and_cancels__runs_by_time_then_order(void **state)
{
	static struct entry entries[HEAP];
	unsigned random = 7, due = 0;

	(void)state;
	for (unsigned i = 0; i < HEAP; i++) {
		random = random * 1103515245u + 12345u;
		entries[i] = (struct entry){ .deadline.fn = on_entry, .number = i };
		deadline_set(&entries[i].deadline, (random >> 16) % 50);
	}
	for (unsigned i = 0; i < HEAP; i += 3)
		deadline_cancel(&entries[i].deadline);
	for (unsigned i = 0; i < HEAP; i++)
		due += i % 3 && entries[i].deadline.at_ms <= 30;
	deadline_run(30);
	assert_int_equal(heap_count, due);
	for (unsigned i = 1; i < heap_count; i++) {
		const struct deadline *a = &entries[heap_order[i - 1]].deadline,
				      *b = &entries[heap_order[i]].deadline;
		assert_true(a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order));
	}
	assert_true(deadline_next() > 30 && deadline_next() < 50);
	deadline_run(50);
	assert_int_equal(heap_count, HEAP - (HEAP + 2) / 3);
	assert_true(deadline_next() == INT64_MAX);
	deadline_release();
}

static void set_again(struct deadline *deadline)
{
	heap_count++;
	deadline_set(deadline, 0);
}

static void test_deadline__set_again_by_itself__runs_once_a_run(void **state)
{
	struct deadline deadline = { .fn = set_again };

	(void)state;
	heap_count = 0;
	deadline_set(&deadline, 0);
	deadline_run(5);
	assert_int_equal(heap_count, 1);
	deadline_run(5);
	assert_int_equal(heap_count, 2);
	deadline_cancel(&deadline);
	deadline_release();
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, reset_trace)
	const struct CMUnitTest tests[] = {
		TEST(test_loop_defer__queued_by_fiber__runs_once_after_the_ready_ones),
		TEST(test_loop_defer__descriptor_ready_too__runs_before_the_poll),
		TEST(test_fd_watch__socket__reports_what_was_asked_for),
		TEST(test_fd_watch__error__told_as_readiness_and_watchable_again),
		TEST(test_fd_watch__freed_in_callback__other_of_same_tick_not_called),
		TEST(test_loop_timer__set_restarted_stopped__runs_in_order),
		TEST(test_loop_timer__restarts_itself_at_once__loop_goes_on),
		TEST(test_loop_on_signal__delivered__called_on_the_loop),
		TEST(test_watchdog__tick_over_100_ms__fiber_named),
		TEST(test_deadline__random_sets_and_cancels__runs_by_time_then_order),
		TEST(test_deadline__set_again_by_itself__runs_once_a_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
