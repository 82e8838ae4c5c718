#pragma once
/*
 * inspection: what an inspection starts from and what it leaves: the node's own fields, its ports, its
 * traits, and the documents behind GET inventory. Conductors alone use it, under the node's lock.
 */
#include <stdbool.h>

#include "db/node_found.h"
#include "model/node.h"

/* What is written, as JSON texts. NULL: left as it is. */
struct inspection_rows {
	const char *node; /* object: fields that inspection_writes names; NULL is not allowed, {} is */
	const char *changed_ports; /* list of objects: uuid, and members of ports with new values */
	const char *new_ports; /* list of objects: uuid, address, and further members. Those whose address has
				* a port already, of whatever node, are left out */
	const char *dropped_ports; /* list of uuids */
	const char *traits;        /* list of names: all that the node has from now on */
	const char *inventory, *plugin_data;
};

/* May inspection_write change that field of the node? Those that PATCH may, and the times of inspections. */
bool inspection_writes(enum node_field field);
/* ... and that member of a port. */
bool inspection_writes_port(const char *name);

/* All in one statement: it is done whole or not at all. -ERR_FENCED; -ERR_CONFLICT with the constraint's
 * name: nodes_name, nodes_instance_uuid, ports_name. */
SUSPENDS int inspection_write(struct db *db, const struct found_key *key, const struct inspection_rows *rows,
			      struct error *err);
/* One row: ports (list of objects) and traits (list of names), as JSON texts. *ret_rows: released by the
 * caller. */
SUSPENDS int inspection_read(struct db *db, int64_t node_id, struct db_rows **ret_rows, struct error *err);

enum {
	INSPECTION_RULE_UUID,
	INSPECTION_RULE_SENSITIVE,
	INSPECTION_RULE_CONDITIONS,
	INSPECTION_RULE_ACTIONS,
};
/* The rules of a phase, in their order; lists as JSON texts. *ret_rows: released by the caller. */
SUSPENDS int inspection_rules_read(struct db *db, const char *phase, struct db_rows **ret_rows,
				   struct error *err);
