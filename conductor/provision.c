/*
 * provision: PUT states/provision. begin checks the verb against the state machine again, now under the lock,
 * and moves the node into the working state, which acceptance stores; run does the verb's work and moves the
 * node on; undo moves it to the failure state. Source: ironic-contract, sections 5.2 and 5.3.
 */
#include <string.h>

#include "conductor/operation.h"
#include "drivers/fake/fake.h"
#include "model/fsm.h"

/* The newest microversion: the API has checked the client's. */
#define VERSION_NEWEST 115

/* What a verb needs and does. */
struct workflow {
	enum provision_event event;
	bool is_refused_in_maintenance;
	bool is_refused_when_protected;
	enum interface_type needs; /* validated before the promise; INTERFACE_COUNT: none */
	SUSPENDS int (*work)(struct job *job, struct error *err); /* NULL: the move is all */
};

/* ---- the work of each verb ---- */

static int verify(struct job *job, struct error *err)
{
	const struct interface *interface;
	enum power_state state;
	int rc = job_interface(job, INTERFACE_POWER, &interface, err);

	if (rc < 0)
		return fail_prefix(err, "Failed to validate power driver interface for node %s. Error",
				   node_uuid(&job->node));
	rc = power_interface(interface)->get(&job->task, &state, err);
	if (rc < 0)
		return fail_prefix(err, "Failed to get power state for node %s. Error",
				   node_uuid(&job->node));
	node_set_text(&job->node, NODE_POWER_STATE, power_state_name(state));
	return 0;
}

/* Recorded by Ironic when the list of steps is spent. */
static void clear_steps(struct job *job, const char *which)
{
	json_object_set_new(node_object(&job->node, NODE_DRIVER_INTERNAL_INFO), which, json_null());
	node_mark_dirty(&job->node, NODE_DRIVER_INTERNAL_INFO);
}

/* Only the fake hardware spends time here; no deploy interface in the tree has automated cleaning steps. */
static int spend_delay(struct job *job, enum interface_type type, const char *operation, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, type, &interface, err);

	if (rc == 0 && strcmp(interface->name, "fake") == 0)
		rc = fake_work(&job->task, type, operation, err);
	return rc;
}

static int clean_automatically(struct job *job, struct error *err)
{
	(void)err;
	clear_steps(job, "clean_steps");
	return 0;
}

static int inspect(struct job *job, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_INSPECT, &interface, err);

	if (rc == 0)
		rc = inspect_interface(interface)->inspect(&job->task, err);
	if (rc == 0)
		node_set_now(&job->node, NODE_INSPECTION_FINISHED_AT);
	return rc;
}

static int deploy(struct job *job, struct error *err)
{
	int rc = spend_delay(job, INTERFACE_DEPLOY, "deploy", err);

	if (rc == 0)
		clear_steps(job, "deploy_steps");
	return rc;
}

static int rescue(struct job *job, struct error *err)
{
	return spend_delay(job, INTERFACE_RESCUE, "rescue", err);
}

static int unrescue(struct job *job, struct error *err)
{
	return spend_delay(job, INTERFACE_RESCUE, "unrescue", err);
}

/* The instance goes; what follows is automated cleaning. */
static int tear_down(struct job *job, struct error *err)
{
	int rc = spend_delay(job, INTERFACE_DEPLOY, "deploy.tear_down", err);

	if (rc < 0)
		return rc;
	node_set_object(&job->node, NODE_INSTANCE_INFO, json_object());
	node_set_text(&job->node, NODE_INSTANCE_UUID, NULL);
	node_set_text(&job->node, NODE_INSTANCE_NAME, NULL);
	fsm_apply(&job->node, EVENT_CLEAN);
	return clean_automatically(job, err);
}

/* clang-format off */
static const struct workflow workflows[] = {
	{ EVENT_MANAGE,   false, false, INTERFACE_COUNT,   verify },
	{ EVENT_PROVIDE,  false, false, INTERFACE_POWER,   clean_automatically },
	{ EVENT_INSPECT,  false, false, INTERFACE_INSPECT, inspect },
	{ EVENT_DEPLOY,   true,  false, INTERFACE_DEPLOY,  deploy },
	{ EVENT_REBUILD,  true,  true,  INTERFACE_DEPLOY,  deploy },
	{ EVENT_DELETE,   false, true,  INTERFACE_DEPLOY,  tear_down },
	{ EVENT_ADOPT,    false, false, INTERFACE_DEPLOY,  NULL },
	{ EVENT_RESCUE,   false, false, INTERFACE_RESCUE,  rescue },
	{ EVENT_UNRESCUE, false, false, INTERFACE_RESCUE,  unrescue },
};
/* clang-format on */

static const struct workflow *workflow_find(enum provision_event event)
{
	for (size_t i = 0; i < sizeof(workflows) / sizeof(workflows[0]); i++) {
		if (workflows[i].event == event)
			return &workflows[i];
	}
	return NULL;
}

/* ---- begin, run, undo ---- */

static int check_guards(struct job *job, const struct workflow *workflow, const char *verb, struct error *err)
{
	const char *uuid = node_uuid(&job->node);

	if (workflow->is_refused_in_maintenance && node_bool(&job->node, NODE_MAINTENANCE))
		return fail(err, ERR_MAINTENANCE,
			    "The %s operation can't be performed on node %s because it's in "
			    "maintenance mode.",
			    verb, uuid);
	if (workflow->is_refused_when_protected && node_bool(&job->node, NODE_PROTECTED))
		return fail(err, ERR_PROTECTED,
			    "Node %s is protected and cannot be undeployed, rebuilt or deleted", uuid);
	if (workflow->event == EVENT_PROVIDE && node_bool(&job->node, NODE_RETIRED))
		return fail(err, ERR_INVALID,
			    "The %s operation can't be performed on node %s because it is retired.", verb,
			    uuid);
	return 0;
}

/* A repeat after a takeover finds the node where its first attempt has put it. */
static bool is_under_way(const struct job *job, enum provision_event event, enum provision_state state)
{
	size_t count;
	const struct fsm_transition *rows = fsm_table(&count);

	for (size_t i = 0; job->is_accepted && i < count; i++) {
		if (rows[i].event == event && rows[i].since > 0 && rows[i].to == state &&
		    fsm_needs_worker(state))
			return true;
	}
	return false;
}

static int begin(struct job *job, struct error *err)
{
	const char *name = job_text(job, "target");
	const struct provision_verb *verb = provision_verb_find(name);
	const char *provision = node_text(&job->node, NODE_PROVISION_STATE);
	enum provision_state state = provision_state_find(provision);
	const struct workflow *workflow = verb ? workflow_find(verb->event) : NULL;
	const struct interface *interface;
	int rc;

	if (verb && is_under_way(job, verb->event, state)) {
		job->state = (void *)workflow;
		return 0;
	}
	if (!verb || !fsm_allows(state, verb, VERSION_NEWEST))
		return fail(err, ERR_INVALID_STATE_REQUEST,
			    "The requested action \"%s\" can not be performed on node "
			    "\"%s\" while it is in state \"%s\".",
			    name ? name : "None", node_uuid(&job->node), provision);
	if (!workflow)
		return task_unsupported(&job->task, name, err);
	rc = check_guards(job, workflow, name, err);
	if (rc == 0 && workflow->needs != INTERFACE_COUNT)
		rc = job_interface(job, workflow->needs, &interface, err);
	if (rc < 0)
		return rc;
	job->state = (void *)workflow;
	node_set_text(&job->node, NODE_LAST_ERROR, NULL);
	fsm_apply(&job->node, verb->event);
	return 0;
}

static int run(struct job *job, struct error *err)
{
	const struct workflow *workflow = job->state;
	enum provision_state state = provision_state_find(node_text(&job->node, NODE_PROVISION_STATE));
	int rc;

	if (!fsm_needs_worker(state))
		return 0; /* manage from available or a failure: the move was all */
	rc = workflow->work ? workflow->work(job, err) : 0;
	if (rc == 0)
		fsm_apply(&job->node, EVENT_DONE);
	return rc;
}

static void undo(struct job *job, const struct error *failure)
{
	enum provision_state state = provision_state_find(node_text(&job->node, NODE_PROVISION_STATE));

	node_set_text(&job->node, NODE_LAST_ERROR, failure->text);
	if (fsm_needs_worker(state))
		fsm_apply(&job->node, EVENT_FAIL);
}

/* clang-format off */
const struct operation provision_operations[] = {
	{ .kind = "provision", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = begin, .run = run,
	  .undo = undo, .history = "provision" },
	{ 0 }
};
/* clang-format on */
