#pragma once
/*
 * fleet: the live conductors, their drivers, interfaces and passthru methods, as this process last read them.
 * Loaded again on each notification and every two seconds. Nothing about nodes is kept.
 */
#include <stddef.h>

#include "db/conductor.h"
#include "lib/error.h"

/* Starts the fiber that keeps the registry. */
void fleet_start(struct db *db);
/* Ends it; waits. */
SUSPENDS void fleet_stop(void);
/* The newest snapshot; stays valid until fleet_put. Never NULL. */
struct registry *fleet_get(void);
void fleet_put(struct registry *registry);
/* Loads now, for what has just been published. */
SUSPENDS int fleet_refresh(struct error *err);

#define FLEET_HOST_MAX 256
/* The host among `driver` and `group` that the node belongs to; NULL when nobody serves the pool. */
const char *fleet_host_of(const struct registry *registry, const char *group, const char *driver,
			  const char *node_uuid);
/* 0 when a live conductor serves the pool; else Ironic's sentences: -ERR_NO_CONDUCTOR when there is no
 * conductor at all, -ERR_NO_VALID_HOST otherwise. */
int fleet_check_pool(const struct registry *registry, const char *group, const char *driver,
		     struct error *err);
