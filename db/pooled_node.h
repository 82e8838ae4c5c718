#pragma once
/*
 * pooled_node: nodes of the hardware type expether as their pod managers know them: by the host board that
 * `driver_info` names. They are plain nodes; who made them does not matter.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/arena.h"
#include "lib/uuid.h"
#include "model/interface.h"

#define POOLED_NODE_DRIVER "expether"

struct pooled_node {
	char uuid[UUID_TEXT];
	char pod_manager_uuid[UUID_TEXT]; /* "": none has that URL */
	const char *name;                 /* extra.valence.name, else the node's, else host_id; never NULL */
	const char *host_id;              /* "0x8cdf9d911cb0"; "" when driver_info has none */
	bool is_from_valence;             /* made by it: extra.valence is there */
	const char *managed_by;           /* extra.valence.managed_by; NULL: none */
	const char *created_at, *updated_at; /* ISO 8601 in UTC; the latter may be NULL */
};

struct pooled_node_filter {
	const char *uuid, *pod_manager_uuid; /* valid uuids; NULL: any */
};
/* By age. Texts live in the arena. */
SUSPENDS int pooled_node_list(struct db *db, const struct pooled_node_filter *filter, struct arena *arena,
			      struct pooled_node **ret, size_t *ret_count, struct error *err);

struct pooled_node_new {
	const char *uuid, *name, *description; /* the latter two may be NULL */
	const char *conductor_group;
	const char *driver_info, *extra; /* JSON texts */
	const char *url, *host_id;       /* what no other node may have */
	const char *interfaces[INTERFACE_COUNT];
};
/* Inserts the node in state enroll, unless there is one for that host by then: *ret_inserted false. Of many
 * that ask for one host at once, exactly one gets it. -ERR_CONFLICT with the constraint: nodes_name. */
SUSPENDS int pooled_node_insert(struct db *db, const struct pooled_node_new *row, bool *ret_inserted,
				struct error *err);
