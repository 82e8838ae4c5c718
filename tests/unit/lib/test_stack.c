/*
 * test_stack: what the leak checker sees of fiber stacks. A program of its own, because the tests fork,
 * and a child has lost the threads that offload() starts.
 */
#include "lib/stack.h"

#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fiber.h"
#include "lib/loop.h"
#include "lib/sanitizer.h"
#include "lib/xalloc.h"
#include "tests/support/unit.h"

static struct cond for_ever;

static void hold_memory(void *arg)
{
	char *volatile memory = xmalloc(1000);

	(void)arg;
	cond_wait(&for_ever, DEADLINE_NEVER);
	memory[0] = 0;
	xfree(memory);
}

static void lose_memory(void *arg)
{
	char *volatile memory = xmalloc(1000);

	(void)arg;
	memory[0] = 1;
	fiber_yield();
	memory = NULL;
}

static void stop_loop(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++)
		fiber_yield();
	loop_stop();
}

/* Exit status of a process that ends with that fiber alive or just ended. */
static int exit_status_with(fiber_fn *fn)
{
	int status;

	pid_t child = fork();
	if (child == 0) {
		assert(dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) >= 0);
		loop_init();
		fiber_spawn("holder", fn, NULL);
		fiber_spawn("stopper", stop_loop, NULL);
		loop_run();
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* What only a waiting fiber's stack points to is in use; what an ended one has dropped is a leak, though
 * its bytes still lie on a recycled stack. */
static void test_fiber_stack__leak_checker__sees_the_living_only(void **state)
{
	(void)state;
	assert_int_equal(exit_status_with(hold_memory), 0);
	if (SANITIZER_ON)
		assert_int_not_equal(exit_status_with(lose_memory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fiber_stack__leak_checker__sees_the_living_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
