#pragma once
/*
 * idempotency: the header Idempotency-Key of requests that make an action. The same key from the same user
 * with the same method, path and body is one action however often it is sent, and by whichever API process
 * (docs/actions.rst).
 */
#include "api/request.h"
#include "db/action.h"

#define IDEMPOTENCY_KEY_MAX 255

/* Fills the idem members of row from the header; leaves them NULL without one. -ERR_INVALID: no key. */
SUSPENDS int idempotency_read(const struct api_request *request, struct action_request *row,
			      struct error *err);
/* Has this very request made an action before? Then it was found good: what it has changed since, states and
 * entity tags, does not count against it. -ERR_IDEMPOTENCY: another request has used the key. */
SUSPENDS int idempotency_is_again(const struct api_request *request, bool *ret, struct error *err);
