#pragma once
/*
 * loop_test: runs a test's body in a fiber on a real loop. cmocka's asserts jump, which must not
 * leave a fiber's stack: inside, CHECK notes the first failure and leaves the function, and loop_test
 * fails the test when the loop has ended. It also fails when a fiber is left over.
 */
#include <stdbool.h>
#include <stdint.h>

/* Runs fn in a fiber, on a loop made and released around it. */
void loop_test(void (*fn)(void));

bool loop_test_note(bool ok, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool loop_test_same_text(const char *got, const char *want, const char *file, int line);

#define CHECK(condition)                                                                                     \
	do {                                                                                                 \
		if (!loop_test_note((condition), __FILE__, __LINE__, "%s", #condition))                      \
			return;                                                                              \
	} while (0)

#define CHECK_INT(got, want)                                                                                 \
	do {                                                                                                 \
		int64_t got_ = (got), want_ = (want);                                                        \
		if (!loop_test_note(got_ == want_, __FILE__, __LINE__, "%s is %lld, not %lld", #got,         \
				    (long long)got_, (long long)want_))                                      \
			return;                                                                              \
	} while (0)

#define CHECK_TEXT(got, want)                                                                                \
	do {                                                                                                 \
		if (!loop_test_same_text((got), (want), __FILE__, __LINE__))                                 \
			return;                                                                              \
	} while (0)
