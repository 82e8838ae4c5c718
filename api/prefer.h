#pragma once
/* prefer: how long a request may stand in line for a node's lock. Source: RFC 7240. */
#include "api/request.h"

/* The client's "Prefer: wait=N" in milliseconds, at most PREFER_WAIT_MAX_S; else what the configuration says.
 * Sets Preference-Applied when the client's is taken, once. */
int64_t prefer_wait_ms(struct api_request *request);
#define PREFER_WAIT_MAX_S 300

/* Finds "wait=N" among preferences as clients write them: 0..., or -1 when there is none that is valid. */
long prefer_wait_of(const char *text);
