/* trip: see trip.h. */
#include "drivers/trip.h"

#include "lib/error.h"
#include "lib/metrics.h"

enum trip_metric { TRIP_SECONDS, TRIP_ERRORS };

static const double bounds[] = { 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60 };

static const struct metric table[] = {
	[TRIP_SECONDS] = { "ferrule_bmc_trip_seconds",
			   "From sending a request to a BMC to its answer or to giving up.",
			   METRIC_HISTOGRAM,
			   { "driver" },
			   METRIC_BOUNDS(bounds) },
	[TRIP_ERRORS] = { "ferrule_bmc_errors_total",
			  "Requests to BMCs that failed.",
			  METRIC_COUNTER,
			  { "driver", "error" } },
};
static struct metrics metrics = METRICS(table);

/* A word for each way in which a trip can fail. */
static const char *word_of(int rc)
{
	switch (-rc) {
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_BMC_UNREACHABLE:
		return "unreachable";
	case ERR_BMC_AUTH:
		return "auth";
	case ERR_BMC:
		return "refused";
	case ERR_UNKNOWN_OUTCOME:
		return "unknown_outcome";
	case ERR_FENCED:
		return "fenced";
	case ERR_TOO_LARGE:
		return "too_large";
	default:
		return "other";
	}
}

void trip_ended(const char *driver, int64_t begun_ns, int rc)
{
	if (rc == -ERR_CANCELLED)
		return;
	metric_observe(metric_at(&metrics, TRIP_SECONDS, (const char *[]){ driver }),
		       metric_seconds_since(begun_ns));
	if (rc < 0)
		metric_add(metric_at(&metrics, TRIP_ERRORS, (const char *[]){ driver, word_of(rc) }), 1);
}
