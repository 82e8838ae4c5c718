#pragma once
/*
 * batch: group commit. Fibers that ask for the same kind of work while a batch of it is in flight go
 * together in the next one, so batches grow with the load and one caller alone never waits. The first
 * fiber leads: it runs the batch for all, then hands over to the first that came meanwhile.
 */
#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"

enum { BATCH_MAX = 90, BATCH_WEIGHT_MAX = 4 << 20 };

/* What one fiber asks for, as the kind's run sees it. */
struct batch_entry {
	void *item;        /* the kind's */
	int rc;            /* set by run when this one failed; 0 before */
	struct error *err; /* the asker's; may be NULL */
};

struct batch_kind {
	const char *name;
	/* Does all entries in one statement or flush. 0: each entry's rc tells. Negative: none was done; when
	 * the reason may be a single entry's (anything but -ERR_DATABASE, -ERR_UNKNOWN_OUTCOME,
	 * -ERR_TIMEOUT), each is tried alone. May sort the entries. Runs shielded. */
	SUSPENDS int (*run)(struct db *db, struct batch_entry **entries, size_t count, struct error *err);
};

/* Asks and waits. weight: bytes that the item adds to the statement, about. A fiber cancelled before its
 * entry is taken leaves with -ERR_CANCELLED and nothing was done; afterwards it waits for the answer. */
SUSPENDS int batch_submit(struct db *db, const struct batch_kind *kind, void *item, size_t weight,
			  struct error *err);

/* Beneath: db_exec_all that tells -ERR_UNKNOWN_OUTCOME (sent, and the connection was lost) from
 * -ERR_DATABASE (nothing was done). */
SUSPENDS int db_exec_exactly(struct db *db, struct db_step *steps, size_t count, struct error *err);
