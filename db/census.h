#pragma once
/* census: the fleet in figures, for metrics. Reads whole tables: ask every few seconds at most. */
#include <stdint.h>

#include "db/db.h"

struct census_state {
	const char *provision_state;
	int64_t nodes, in_maintenance, reserved;
	double age_mean_s, age_max_s; /* since they came into it */
};
/* Open actions of one kind and state. */
struct census_actions {
	const char *kind, *state;
	int64_t count;
	double age_max_s;
};

struct census_visitor {
	void (*begin)(void); /* the figures have been read */
	void (*state)(const struct census_state *state, void *arg);
	void (*actions)(const struct census_actions *actions, void *arg);
	void (*power_age)(const char *quantile, double age_s, void *arg); /* "0.5", "0.99", "1" */
	void (*conductors)(const char *state, int64_t count, void *arg);
};

/* Counts, then tells the visitor everything without suspending. */
SUSPENDS int census_read(struct db *db, const struct census_visitor *visitor, void *arg, struct error *err);
