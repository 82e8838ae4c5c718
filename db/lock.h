#pragma once
/* lock: who holds a node's lock, who waits for it, and how it is broken. Source: docs/locks.rst, section 5.
 */
#include "db/db.h"
#include "lib/arena.h"

/* An open action of the node. Texts live in the arena; NULL: none. Times as PostgreSQL writes them, in UTC.
 */
struct lock_action {
	int64_t id;
	const char *uuid, *kind, *request_id;
	const char *host, *instance, *instance_state; /* running: where */
	const char *token;                            /* running */
	const char *asked_at, *started_at, *start_by, *stop_asked;
	bool is_accepted;
	double waited_s; /* in line so far, or until it was started */
	double age_s;    /* since it was started */
};

struct lock_view {
	const char *reservation; /* NULL: free */
	int64_t epoch;
	struct lock_action *holder; /* NULL: free, or reserved by somebody who is not of us */
	struct lock_action *line;   /* exclusive actions in line, in order */
	size_t line_count;
	struct lock_action *beside; /* shared actions that run */
	size_t beside_count;
};
#define LOCK_LINE_MAX 200 /* open actions read at most */

/* Reads them; -ERR_NOT_FOUND without a sentence when there is no such node. */
SUSPENDS int lock_read(struct db *db, int64_t node_id, struct arena *arena, struct lock_view *ret,
		       struct error *err);

/* Ends the holder's action as unknown and frees the lock, with last_error, or frees a lock of that epoch that
 * no action holds. *ret_forced false: the lock is no longer the one that was seen. */
SUSPENDS int lock_force(struct db *db, int64_t node_id, const struct lock_view *seen, const char *sentence,
			bool *ret_forced, struct error *err);
/* A row of the node's history. */
SUSPENDS int lock_note(struct db *db, int64_t node_id, const char *sentence, const char *conductor,
		       struct error *err);
