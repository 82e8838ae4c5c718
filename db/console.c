/* console: see console.h. */
#include "db/console.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/array.h"

static const struct db_statement page = {
	.name = "console_page",
	.sql = "SELECT id, uuid, array_position($2::text[], driver) - 1,"
	       " md5(driver_info::text || console_interface), reservation IS NOT NULL FROM nodes"
	       " WHERE console_enabled AND id > $3 AND lower(conductor_group) = lower($1)"
	       " AND driver = ANY ($2) ORDER BY id LIMIT $4",
	.param_count = 4,
};

int console_page(struct db *db, const struct console_search *search, int64_t after_id, size_t max,
		 struct console_row *ret, size_t *ret_count, struct error *err)
{
	char after[24], limit[24];
	struct db_rows *rows = NULL;
	struct array names;

	array_init(&names);
	for (size_t i = 0; i < search->driver_count; i++)
		array_text(&names, search->drivers[i]);
	snprintf(after, sizeof(after), "%" PRId64, after_id);
	snprintf(limit, sizeof(limit), "%zu", max);

	int rc = db_exec(db, &page, (const char *[]){ search->group, array_end(&names), after, limit }, &rows,
			 err);
	array_release(&names);
	if (rc < 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < db_rows_count(rows) && *ret_count < max; i++) {
		struct console_row *row = &ret[(*ret_count)++];

		row->id = db_value_int(rows, i, 0);
		snprintf(row->uuid, sizeof(row->uuid), "%s", db_value(rows, i, 1));
		row->driver = (int)db_value_int(rows, i, 2);
		snprintf(row->digest, sizeof(row->digest), "%s", db_value(rows, i, 3));
		row->is_locked = db_value_bool(rows, i, 4);
	}
	db_rows_release(rows);
	return 0;
}
