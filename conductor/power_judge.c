/* power_judge: see power_judge.h. */
#include "conductor/power_judge.h"

#include "conductor/gate.h"
#include "conductor/observation.h"
#include "conductor/options.h"
#include "db/action.h"
#include "db/node.h"
#include "db/power_sync.h"
#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/options.h"

/* Longest reading of one node: slow BMCs take 20 s to answer. */
#define READ_MS       INT64_C(30000)
#define RESTORE_RUN_S 150

static int read_power(struct node *node, enum power_state *ret_state, struct error *err)
{
	struct task task = { .node = node,
			     .hardware = hardware_type_find(node_text(node, NODE_DRIVER)),
			     .deadline_ms = clock_ms() + READ_MS,
			     .ops = &gate_closed_ops };
	const struct interface *interface;
	int rc;

	arena_init(&task.arena);
	rc = task_interface(&task, INTERFACE_POWER, &interface, err);
	if (rc == 0)
		rc = interface_validate(interface, &task, err);
	if (rc == 0)
		rc = power_interface(interface)->get(&task, ret_state, err);
	if (rc == 0 && *ret_state == POWER_ERROR)
		rc = fail(err, ERR_BMC, "The BMC reports an error instead of a power state");
	task_release(&task);
	return rc;
}

/* Puts the hardware back to what is recorded, as a power action of our own. */
static void restore(struct conductor *conductor, const struct node *node)
{
	const char *group = conductor_group();
	char uuid[UUID_TEXT];
	char *pool = xasprintf("%s:%s", group, node_text(node, NODE_DRIVER));
	char *args = xasprintf("{\"target\": \"%s\"}", node_text(node, NODE_POWER_STATE));
	struct action_request request = { .uuid = uuid,
					  .node_id = node->id,
					  .node_uuid = node_uuid(node),
					  .kind = "power_restore",
					  .is_exclusive = true,
					  .on_crash = "repeat",
					  .pool = pool,
					  .target = conductor->hostname,
					  .args = args,
					  .wait_ms = common_lock_wait_ms(),
					  .run_s = RESTORE_RUN_S };
	struct error err;
	int64_t id;

	uuid_new(uuid);
	if (action_insert(conductor->db, &request, &id, &err) < 0)
		log_warning("node %s: its power state could not be put back: %s", node_uuid(node), err.text);
	xfree(pool);
	xfree(args);
}

static void give_up(struct conductor *conductor, struct power_target *target, const struct node *node,
		    const char *actual, const char *cause)
{
	const char *expected = node_text(node, NODE_POWER_STATE);
	char *reason = xasprintf(
		"During sync_power_state, max retries exceeded for node %s, node state %s does not match "
		"expected state '%s'. Updating DB state to '%s' Switching node to maintenance mode. "
		"Error: %s",
		node_uuid(node), actual ? actual : "None", expected ? expected : "None",
		actual ? actual : "None", cause);
	struct power_sync_store store = { .node_id = node->id,
					  .lock_epoch = node->lock_epoch,
					  .power_state = actual,
					  .reason = reason,
					  .conductor = conductor->hostname };
	struct error err;
	bool is_stored;

	if (power_sync_fail(conductor->db, &store, &is_stored, &err) == 0 && is_stored) {
		log_warning("node %s goes to maintenance: %s", node_uuid(node), cause);
		target->failures = 0;
	}
	xfree(reason);
}

/* Some interfaces only read. */
static bool can_switch(struct node *node)
{
	struct task task = { .node = node,
			     .hardware = hardware_type_find(node_text(node, NODE_DRIVER)),
			     .ops = &gate_closed_ops };
	const struct interface *interface;

	return task_interface(&task, INTERFACE_POWER, &interface, NULL) < 0 ||
	       power_interface(interface)->supported[0] != POWER_UNKNOWN;
}

static bool may_force(struct node *node)
{
	return conductor_options.power_sync_is_forced && !node_bool(node, NODE_DISABLE_POWER_OFF) &&
	       can_switch(node);
}

static void store(struct conductor *conductor, const struct node *node, enum power_state state,
		  int (*fn)(struct db *, const struct power_sync_store *, bool *, struct error *))
{
	struct power_sync_store row = { .node_id = node->id,
					.lock_epoch = node->lock_epoch,
					.power_state = power_state_name(state) };
	struct error err;
	bool is_stored;

	fn(conductor->db, &row, &is_stored, &err); /* failing or outrun, the next round comes */
}

/* True when the failure was one too many. */
static bool count_failure(struct power_target *target)
{
	return ++target->failures > (unsigned)conductor_options.power_sync_max_retries;
}

static void differ(struct conductor *conductor, struct power_target *target, struct node *node,
		   enum power_state actual)
{
	const char *name = power_state_name(actual);

	if (!may_force(node)) {
		store(conductor, node, actual, power_sync_record);
		target->failures = 0;
	} else if (count_failure(target)) {
		give_up(conductor, target, node, name, "the node did not stay as it was put back");
	} else {
		log_warning("node %s is found in state %s and put back to %s", node_uuid(node), name,
			    node_text(node, NODE_POWER_STATE));
		restore(conductor, node);
	}
}

static void judge_read(struct conductor *conductor, struct power_target *target, struct node *node,
		       enum power_state actual)
{
	enum power_state recorded = power_state_find(node_text(node, NODE_POWER_STATE));

	observation_read(conductor, node->id, "poll");
	target->read_ms = clock_ms();
	if (target->class == POWER_RECOVER) {
		store(conductor, node, actual, power_sync_recover);
		target->failures = 0;
	} else if (actual == recorded) {
		target->failures = 0;
	} else if (recorded == POWER_UNKNOWN || recorded == POWER_ERROR) {
		store(conductor, node, actual, power_sync_record);
		target->failures = 0;
	} else {
		differ(conductor, target, node, actual);
	}
}

static void judge_unread(struct conductor *conductor, struct power_target *target, const struct node *node,
			 const struct error *err)
{
	observation_failed(conductor, node->id, err->text);
	if (count_failure(target) && target->class != POWER_RECOVER)
		give_up(conductor, target, node, NULL, err->text);
}

static enum power_verdict judge_node(struct conductor *conductor, struct power_target *target,
				     struct node *node)
{
	enum power_state actual = POWER_UNKNOWN;
	struct error err;

	if (node_bool(node, NODE_MAINTENANCE) != (target->class == POWER_RECOVER))
		return POWER_UNWATCHED;
	if (node_text(node, NODE_RESERVATION) || node_text(node, NODE_TARGET_POWER_STATE))
		return POWER_SKIPPED;
	int rc = read_power(node, &actual, &err);
	if (rc == -ERR_CANCELLED || conductor->is_draining || conductor->is_stopping)
		return POWER_SKIPPED;
	if (rc == 0)
		judge_read(conductor, target, node, actual);
	else
		judge_unread(conductor, target, node, &err);
	return rc == 0 ? POWER_READ : POWER_UNREAD;
}

enum power_verdict power_judge(struct conductor *conductor, struct power_target *target)
{
	enum power_verdict verdict = POWER_SKIPPED;
	struct error err;
	struct node node;

	node_init(&node);
	int rc = node_read(conductor->db, NULL, NULL, target->node_id, &node, &err);
	if (rc == 0)
		verdict = judge_node(conductor, target, &node);
	else if (rc == -ERR_NOT_FOUND)
		verdict = POWER_UNWATCHED;
	node_release(&node);
	return verdict;
}
