/* metrics: see metrics.h. */
#include "api/metrics.h"

#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/route.h"
#include "db/census.h"
#include "db/db_metrics.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/metrics.h"

/* The fleet is counted at most so often, however many scrape. */
#define CENSUS_MS 10000
/* 80 rows of the route table, a few methods and a dozen of statuses. */
#define ROUTE_SERIES_MAX 1500
#define BODY_MAX         ((size_t)4 * 1024 * 1024)

enum api_metric {
	REQUESTS,
	REQUEST_SECONDS,
	REFUSED,
	DISPATCHED,
	DISPATCH_SECONDS,
	READERS,
	API_METRIC_COUNT
};

static const struct metric table[] = {
	[REQUESTS] = { "ferrule_http_requests_total",
		       "Requests answered.",
		       METRIC_COUNTER,
		       { "method", "route", "status" },
		       .series_max = ROUTE_SERIES_MAX },
	[REQUEST_SECONDS] = { "ferrule_http_request_seconds",
			      "From the whole request to its answer.",
			      METRIC_HISTOGRAM,
			      { "method", "route" },
			      METRIC_BOUNDS(metric_latency_bounds) },
	[REFUSED] = { "ferrule_http_refused_total",
		      "Requests refused before they were whole: malformed, too large, too slow.",
		      METRIC_COUNTER,
		      { "status" } },
	[DISPATCHED] = { "ferrule_dispatched_total",
			 "Actions asked for, by kind and how the client was answered.",
			 METRIC_COUNTER,
			 { "kind", "outcome" } },
	[DISPATCH_SECONDS] = { "ferrule_dispatch_seconds",
			       "From asking for an action to its acceptance (202) or end.",
			       METRIC_HISTOGRAM,
			       { "kind" },
			       METRIC_BOUNDS(metric_latency_bounds) },
	[READERS] = { "ferrule_change_readers", "Clients that read the stream of changes.", METRIC_GAUGE },
};
static struct metrics metrics = METRICS(table);

enum census_metric {
	NODES,
	NODES_MAINTENANCE,
	NODES_RESERVED,
	STATE_AGE,
	STATE_AGE_MAX,
	ACTIONS_OPEN,
	ACTIONS_OPEN_AGE,
	POWER_AGE,
	CONDUCTORS
};

static const struct metric census_table[] = {
	[NODES] = { "ferrule_nodes", "Nodes by provision state.", METRIC_GAUGE, { "provision_state" } },
	[NODES_MAINTENANCE] = { "ferrule_nodes_maintenance",
				"Nodes in maintenance by provision state.",
				METRIC_GAUGE,
				{ "provision_state" } },
	[NODES_RESERVED] = { "ferrule_nodes_reserved",
			     "Nodes whose lock is held by provision state.",
			     METRIC_GAUGE,
			     { "provision_state" } },
	[STATE_AGE] = { "ferrule_node_state_seconds_mean",
			"Mean time since the nodes came into this provision state.",
			METRIC_GAUGE,
			{ "provision_state" } },
	[STATE_AGE_MAX] = { "ferrule_node_state_seconds_max",
			    "Time since the first of them came into this provision state.",
			    METRIC_GAUGE,
			    { "provision_state" } },
	[ACTIONS_OPEN] = { "ferrule_actions_open",
			   "Actions in line (queued) and at work (running).",
			   METRIC_GAUGE,
			   { "kind", "state" } },
	[ACTIONS_OPEN_AGE] = { "ferrule_actions_open_seconds_max",
			       "Age of the oldest of them since it was asked for, or since it was started.",
			       METRIC_GAUGE,
			       { "kind", "state" } },
	[POWER_AGE] = { "ferrule_power_state_age_seconds",
			"Time since the power of watched nodes was last read; quantile 1 is the oldest.",
			METRIC_GAUGE,
			{ "quantile" } },
	[CONDUCTORS] = { "ferrule_conductors", "Conductor instances by state.", METRIC_GAUGE, { "state" } },
};

static void collect(void *arg);
static struct metrics census_metrics = { .table = census_table,
					 .count = sizeof census_table / sizeof census_table[0],
					 .collect = collect };

static struct {
	struct db *db;
	int64_t counted_ms; /* 0: never */
	bool is_counting;
} census_state;

static void set(enum census_metric row, const char *first, const char *second, double value)
{
	metric_set(metric_at(&census_metrics, row, (const char *[]){ first, second }), value);
}

static void on_state(const struct census_state *state, void *arg)
{
	(void)arg;
	set(NODES, state->provision_state, NULL, (double)state->nodes);
	set(NODES_MAINTENANCE, state->provision_state, NULL, (double)state->in_maintenance);
	set(NODES_RESERVED, state->provision_state, NULL, (double)state->reserved);
	set(STATE_AGE, state->provision_state, NULL, state->age_mean_s);
	set(STATE_AGE_MAX, state->provision_state, NULL, state->age_max_s);
}

static void on_actions(const struct census_actions *actions, void *arg)
{
	(void)arg;
	set(ACTIONS_OPEN, actions->kind, actions->state, (double)actions->count);
	set(ACTIONS_OPEN_AGE, actions->kind, actions->state, actions->age_max_s);
}

static void on_power_age(const char *quantile, double age_s, void *arg)
{
	(void)arg;
	set(POWER_AGE, quantile, NULL, age_s);
}

static void on_conductors(const char *state, int64_t count, void *arg)
{
	(void)arg;
	set(CONDUCTORS, state, NULL, (double)count);
}

static void clear(void)
{
	for (size_t i = 0; i < census_metrics.count; i++)
		metric_clear(&census_metrics, i);
}

static void collect(void *arg)
{
	static const struct census_visitor visitor = { .begin = clear,
						       .state = on_state,
						       .actions = on_actions,
						       .power_age = on_power_age,
						       .conductors = on_conductors };
	struct error err;

	(void)arg;
	if (census_state.is_counting || !db_is_up(census_state.db) ||
	    (census_state.counted_ms && clock_ms() - census_state.counted_ms < CENSUS_MS))
		return;
	census_state.is_counting = true;
	if (census_read(census_state.db, &visitor, NULL, &err) == 0)
		census_state.counted_ms = clock_ms();
	else
		log_warning("The fleet could not be counted: %s", err.text);
	census_state.is_counting = false;
}

void api_metrics_start(struct db *db)
{
	census_state.db = db;
	metrics_register(&metrics);
	metrics_register(&census_metrics);
	db_metrics_start(db);
}

/* ---- counting ---- */

/* Methods come from clients; those that no route has are one. */
static const char *method_label(const char *method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(known[i], method) == 0)
			return known[i];
	}
	return "other";
}

static const char *status_label(int status, char text[12])
{
	snprintf(text, 12, "%d", status);
	return text;
}

void api_metrics_answered(const struct route *route, const char *method, int status, int64_t begun_ns)
{
	char text[12];
	const char *labels[] = { method_label(method), route ? route->path : "none",
				 status_label(status, text) };

	metric_add(metric_at(&metrics, REQUESTS, labels), 1);
	metric_observe(metric_at(&metrics, REQUEST_SECONDS, labels), metric_seconds_since(begun_ns));
}

void api_metrics_refused(int status)
{
	char text[12];

	metric_add(metric_at(&metrics, REFUSED, (const char *[]){ status_label(status, text) }), 1);
}

void api_metrics_dispatched(const char *kind, const char *outcome, int64_t begun_ns)
{
	metric_add(metric_at(&metrics, DISPATCHED, (const char *[]){ kind, outcome }), 1);
	metric_observe(metric_at(&metrics, DISPATCH_SECONDS, (const char *[]){ kind }),
		       metric_seconds_since(begun_ns));
}

void api_metrics_reader(int change)
{
	metric_add(metric_at(&metrics, READERS, NULL), change);
}

/* ---- GET /metrics ---- */

int metrics_show(struct api_request *request, struct error *err)
{
	struct buf text;

	(void)err;
	buf_init(&text, BODY_MAX);
	metrics_write(&text);
	request->out->status = 200;
	request->version_headers = VERSION_HEADERS_NONE;
	http_response_header(request->out, "Content-Type", "%s", METRICS_CONTENT_TYPE);
	buf_append(&request->out->body, text.data, text.len);
	buf_release(&text);
	return 0;
}
