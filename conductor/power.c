/*
 * power: PUT states/power. Acceptance stores the target and clears last_error; then the BMC is asked,
 * switched if need be, and the outcome stored. Source: Ironic's node_power_action (ironic-contract,
 * section 5.4).
 */
#include "conductor/power.h"

#include <string.h>

#include "conductor/found.h"
#include "conductor/operation.h"
#include "conductor/options.h"
#include "conductor/relative.h"
#include "lib/clock.h"

/* One request, in the task's arena. */
struct power_request {
	enum power_state target; /* as asked for */
	enum power_state result; /* the stable state it leads to */
	unsigned timeout_s;
	bool was_unreadable; /* the failure came from reading, before anything was sent */
};

static unsigned timeout_of(const struct job *job, enum power_state target)
{
	const json_t *timeout = json_object_get(job->args, "timeout");

	if (json_is_integer(timeout) && json_integer_value(timeout) > 0)
		return (unsigned)json_integer_value(timeout);
	if (target == POWER_SOFT_OFF || target == POWER_SOFT_REBOOT)
		return (unsigned)conductor_options.soft_power_off_timeout_s;
	return (unsigned)conductor_options.power_change_timeout_s;
}

static bool is_supported(const struct power_interface *power, enum power_state target)
{
	const enum power_state *state = power->supported;

	while (*state != POWER_UNKNOWN && *state != target)
		state++;
	return target != POWER_UNKNOWN && *state == target;
}

static int check_node(struct job *job, const struct power_request *request, struct error *err)
{
	const char *provision = node_text(&job->node, NODE_PROVISION_STATE);
	enum provision_state state = provision_state_find(provision);

	if (state == PROVISION_CLEANING || state == PROVISION_CLEANWAIT)
		return fail(err, ERR_INVALID_STATE_REQUEST,
			    "The requested action \"%s\" can not be performed on node "
			    "\"%s\" while it is in state \"%s\".",
			    power_state_name(request->target), node_uuid(&job->node), provision);
	if (request->result == POWER_OFF && node_bool(&job->node, NODE_DISABLE_POWER_OFF))
		return fail(err, ERR_CONFLICT,
			    "Node %s can not be powered off: its disable_power_off is set.",
			    node_uuid(&job->node));
	return 0;
}

static int begin(struct job *job, struct error *err)
{
	struct power_request *request = arena_alloc(&job->task.arena, sizeof(*request));
	const char *target = job_text(job, "target");
	const struct interface *interface;
	int rc = job_interface(job, INTERFACE_POWER, &interface, err);

	if (rc < 0)
		return rc;
	request->target = power_state_find(target);
	request->result = power_state_result(request->target);
	request->timeout_s = timeout_of(job, request->target);
	job->state = request;
	if (!is_supported(power_interface(interface), request->target))
		return fail(err, ERR_INVALID, "The driver %s does not support the power state, %s",
			    job->task.hardware->name, target ? target : "None");
	rc = check_node(job, request, err);
	if (rc == 0)
		rc = relatives_await_power(&job->task, request->target, err);
	if (rc < 0)
		return rc;
	node_set_text(&job->node, NODE_TARGET_POWER_STATE, power_state_name(request->result));
	node_set_text(&job->node, NODE_LAST_ERROR, NULL);
	return 0;
}

void power_forget_agent(struct node *node)
{
	static const char *const names[] = { "agent_url", "agent_secret_token", "agent_verify_ca" };
	json_t *info = node_object(node, NODE_DRIVER_INTERNAL_INFO);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_del(info, names[i]);
	node_mark_dirty(node, NODE_DRIVER_INTERNAL_INFO);
}

/* Records a state that a change has reached. */
static void power_reached(struct node *node, enum power_state state)
{
	char now[32];

	clock_wall_text(now, sizeof(now));
	node_set_text(node, NODE_POWER_STATE, power_state_name(state));
	node_set_text(node, NODE_TARGET_POWER_STATE, NULL);
	json_object_set_new(node_object(node, NODE_DRIVER_INTERNAL_INFO), "last_power_state_change",
			    json_string(now));
	power_forget_agent(node);
}

/* A change to the state that the BMC is in is no change; a reboot always is one. */
static bool is_there(const struct power_request *request, enum power_state now)
{
	return now == request->result && request->target != POWER_REBOOT &&
	       request->target != POWER_SOFT_REBOOT;
}

int power_bring(struct task *task, enum power_state target, unsigned timeout_s, struct error *err)
{
	const struct interface *interface;
	enum power_state now = POWER_UNKNOWN;
	int rc = task_interface(task, INTERFACE_POWER, &interface, err);

	if (rc == 0 && target == POWER_OFF && node_bool(task->node, NODE_DISABLE_POWER_OFF))
		return fail(err, ERR_CONFLICT,
			    "Node %s can not be powered off: its disable_power_off is set.",
			    node_uuid(task->node));
	if (rc == 0 && target != POWER_REBOOT)
		rc = power_interface(interface)->get(task, &now, err);
	if (rc == 0 && now == target) {
		node_set_text(task->node, NODE_POWER_STATE, power_state_name(now));
		return 0;
	}
	if (rc == 0)
		rc = relatives_power(task, target, err);
	if (rc == 0)
		rc = power_interface(interface)->set(task, target, timeout_s, err);
	if (rc == 0)
		power_reached(task->node, power_state_result(target));
	return rc;
}

static int run(struct job *job, struct error *err)
{
	struct power_request *request = job->state;
	enum power_state now = POWER_UNKNOWN;
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_POWER, &interface, err);

	if (rc == 0 && request->target != POWER_REBOOT && request->target != POWER_SOFT_REBOOT) {
		rc = power_interface(interface)->get(&job->task, &now, err);
		request->was_unreadable = rc < 0;
	}
	if (rc == 0 && is_there(request, now)) {
		node_set_text(&job->node, NODE_POWER_STATE, power_state_name(now));
		node_set_text(&job->node, NODE_TARGET_POWER_STATE, NULL);
		return 0;
	}
	if (rc == 0)
		rc = relatives_power(&job->task, request->target, err);
	if (rc == 0)
		rc = power_interface(interface)->set(&job->task, request->target, request->timeout_s, err);
	if (rc == 0)
		power_reached(&job->node, request->result);
	if (rc == 0 && request->result == POWER_ON)
		found_facts(&job->task);
	return rc;
}

static void undo(struct job *job, const struct error *failure)
{
	const struct power_request *request = job->state;
	const char *text;

	node_set_text(&job->node, NODE_TARGET_POWER_STATE, NULL);
	if (!request)
		text = failure->text;
	else if (request->was_unreadable)
		text = arena_printf(&job->task.arena, "Failed to change power state to '%s'. Error: %s",
				    power_state_name(request->result), failure->text);
	else
		text = arena_printf(&job->task.arena, "Failed to change power state to '%s' by '%s': %s",
				    power_state_name(request->result), power_state_name(request->target),
				    failure->text);
	node_set_text(&job->node, NODE_LAST_ERROR, text);
}

/* The poller has found other than what is recorded. By now somebody may have changed the record. */
static int restore_begin(struct job *job, struct error *err)
{
	const char *target = job_text(job, "target");
	const char *recorded = node_text(&job->node, NODE_POWER_STATE);

	if (!target || !recorded || strcmp(target, recorded) != 0 || node_bool(&job->node, NODE_MAINTENANCE))
		return fail(err, ERR_CONFLICT, "The node's recorded power state has changed meanwhile.");
	return begin(job, err);
}

/* clang-format off */
const struct operation power_operations[] = {
	{ .kind = "power", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = begin, .run = run, .undo = undo,
	  .history = "power" },
	{ .kind = "power_restore", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = restore_begin,
	  .run = run, .undo = undo, .history = "power" },
	{ 0 }
};
/* clang-format on */
