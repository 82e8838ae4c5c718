#pragma once
/*
 * fiber_run: runs a test's body in a fiber of a fresh loop until it and all fibers that it spawned have
 * ended, then releases the loop. Inside fibers use assert(): cmocka's jumps must not cross stacks.
 */
#undef NDEBUG
#include <assert.h>

#include "lib/fiber.h"
#include "lib/loop.h"

struct fiber_run {
	fiber_fn *fn;
	void *arg;
};

static void fiber_run_main(void *arg)
{
	struct fiber_run *run = arg;

	run->fn(run->arg);
	while (fiber_count() > 1)
		fiber_sleep(1);
	loop_stop();
}

__attribute__((unused)) static void fiber_run(fiber_fn *fn, void *arg)
{
	struct fiber_run run = { fn, arg };

	loop_init();
	fiber_spawn("test", fiber_run_main, &run);
	loop_run();
	assert(fiber_count() == 0);
	loop_release();
}
