#pragma once
/*
 * conductor: one process's part in the fleet: its row and lease, the jobs that it runs, its slots. A process
 * has one; tests have two.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/map.h"
#include "lib/uuid.h"

struct job;
struct observations;
struct power_sync;
struct ready;

/* First in, first out; see action.c. */
struct ready_list {
	struct ready *first, *last;
};

struct conductor {
	struct db *db;              /* borrowed */
	struct db_session *session; /* of the lease alone */
	const char *hostname;       /* borrowed */
	char instance[UUID_TEXT];   /* changes when this instance was declared dead */
	char **pools, **drivers;    /* owned; of the enabled hardware types, driver_count each */
	size_t driver_count;

	/* lease.c */
	int64_t trusted_until_ms;  /* clock_ms(): t0 + hold of the last renewal; 0: none yet */
	struct cond lease_changed; /* a renewal came, or jobs were fenced */

	/* action.c */
	struct map lines, shared;  /* of struct ready, by node id and by action id */
	struct ready_list ready;   /* waiting for a slot */
	struct ready_list starved; /* shared actions that could not start */
	int free_slots;            /* below 0 while others use lent ones */
	int lent_slots;            /* of jobs that wait for other nodes' actions */
	uint64_t poll_round;
	struct cond poll_asked;

	/* task.c */
	struct job *jobs; /* running, newest first */
	struct cond job_ended;

	struct observations *observations; /* owned; observation.c */
	struct power_sync *power_sync;     /* owned; power_sync.c; NULL: off */

	bool is_draining; /* nothing new is started */
	bool is_stopping; /* loops end */
	unsigned loops;   /* fibers of this conductor's own that still run */
	struct cond loop_ended;
	struct cond stopping; /* conductor_pause waits here */
};

/* Registers, listens and starts the loops. db is up and migrated. -ERR_DATABASE and others when the first
 * registration fails for good. */
SUSPENDS int conductor_start(struct conductor *conductor, struct db *db, const char *hostname,
			     struct error *err);

/* Drains: starts nothing new, waits for running jobs until deadline_ms, cancels the rest, marks the row left,
 * ends the loops and frees everything. */
SUSPENDS void conductor_stop(struct conductor *conductor, int64_t deadline_ms);

/* Starts a loop fiber that conductor_stop waits for; fn must return soon after is_stopping, for which
 * conductor_pause is the wait. */
void conductor_spawn(struct conductor *conductor, const char *name, void (*fn)(struct conductor *conductor));
/* Sleeps, but no longer than until conductor_stop. */
SUSPENDS void conductor_pause(struct conductor *conductor, int64_t ms);
