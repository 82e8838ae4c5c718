#include "db/address_owner.h"

static const struct db_statement owner_statement = {
	.name = "address_owner",
	.sql = "SELECT DISTINCT n.uuid FROM ports p JOIN nodes n ON n.id = p.node_id"
	       " WHERE p.address = ANY (string_to_array($1, ',')) LIMIT 2",
	.param_count = 1,
};

/* A machine's BMC is known by two addresses at most. */
static const struct db_statement inspected_statement = {
	.name = "address_inspected_owners",
	.sql = "(SELECT DISTINCT n.uuid, false FROM ports p JOIN nodes n ON n.id = p.node_id"
	       " WHERE p.address = ANY (string_to_array($1, ',')) LIMIT 2) UNION ALL"
	       " (SELECT n.uuid, true FROM nodes n WHERE $2 <> '' AND n.provision_state = 'inspect wait'"
	       " AND EXISTS (SELECT FROM json_array_elements_text("
	       "n.driver_internal_info->'lookup_bmc_addresses') AS a"
	       " WHERE a = ANY (string_to_array($2, ','))) LIMIT 50)",
	.param_count = 2,
};

int address_owner(struct db *db, const char *addresses, struct db_rows **ret, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = db_exec(db, &owner_statement, (const char *[]){ addresses }, &rows, err);
	if (rc < 0)
		return rc;
	if (db_rows_count(rows) != 1) {
		db_rows_release(rows);
		return fail(err, ERR_NOT_FOUND, "%s", "");
	}
	*ret = rows;
	return 0;
}

int address_inspected_owners(struct db *db, const char *addresses, const char *bmc_addresses,
			     struct db_rows **ret, struct error *err)
{
	return db_exec(db, &inspected_statement, (const char *[]){ addresses, bmc_addresses }, ret, err);
}
