#pragma once
/*
 * power_sync: what the power poller reads and stores. It holds no lock: each store names the lock epoch that
 * it read before it asked the BMC and takes place only if nobody has held the node since (docs/locks.rst,
 * section 3).
 */
#include <stdbool.h>

#include "db/db.h"
#include "lib/arena.h"
#include "lib/uuid.h"

/* SQL: whether the row n of nodes is watched: polled in every round. Ironic polls no node in these states
 * (ironic-contract, section 6.4). */
#define POWER_SYNC_WATCHED                                                                                   \
	"NOT n.maintenance AND n.provision_state NOT IN"                                                     \
	" ('wait call-back', 'clean wait', 'enroll', 'adopt failed')"

enum power_sync_kind {
	POWER_SYNC_POLL,   /* nodes whose power state is watched */
	POWER_SYNC_RECOVER /* nodes in maintenance with the fault "power failure" */
};

struct power_sync_row {
	int64_t id;
	char uuid[UUID_TEXT];
	int driver; /* index into drivers */
};
struct power_sync_search {
	enum power_sync_kind kind;
	const char *group;
	const char *const *drivers;
	size_t driver_count;
};
/* Nodes of the group with one of the drivers, by id, after that id; also those that somebody works on. */
SUSPENDS int power_sync_page(struct db *db, const struct power_sync_search *search, int64_t after_id,
			     size_t max, struct power_sync_row *ret, size_t *ret_count, struct error *err);

struct power_sync_store {
	int64_t node_id, lock_epoch;
	const char *power_state; /* NULL: unknown */
	const char *reason;      /* fails: why */
	const char *conductor;   /* fails: for the history row */
};
/* Records the state, with others in one statement. *ret_stored: nobody came between, and it was another. */
SUSPENDS int power_sync_record(struct db *db, const struct power_sync_store *store, bool *ret_stored,
			       struct error *err);
/* Records it and puts the node into maintenance with the fault "power failure", last_error and a history row.
 */
SUSPENDS int power_sync_fail(struct db *db, const struct power_sync_store *store, bool *ret_stored,
			     struct error *err);
/* Records it and takes the node out of that maintenance. */
SUSPENDS int power_sync_recover(struct db *db, const struct power_sync_store *store, bool *ret_stored,
				struct error *err);
/* A reading of a node's power. */
struct power_observation {
	int64_t node_id;
	int64_t seen_ms;    /* clock_ms() */
	const char *source; /* "poll", "action" */
	char *failure;      /* why it failed; NULL: it worked */
};
/* Notes them in node_power_observed; the last of each node counts. */
SUSPENDS int power_sync_observe(struct db *db, const struct power_observation *rows, size_t count,
				struct error *err);

/* What is noted of one node; texts live in the arena, times are UTC; NULL: never. */
struct power_observed {
	const char *power_state, *observed_at, *source, *failed_at, *failure;
	double age_s;
	int failures; /* since the last reading that worked */
};
/* -ERR_NOT_FOUND without a sentence: no such node. */
SUSPENDS int power_sync_observed(struct db *db, int64_t node_id, struct arena *arena,
				 struct power_observed *ret, struct error *err);
