#include "lib/xalloc.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"
#include "tests/unit/lib/capture.h"

static void test_xalloc__zero_bytes__a_pointer_of_its_own(void **state)
{
	(void)state;
	void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xrealloc(NULL, 0);
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	c = xrealloc(c, 0);
	assert_non_null(c);
	xfree(a);
	xfree(b);
	xfree(c);
	xfree(NULL);
	xfree_secret(NULL);
}

static void test_xalloc__copies__are_cut_where_asked(void **state)
{
	(void)state;
	char *a = xstrdup("text"), *b = xstrndup("text", 2), *c = xstrndup("te", 9),
	     *d = xasprintf("%d%s", 1, "x");
	assert_string_equal(a, "text");
	assert_string_equal(b, "te");
	assert_string_equal(c, "te");
	assert_string_equal(d, "1x");
	xfree(a);
	xfree(b);
	xfree_secret(c);
	xfree(d);
}

static void test_xreallocarray__product_overflows__logs_and_aborts(void **state)
{
	static struct capture capture;
	volatile size_t huge = SIZE_MAX / 2;
	int status;

	(void)state;
	capture_begin(&capture);
	pid_t child = fork();
	if (child == 0) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		xreallocarray(NULL, huge, 3);
		_exit(0);
	}
	waitpid(child, &status, 0);
	const char *text = capture_end(&capture);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(text, "out of memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xalloc__zero_bytes__a_pointer_of_its_own),
		cmocka_unit_test(test_xalloc__copies__are_cut_where_asked),
		cmocka_unit_test(test_xreallocarray__product_overflows__logs_and_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
