/* bmc_session: see bmc_session.h. */
#include "db/bmc_session.h"

#include <stdio.h>

#define COLUMNS "hostname, bmc_key, address, path, token, is_tls_unverified, ca_path"

static const struct db_statement save = {
	.name = "bmc_session_save",
	.sql = "INSERT INTO bmc_sessions (" COLUMNS ", instance, node_uuid)"
	       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	       " ON CONFLICT (hostname, bmc_key) DO UPDATE SET address = excluded.address, path = "
	       "excluded.path,"
	       " token = excluded.token, is_tls_unverified = excluded.is_tls_unverified,"
	       " ca_path = excluded.ca_path, instance = excluded.instance, is_ending = false, node_uuid = "
	       "excluded.node_uuid,"
	       " created_at = "
	       "now()",
	.param_count = 9,
};

static const struct db_statement adopt = {
	.name = "bmc_session_adopt",
	.sql = "UPDATE bmc_sessions SET instance = $3 WHERE hostname = $1 AND bmc_key = $2 AND NOT is_ending"
	       " RETURNING " COLUMNS,
	.param_count = 3,
};

static const struct db_statement forget = {
	.name = "bmc_session_forget",
	.sql = "DELETE FROM bmc_sessions WHERE hostname = $1 AND bmc_key = $2 AND token = $3",
	.param_count = 3,
};

static const struct db_statement of_gone_nodes = {
	.name = "bmc_session_of_gone_nodes",
	.sql = "SELECT bmc_key FROM bmc_sessions s WHERE instance = $1 AND NOT is_ending AND node_uuid IS "
	       "NOT NULL"
	       " AND NOT EXISTS (SELECT FROM nodes n WHERE n.uuid = s.node_uuid) LIMIT $2",
	.param_count = 2,
};

static const struct db_statement take_orphans = {
	.name = "bmc_session_take_orphans",
	.sql = "UPDATE bmc_sessions SET instance = $1, is_ending = true WHERE (hostname, bmc_key) IN"
	       " (SELECT s.hostname, s.bmc_key FROM bmc_sessions s WHERE NOT EXISTS"
	       " (SELECT FROM conductors c WHERE c.state = 'live' AND (c.instance = s.instance"
	       " OR (c.hostname = s.hostname AND c.created_at > now() - $2::bigint * interval '1 second')))"
	       " LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING " COLUMNS,
	.param_count = 3,
};

static struct bmc_session row_of(const struct db_rows *rows, int row, struct arena *arena)
{
	const char *texts[5];

	for (int i = 0; i < 5; i++)
		texts[i] = arena_strdup(arena, db_value(rows, row, i));
	return (struct bmc_session){
		.hostname = texts[0],
		.key = texts[1],
		.address = texts[2],
		.path = texts[3],
		.token = texts[4],
		.is_tls_unverified = db_value_bool(rows, row, 5),
		.ca_path = db_value_copy(arena, rows, row, 6),
	};
}

int bmc_session_save(struct db *db, const char *instance, const struct bmc_session *session,
		     struct error *err)
{
	return db_exec(db, &save,
		       (const char *[]){ session->hostname, session->key, session->address, session->path,
					 session->token, session->is_tls_unverified ? "t" : "f",
					 session->ca_path, instance, session->node_uuid },
		       NULL, err);
}

int bmc_session_adopt(struct db *db, const char *instance, const char *hostname, const char *key,
		      struct arena *arena, struct bmc_session *ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = db_exec(db, &adopt, (const char *[]){ hostname, key, instance }, &rows, err);

	if (rc < 0)
		return rc;
	*ret = db_rows_count(rows) ? row_of(rows, 0, arena) : (struct bmc_session){ 0 };
	db_rows_release(rows);
	return 0;
}

int bmc_session_forget(struct db *db, const char *hostname, const char *key, const char *token,
		       struct error *err)
{
	return db_exec(db, &forget, (const char *[]){ hostname, key, token }, NULL, err);
}

int bmc_session_of_gone_nodes(struct db *db, const char *instance, size_t max, struct arena *arena,
			      const char **ret, size_t *ret_count, struct error *err)
{
	struct db_rows *rows = NULL;
	char limit[24];
	int rc;

	snprintf(limit, sizeof(limit), "%zu", max);
	rc = db_exec(db, &of_gone_nodes, (const char *[]){ instance, limit }, &rows, err);
	if (rc < 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < db_rows_count(rows) && *ret_count < max; i++)
		ret[(*ret_count)++] = arena_strdup(arena, db_value(rows, i, 0));
	db_rows_release(rows);
	return 0;
}

int bmc_session_take_orphans(struct db *db, const char *instance, long grace_s, size_t max,
			     struct arena *arena, struct bmc_session *ret, size_t *ret_count,
			     struct error *err)
{
	char grace[24], limit[24];
	struct db_rows *rows = NULL;
	int rc;

	snprintf(grace, sizeof(grace), "%ld", grace_s);
	snprintf(limit, sizeof(limit), "%zu", max);
	rc = db_exec(db, &take_orphans, (const char *[]){ instance, grace, limit }, &rows, err);
	if (rc < 0)
		return rc;
	*ret_count = 0;
	for (int i = 0; i < db_rows_count(rows) && *ret_count < max; i++)
		ret[(*ret_count)++] = row_of(rows, i, arena);
	db_rows_release(rows);
	return 0;
}
