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
#include "model/device.h"

/* By pod manager and id; at most max (0: all). Texts live in the arena. */
SUSPENDS int device_list(struct db *db, const struct device_filter *filter, size_t max, struct arena *arena,
			 struct device **ret, size_t *ret_count, struct error *err);
/* The one with that resource id, absent or not. -ERR_NOT_FOUND without a sentence. */
SUSPENDS int device_read(struct db *db, int64_t pod_manager_id, const char *resource_id, struct arena *arena,
			 struct device *ret, struct error *err);

/* ---- claims ---- */

struct device_claim {
	int64_t pod_manager_id;
	const char *resource_id;
	enum device_intent intent;
	int64_t node_id;     /* 0 with RELEASE */
	const char *host_id; /* ATTACH: whose card it is to be */
	int64_t action_id;   /* that will write to the manager */
};
/* *ret_claimed false: it may not be had now (or is not recorded); *ret untouched. Else *ret is the device as
 * it was before, but for the version, which is the new one: `intent` tells of a write that was left behind.
 */
SUSPENDS int device_claim(struct db *db, const struct device_claim *claim, struct arena *arena,
			  bool *ret_claimed, struct device *ret, struct error *err);

/* *ret_done: nobody came between. */
SUSPENDS int device_settle(struct db *db, int64_t id, int64_t version, const struct device_outcome *outcome,
			   bool *ret_done, struct error *err);

/* ---- what the manager shows ---- */

/* In one transaction; rows that have changed since their version was read, and new ones that exist by now,
 * are left alone. */
SUSPENDS int device_store(struct db *db, int64_t pod_manager_id, const struct device_store *stores,
			  size_t count, struct error *err);
