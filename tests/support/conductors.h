#pragma once
/*
 * conductors: one or two conductors in this process, on a fresh PostgreSQL database, with short times. What a
 * killed process leaves behind is written by SQL. A failed check ends the program: fibers are running.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/conductor.h"

#define MUST(condition)                                                                                      \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                      \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

#define MUST_BE(got, want)                                                                                   \
	do {                                                                                                 \
		const char *must_got = (got);                                                                \
		if (!must_got || strcmp(must_got, (want)) != 0) {                                            \
			fprintf(stderr, "%s:%d: \"%s\", not \"%s\"\n", __FILE__, __LINE__,                   \
				must_got ? must_got : "(null)", (want));                                     \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

/* Setup and teardown of a program's tests: the options. */
int conductors_register(void **state);
int conductors_release(void **state);

/* Of the test that runs: between begin_test and end_test. */
extern struct db *db;
extern struct conductor one, two;

void begin_test(void);
void end_test(void);
/* An option. */
void set(const char *section, const char *name, const char *value);
/* The first value as text that lives until the next call but seven. */
const char *query(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Waits until the query answers so. */
void wait_for(int seconds, const char *want, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A manageable node of the fake hardware, off; its id. */
int64_t add_node(int number);
/* Queues an action; its id. */
int64_t insert(int64_t node_id, const char *kind, bool is_exclusive, const char *on_crash, const char *target,
	       const char *args);
int64_t insert_power(int64_t node_id, const char *host, const char *target);
const char *state_now(int64_t action_id);
void wait_for_state(int seconds, int64_t action_id, const char *state);
/* Invariant 2 of docs/locks.rst, at rest: nothing is held. */
void check_nothing_held(void);
/* With ten seconds. */
void stop(struct conductor *conductor);
