#include "tests/support/loop_test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/fiber.h"
#include "lib/loop.h"
#include "tests/support/unit.h"

static char first_failure[1024];
static unsigned fibers_left;

bool loop_test_note(bool ok, const char *file, int line, const char *format, ...)
{
	va_list args;
	int len;

	if (ok || first_failure[0] != '\0')
		return ok;
	len = snprintf(first_failure, sizeof(first_failure), "%s:%d: ", file, line);
	va_start(args, format);
	vsnprintf(first_failure + len, sizeof(first_failure) - (size_t)len, format, args);
	va_end(args);
	return false;
}

bool loop_test_same_text(const char *got, const char *want, const char *file, int line)
{
	bool ok = got != NULL && strcmp(got, want) == 0;

	return loop_test_note(ok, file, line, "got \"%.300s\", not \"%.300s\"", got != NULL ? got : "(null)",
			      want);
}

static void run(void *arg)
{
	void (*const *fn)(void) = arg;

	(*fn)();
	/* What was closed last ends within a few ticks. */
	for (int i = 0; i < 20; i++)
		fiber_yield();
	fibers_left = fiber_count() - 1;
	loop_stop();
}

void loop_test(void (*fn)(void))
{
	first_failure[0] = '\0';
	loop_init();
	fiber_spawn("test", run, &fn);
	loop_run();
	loop_release();
	if (first_failure[0] != '\0')
		fail_with("%s", first_failure);
	assert_int_equal(fibers_left, 0);
}
