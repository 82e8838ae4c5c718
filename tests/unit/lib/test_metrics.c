/* Tests of lib/metrics.c. */
#include "lib/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "tests/support/unit.h"

enum { HITS, WARMTH, DELAYS, CROWD };

static const double bounds[] = { 0.1, 1 };
static const struct metric table[] = {
	[HITS] = { "test_hits_total", "Hits, a \\ and a\nnew line.", METRIC_COUNTER, { "where", "how" } },
	[WARMTH] = { "test_warmth", "Warmth.", METRIC_GAUGE },
	[DELAYS] = { "test_delay_seconds", "Delays.", METRIC_HISTOGRAM, { "kind" }, METRIC_BOUNDS(bounds) },
	[CROWD] = { "test_crowd", "Many.", METRIC_COUNTER, { "who" }, .series_max = 3 },
};
static struct metrics metrics = METRICS(table);

static void assert_written(const char *text, bool is_expected)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	metrics_write(&out);
	if ((strstr(out.data, text) != NULL) != is_expected)
		fail_with("%s: %s in\n%s", is_expected ? "missing" : "unexpected", text, out.data);
	buf_release(&out);
}

static int setup(void **state)
{
	(void)state;
	metrics_register(&metrics);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	metrics_release();
	return 0;
}

static void test_metrics__no_labels__starts_as_zero(void **state)
{
	(void)state;
	assert_written("# HELP test_warmth Warmth.\n# TYPE test_warmth gauge\ntest_warmth 0\n", true);
	assert_written("test_hits_total", false);
}

static void test_metric_at__same_values__same_series(void **state)
{
	struct metric_series *here = metric_at(&metrics, HITS, (const char *[]){ "here", "hard" });

	(void)state;
	assert_ptr_equal(here, metric_at(&metrics, HITS, (const char *[]){ "here", "hard" }));
	assert_ptr_not_equal(here, metric_at(&metrics, HITS, (const char *[]){ "hereh", "ard" }));
	metric_add(here, 2);
	metric_add(here, 1);
	assert_written("# TYPE test_hits_total counter\ntest_hits_total{where=\"here\",how=\"hard\"} 3\n",
		       true);
}

static void test_metrics_write__special_bytes__are_escaped(void **state)
{
	(void)state;
	metric_add(metric_at(&metrics, HITS, (const char *[]){ "a\"b\\c\nd", "" }), 1);
	assert_written("test_hits_total{where=\"a\\\"b\\\\c\\nd\",how=\"\"} 1\n", true);
	assert_written("# HELP test_hits_total Hits, a \\\\ and a\\nnew line.\n", true);
}

static void test_metrics_write__numbers__are_exact_where_they_can_be(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 123456789012, "test_warmth 123456789012\n" },
		{ 0.25, "test_warmth 0.25\n" },
		{ -3, "test_warmth -3\n" },
		{ INFINITY, "test_warmth +Inf\n" },
		{ NAN, "test_warmth NaN\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		metric_set(metric_at(&metrics, WARMTH, NULL), cases[i].value);
		assert_written(cases[i].text, true);
	}
}

static void test_metric_observe__bounds__are_inclusive_and_cumulative(void **state)
{
	struct metric_series *series = metric_at(&metrics, DELAYS, (const char *[]){ "x" });

	(void)state;
	metric_observe(series, 0.1);
	metric_observe(series, 0.5);
	metric_observe(series, 0.5);
	metric_observe(series, 7);
	assert_written("# TYPE test_delay_seconds histogram\n"
		       "test_delay_seconds_bucket{kind=\"x\",le=\"0.1\"} 1\n"
		       "test_delay_seconds_bucket{kind=\"x\",le=\"1\"} 3\n"
		       "test_delay_seconds_bucket{kind=\"x\",le=\"+Inf\"} 4\n"
		       "test_delay_seconds_sum{kind=\"x\"} 8.1\n"
		       "test_delay_seconds_count{kind=\"x\"} 4\n",
		       true);
}

static void test_metric_at__too_many_series__share_one(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "n%d", i);
		metric_add(metric_at(&metrics, CROWD, (const char *[]){ name }), 1);
	}
	assert_written("test_crowd{who=\"n2\"} 1\ntest_crowd{who=\"other\"} 97\n", true);
	assert_written("n3", false);
}

static void test_metric_at__long_value__is_cut(void **state)
{
	char value[4096];

	(void)state;
	memset(value, 'y', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	struct metric_series *series = metric_at(&metrics, CROWD, (const char *[]){ value });
	value[2000] = 'z';
	assert_ptr_equal(series, metric_at(&metrics, CROWD, (const char *[]){ value }));
}

static void test_metric_clear__gauge__is_set_anew(void **state)
{
	(void)state;
	metric_add(metric_at(&metrics, CROWD, (const char *[]){ "gone" }), 1);
	metric_clear(&metrics, CROWD);
	metric_add(metric_at(&metrics, CROWD, (const char *[]){ "here" }), 1);
	assert_written("gone", false);
	assert_written("test_crowd{who=\"here\"} 1\n", true);
}

static void test_metrics_write__process__is_there(void **state)
{
	(void)state;
	assert_written("# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ", true);
	assert_written("process_resident_memory_bytes 0\n", false);
	assert_written("ferrule_build_info{version=\"" FERRULE_VERSION "\"} 1\n", true);
}

/* A request touches about three series; the bound is generous for a sanitizer build on a busy machine. */
static void test_metric_at__hot_path__costs_little(void **state)
{
	enum { ROUNDS = 100000 };
	int64_t begun_ns = clock_ns();

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		metric_observe(metric_at(&metrics, DELAYS, (const char *[]){ "/v1/nodes/{}/states/power" }),
			       0.003);
	int64_t each_ns = (clock_ns() - begun_ns) / ROUNDS;
	print_message("%lld ns an observation\n", (long long)each_ns);
	assert_true(each_ns < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_metrics__no_labels__starts_as_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_at__same_values__same_series, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics_write__special_bytes__are_escaped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_metrics_write__numbers__are_exact_where_they_can_be,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_observe__bounds__are_inclusive_and_cumulative,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_at__too_many_series__share_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_at__long_value__is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_clear__gauge__is_set_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics_write__process__is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_at__hot_path__costs_little, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
