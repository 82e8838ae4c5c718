/* provision: see provision.h. */
#include "db/provision.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/array.h"

static const struct db_statement count_statement = {
	.name = "provision_count",
	.sql = "SELECT count(*) FROM nodes WHERE provision_state = ANY ($1)",
	.param_count = 1,
};

static const struct db_statement is_overdue_statement = {
	.name = "provision_is_overdue",
	.sql = "SELECT provision_updated_at < now() - $2::float8 * interval '1 second' FROM nodes WHERE id = "
	       "$1",
	.param_count = 2,
};

static const struct db_statement overdue_statement = {
	.name = "provision_overdue",
	.sql = "SELECT n.id, n.uuid, n.driver FROM unnest($3::text[], $4::float8[]) AS late (state, seconds)"
	       " JOIN nodes n ON n.provision_state = late.state"
	       " WHERE n.provision_updated_at < now() - late.seconds * interval '1 second'"
	       " AND n.reservation IS NULL AND NOT n.maintenance"
	       " AND lower(n.conductor_group) = lower($1) AND n.driver = ANY ($2)"
	       " AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.node_id = n.id AND a.finished_at IS NULL"
	       " AND a.exclusive) ORDER BY n.id LIMIT $5",
	.param_count = 5,
};

int provision_count(struct db *db, const char *const *states, size_t count, int64_t *ret_count,
		    struct error *err)
{
	struct db_rows *rows = NULL;
	struct array names;

	array_init(&names);
	for (size_t i = 0; i < count; i++)
		array_text(&names, states[i]);
	int rc = db_exec(db, &count_statement, (const char *[]){ array_end(&names) }, &rows, err);
	if (rc == 0)
		*ret_count = db_value_int(rows, 0, 0);
	db_rows_release(rows);
	array_release(&names);
	return rc;
}

int provision_is_overdue(struct db *db, int64_t node_id, double seconds, bool *ret_is_overdue,
			 struct error *err)
{
	struct db_rows *rows = NULL;
	char id[24], text[32];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	snprintf(text, sizeof(text), "%.3f", seconds);
	int rc = db_exec(db, &is_overdue_statement, (const char *[]){ id, text }, &rows, err);
	if (rc == 0)
		*ret_is_overdue = db_rows_count(rows) == 1 && db_value_bool(rows, 0, 0);
	db_rows_release(rows);
	return rc;
}

static void put_limits(struct array *states, struct array *seconds, const struct provision_limit *limits,
		       size_t count)
{
	char text[32];

	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%.3f", limits[i].seconds);
		array_text(states, limits[i].state);
		array_word(seconds, text);
	}
}

static void fill(struct orphan *ret, const struct db_rows *rows, int row)
{
	ret->node_id = db_value_int(rows, row, 0);
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, row, 1));
	snprintf(ret->driver, sizeof(ret->driver), "%s", db_value(rows, row, 2));
}

int provision_overdue(struct db *db, const struct orphan_search *search, const struct provision_limit *limits,
		      size_t limit_count, size_t max, struct orphan *ret, size_t *ret_count,
		      struct error *err)
{
	struct array drivers, states, seconds;
	struct db_rows *rows = NULL;
	char limit[24];

	array_init(&drivers);
	array_init(&states);
	array_init(&seconds);
	for (size_t i = 0; i < search->driver_count; i++)
		array_text(&drivers, search->drivers[i]);
	put_limits(&states, &seconds, limits, limit_count);
	snprintf(limit, sizeof(limit), "%zu", max);
	int rc = db_exec(db, &overdue_statement,
			 (const char *[]){ search->group, array_end(&drivers), array_end(&states),
					   array_end(&seconds), limit },
			 &rows, err);
	array_release(&drivers);
	array_release(&states);
	array_release(&seconds);
	if (rc < 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < db_rows_count(rows) && *ret_count < max; i++)
		fill(&ret[(*ret_count)++], rows, i);
	db_rows_release(rows);
	return 0;
}
