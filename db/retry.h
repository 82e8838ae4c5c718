#pragma once
/* retry: repeating what is safe to repeat until its outcome is known. */
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/fiber.h"

struct retry {
	int64_t deadline_ms; /* clock_ms(); DEADLINE_NEVER: until known or cancelled */
	int64_t pause_ms;    /* private */
	bool is_in_doubt;    /* some attempt may have been done */
};

/* After an attempt with result *rc: true after a pause of 0.1 to 2 s when it must be repeated. False: *rc is
 * the result; -ERR_UNKNOWN_OUTCOME when time is up (or the fiber cancelled) and an attempt may have been
 * done. */
SUSPENDS bool retry_again(struct retry *retry, int *rc, struct error *err);
