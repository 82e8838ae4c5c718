#pragma once
/*
 * device: the pooled devices of pod managers, as recorded, and who holds them. No device is ever locked:
 * every write is one statement that names what it read (a version, an owner), so that of two nodes that want
 * one card, whichever conductors serve them, exactly one gets it.
 *
 * Life of a device: device_claim writes down what is about to be done at the manager (intent) and by which
 * action; the manager is written to; device_settle records the outcome by the version that the claim gave. A
 * conductor that dies in between leaves the intent: the same action when it is repeated claims again, and
 * once it has ended device_store (the sync) settles what the manager shows.
 */
#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/arena.h"
#include "lib/uuid.h"

#define DEVICE_FREE_GROUP "4093" /* of devices that nobody has */

struct device {
	int64_t id, version;
	int64_t pod_manager_id;
	char uuid[UUID_TEXT];
	char pod_manager_uuid[UUID_TEXT];
	const char *resource_id; /* the manager's: "0x8cdf9d911cb0" */
	const char *type;        /* "SSD"; NULL: not told */
	const char *state;       /* "free", "allocated" */
	const char *group_id;
	const char *host_id;   /* resource id of the host with that group; NULL: none */
	int64_t node_id;       /* 0: none */
	const char *node_uuid; /* NULL: none */
	bool is_held;          /* given by us */
	bool is_present;
	const char *intent;                  /* "attach", "detach"; NULL: settled */
	bool is_busy;                        /* the action of the intent has not ended */
	const char *properties, *extra;      /* JSON texts */
	const char *created_at, *updated_at; /* ISO 8601 in UTC; the latter may be NULL */
};

/* What a list is narrowed by: all that are set. */
struct device_filter {
	int64_t pod_manager_id;                          /* 0: any */
	const char *uuid, *pod_manager_uuid, *node_uuid; /* valid uuids */
	const char *resource_id, *host_id, *state, *type, *group_id;
	bool is_free;         /* could be claimed by a node now */
	bool is_orphaned;     /* held for a node that was deleted */
	bool is_absent_shown; /* also those that their manager does not show */
};
/* By pod manager and id; at most max (0: all). Texts live in the arena. */
SUSPENDS int device_list(struct db *db, const struct device_filter *filter, size_t max, struct arena *arena,
			 struct device **ret, size_t *ret_count, struct error *err);
/* The one with that resource id, absent or not. -ERR_NOT_FOUND without a sentence. */
SUSPENDS int device_read(struct db *db, int64_t pod_manager_id, const char *resource_id, struct arena *arena,
			 struct device *ret, struct error *err);

/* ---- claims ---- */

enum device_intent { DEVICE_ATTACH, DEVICE_DETACH, DEVICE_RELEASE };
struct device_claim {
	int64_t pod_manager_id;
	const char *resource_id;
	/* ATTACH: for the node, if nobody has it. DETACH: if the node or nobody holds it. RELEASE: if it is
	 * held for a node that was deleted. All: and no other action is at work on it. An intent that the
	 * same owner has left behind is taken up. */
	enum device_intent intent;
	int64_t node_id;   /* 0 with RELEASE */
	int64_t action_id; /* that will write to the manager */
};
/* *ret_claimed false: it may not be had now (or is not recorded); *ret untouched. Else *ret is the device as
 * it was before, but for the version, which is the new one: `intent` tells of a write that was left behind.
 */
SUSPENDS int device_claim(struct db *db, const struct device_claim *claim, struct arena *arena,
			  bool *ret_claimed, struct device *ret, struct error *err);

struct device_outcome {
	const char *group_id; /* state follows from it */
	const char *host_id;  /* NULL: none */
	int64_t node_id;      /* 0: none */
	bool is_held;
};
/* *ret_done: nobody came between. */
SUSPENDS int device_settle(struct db *db, int64_t id, int64_t version, const struct device_outcome *outcome,
			   bool *ret_done, struct error *err);

/* ---- what the manager shows ---- */

/* One device that is to be inserted (id 0), rewritten or removed. */
struct device_store {
	int64_t id, version;
	bool is_gone; /* removed; all else is unread */
	const char *resource_id, *type, *group_id, *host_id;
	bool is_kept; /* node and holding stay as they are; else nobody has it any more */
	bool is_present;
	const char *properties, *extra;
};
/* In one transaction; rows that have changed since their version was read, and new ones that exist by now,
 * are left alone. */
SUSPENDS int device_store(struct db *db, int64_t pod_manager_id, const struct device_store *stores,
			  size_t count, struct error *err);
