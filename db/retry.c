#include "db/retry.h"

#include "lib/clock.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 2000 };

static bool is_worth_repeating(int rc)
{
	return rc == -ERR_DATABASE || rc == -ERR_UNKNOWN_OUTCOME || rc == -ERR_TIMEOUT;
}

bool retry_again(struct retry *retry, int *rc, struct error *err)
{
	bool is_over = !is_worth_repeating(*rc);

	retry->is_in_doubt |= *rc == -ERR_UNKNOWN_OUTCOME;
	if (is_over && *rc != -ERR_CANCELLED)
		return false;
	retry->pause_ms = retry->pause_ms == 0 ? PAUSE_FIRST_MS : retry->pause_ms * 2;
	if (retry->pause_ms > PAUSE_MAX_MS)
		retry->pause_ms = PAUSE_MAX_MS;
	if (!is_over && clock_ms() + retry->pause_ms < retry->deadline_ms &&
	    fiber_sleep(retry->pause_ms) == 0)
		return true;
	if (retry->is_in_doubt)
		*rc = fail(err, ERR_UNKNOWN_OUTCOME,
			   "The connection to the database was lost: it is not known whether the request was "
			   "recorded");
	return false;
}
