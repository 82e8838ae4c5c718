#pragma once
/*
 * device_sync: keeps the records of pooled devices in line with what their managers show. Any conductor takes
 * managers that are due, all side by side: one that hangs holds up no other. Devices of deleted nodes are
 * taken back by actions of kind device_release, because that writes to the manager.
 */
#include "drivers/pool.h"

struct conductor;
struct db;

void device_sync_start(struct conductor *conductor);

/* Reads the manager and stores what has changed, and whether it could be read. For a task of the manager's
 * hardware type; needs no gate. */
SUSPENDS int device_sync_run(struct db *db, struct task *task, const struct pod_manager *manager,
			     struct error *err);
