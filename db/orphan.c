/* orphan: see orphan.h. */
#include "db/orphan.h"

#include <stdio.h>

#include "db/array.h"

static const struct db_statement find = {
	.name = "orphan_find",
	.sql = "SELECT n.id, n.uuid, n.driver FROM nodes n"
	       " WHERE n.reservation IS NULL AND lower(n.conductor_group) = lower($1) AND n.driver = ANY ($2)"
	       " AND (n.target_power_state IS NOT NULL OR n.provision_state = ANY ($3))"
	       " AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.node_id = n.id AND a.finished_at IS NULL"
	       " AND a.exclusive) ORDER BY n.id LIMIT $4",
	.param_count = 4,
};

static void add_all(struct array *array, const char *const *items, size_t count)
{
	array_init(array);
	for (size_t i = 0; i < count; i++)
		array_text(array, items[i]);
}

int orphan_find(struct db *db, const struct orphan_search *search, size_t max, struct orphan *ret,
		size_t *ret_count, struct error *err)
{
	struct array driver_names, state_names;
	struct db_rows *rows = NULL;
	char limit[24];
	int rc;

	add_all(&driver_names, search->drivers, search->driver_count);
	add_all(&state_names, search->provision_states, search->state_count);
	snprintf(limit, sizeof(limit), "%zu", max);
	rc = db_exec(
		db, &find,
		(const char *[]){ search->group, array_end(&driver_names), array_end(&state_names), limit },
		&rows, err);
	array_release(&driver_names);
	array_release(&state_names);
	if (rc < 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < db_rows_count(rows) && *ret_count < max; i++) {
		struct orphan *orphan = &ret[(*ret_count)++];

		orphan->node_id = db_value_int(rows, i, 0);
		snprintf(orphan->uuid, sizeof(orphan->uuid), "%s", db_value(rows, i, 1));
		snprintf(orphan->driver, sizeof(orphan->driver), "%s", db_value(rows, i, 2));
	}
	db_rows_release(rows);
	return 0;
}
