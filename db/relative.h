#pragma once
/* relative: nodes that the work on a node may touch too: its children, and the parent whose power it needs.
 */
#include <jansson.h>

#include "db/db.h"
#include "lib/arena.h"
#include "lib/uuid.h"

enum relation {
	RELATION_CHILDREN,
	RELATION_POWERED_CHILDREN, /* those without driver_info has_dedicated_power_supply */
	RELATION_POWERING_PARENT,  /* of a node without that */
	RELATION_COUNT
};

/* Texts live in the arena of relatives_read. */
struct relative {
	int64_t id;
	char uuid[UUID_TEXT];
	const char *group, *driver;
	const char *host;        /* a live conductor for it; NULL: none */
	const char *reservation; /* NULL: free */
	const char *power_state; /* as recorded; NULL: unknown */
};

/* The relatives of a node, by id, in *ret (of the arena). only: a JSON list of UUIDs that they are limited
 * to; NULL or empty: no limit. hostname: the conductor that is preferred as host where it can serve. */
SUSPENDS int relatives_read(struct db *db, int64_t node_id, enum relation relation, const json_t *only,
			    const char *hostname, struct arena *arena, struct relative **ret,
			    size_t *ret_count, struct error *err);
/* The first of the UUIDs (a JSON list of texts) that no node has: *ret_missing, in the arena; NULL: all are
 * there. */
SUSPENDS int relatives_missing(struct db *db, const json_t *uuids, struct arena *arena,
			       const char **ret_missing, struct error *err);
