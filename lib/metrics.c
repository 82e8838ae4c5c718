/* metrics: see metrics.h. Source: Prometheus, "Text-based format", version 0.0.4. */
#include "lib/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/metrics_process.h"
#include "lib/xalloc.h"

#define SERIES_MAX 200
#define SLOTS      256 /* of a family's hash table; a power of two */
/* Label values are cut here: they are names, and memory is bounded by it. */
#define VALUE_MAX 120

const double metric_latency_bounds[14] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
					   0.1,    0.25,  0.5,    1,     2.5,  10,    60 };

struct metric_series {
	const struct metric *metric;
	struct metric_series *next;      /* in its slot */
	struct metric_series *next_made; /* in the order of making, which is the order of writing */
	uint64_t hash;
	double value;                    /* of a histogram: the sum */
	uint64_t *counts;                /* owned; of a histogram: by bucket, the last is beyond all bounds */
	char *values[METRIC_LABELS_MAX]; /* owned */
};

struct metric_family {
	const struct metric *metric;
	struct metric_series *slots[SLOTS];
	struct metric_series *first, *last;
	struct metric_series *other; /* shared by what comes when the family is full */
	size_t count;
};

static struct metrics *registered;

static size_t label_count(const struct metric *metric)
{
	size_t count = 0;

	while (count < METRIC_LABELS_MAX && metric->labels[count])
		count++;
	return count;
}

/* ---- series ---- */

static uint64_t hash_values(const char *const *values, size_t count)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < count; i++) {
		hash = hash_bytes(hash, values[i], strnlen(values[i], VALUE_MAX));
		hash = hash_bytes(hash, "", 1);
	}
	return hash;
}

static bool has_values(const struct metric_series *series, const char *const *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(series->values[i], values[i], VALUE_MAX) != 0)
			return false;
	}
	return true;
}

static struct metric_series *series_new(struct metric_family *family, const char *const *values)
{
	const struct metric *metric = family->metric;
	struct metric_series *series = xcalloc(1, sizeof(*series));

	series->metric = metric;
	for (size_t i = 0; values && i < label_count(metric); i++)
		series->values[i] = xasprintf("%.*s", VALUE_MAX, values[i]);
	if (metric->type == METRIC_HISTOGRAM)
		series->counts = xcalloc(metric->bound_count + 1, sizeof(*series->counts));
	if (family->last)
		family->last->next_made = series;
	else
		family->first = series;
	family->last = series;
	return series;
}

static void series_free(struct metric_series *series)
{
	for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
		xfree(series->values[i]);
	xfree(series->counts);
	xfree(series);
}

static void family_clear(struct metric_family *family)
{
	const struct metric *metric = family->metric;

	while (family->first) {
		struct metric_series *series = family->first;

		family->first = series->next_made;
		series_free(series);
	}
	*family = (struct metric_family){ .metric = metric };
}

static struct metric_series *other_of(struct metric_family *family)
{
	static const char *const values[METRIC_LABELS_MAX] = { "other", "other", "other", "other" };

	if (!family->other)
		family->other = series_new(family, values);
	return family->other;
}

static struct metric_series *series_of(struct metric_family *family, const char *const *values)
{
	size_t count = label_count(family->metric);
	uint64_t hash = hash_values(values, count);
	struct metric_series **slot = &family->slots[hash % SLOTS];
	size_t max = family->metric->series_max ? family->metric->series_max : SERIES_MAX;

	for (struct metric_series *series = *slot; series; series = series->next) {
		if (series->hash == hash && has_values(series, values, count))
			return series;
	}
	if (family->count == max)
		return other_of(family);
	struct metric_series *series = series_new(family, values);
	series->hash = hash;
	series->next = *slot;
	*slot = series;
	family->count++;
	return series;
}

void metrics_register(struct metrics *metrics)
{
	if (metrics->families)
		return;
	metrics->families = xcalloc(metrics->count, sizeof(*metrics->families));
	metrics->next = registered;
	registered = metrics;
	for (size_t i = 0; i < metrics->count; i++) {
		metrics->families[i].metric = &metrics->table[i];
		if (label_count(&metrics->table[i]) == 0)
			series_of(&metrics->families[i], NULL);
	}
}

struct metric_series *metric_at(struct metrics *metrics, size_t row, const char *const *values)
{
	metrics_register(metrics);
	return series_of(&metrics->families[row], values);
}

void metric_clear(struct metrics *metrics, size_t row)
{
	metrics_register(metrics);
	family_clear(&metrics->families[row]);
}

void metric_add(struct metric_series *series, double amount)
{
	series->value += amount;
}

void metric_set(struct metric_series *series, double value)
{
	series->value = value;
}

void metric_observe(struct metric_series *series, double value)
{
	const struct metric *metric = series->metric;
	size_t bucket = 0;

	while (bucket < metric->bound_count && value > metric->bounds[bucket])
		bucket++;
	series->counts[bucket]++;
	series->value += value;
}

double metric_seconds_since(int64_t begun_ns)
{
	return (double)(clock_ns() - begun_ns) / 1e9;
}

/* ---- writing ---- */

static void write_escaped(struct buf *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\n') {
			buf_puts(out, "\\n");
			continue;
		}
		if (strchr(special, *text))
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

static void write_number(struct buf *out, double value)
{
	if (isnan(value))
		buf_puts(out, "NaN");
	else if (isinf(value))
		buf_puts(out, value > 0 ? "+Inf" : "-Inf");
	else if (value == trunc(value) && fabs(value) < 1e15)
		buf_put_int(out, (int64_t)value);
	else
		buf_printf(out, "%.9g", value);
}

/* Name, suffix and labels, with le for a bucket. */
static void write_head(struct buf *out, const struct metric_series *series, const char *suffix,
		       const double *bound)
{
	const struct metric *metric = series->metric;
	size_t count = label_count(metric);

	buf_puts(out, metric->name);
	buf_puts(out, suffix);
	if (count == 0 && !bound) {
		buf_putc(out, ' ');
		return;
	}
	buf_putc(out, '{');
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "%s%s=\"", i ? "," : "", metric->labels[i]);
		write_escaped(out, series->values[i], "\\\"");
		buf_putc(out, '"');
	}
	if (bound) {
		buf_printf(out, "%sle=\"", count ? "," : "");
		write_number(out, *bound);
		buf_putc(out, '"');
	}
	buf_puts(out, "} ");
}

static void write_line(struct buf *out, const struct metric_series *series, const char *suffix,
		       const double *bound, double value)
{
	write_head(out, series, suffix, bound);
	write_number(out, value);
	buf_putc(out, '\n');
}

static void write_histogram(struct buf *out, const struct metric_series *series)
{
	const struct metric *metric = series->metric;
	const double infinity = INFINITY;
	uint64_t total = 0;

	for (size_t i = 0; i <= metric->bound_count; i++) {
		total += series->counts[i];
		write_line(out, series, "_bucket", i < metric->bound_count ? &metric->bounds[i] : &infinity,
			   (double)total);
	}
	write_line(out, series, "_sum", NULL, series->value);
	write_line(out, series, "_count", NULL, (double)total);
}

static void write_family(struct buf *out, const struct metric_family *family)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"
	};
	const struct metric *metric = family->metric;

	if (!family->first)
		return;
	buf_printf(out, "# HELP %s ", metric->name);
	write_escaped(out, metric->help, "\\");
	buf_printf(out, "\n# TYPE %s %s\n", metric->name, types[metric->type]);
	for (const struct metric_series *series = family->first; series; series = series->next_made) {
		if (metric->type == METRIC_HISTOGRAM)
			write_histogram(out, series);
		else
			write_line(out, series, "", NULL, series->value);
	}
}

void metrics_write(struct buf *out)
{
	metrics_process_register();
	for (struct metrics *metrics = registered; metrics; metrics = metrics->next) {
		if (metrics->collect)
			metrics->collect(metrics->arg);
	}
	for (const struct metrics *metrics = registered; metrics; metrics = metrics->next) {
		for (size_t i = 0; i < metrics->count; i++)
			write_family(out, &metrics->families[i]);
	}
}

void metrics_release(void)
{
	while (registered) {
		struct metrics *metrics = registered;

		registered = metrics->next;
		for (size_t i = 0; i < metrics->count; i++)
			family_clear(&metrics->families[i]);
		xfree(metrics->families);
		metrics->families = NULL;
		metrics->next = NULL;
	}
}
