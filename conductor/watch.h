#pragma once
/*
 * watch: since when each other conductor's beat has stood still, by this process's clock alone. No I/O: the
 * caller reads the rows and acts. Source: docs/locks.rst, section 2.
 */
#include <stddef.h>
#include <stdint.h>

#include "db/action.h"

#define WATCH_MAX 1024 /* live conductors */

struct watch {
	struct {
		char instance[UUID_TEXT];
		int64_t beat;
		int64_t since_ms; /* when this beat was first seen */
	} seen[WATCH_MAX];
	size_t count;
	char timeline[9];
	int64_t read_ms; /* the last note */
};

/* Takes what was read; now_ms is read after the answer. Everything starts over when the timeline differs (a
 * fail-over may have set beats back) or when the last note is more than 2 s old (this process may have been
 * stopped). */
void watch_note(struct watch *watch, const struct lease_beat *beats, size_t count, const char *timeline,
		int64_t now_ms);
/* Index of a row whose beat has stood still for silence_ms at the last note; WATCH_MAX: none. */
size_t watch_silent(const struct watch *watch, int64_t silence_ms);
/* Starts over for that row. */
void watch_forget(struct watch *watch, size_t index);
