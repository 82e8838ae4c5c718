/*
 * test_stack: what leak checker and guard pages make of fiber stacks. A program of its own, because the tests
 * fork, and a child has lost the threads that offload() starts.
 */
#include "lib/stack.h"

#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fiber.h"
#include "lib/loop.h"
#include "lib/sanitizer.h"
#include "lib/xalloc.h"
#include "tests/support/unit.h"

#if SANITIZER_ON
/* Frames must lie on the stacks under test, not on ASan's own ones, which no leak checker scans. */
const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}

void __sanitizer_set_report_path(const char *path);
#endif

/* The reports of children are wanted by nobody, also where ASAN_OPTIONS sends them to a file. */
static void drop_reports(void)
{
	assert(dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) >= 0);
#if SANITIZER_ON
	__sanitizer_set_report_path("stderr");
#endif
}

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
		drop_reports();
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

static void never_run(void)
{
	abort();
}

static void test_stack_take__page_below__is_no_memory(void **state)
{
	struct stack stacks[20];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 20; i++) {
		stack_take(&stacks[i], 65536, never_run);
		assert_int_equal(write(ends[1], stacks[i].base, 1), 1);
		assert_int_equal(write(ends[1], stacks[i].base + stacks[i].size - 1, 1), 1);
		assert_int_equal(write(ends[1], stacks[i].base - 1, 1), -1);
		assert_int_equal(errno, EFAULT);
	}
	for (int i = 0; i < 20; i++)
		stack_give(&stacks[i]);
	stack_release();
	close(ends[0]);
	close(ends[1]);
}

/* Writes its way down the stack; the second half of the way lies beyond the end. */
static unsigned char use_stack(size_t bytes)
{
	volatile unsigned char frame[1024];

	for (size_t i = 0; i < sizeof(frame); i += 64)
		frame[i] = (unsigned char)bytes;
	return bytes > sizeof(frame) ? (unsigned char)(use_stack(bytes - sizeof(frame)) + frame[0])
				     : frame[0];
}

static void overflow_stack(void *arg)
{
	(void)arg;
	use_stack(FIBER_STACK_BYTES * 2);
	_exit(0);
}

static void test_fiber_stack__overflow__killed(void **state)
{
	struct rlimit none = { 0, 0 };
	int status;

	(void)state;
	pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &none);
		loop_init();
		fiber_spawn("overflow", overflow_stack, NULL);
		signal(SIGSEGV, SIG_DFL);
		loop_run();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fiber_stack__leak_checker__sees_the_living_only),
		cmocka_unit_test(test_stack_take__page_below__is_no_memory),
		cmocka_unit_test(test_fiber_stack__overflow__killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
