/* relative: see relative.h. */
#include "db/relative.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/array.h"

/* The nodes first, by index: beside the scan of conductors, which our sessions make expensive on paper, no
 * plan for them would look worse than another, and all nodes were read in order of id. */
#define RELATED "WITH r AS MATERIALIZED (SELECT r.* FROM nodes n JOIN nodes r ON "
#define NEEDS_POWER(node)                                                                                    \
	" AND lower(coalesce(" node ".driver_info ->> 'has_dedicated_power_supply', 'false'))"               \
	" NOT IN ('true', '1', 't', 'yes', 'y', 'on')"
/* Conductors register pools as "group:driver". */
#define COLUMNS                                                                                              \
	" WHERE n.id = $1 AND ($3::uuid[] IS NULL OR r.uuid = ANY ($3::uuid[])))"                            \
	" SELECT r.id, r.uuid, r.conductor_group, r.driver, (SELECT c.hostname FROM conductors c"            \
	" WHERE c.state = 'live' AND r.conductor_group || ':' || r.driver = ANY (c.pools)"                   \
	" ORDER BY c.hostname <> $2, c.hostname LIMIT 1), r.reservation, r.power_state FROM r ORDER BY r.id"

static const struct db_statement statements[RELATION_COUNT] = {
	[RELATION_CHILDREN] = { .name = "relative_children",
				.sql = RELATED "r.parent_node = n.uuid" COLUMNS,
				.param_count = 3,
				.is_grouped = true },
	[RELATION_POWERED_CHILDREN] = { .name = "relative_powered_children",
					.sql = RELATED "r.parent_node = n.uuid" NEEDS_POWER("r") COLUMNS,
					.param_count = 3,
					.is_grouped = true },
	[RELATION_POWERING_PARENT] = { .name = "relative_powering_parent",
				       .sql = RELATED "r.uuid = n.parent_node" NEEDS_POWER("n") COLUMNS,
				       .param_count = 3,
				       .is_grouped = true },
};

static const struct db_statement missing_statement = {
	.name = "relative_missing",
	.sql = "SELECT item.uuid FROM unnest($1::uuid[]) WITH ORDINALITY AS item (uuid, place)"
	       " WHERE NOT EXISTS (SELECT FROM nodes n WHERE n.uuid = item.uuid) ORDER BY item.place LIMIT 1",
	.param_count = 1,
};

enum { ID, UUID, GROUP, DRIVER, HOST, RESERVATION, POWER_STATE };

static void put_uuids(struct array *array, const json_t *uuids)
{
	array_init(array);
	for (size_t i = 0; i < json_array_size(uuids); i++)
		array_text(array, json_string_value(json_array_get(uuids, i)));
}

static void fill(struct relative *ret, struct arena *arena, const struct db_rows *rows, int row)
{
	*ret = (struct relative){
		.id = db_value_int(rows, row, ID),
		.group = db_value_copy(arena, rows, row, GROUP),
		.driver = db_value_copy(arena, rows, row, DRIVER),
		.host = db_value_copy(arena, rows, row, HOST),
		.reservation = db_value_copy(arena, rows, row, RESERVATION),
		.power_state = db_value_copy(arena, rows, row, POWER_STATE),
	};
	snprintf(ret->uuid, sizeof(ret->uuid), "%s", db_value(rows, row, UUID));
}

int relatives_read(struct db *db, int64_t node_id, enum relation relation, const json_t *only,
		   const char *hostname, struct arena *arena, struct relative **ret, size_t *ret_count,
		   struct error *err)
{
	struct db_rows *rows = NULL;
	struct array uuids;
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	put_uuids(&uuids, only);
	int rc = db_exec(
		db, &statements[relation],
		(const char *[]){ id, hostname, json_array_size(only) > 0 ? array_end(&uuids) : NULL }, &rows,
		err);
	array_release(&uuids);
	if (rc < 0)
		return rc;
	*ret_count = (size_t)db_rows_count(rows);
	*ret = arena_alloc(arena, (*ret_count + 1) * sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		fill(&(*ret)[i], arena, rows, (int)i);
	db_rows_release(rows);
	return 0;
}

int relatives_missing(struct db *db, const json_t *uuids, struct arena *arena, const char **ret_missing,
		      struct error *err)
{
	struct db_rows *rows = NULL;
	struct array wanted;

	put_uuids(&wanted, uuids);
	int rc = db_exec(db, &missing_statement, (const char *[]){ array_end(&wanted) }, &rows, err);
	array_release(&wanted);
	if (rc == 0)
		*ret_missing = db_rows_count(rows) > 0 ? db_value_copy(arena, rows, 0, 0) : NULL;
	db_rows_release(rows);
	return rc;
}
