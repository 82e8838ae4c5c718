/* pool: see pool.h. Here: the records of those who have none. */
#include "drivers/pool.h"

#include "drivers/driver.h"

static int manager_of(struct task *task, const struct pod_manager *wanted, struct pod_manager *ret,
		      struct error *err)
{
	(void)task;
	(void)err;
	*ret = *wanted;
	return 0;
}

static int manager_find(struct task *task, const char *ident, struct pod_manager *ret, struct error *err)
{
	(void)task;
	(void)ret;
	return fail(err, ERR_NOT_FOUND, "Pod manager %s could not be found.", ident);
}

static int managers(struct task *task, struct pod_manager **ret, size_t *ret_count, struct error *err)
{
	(void)err;
	*ret = arena_alloc(&task->arena, sizeof(**ret));
	*ret_count = 0;
	return 0;
}

static int list(struct task *task, const struct device_filter *filter, struct device **ret, size_t *ret_count,
		struct error *err)
{
	(void)filter;
	(void)err;
	*ret = arena_alloc(&task->arena, sizeof(**ret));
	*ret_count = 0;
	return 0;
}

static int held(struct task *task, int64_t manager_id, struct device **ret, size_t *ret_count,
		struct error *err)
{
	(void)manager_id;
	return list(task, NULL, ret, ret_count, err);
}

static int read(struct task *task, int64_t manager_id, const char *resource_id, struct device *ret,
		struct error *err)
{
	(void)task;
	(void)manager_id;
	(void)resource_id;
	(void)ret;
	return fail(err, ERR_NOT_FOUND, "%s", "");
}

static int learn(struct task *task, int64_t manager_id, const struct device_store *device, struct error *err)
{
	(void)task;
	(void)manager_id;
	(void)device;
	(void)err;
	return 0;
}

/* With an intent, so that the manager is asked what the device's state is. */
static int claim(struct task *task, int64_t manager_id, const char *resource_id, const char *host_id,
		 enum device_intent intent, bool *ret_claimed, struct device *ret, struct error *err)
{
	(void)manager_id;
	(void)host_id;
	(void)err;
	*ret_claimed = true;
	*ret = (struct device){ .resource_id = arena_strdup(&task->arena, resource_id),
				.group_id = DEVICE_FREE_GROUP,
				.intent = intent == DEVICE_ATTACH ? "attach" : "detach" };
	return 0;
}

static int settle(struct task *task, const struct device *device, const struct device_outcome *outcome,
		  struct error *err)
{
	(void)task;
	(void)device;
	(void)outcome;
	(void)err;
	return 0;
}

static int sync_nothing(struct task *task, const struct pod_manager *manager, struct error *err)
{
	(void)task;
	(void)manager;
	(void)err;
	return 0;
}

static int nodes(struct task *task, json_t **ret, struct error *err)
{
	(void)task;
	(void)err;
	*ret = json_array();
	return 0;
}

static const struct pool_records no_records = {
	.manager_of = manager_of,
	.manager_find = manager_find,
	.managers = managers,
	.list = list,
	.held = held,
	.read = read,
	.learn = learn,
	.claim = claim,
	.settle = settle,
	.sync = sync_nothing,
	.nodes = nodes,
};

const struct pool_records *task_pool(const struct task *task)
{
	return task->ops->pool ? task->ops->pool : &no_records;
}

int pool_tear_down(struct task *task, struct error *err)
{
	const struct pool_driver *pool = task->hardware->pool;

	return pool ? pool->tear_down(task, err) : 0;
}
