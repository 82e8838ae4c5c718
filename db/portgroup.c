#include "db/portgroup.h"

static const struct db_statement member_statement = {
	.name = "portgroup_member",
	.sql = "SELECT physical_network FROM ports WHERE portgroup_id = $1 AND uuid <> $2 LIMIT 1",
	.param_count = 2,
};

int portgroup_member(struct db *db, const char *portgroup_id, const char *port_uuid, struct db_rows **ret,
		     struct error *err)
{
	return db_exec(db, &member_statement, (const char *[]){ portgroup_id, port_uuid }, ret, err);
}
