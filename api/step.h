#pragma once
/* step: the steps of deploy templates and runbooks. */
#include <jansson.h>

#include "lib/error.h"

/* A list of at least one {interface, step, args} and the number `rank` ("priority", "order"), no step twice.
 * what: after "Schema error for". -ERR_INVALID. */
int step_check_list(const json_t *steps, const char *what, const char *rank, struct error *err);
