#pragma once
/*
 * deadline: one heap of everything that waits for a point in time, O(log n) to add and to remove, no
 * allocation for each. The loop polls no longer than to the earliest one.
 */
#include <stddef.h>
#include <stdint.h>

/* Embedded in its owner; zeroed is "not waiting". */
struct deadline {
	int64_t at_ms;                     /* clock_ms() */
	uint64_t order;                    /* among equal times: first set, first run */
	size_t place;                      /* in the heap, from 1; 0: not in it */
	void (*fn)(struct deadline *self); /* runs on the main stack, once; it may free its owner */
};

/* Starts or moves it. */
void deadline_set(struct deadline *deadline, int64_t at_ms);
void deadline_cancel(struct deadline *deadline);
/* Runs all that are due at now_ms. */
void deadline_run(int64_t now_ms);
/* The earliest, or INT64_MAX. */
int64_t deadline_next(void);
void deadline_release(void);
