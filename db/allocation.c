#include "db/allocation.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/write.h"

/* A node "n" that the allocation "a" may have, but for its class, traits and lock. */
#define MATCHES                                                                                              \
	" n.provision_state = 'available' AND NOT n.maintenance AND n.instance_uuid IS NULL"                 \
	" AND n.power_state IS NOT NULL"                                                                     \
	" AND (a.owner IS NULL OR a.owner IN (n.owner, n.lessee))"                                           \
	" AND (json_array_length(a.candidate_nodes) = 0"                                                     \
	" OR n.uuid::text IN (SELECT json_array_elements_text(a.candidate_nodes)))"
#define OF_CLASS " AND n.resource_class = a.resource_class"
#define HAS_TRAITS                                                                                           \
	" NOT EXISTS (SELECT 1 FROM json_array_elements_text(a.traits) wanted (trait)"                       \
	" WHERE NOT EXISTS (SELECT 1 FROM node_traits t WHERE t.node_id = n.id AND t.trait = wanted.trait))"
/* Values of a node that is given to the allocation "a". */
#define GIVE                                                                                                 \
	" instance_uuid = a.uuid, allocation_id = a.id, version = n.version + 1, updated_at = now(),"        \
	" instance_info = (n.instance_info::jsonb || jsonb_build_object('traits', a.traits::jsonb))::json"

static const struct db_statement open_statement = {
	.name = "allocation_open",
	.sql = "SELECT id FROM allocations WHERE state = 'allocating' ORDER BY id LIMIT $1::int",
	.param_count = 1,
};

/* The allocation first, so that no two processes answer it; nodes that somebody is writing are passed over.
 * Its class is a value and no join, else tables without statistics would have all available nodes read. */
static const struct db_statement take_statement = {
	.name = "allocation_take",
	.sql = "WITH a AS (SELECT * FROM allocations WHERE id = $1::bigint AND state = 'allocating'"
	       " FOR UPDATE SKIP LOCKED),"
	       " chosen AS (SELECT n.id FROM a, nodes n WHERE" MATCHES
	       " AND n.resource_class = (SELECT resource_class FROM a)"
	       " AND n.reservation IS NULL AND" HAS_TRAITS
	       " ORDER BY coalesce(n.name = a.name, false) DESC, random()"
	       " LIMIT 1 FOR UPDATE OF n SKIP LOCKED),"
	       " taken AS (UPDATE nodes n SET" GIVE " FROM a, chosen WHERE n.id = chosen.id RETURNING n.id)"
	       " UPDATE allocations SET node_id = taken.id, state = 'active', updated_at = now()"
	       " FROM taken WHERE allocations.id = $1::bigint",
	.param_count = 1,
};

static const struct db_statement why_statement = {
	.name = "allocation_why",
	.sql = "SELECT a.uuid, a.resource_class, json_array_length(a.candidate_nodes) > 0,"
	       " (SELECT string_agg(trait, ', ') FROM json_array_elements_text(a.traits) x (trait)),"
	       " (SELECT count(*) FROM nodes n WHERE" MATCHES OF_CLASS "),"
	       " (SELECT count(*) FROM nodes n WHERE" MATCHES OF_CLASS " AND" HAS_TRAITS "),"
	       " (extract(epoch FROM clock_timestamp() - a.created_at) * 1000)::bigint"
	       " FROM allocations a WHERE a.id = $1::bigint AND a.state = 'allocating'",
	.param_count = 1,
};

static const struct db_statement fail_statement = {
	.name = "allocation_fail",
	.sql = "UPDATE allocations SET state = 'error', last_error = $2, updated_at = now()"
	       " WHERE id = $1::bigint AND state = 'allocating'",
	.param_count = 2,
};

static const struct db_statement delete_statement = {
	.name = "allocation_delete",
	.sql = "DELETE FROM allocations WHERE id = $1::bigint AND node_id IS NULL",
	.param_count = 1,
};

int allocation_open(struct db *db, int count, struct db_rows **ret, struct error *err)
{
	char count_text[16];

	snprintf(count_text, sizeof count_text, "%d", count);
	return db_exec(db, &open_statement, (const char *[]){ count_text }, ret, err);
}

int allocation_take(struct db *db, const char *id, bool *ret_done, struct error *err)
{
	return db_write(db, &take_statement, &id, ret_done, err);
}

int allocation_why(struct db *db, const char *id, struct db_rows **ret, struct error *err)
{
	return db_exec(db, &why_statement, (const char *[]){ id }, ret, err);
}

int allocation_fail(struct db *db, const char *id, const char *sentence, struct error *err)
{
	return db_exec(db, &fail_statement, (const char *[]){ id, sentence }, NULL, err);
}

int allocation_delete(struct db *db, const char *id, bool *ret_done, struct error *err)
{
	return db_write(db, &delete_statement, &id, ret_done, err);
}

int allocation_backfill(struct db *db, const struct change *changes, size_t count, int64_t node_id,
			int64_t version, bool *ret_done, struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;
	char id_text[24], version_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, node_id);
	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	made_init(&made);
	made_add(&made,
		 "WITH held AS (SELECT id FROM nodes WHERE id = $?::bigint AND version = $?::bigint"
		 " AND reservation IS NULL FOR UPDATE), a AS (INSERT INTO allocations (node_id, state",
		 id_text, version_text);
	for (size_t i = 0; i < count; i++) {
		made_add(&made, ", ");
		made_add(&made, changes[i].column);
	}
	made_add(&made, ") SELECT held.id, 'active'");
	for (size_t i = 0; i < count; i++) {
		made_add(&made, ", ");
		made_add(&made, changes[i].as ? changes[i].as : "$?", changes[i].value);
	}
	made_add(&made, " FROM held RETURNING *) UPDATE nodes n SET" GIVE " FROM a WHERE n.id = a.node_id");
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc == 0)
		*ret_done = db_affected(rows) > 0;
	db_rows_release(rows);
	return rc;
}
