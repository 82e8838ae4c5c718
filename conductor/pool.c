/* pool: see pool.h. */
#include "conductor/pool.h"

#include <stdio.h>
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/device_sync.h"
#include "conductor/task.h"
#include "db/device.h"
#include "db/pod_manager.h"
#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/json.h"

static struct job *job_of(const struct task *task)
{
	return task->owner;
}

static struct db *db_of(const struct task *task)
{
	return job_of(task)->conductor->db;
}

static int manager_of(struct task *task, const struct pod_manager *wanted, struct pod_manager *ret,
		      struct error *err)
{
	return pod_manager_for_node(db_of(task), wanted, &task->arena, ret, err);
}

static int manager_find(struct task *task, const char *ident, struct pod_manager *ret, struct error *err)
{
	return pod_manager_find(db_of(task), ident, &task->arena, ret, err);
}

static int managers(struct task *task, struct pod_manager **ret, size_t *ret_count, struct error *err)
{
	return pod_manager_list(db_of(task), task->hardware->name, &task->arena, ret, ret_count, err);
}

static int list(struct task *task, const struct device_filter *filter, struct device **ret, size_t *ret_count,
		struct error *err)
{
	return device_list(db_of(task), filter, 0, &task->arena, ret, ret_count, err);
}

static int held(struct task *task, int64_t manager_id, struct device **ret, size_t *ret_count,
		struct error *err)
{
	const struct device_filter filter = { .pod_manager_id = manager_id,
					      .node_uuid = node_uuid(task->node),
					      .is_absent_shown = true };

	return list(task, &filter, ret, ret_count, err);
}

static int read(struct task *task, int64_t manager_id, const char *resource_id, struct device *ret,
		struct error *err)
{
	return device_read(db_of(task), manager_id, resource_id, &task->arena, ret, err);
}

static int learn(struct task *task, int64_t manager_id, const struct device_store *device, struct error *err)
{
	return device_store(db_of(task), manager_id, device, 1, err);
}

/* Accepted with the claim: an action that dies with one is repeated, and settles it. The accepting commit is
 * the one that brings the claim to the disk; the gate waits for it before anything is written. */
static int claim(struct task *task, int64_t manager_id, const char *resource_id, const char *host_id,
		 enum device_intent intent, bool *ret_claimed, struct device *ret, struct error *err)
{
	const struct device_claim wanted = { .pod_manager_id = manager_id,
					     .resource_id = resource_id,
					     .intent = intent,
					     .node_id = task->node ? task->node->id : 0,
					     .host_id = host_id,
					     .action_id = job_of(task)->action.id };
	struct job *job = job_of(task);
	int rc;

	do {
		rc = device_claim(db_of(task), &wanted, &task->arena, ret_claimed, ret, err);
	} while (task_again(job_of(task), rc));
	if (rc == 0 && *ret_claimed)
		task_accept_ahead(job);
	return rc;
}

/* Stored even when the job is cancelled: what was done at the manager is known now, and only here. When
 * another version is there, this call's own first try has settled it, or the sync, or a repeat of this
 * action. */
static int settle(struct task *task, const struct device *device, const struct device_outcome *outcome,
		  struct error *err)
{
	bool is_done;
	int rc;

	fiber_shield_begin();
	do {
		rc = device_settle(db_of(task), device->id, device->version, outcome, &is_done, err);
	} while (task_again(job_of(task), rc));
	fiber_shield_end();
	return rc;
}

static int sync_manager(struct task *task, const struct pod_manager *manager, struct error *err)
{
	return device_sync_run(db_of(task), task, manager, err);
}

static int nodes(struct task *task, json_t **ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = pod_manager_nodes(db_of(task), task->hardware->name, &rows, err);

	if (rc < 0)
		return rc;
	*ret = json_array();
	for (int i = 0; i < db_rows_count(rows); i++) {
		json_t *info = NULL;

		if (json_parse(db_value(rows, i, 1), db_value_len(rows, i, 1), JSON_VALUE_DEPTH_MAX, &info,
			       NULL) == 0)
			json_array_append_new(*ret, json_pack("{s:s, s:o}", "uuid", db_value(rows, i, 0),
							      "driver_info", info));
	}
	db_rows_release(rows);
	return 0;
}

const struct pool_records pool_records = {
	.manager_of = manager_of,
	.manager_find = manager_find,
	.managers = managers,
	.list = list,
	.held = held,
	.read = read,
	.learn = learn,
	.claim = claim,
	.settle = settle,
	.sync = sync_manager,
	.nodes = nodes,
};
