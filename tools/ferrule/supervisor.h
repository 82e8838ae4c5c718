#pragma once
/*
 * supervisor: programs that are started again when they end without having been asked to: at once the
 * first time, then after a delay that doubles with each quick death.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/fiber.h"
#include "tools/ferrule/child.h"

struct supervised {
	const char *name;
	/* Starts it; called again after each end. */
	SUSPENDS int (*start)(struct supervised *self, struct error *err);
	struct child *child; /* what start started */
	void *owner;         /* of start */

	bool is_stopping;    /* private from here on */
	bool has_misbehaved; /* ended with a signal or an error status, asked to or not */
	struct fiber *fiber;
	struct cond ended; /* of the fiber */
};

/* The first start is the caller's; this looks after it from then on. */
void supervise(struct supervised *self);
/* Ends it and the looking after. */
SUSPENDS void supervised_stop(struct supervised *self, int first_signal, int64_t patience_ms,
			      int last_signal);
