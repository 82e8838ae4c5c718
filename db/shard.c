#include "db/shard.h"

static const struct db_statement read_statement = {
	.name = "shard_read",
	.sql = "SELECT shard, count(*) FROM nodes GROUP BY shard ORDER BY shard NULLS FIRST",
	.param_count = 0,
};

int shard_read(struct db *db, struct db_rows **ret, struct error *err)
{
	return db_exec(db, &read_statement, NULL, ret, err);
}
