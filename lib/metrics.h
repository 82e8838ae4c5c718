#pragma once
/*
 * metrics: counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4).
 *
 * A module names its metrics in a const table, indexed by an enum of its own, and keeps one struct metrics:
 *
 *	static const struct metric table[] = {
 *		[REQUESTS] = { "ferrule_requests_total", "Requests answered.", METRIC_COUNTER, { "status" } },
 *	};
 *	static struct metrics metrics = METRICS(table);
 *	...
 *	metric_add(metric_at(&metrics, REQUESTS, (const char *[]){ "200" }), 1);
 *
 * A series is one combination of label values. Values may come from outside: a metric keeps at most
 *series_max series, later combinations share one whose labels all say "other". Series live as long as the
 *process, so the result of metric_at may be kept. Used on the loop's thread only; nothing here suspends but
 *metrics_write, when a collector does.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/fiber.h"

#define METRIC_LABELS_MAX 4

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* One row of a module's table. */
struct metric {
	const char *name; /* with its unit and, for counters, _total */
	const char *help; /* one sentence */
	enum metric_type type;
	const char *labels[METRIC_LABELS_MAX]; /* names; the rest NULL */
	const double *bounds;                  /* of a histogram: upper bounds, ascending, without +Inf */
	size_t bound_count;
	size_t series_max; /* 0: 200 */
};

struct metric_series;
struct metric_family;

/* A module's metrics. */
struct metrics {
	const struct metric *table;
	size_t count;
	void (*collect)(void *arg); /* called before writing, to set gauges; may suspend; may be NULL */
	void *arg;
	struct metric_family *families; /* owned; made by the first use or metrics_register */
	struct metrics *next;
};
#define METRICS(rows)                                                                                        \
	{                                                                                                    \
		.table = (rows), .count = sizeof(rows) / sizeof((rows)[0])                                   \
	}
#define METRIC_BOUNDS(array) .bounds = (array), .bound_count = sizeof(array) / sizeof((array)[0])

/* Makes the module known before its first use: its metrics without labels then start as 0. Repeating is
 * harmless. */
void metrics_register(struct metrics *metrics);

/* The series with these label values (as many as the row has labels; NULL when none). Never NULL. */
struct metric_series *metric_at(struct metrics *metrics, size_t row, const char *const *values);
/* Forgets the series of a gauge whose label values come and go, before they are set anew. */
void metric_clear(struct metrics *metrics, size_t row);

void metric_add(struct metric_series *series, double amount); /* counters: >= 0 */
void metric_set(struct metric_series *series, double value);
void metric_observe(struct metric_series *series, double value);

/* Seconds since a clock_ns(), for metric_observe. */
double metric_seconds_since(int64_t begun_ns);

/* Calls the collectors and appends everything known. The process's own figures (process_*) come with it. */
SUSPENDS void metrics_write(struct buf *out);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Frees all; for the end of the program. */
void metrics_release(void);

/* Bounds for latencies of a few microseconds to a minute, in seconds. */
extern const double metric_latency_bounds[14];
