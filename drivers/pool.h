#pragma once
/*
 * pool: devices that machines borrow from a manager that serves many of them (ExpEther's EEM). A hardware
 * type with such devices offers a struct pool_driver; what conductors record about who has what, it reaches
 * through the task as struct pool_records, never as a database. Why so: docs/architecture.rst.
 *
 * Rules: a device is claimed before the manager is written to, and settled with what came of it, or left
 * unsettled when that is not known: then the sync settles it by what the manager shows.
 */
#include <jansson.h>

#include "drivers/task.h"
#include "model/device.h"

/* All results live in the task's arena. */
struct pool_records {
	/* The manager that a node's driver_info names, by its URL; recorded if it is new. */
	SUSPENDS int (*manager_of)(struct task *task, const struct pod_manager *wanted,
				   struct pod_manager *ret, struct error *err);
	/* By uuid or name. -ERR_NOT_FOUND. */
	SUSPENDS int (*manager_find)(struct task *task, const char *ident, struct pod_manager *ret,
				     struct error *err);
	SUSPENDS int (*managers)(struct task *task, struct pod_manager **ret, size_t *ret_count,
				 struct error *err);
	SUSPENDS int (*list)(struct task *task, const struct device_filter *filter, struct device **ret,
			     size_t *ret_count, struct error *err);
	/* Those held for the task's node, absent ones too. */
	SUSPENDS int (*held)(struct task *task, int64_t manager_id, struct device **ret, size_t *ret_count,
			     struct error *err);
	/* -ERR_NOT_FOUND without a sentence. */
	SUSPENDS int (*read)(struct task *task, int64_t manager_id, const char *resource_id,
			     struct device *ret, struct error *err);
	/* A device that the manager showed just now. */
	SUSPENDS int (*learn)(struct task *task, int64_t manager_id, const struct device_store *device,
			      struct error *err);
	/* For the task's node and action (db/device.h). host_id: of the node's host, for DEVICE_ATTACH.
	 * *ret_claimed false: it may not be had now. */
	SUSPENDS int (*claim)(struct task *task, int64_t manager_id, const char *resource_id,
			      const char *host_id, enum device_intent intent, bool *ret_claimed,
			      struct device *ret, struct error *err);
	SUSPENDS int (*settle)(struct task *task, const struct device *device,
			       const struct device_outcome *outcome, struct error *err);
	/* Brings the records in line with the manager. */
	SUSPENDS int (*sync)(struct task *task, const struct pod_manager *manager, struct error *err);
	/* Nodes of the task's hardware type: a list of {"uuid": ..., "driver_info": {...}}; new reference. */
	SUSPENDS int (*nodes)(struct task *task, json_t **ret, struct error *err);
};

/* What a hardware type does with its managers. */
struct pool_driver {
	/* Seconds between two syncs of each manager; 0: only when asked. */
	double (*sync_interval)(void);
	/* What the manager shows, as rows to store (id and version 0), by resource id; in the task's arena.
	 */
	SUSPENDS int (*inventory)(struct task *task, const struct pod_manager *manager,
				  struct device_store **ret, size_t *ret_count, struct error *err);
	/* Takes back what nodes had that are deleted. */
	SUSPENDS int (*release)(struct task *task, const struct pod_manager *manager, struct error *err);
	/* Takes back what the task's node was given. */
	SUSPENDS int (*tear_down)(struct task *task, struct error *err);
};

/* The task's records; for tasks without any (tools, tests), ones that permit everything and know nothing:
 * then the manager alone decides. Never NULL. */
const struct pool_records *task_pool(const struct task *task);
/* The hardware type's tear_down, if it has one. */
SUSPENDS int pool_tear_down(struct task *task, struct error *err);
