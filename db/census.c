/* census: see census.h. */
#include "db/census.h"

#include <stdlib.h>

#include "db/power_sync.h"

enum step { STATES, ACTIONS, POWER, CONDUCTORS, STEP_COUNT };

/* A node that was never moved is in its state since it was made. */
#define STATE_AGE "extract(epoch FROM now() - coalesce(provision_updated_at, created_at))"

static const struct db_statement statements[STEP_COUNT] = {
	[STATES] = { .name = "census_states",
		     .sql = "SELECT coalesce(provision_state, 'none'), count(*), count(*) FILTER (WHERE "
			    "maintenance),"
			    " count(reservation), avg(" STATE_AGE "), max(" STATE_AGE
			    ") FROM nodes GROUP BY 1" },
	[ACTIONS] = { .name = "census_actions",
		      .sql = "SELECT kind, state, count(*),"
			     " max(extract(epoch FROM now() - coalesce(started_at, created_at)))"
			     " FROM actions WHERE finished_at IS NULL GROUP BY 1, 2" },
	/* A node that was never read is as old as itself. */
	[POWER] = { .name = "census_power",
		    .sql = "SELECT p.at, p.age FROM (SELECT percentile_disc(ARRAY[0.5, 0.99, 1]) WITHIN GROUP"
			   " (ORDER BY extract(epoch FROM now() - coalesce(o.observed_at, n.created_at))) AS "
			   "ages"
			   " FROM nodes n LEFT JOIN node_power_observed o ON o.node_id = n.id "
			   "WHERE " POWER_SYNC_WATCHED
			   ") q, unnest(ARRAY['0.5', '0.99', '1'], q.ages) AS p (at, age)" },
	[CONDUCTORS] = { .name = "census_conductors",
			 .sql = "SELECT state, count(*) FROM conductors GROUP BY 1" },
};

static void visit(const struct db_step *steps, const struct census_visitor *visitor, void *arg)
{
	const struct db_rows *rows = steps[STATES].rows;

	visitor->begin();
	for (int i = 0; i < db_rows_count(rows); i++)
		visitor->state(&(struct census_state){ .provision_state = db_value(rows, i, 0),
						       .nodes = db_value_int(rows, i, 1),
						       .in_maintenance = db_value_int(rows, i, 2),
						       .reserved = db_value_int(rows, i, 3),
						       .age_mean_s = db_value_double(rows, i, 4),
						       .age_max_s = db_value_double(rows, i, 5) },
			       arg);
	rows = steps[ACTIONS].rows;
	for (int i = 0; i < db_rows_count(rows); i++)
		visitor->actions(&(struct census_actions){ .kind = db_value(rows, i, 0),
							   .state = db_value(rows, i, 1),
							   .count = db_value_int(rows, i, 2),
							   .age_max_s = db_value_double(rows, i, 3) },
				 arg);
	rows = steps[POWER].rows;
	for (int i = 0; i < db_rows_count(rows); i++) {
		if (db_value(rows, i, 1)) /* no node is watched: no ages */
			visitor->power_age(db_value(rows, i, 0), db_value_double(rows, i, 1), arg);
	}
	rows = steps[CONDUCTORS].rows;
	for (int i = 0; i < db_rows_count(rows); i++)
		visitor->conductors(db_value(rows, i, 0), db_value_int(rows, i, 1), arg);
}

int census_read(struct db *db, const struct census_visitor *visitor, void *arg, struct error *err)
{
	struct db_step steps[STEP_COUNT];
	int rc;

	for (size_t i = 0; i < STEP_COUNT; i++)
		steps[i] = (struct db_step){ .statement = &statements[i] };
	rc = db_exec_all(db, steps, STEP_COUNT, err);
	if (rc == 0)
		visit(steps, visitor, arg);
	for (size_t i = 0; i < STEP_COUNT; i++)
		db_rows_release(steps[i].rows);
	return rc;
}
