/* db_metrics: see db_metrics.h. */
#include "db/db_metrics.h"

#include "db/pool.h"
#include "lib/metrics.h"

enum db_metric { UP, CONNECTIONS, CONNECTIONS_MAX, QUEUED, IN_FLIGHT };

static const struct metric table[] = {
	[UP] = { "ferrule_db_up", "1 while a connection to the database works.", METRIC_GAUGE },
	[CONNECTIONS] = { "ferrule_db_connections", "Connections of the pool that are open.", METRIC_GAUGE },
	[CONNECTIONS_MAX] = { "ferrule_db_connections_max", "Most connections of the pool.", METRIC_GAUGE },
	[QUEUED] = { "ferrule_db_statements_queued", "Statements that wait for a connection.", METRIC_GAUGE },
	[IN_FLIGHT] = { "ferrule_db_statements_in_flight", "Statements sent and not answered.",
			METRIC_GAUGE },
};

static void collect(void *arg);
static struct metrics metrics = { .table = table,
				  .count = sizeof table / sizeof table[0],
				  .collect = collect };

static void set(enum db_metric row, double value)
{
	metric_set(metric_at(&metrics, row, NULL), value);
}

static void collect(void *arg)
{
	const struct db *db = arg;
	struct lane_load load = { 0 };

	if (db)
		lane_load(db->lane, &load);
	set(UP, db && lane_is_up(db->lane));
	set(CONNECTIONS, load.connections);
	set(CONNECTIONS_MAX, load.connections_max);
	set(QUEUED, (double)load.queued);
	set(IN_FLIGHT, (double)load.in_flight);
}

void db_metrics_start(struct db *db)
{
	metrics.arg = db;
	metrics_register(&metrics);
}

void db_metrics_stop(void)
{
	metrics.arg = NULL;
}
