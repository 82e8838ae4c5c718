#pragma once
/* unit: cmocka with what it needs, and without its fail(), whose name is ours (lib/error.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail

/* Fails the test with a sentence: cmocka's fail_msg needs the macro that is gone. */
#define fail_with(...)                                                                                   \
	do {                                                                                             \
		print_error(__VA_ARGS__);                                                                \
		print_error("\n");                                                                       \
		_fail(__FILE__, __LINE__);                                                               \
	} while (0)
