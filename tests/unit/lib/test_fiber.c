#include "lib/fiber.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "lib/loop.h"
#include "tests/support/trace.h"
#include "tests/support/unit.h"
#include "tests/unit/lib/fiber_run.h"

/* A fiber that waits once and notes its letter, with what came of the wait. */
struct waiting {
	struct cond *cond;
	int64_t deadline_ms;
	char letter;
	int rc;
	bool is_done;
};

static void wait_once(void *arg)
{
	struct waiting *waiting = arg;

	waiting->rc = cond_wait(waiting->cond, waiting->deadline_ms);
	waiting->is_done = true;
	note(waiting->letter);
}

static void yield_twice(void *arg)
{
	for (int i = 0; i < 3; i++) {
		note(*(char *)arg);
		assert(fiber_yield() == 0);
	}
}

static void yields(void *arg)
{
	(void)arg;
	fiber_spawn("a", yield_twice, "a");
	fiber_spawn("b", yield_twice, "b");
}

static void test_fiber_yield__two_fibers__they_alternate(void **state)
{
	(void)state;
	fiber_run(yields, NULL);
	assert_string_equal(trace, "ababab");
}

static void signals_in_order(void *arg)
{
	struct cond cond = { 0 };
	struct waiting waiting[4];

	(void)arg;
	for (int i = 0; i < 4; i++) {
		waiting[i] = (struct waiting){ &cond, DEADLINE_NEVER, (char)('a' + i), -1, false };
		fiber_spawn("waiter", wait_once, &waiting[i]);
	}
	fiber_yield();
	cond_signal(&cond);
	fiber_yield();
	note('1');
	cond_signal(&cond);
	fiber_yield();
	note('2');
	cond_broadcast(&cond);
	cond_signal(&cond); /* nobody is left: it is not remembered */
	fiber_yield();
	for (int i = 0; i < 4; i++)
		assert(waiting[i].is_done && waiting[i].rc == 0);
	assert(!cond.first && !cond.last);
}

static void test_cond__signal_and_broadcast__longest_waiter_first(void **state)
{
	(void)state;
	fiber_run(signals_in_order, NULL);
	assert_string_equal(trace, "a1b2cd");
}

static void waits_to_deadline(void *arg)
{
	struct cond cond = { 0 };

	(void)arg;
	int64_t begin = clock_ms();
	assert(cond_wait(&cond, begin + 30) == -ERR_TIMEOUT);
	assert(clock_ms() >= begin + 30);
	assert(clock_ms() < begin + 1000);
	assert(!cond.first);
	assert(cond_wait(&cond, begin) == -ERR_TIMEOUT); /* past: at once */
	begin = clock_ms();
	assert(fiber_sleep(20) == 0);
	assert(clock_ms() >= begin + 20);
}

static void test_cond_wait__deadline__times_out_not_before(void **state)
{
	(void)state;
	fiber_run(waits_to_deadline, NULL);
}

#define SLEEPERS 1000
static struct {
	int64_t deadline_ms[SLEEPERS];
	int64_t woken_ms[SLEEPERS];
	unsigned count;
} sleepers;

static void sleep_until(void *arg)
{
	int64_t deadline_ms = *(int64_t *)arg;
	struct cond cond = { 0 };

	assert(cond_wait(&cond, deadline_ms) == -ERR_TIMEOUT);
	assert(clock_ms() >= deadline_ms);
	sleepers.woken_ms[sleepers.count++] = deadline_ms;
}

static void sleeps_shuffled(void *arg)
{
	int64_t now = clock_ms();

	(void)arg;
	sleepers.count = 0;
	for (int i = 0; i < SLEEPERS; i++) {
		sleepers.deadline_ms[i] = now + 200 + i * 7919 % SLEEPERS / 4;
		fiber_spawn("sleeper", sleep_until, &sleepers.deadline_ms[i]);
	}
}

static void test_cond_wait__shuffled_deadlines__wake_in_order(void **state)
{
	(void)state;
	fiber_run(sleeps_shuffled, NULL);
	assert_int_equal(sleepers.count, SLEEPERS);
	for (int i = 1; i < SLEEPERS; i++)
		assert_true(sleepers.woken_ms[i - 1] <= sleepers.woken_ms[i]);
}

static void cancels(void *arg)
{
	struct cond cond = { 0 };
	struct waiting a = { &cond, DEADLINE_NEVER, 'a', -1, false };
	struct waiting b = { &cond, DEADLINE_NEVER, 'b', -1, false };

	(void)arg;
	struct fiber *first = fiber_spawn("a", wait_once, &a);
	fiber_spawn("b", wait_once, &b);
	fiber_yield();
	fiber_cancel(first);
	cond_signal(&cond); /* must reach b: a's wait has ended already */
	fiber_yield();
	assert(a.rc == -ERR_CANCELLED && b.rc == 0 && b.is_done);
}

static void test_fiber_cancel__waiting__wait_ends_and_signal_goes_on(void **state)
{
	(void)state;
	fiber_run(cancels, NULL);
	assert_string_equal(trace, "ab");
}

static void wait_twice(void *arg)
{
	struct cond *cond = arg;

	assert(cond_wait(cond, clock_ms() + 60000) == 0); /* the signal came first and is not lost */
	assert(fiber_is_cancelled(fiber_self()));
	assert(cond_wait(cond, clock_ms() + 60000) == -ERR_CANCELLED);
	assert(fiber_sleep(60000) == -ERR_CANCELLED);
	assert(fiber_yield() == -ERR_CANCELLED);
	note('x');
}

static void cancels_after_signal(void *arg)
{
	struct cond cond = { 0 };

	(void)arg;
	struct fiber *fiber = fiber_spawn("twice", wait_twice, &cond);
	fiber_yield();
	cond_signal(&cond);
	fiber_cancel(fiber);
	fiber_cancel(fiber);
	fiber_yield();
	fiber_yield();
}

static void test_fiber_cancel__after_signal__signal_kept_later_waits_refused(void **state)
{
	(void)state;
	fiber_run(cancels_after_signal, NULL);
	assert_string_equal(trace, "x");
}

static void never_waits(void *arg)
{
	(void)arg;
	assert(fiber_sleep(1000000) == -ERR_CANCELLED);
	note('n');
}

static void cancels_before_start(void *arg)
{
	(void)arg;
	fiber_cancel(fiber_spawn("new", never_waits, NULL));
}

static void test_fiber_cancel__not_yet_started__first_wait_refused(void **state)
{
	(void)state;
	fiber_run(cancels_before_start, NULL);
	assert_string_equal(trace, "n");
}

static void cleans_up_shielded(void *arg)
{
	struct cond *never = arg;

	fiber_shield_begin();
	fiber_shield_begin();
	assert(cond_wait(never, clock_ms() + 20) == -ERR_TIMEOUT); /* cancelled meanwhile */
	fiber_shield_end();
	assert(fiber_sleep(5) == 0);
	assert(fiber_is_cancelled(fiber_self()));
	fiber_shield_end();
	assert(fiber_sleep(5) == -ERR_CANCELLED);
	fiber_shield_begin();
	assert(fiber_sleep(5) == 0);
	fiber_shield_end();
	note('s');
}

static void cancels_shielded(void *arg)
{
	struct cond never = { 0 };

	(void)arg;
	struct fiber *fiber = fiber_spawn("shielded", cleans_up_shielded, &never);
	fiber_yield();
	fiber_cancel(fiber);
	while (fiber_count() > 1)
		fiber_sleep(1);
}

static void test_fiber_shield__cancelled_inside__waits_go_on_until_the_end(void **state)
{
	(void)state;
	fiber_run(cancels_shielded, NULL);
	assert_string_equal(trace, "s");
}

struct taking {
	struct semaphore *semaphore;
	char letter;
	int64_t deadline_ms;
	int rc;
};

static void take_and_give(void *arg)
{
	struct taking *taking = arg;

	taking->rc = semaphore_take(taking->semaphore, taking->deadline_ms);
	if (taking->rc < 0)
		return;
	note(taking->letter);
	fiber_yield();
	semaphore_give(taking->semaphore);
}

/* Tries to slip in at the very moment when a unit is given. */
static void barge(void *arg)
{
	struct semaphore *semaphore = arg;

	for (int i = 0; i < 20; i++) {
		if (semaphore_try(semaphore)) {
			note('!');
			semaphore_give(semaphore);
		}
		if (!semaphore->cond.first)
			return;
		fiber_yield();
	}
}

static void takes_in_order(void *arg)
{
	struct semaphore semaphore = { .free = 1 };
	struct taking takers[6];
	struct fiber *fibers[6];

	(void)arg;
	for (int i = 0; i < 6; i++) {
		takers[i] = (struct taking){ &semaphore, (char)('a' + i), DEADLINE_NEVER, 1 };
		if (i == 2)
			takers[i].deadline_ms = clock_ms(); /* expired before it waits */
		fibers[i] = fiber_spawn("taker", take_and_give, &takers[i]);
	}
	fiber_spawn("barger", barge, &semaphore);
	fiber_yield();
	fiber_cancel(fibers[4]);
	while (fiber_count() > 1)
		fiber_sleep(1);
	assert(takers[2].rc == -ERR_TIMEOUT && takers[4].rc == -ERR_CANCELLED);
	assert(semaphore.free == 1 && !semaphore.cond.first);
}

static void test_semaphore__many_takers__first_in_first_out(void **state)
{
	(void)state;
	fiber_run(takes_in_order, NULL);
	assert_string_equal(trace, "abdf");
}

static void cancels_owner_of_unit(void *arg)
{
	struct semaphore semaphore = { .free = 0 };
	struct taking taker = { &semaphore, 't', DEADLINE_NEVER, 1 };

	(void)arg;
	struct fiber *fiber = fiber_spawn("taker", take_and_give, &taker);
	fiber_yield();
	semaphore_give(&semaphore);
	fiber_cancel(fiber); /* has been given the unit, has not run yet */
	while (fiber_count() > 1)
		fiber_sleep(1);
	assert(taker.rc == 0 && semaphore.free == 1);
}

static void test_semaphore__cancelled_after_give__unit_not_lost(void **state)
{
	(void)state;
	fiber_run(cancels_owner_of_unit, NULL);
}

static void block_thread(void *arg)
{
	pthread_t *thread = arg;

	usleep(50000);
	*thread = pthread_self();
}

static void offloads(void *arg)
{
	pthread_t thread = pthread_self();

	(void)arg;
	offload(block_thread, &thread);
	assert(!pthread_equal(thread, pthread_self()));
	note(fiber_is_cancelled(fiber_self()) ? 'c' : 'o');
}

static void offloads_with_company(void *arg)
{
	(void)arg;
	fiber_spawn("offloads", offloads, NULL);
	struct fiber *cancelled = fiber_spawn("cancelled", offloads, NULL);
	fiber_yield();
	fiber_cancel(cancelled);
	assert(fiber_sleep(10) == 0); /* the loop is not held */
	note('m');
}

static void test_offload__blocking_work__loop_goes_on_and_cancel_waits(void **state)
{
	(void)state;
	fiber_run(offloads_with_company, NULL);
	assert_int_equal(strlen(trace), 3);
	assert_int_equal(trace[0], 'm');
	assert_non_null(strchr(trace, 'o'));
	assert_non_null(strchr(trace, 'c'));
}

static void ping_pong(void *arg)
{
	struct cond *conds = arg;

	while (!fiber_is_cancelled(fiber_self())) {
		cond_signal(&conds[1]);
		cond_wait(&conds[0], DEADLINE_NEVER);
	}
}

static void pong_ping(void *arg)
{
	struct cond *conds = arg;

	while (!fiber_is_cancelled(fiber_self())) {
		cond_signal(&conds[0]);
		cond_wait(&conds[1], DEADLINE_NEVER);
	}
}

static void sleeps_beside_busy(void *arg)
{
	struct cond conds[2] = { 0 };

	(void)arg;
	struct fiber *ping = fiber_spawn("ping", ping_pong, conds);
	struct fiber *pong = fiber_spawn("pong", pong_ping, conds);
	assert(fiber_sleep(30) == 0);
	fiber_cancel(ping);
	fiber_cancel(pong);
	while (fiber_count() > 1)
		fiber_sleep(1);
}

static void test_scheduler__fibers_always_ready__timers_still_run(void **state)
{
	(void)state;
	fiber_run(sleeps_beside_busy, NULL);
}

static void checks_identity(void *arg)
{
	struct fiber_labels labels = { .request_id = "req-1", .node_uuid = NULL };

	(void)arg;
	assert(fiber_self());
	assert(!fiber_labels());
	fiber_set_labels(&labels);
	fiber_yield();
	assert(fiber_labels() == &labels);
	fiber_set_labels(NULL);
}

static void test_fiber_self__main_stack_and_fiber__only_fiber_has_one(void **state)
{
	(void)state;
	assert_null(fiber_self());
	assert_null(fiber_labels());
	fiber_run(checks_identity, NULL);
	assert_null(fiber_self());
}

/* Touches n KiB of stack, frame by frame, and checks that they keep their values. */
static unsigned use_stack(unsigned kib)
{
	volatile unsigned char frame[1024];

	for (size_t i = 0; i < sizeof(frame); i += 64)
		frame[i] = (unsigned char)kib;
	unsigned below = kib > 1 ? use_stack(kib - 1) : 0;
	fiber_yield();
	for (size_t i = 0; i < sizeof(frame); i += 64)
		assert(frame[i] == (unsigned char)kib);
	return below + 1;
}

static void use_half_of_stack(void *arg)
{
	assert(use_stack(64) == 64);
	++*(unsigned *)arg;
}

static void spawns_deep(void *arg)
{
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 20; i++)
			fiber_spawn("deep", use_half_of_stack, arg);
		while (fiber_count() > 1)
			fiber_yield();
	}
}

static void test_fiber_stack__deep_and_recycled__values_kept(void **state)
{
	unsigned done = 0;

	(void)state;
	fiber_run(spawns_deep, &done);
	assert_int_equal(done, 400);
}

#define STORM 2000
static struct {
	struct fiber *fibers[STORM];
	struct cond conds[16];
	struct semaphore semaphore;
	unsigned ended, random;
} storm;

static unsigned draw(unsigned below)
{
	storm.random = storm.random * 1103515245u + 12345u;
	return (storm.random >> 16) % below;
}

/* Waits in every way there is until cancelled, then cleans up as a task does: shielded, with a wait. */
static void weather(void *arg)
{
	unsigned number = (unsigned)(uintptr_t)arg;
	int rc = 0;

	while (rc != -ERR_CANCELLED) {
		switch (draw(4)) {
		case 0:
			rc = cond_wait(&storm.conds[draw(16)], clock_ms() + draw(20));
			break;
		case 1:
			rc = fiber_sleep(draw(10));
			break;
		case 2:
			rc = fiber_yield();
			break;
		default:
			rc = semaphore_take(&storm.semaphore, clock_ms() + draw(20));
			if (rc == 0) {
				rc = fiber_yield();
				semaphore_give(&storm.semaphore);
			}
		}
	}
	fiber_shield_begin();
	assert(fiber_sleep(draw(5)) == 0);
	fiber_shield_end();
	storm.fibers[number] = NULL;
	storm.ended++;
}

static void cancels_at_random(void *arg)
{
	(void)arg;
	storm.random = 1;
	storm.semaphore.free = 3;
	for (uintptr_t i = 0; i < STORM; i++)
		storm.fibers[i] = fiber_spawn("storm", weather, (void *)i);
	for (unsigned rounds = 0; storm.ended < STORM; rounds++) {
		assert(rounds < 20000);
		for (int i = 0; i < 50; i++) {
			struct fiber *fiber = storm.fibers[draw(STORM)];
			cond_signal(&storm.conds[draw(16)]);
			if (fiber)
				fiber_cancel(fiber);
		}
		if (draw(4) == 0)
			cond_broadcast(&storm.conds[draw(16)]);
		fiber_yield();
	}
	for (int i = 0; i < 16; i++)
		assert(!storm.conds[i].first);
	assert(storm.semaphore.free == 3 && !storm.semaphore.cond.first);
}

static void test_fiber_cancel__storm__all_end_nothing_lost(void **state)
{
	(void)state;
	fiber_run(cancels_at_random, NULL);
	assert_int_equal(storm.ended, STORM);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, reset_trace)
	const struct CMUnitTest tests[] = {
		TEST(test_fiber_yield__two_fibers__they_alternate),
		TEST(test_cond__signal_and_broadcast__longest_waiter_first),
		TEST(test_cond_wait__deadline__times_out_not_before),
		TEST(test_cond_wait__shuffled_deadlines__wake_in_order),
		TEST(test_fiber_cancel__waiting__wait_ends_and_signal_goes_on),
		TEST(test_fiber_cancel__after_signal__signal_kept_later_waits_refused),
		TEST(test_fiber_cancel__not_yet_started__first_wait_refused),
		TEST(test_fiber_shield__cancelled_inside__waits_go_on_until_the_end),
		TEST(test_semaphore__many_takers__first_in_first_out),
		TEST(test_semaphore__cancelled_after_give__unit_not_lost),
		TEST(test_offload__blocking_work__loop_goes_on_and_cancel_waits),
		TEST(test_scheduler__fibers_always_ready__timers_still_run),
		TEST(test_fiber_self__main_stack_and_fiber__only_fiber_has_one),
		TEST(test_fiber_stack__deep_and_recycled__values_kept),
		TEST(test_fiber_cancel__storm__all_end_nothing_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
