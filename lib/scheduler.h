#pragma once
/* scheduler: what loop.c asks of fiber.c, once a tick. Nobody else includes it. */
#include <stdbool.h>
#include <stdint.h>

/* How many fibers are resumed before the loop polls again. */
#define SCHEDULER_BUDGET 512

/* Resumes ready fibers, those included that become ready meanwhile, up to the budget. */
void scheduler_run(void);
/* Some fiber is ready now: the loop must not block. */
bool scheduler_is_ready(void);
/* Name (for one log line) and nanoseconds of the longest run since the last call; NULL when none ran. */
const char *scheduler_longest(int64_t *ret_ns);
/* Frees pooled stacks; fibers that still live are named in the log. */
void scheduler_release(void);
