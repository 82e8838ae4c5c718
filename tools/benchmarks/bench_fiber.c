/* bench_fiber: what the fiber runtime costs. One line a figure: name, value, unit. */
#include <stdio.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/loop.h"

#define WAKES  4000000
#define SPAWNS 500000
#define TICKS  100000
#define LIVING 10000

static void print_figure(const char *name, double value, const char *unit)
{
	printf("%-20s %10.1f %s\n", name, value, unit);
}

static void wait_for_others(void)
{
	while (fiber_count() > 1)
		fiber_yield();
}

static struct cond conds[2];
static unsigned wakes;

static void play(void *arg)
{
	int side = *(int *)arg;

	while (wakes < WAKES) {
		wakes++;
		cond_signal(&conds[!side]);
		cond_wait(&conds[side], DEADLINE_NEVER);
	}
	cond_signal(&conds[!side]);
}

static void measure_wakes(void)
{
	static int sides[] = { 0, 1 };

	int64_t begin = clock_ns();
	fiber_spawn("ping", play, &sides[0]);
	fiber_spawn("pong", play, &sides[1]);
	wait_for_others();
	print_figure("fiber_wake", (double)(clock_ns() - begin) / WAKES, "ns");
}

static void end_at_once(void *arg)
{
	(void)arg;
}

static void measure_spawns(void)
{
	int64_t begin = clock_ns();
	for (int i = 0; i < SPAWNS; i++) {
		fiber_spawn("short", end_at_once, NULL);
		if (i % 256 == 255)
			fiber_yield();
	}
	wait_for_others();
	print_figure("fiber_spawn", (double)(clock_ns() - begin) / SPAWNS, "ns");
}

static struct {
	struct cond cond;
	unsigned waiting;
} living;

static void wait_long(void *arg)
{
	(void)arg;
	living.waiting++;
	cond_wait(&living.cond, clock_ms() + 3600000);
}

static void measure_living(void)
{
	int64_t begin = clock_ns();
	for (int i = 0; i < LIVING; i++)
		fiber_spawn("living", wait_long, NULL);
	while (living.waiting < LIVING)
		fiber_yield();
	print_figure("fiber_start_10000", (double)(clock_ns() - begin) / 1e6, "ms");
	begin = clock_ns();
	cond_broadcast(&living.cond);
	wait_for_others();
	print_figure("fiber_end_10000", (double)(clock_ns() - begin) / 1e6, "ms");
}

static void measure_ticks(void)
{
	int64_t begin = clock_ns();
	for (int i = 0; i < TICKS; i++)
		fiber_yield();
	print_figure("loop_tick", (double)(clock_ns() - begin) / TICKS, "ns");
}

static void measure(void *arg)
{
	(void)arg;
	measure_wakes();
	measure_spawns();
	measure_living();
	measure_ticks();
	loop_stop();
}

int main(void)
{
	loop_init();
	fiber_spawn("bench", measure, NULL);
	loop_run();
	loop_release();
	return 0;
}
