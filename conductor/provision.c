/* provision: see provision.h. Which verb needs what, and the walk that all share. */
#include "conductor/provision.h"

#include <string.h>

#include "conductor/conductor.h"
#include "conductor/provision_options.h"
#include "db/provision.h"

/* The newest microversion: the API has checked the client's. */
#define VERSION_NEWEST 115

/* What may happen on so many nodes at a time. As in Ironic, provide is not held back by the limit of
 * cleaning: a whole rack can be provided at once. Its nodes count for the others. */
struct limit {
	const char *word; /* as the refusal names it */
	const long *max;  /* 0: no limit */
	const enum provision_state *states;
};

static const enum provision_state deploy_states[] = { PROVISION_DEPLOYING, PROVISION_DEPLOYWAIT,
						      PROVISION_STATE_COUNT };
static const enum provision_state clean_states[] = { PROVISION_DELETING, PROVISION_CLEANING,
						     PROVISION_CLEANWAIT, PROVISION_STATE_COUNT };
static const struct limit deploying = { "provisioning", &provision_options.max_concurrent_deploy,
					deploy_states };
static const struct limit cleaning = { "cleaning", &provision_options.max_concurrent_clean, clean_states };
static const struct limit deleting = { "unprovisioning", &provision_options.max_concurrent_clean,
				       clean_states };

/* Validated before the promise; the lists end with INTERFACE_COUNT. */
static const enum interface_type needs_none[] = { INTERFACE_COUNT };
static const enum interface_type needs_power[] = { INTERFACE_POWER, INTERFACE_COUNT };
static const enum interface_type needs_inspect[] = { INTERFACE_INSPECT, INTERFACE_COUNT };
static const enum interface_type needs_deploy[] = { INTERFACE_POWER, INTERFACE_DEPLOY, INTERFACE_COUNT };
static const enum interface_type needs_rescue[] = { INTERFACE_POWER, INTERFACE_RESCUE, INTERFACE_COUNT };

/* What a verb needs and does. */
struct workflow {
	enum provision_event event;
	bool is_refused_when_protected;
	bool is_of_waiting_nodes;     /* its work is done in other than working states */
	const char *maintenance_word; /* of the refusal in maintenance; NULL: allowed there */
	const struct limit *limit;
	const enum interface_type *needs;
	workflow_fn *prepare; /* further checks, and what is stored with the promise; NULL: none */
	workflow_fn *work;
};

static const struct workflow workflows[] = {
	{ .event = EVENT_MANAGE, .needs = needs_none, .work = provision_verify },
	{ .event = EVENT_PROVIDE, .needs = needs_power, .work = provision_provide },
	{ .event = EVENT_CLEAN,
	  .maintenance_word = "cleaning",
	  .needs = needs_power,
	  .limit = &cleaning,
	  .prepare = provision_check_steps,
	  .work = provision_clean },
	{ .event = EVENT_INSPECT,
	  .needs = needs_inspect,
	  .prepare = provision_store_start,
	  .work = provision_inspect },
	{ .event = EVENT_DEPLOY,
	  .maintenance_word = "provisioning",
	  .needs = needs_deploy,
	  .limit = &deploying,
	  .prepare = provision_check_deploy,
	  .work = provision_deploy },
	{ .event = EVENT_REBUILD,
	  .maintenance_word = "provisioning",
	  .is_refused_when_protected = true,
	  .needs = needs_deploy,
	  .limit = &deploying,
	  .prepare = provision_check_deploy,
	  .work = provision_deploy },
	{ .event = EVENT_DELETE,
	  .is_refused_when_protected = true,
	  .needs = needs_power,
	  .limit = &deleting,
	  .work = provision_tear_down },
	{ .event = EVENT_ADOPT, .needs = needs_none, .work = provision_adopt },
	{ .event = EVENT_RESCUE,
	  .maintenance_word = "rescuing",
	  .needs = needs_rescue,
	  .prepare = provision_store_password,
	  .work = provision_rescue },
	{ .event = EVENT_UNRESCUE,
	  .maintenance_word = "unrescuing",
	  .needs = needs_rescue,
	  .work = provision_unrescue },
	{ .event = EVENT_SERVICE,
	  .maintenance_word = "service",
	  .needs = needs_power,
	  .prepare = provision_check_steps,
	  .work = provision_service },
	{ .event = EVENT_ABORT,
	  .is_of_waiting_nodes = true,
	  .needs = needs_none,
	  .prepare = provision_check_abort,
	  .work = provision_abort },
	{ .event = EVENT_UNHOLD, .is_of_waiting_nodes = true, .needs = needs_none, .work = provision_unhold },
};

static const struct workflow *workflow_find(enum provision_event event)
{
	for (size_t i = 0; i < sizeof(workflows) / sizeof(workflows[0]); i++) {
		if (workflows[i].event == event)
			return &workflows[i];
	}
	return NULL;
}

static enum provision_state state_of(const struct node *node)
{
	return provision_state_find(node_text(node, NODE_PROVISION_STATE));
}

/* ---- guards ---- */

static int refuse_in_maintenance(const struct node *node, const char *word, struct error *err)
{
	return fail(err, ERR_MAINTENANCE,
		    "The %s operation can't be performed on node %s because it's in maintenance mode.", word,
		    node_uuid(node));
}

static int check_guards(const struct node *node, const struct workflow *workflow, struct error *err)
{
	bool is_provide = workflow->event == EVENT_PROVIDE;

	if (workflow->maintenance_word && node_bool(node, NODE_MAINTENANCE))
		return refuse_in_maintenance(node, workflow->maintenance_word, err);
	if (is_provide && !provision_options.is_allowed_in_maintenance && node_bool(node, NODE_MAINTENANCE))
		return refuse_in_maintenance(node, "providing", err);
	if (workflow->is_refused_when_protected && node_bool(node, NODE_PROTECTED))
		return fail(err, ERR_PROTECTED,
			    "Node %s is protected and cannot be undeployed, rebuilt or deleted",
			    node_uuid(node));
	if (is_provide && node_bool(node, NODE_RETIRED))
		return fail(err, ERR_INVALID,
			    "The provide operation can't be performed on node %s because it is retired.",
			    node_uuid(node));
	return 0;
}

static int check_needs(struct job *job, const struct workflow *workflow, struct error *err)
{
	const struct interface *interface;
	int rc = 0;

	for (const enum interface_type *type = workflow->needs; rc == 0 && *type != INTERFACE_COUNT; type++)
		rc = job_interface(job, *type, &interface, err);
	return rc;
}

static int check_limit(struct job *job, const struct limit *limit, struct error *err)
{
	const char *names[PROVISION_STATE_COUNT];
	int64_t nodes = 0;
	size_t count = 0;
	int rc;

	if (!limit || *limit->max == 0)
		return 0;
	for (const enum provision_state *state = limit->states; *state != PROVISION_STATE_COUNT; state++)
		names[count++] = provision_state_info(*state)->name;
	rc = provision_count(job->conductor->db, names, count, &nodes, err);
	if (rc == 0 && nodes >= *limit->max)
		return fail(err, ERR_NO_WORKER,
			    "Unable to process request at this time. The concurrent limit for %s has been "
			    "reached. Please contact your administrator and try again later.",
			    limit->word);
	return rc;
}

/* ---- begin, run, undo ---- */

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

static int admit(struct job *job, struct provision *provision, struct error *err)
{
	const struct workflow *workflow = provision->workflow;
	int rc = check_guards(&job->node, workflow, err);

	if (rc == 0)
		rc = check_needs(job, workflow, err);
	if (rc == 0)
		rc = check_limit(job, workflow->limit, err);
	if (rc == 0 && workflow->prepare)
		rc = workflow->prepare(job, provision, err);
	if (rc < 0 || provision->is_deferred)
		return rc;
	node_set_text(&job->node, NODE_LAST_ERROR, NULL);
	fsm_apply(&job->node, workflow->event);
	return 0;
}

static int begin(struct job *job, struct error *err)
{
	struct provision *provision = arena_alloc(&job->task.arena, sizeof(*provision));
	const char *name = job_text(job, "target");
	const struct provision_verb *verb = provision_verb_find(name);
	enum provision_state state = state_of(&job->node);

	*provision =
		(struct provision){ .from = state, .workflow = verb ? workflow_find(verb->event) : NULL };
	job->state = provision;
	if (verb && is_under_way(job, verb->event, state))
		return 0;
	if (!verb || !fsm_allows(state, verb, VERSION_NEWEST))
		return fail(err, ERR_INVALID_STATE_REQUEST,
			    "The requested action \"%s\" can not be performed on node \"%s\" while it is in "
			    "state \"%s\".",
			    name ? name : "None", node_uuid(&job->node),
			    node_text(&job->node, NODE_PROVISION_STATE));
	return admit(job, provision, err);
}

static int run(struct job *job, struct error *err)
{
	struct provision *provision = job->state;
	const struct workflow *workflow = provision->workflow;
	int rc;

	if (provision->is_deferred)
		return 0;
	if (!workflow->is_of_waiting_nodes && !fsm_needs_worker(state_of(&job->node)))
		return 0; /* manage from available or a failure: the move was all */
	rc = workflow->work(job, provision, err);
	if (rc == 0 && fsm_needs_worker(state_of(&job->node)))
		fsm_apply(&job->node, EVENT_DONE);
	return rc < 0 ? rc : 0;
}

void provision_fail(struct node *node, const char *text)
{
	const struct step_phase *phase = step_phase_of(state_of(node));
	const char *fault = node_text(node, NODE_FAULT);

	if (state_of(node) == PROVISION_RESCUING || state_of(node) == PROVISION_RESCUEWAIT)
		provision_forget_password(node);
	node_set_text(node, NODE_LAST_ERROR, text);
	if (fsm_find(state_of(node), EVENT_FAIL, PROVISION_STATE_COUNT))
		fsm_apply(node, EVENT_FAIL);
	if (!phase)
		return;
	if (phase->fault && (!fault || strcmp(fault, phase->fault) == 0) && steps_is_in_one(node, phase)) {
		node_set_bool(node, NODE_MAINTENANCE, true);
		node_set_text(node, NODE_MAINTENANCE_REASON, text);
		node_set_text(node, NODE_FAULT, phase->fault);
	}
	steps_forget(node, phase);
}

void provision_undo(struct job *job, const struct error *failure)
{
	const struct step_phase *phase = step_phase_of(state_of(&job->node));
	const char *text = failure->text;
	char step[256] = "";

	if (phase && job->stop_asked[0])
		steps_current(&job->node, phase, step, sizeof(step));
	if (step[0])
		text = arena_printf(&job->task.arena, "%s It was in %s step %s.", text, phase->word, step);
	provision_fail(&job->node, text);
}

/* clang-format off */
const struct operation provision_operations[] = {
	{ .kind = "provision", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = begin, .run = run,
	  .undo = provision_undo, .history = "provision" },
	{ 0 }
};
/* clang-format on */
