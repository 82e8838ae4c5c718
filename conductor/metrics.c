/* metrics: see metrics.h. */
#include "conductor/metrics.h"

#include <string.h>

#include "conductor/options.h"
#include "db/db_metrics.h"
#include "lib/clock.h"
#include "lib/http_server.h"
#include "lib/log.h"
#include "lib/metrics.h"

#define BODY_MAX         ((size_t)16 * 1024 * 1024)
#define CONNECTIONS_MAX  16
#define REQUEST_BODY_MAX 1024

enum conductor_metric {
	LINE_SECONDS,
	RUN_SECONDS,
	ENDED,
	FENCED,
	TAKEN_OVER,
	WORKERS,
	WORKERS_BUSY,
	LINES,
	LEASE
};

static const double run_bounds[] = { 0.01, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200 };

static const struct metric table[] = {
	[LINE_SECONDS] = { "ferrule_action_line_seconds",
			   "From asking for an action to its start; for exclusive ones, the wait for the "
			   "lock.",
			   METRIC_HISTOGRAM,
			   { "kind", "lock" },
			   METRIC_BOUNDS(metric_latency_bounds) },
	[RUN_SECONDS] = { "ferrule_action_run_seconds",
			  "From an action's start to its end; for exclusive ones, how long the lock was "
			  "held.",
			  METRIC_HISTOGRAM,
			  { "kind", "lock" },
			  METRIC_BOUNDS(run_bounds) },
	[ENDED] = { "ferrule_actions_total", "Actions that ended.", METRIC_COUNTER, { "kind", "state" } },
	[FENCED] = { "ferrule_locks_lost_total", "Actions stopped because their lock was lost.",
		     METRIC_COUNTER },
	[TAKEN_OVER] = { "ferrule_takeovers_total",
			 "Actions of lost conductors: put back in line (queued) or ended (unknown).",
			 METRIC_COUNTER,
			 { "state" } },
	[WORKERS] = { "ferrule_workers", "Actions that may run at a time.", METRIC_GAUGE },
	[WORKERS_BUSY] = { "ferrule_workers_busy", "Actions that run.", METRIC_GAUGE },
	[LINES] = { "ferrule_lines_known", "Nodes' lines and shared actions believed to wait.",
		    METRIC_GAUGE },
	[LEASE] = { "ferrule_lease_trust_seconds",
		    "For how long the lease is trusted; at 0 nothing is written to BMCs.", METRIC_GAUGE },
};

static void collect(void *arg);
static struct metrics metrics = { .table = table,
				  .count = sizeof table / sizeof table[0],
				  .collect = collect };

static struct http_server *listener;

static void set(enum conductor_metric row, double value)
{
	metric_set(metric_at(&metrics, row, NULL), value);
}

static void collect(void *arg)
{
	const struct conductor *conductor = arg;
	int64_t trust_ms = conductor ? conductor->trusted_until_ms - clock_ms() : 0;

	if (!conductor)
		return;
	set(WORKERS, (double)conductor_options.workers);
	set(WORKERS_BUSY, (double)conductor_options.workers - conductor->free_slots - conductor->lent_slots);
	set(LINES, (double)(conductor->lines.count + conductor->shared.count));
	set(LEASE, trust_ms > 0 ? (double)trust_ms / 1000 : 0);
}

/* ---- counting ---- */

static const char *lock_label(const struct action *action)
{
	return action->is_exclusive ? "exclusive" : "shared";
}

void conductor_metrics_started(const struct action *action)
{
	const char *labels[] = { action->kind, lock_label(action) };

	metric_observe(metric_at(&metrics, LINE_SECONDS, labels), (double)action->waited_ms / 1000);
}

void conductor_metrics_ended(const struct action *action, enum action_state state, int64_t started_ms)
{
	const char *labels[] = { action->kind, lock_label(action) };

	metric_observe(metric_at(&metrics, RUN_SECONDS, labels), (double)(clock_ms() - started_ms) / 1000);
	metric_add(metric_at(&metrics, ENDED, (const char *[]){ action->kind, action_state_name(state) }), 1);
}

void conductor_metrics_fenced(void)
{
	metric_add(metric_at(&metrics, FENCED, NULL), 1);
}

void conductor_metrics_taken_over(enum action_state state)
{
	metric_add(metric_at(&metrics, TAKEN_OVER, (const char *[]){ action_state_name(state) }), 1);
}

/* ---- the listener ---- */

static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	struct buf text;

	(void)arg;
	if (strcmp(request->path, "/metrics") != 0) {
		response->status = 404;
		return;
	}
	if (strcmp(request->method, "GET") != 0) {
		response->status = 405;
		http_response_header(response, "Allow", "GET");
		return;
	}
	buf_init(&text, BODY_MAX);
	metrics_write(&text);
	response->status = 200;
	http_response_header(response, "Content-Type", "%s", METRICS_CONTENT_TYPE);
	buf_append(&response->body, text.data, text.len);
	buf_release(&text);
}

int conductor_metrics_start(struct conductor *conductor, struct error *err)
{
	struct http_server_options options = {
		.address = "127.0.0.1",
		.port = (int)conductor_options.metrics_port,
		.max_body_bytes = REQUEST_BODY_MAX,
		.max_connections = CONNECTIONS_MAX,
		.handle = handle,
	};

	metrics.arg = conductor;
	metrics_register(&metrics);
	db_metrics_start(conductor->db);
	if (conductor_options.metrics_port == 0)
		return 0;
	int rc = http_server_new(&options, &listener, err);
	if (rc == 0)
		log_info("Metrics are at http://127.0.0.1:%d/metrics", http_server_port(listener));
	return rc;
}

void conductor_metrics_stop(void)
{
	http_server_free(listener);
	listener = NULL;
	metrics.arg = NULL;
	db_metrics_stop();
}
