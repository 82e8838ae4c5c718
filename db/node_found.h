#pragma once
/*
 * node_found: rows that hang on a node and tell what was found out about it: firmware, BIOS settings,
 * inventory. Conductors write, by the token of the node's lock (what an inspection leaves:
 * db/inspection.h); the API reads.
 */
#include <stdint.h>

#include "db/db.h"

/* Whose rows, and by which lock. */
struct found_key {
	int64_t node_id;
	const char *token;
};

/* Begins a statement that writes: the node as "n", if it is still ours, kept so until the rows are written.
 * $1 and $2 are the key's. */
#define FOUND_HELD                                                                                           \
	"WITH n AS MATERIALIZED (SELECT id FROM nodes WHERE id = $1 AND lock_token = $2::uuid"               \
	" FOR NO KEY UPDATE)"
/* Ends it: one row, whatever was written, or none when the lock is lost. */
#define FOUND_ANSWER     " SELECT 1 FROM n"
#define FOUND_PARAMS_MAX 10
/* Runs such a statement; values: from $3 on. -ERR_FENCED when the lock is another's by now, -ERR_CONFLICT
 * with the name of a violated constraint. */
SUSPENDS int node_found_write(struct db *db, const struct db_statement *statement,
			      const struct found_key *key, const char *const *values, struct error *err);

/* components: a list of objects with component, current_version, vendor, model, serial_number. A component's
 * first version stays its initial one, and one that is new to it is the last that was flashed; components
 * that are not listed stay as they are. */
SUSPENDS int node_firmware_store(struct db *db, const struct found_key *key, const char *components,
				 struct error *err);
/* settings: a list of objects as bios_interface.settings_get gives it (drivers/driver.h): all that the node
 * has. Those that are not listed are removed; updated_at moves where something is different. */
SUSPENDS int node_bios_store(struct db *db, const struct found_key *key, const char *settings,
			     struct error *err);

/* Columns of firmware rows. */
enum {
	FIRMWARE_COMPONENT,
	FIRMWARE_INITIAL_VERSION,
	FIRMWARE_CURRENT_VERSION,
	FIRMWARE_LAST_VERSION_FLASHED,
	FIRMWARE_CREATED_AT,
	FIRMWARE_UPDATED_AT,
	FIRMWARE_VENDOR,
	FIRMWARE_MODEL,
	FIRMWARE_SERIAL_NUMBER,
};
/* Columns of BIOS settings. */
enum {
	BIOS_NAME,
	BIOS_VALUE,
	BIOS_ATTRIBUTE_TYPE,
	BIOS_ALLOWABLE_VALUES, /* JSON */
	BIOS_LOWER_BOUND,
	BIOS_MAX_LENGTH,
	BIOS_MIN_LENGTH,
	BIOS_READ_ONLY,
	BIOS_RESET_REQUIRED,
	BIOS_UNIQUE,
	BIOS_UPPER_BOUND,
	BIOS_CREATED_AT,
	BIOS_UPDATED_AT,
};
/* By name; the one of that name, or all for NULL. *ret_rows: released by the caller. */
SUSPENDS int node_bios_read(struct db *db, int64_t node_id, const char *name, struct db_rows **ret_rows,
			    struct error *err);
/* By component. *ret_rows: released by the caller. */
SUSPENDS int node_firmware_read(struct db *db, int64_t node_id, struct db_rows **ret_rows, struct error *err);
/* One row of inventory and plugin_data, or none. */
SUSPENDS int node_inventory_read(struct db *db, int64_t node_id, struct db_rows **ret_rows,
				 struct error *err);
