/*
 * provision_wait: nodes that wait for a ramdisk, a BMC or an operator hold no lock; here is what wakes them:
 * abort, unhold, and the operation "provision_resume", by which a heartbeat says that the step is over.
 */
#include "conductor/provision.h"

static enum provision_state state_of(const struct node *node)
{
	return provision_state_find(node_text(node, NODE_PROVISION_STATE));
}

/* ---- abort ---- */

/* The step cannot be left half done: it is aborted when it ends. */
static bool must_wait(struct node *node, const struct step_phase *phase, enum provision_state from)
{
	return from == phase->waiting && steps_is_in_one(node, phase) &&
	       json_is_false(json_object_get(node_object(node, phase->field), "abortable"));
}

static int check_inspect_abort(struct job *job, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_INSPECT, &interface, err);

	if (rc == 0 && !inspect_interface(interface)->abort)
		return task_unsupported(&job->task, "abort", err);
	return rc;
}

int provision_check_abort(struct job *job, struct provision *provision, struct error *err)
{
	const struct step_phase *phase = step_phase_of(provision->from);

	if (provision->from == PROVISION_INSPECTWAIT)
		return check_inspect_abort(job, err);
	if (provision->from == PROVISION_SERVICEFAIL && node_bool(&job->node, NODE_MAINTENANCE))
		return fail(err, ERR_CONFLICT,
			    "The abort operation can't be performed on node %s because it's in maintenance "
			    "mode.",
			    node_uuid(&job->node));
	if (phase && must_wait(&job->node, phase, provision->from)) {
		json_object_set_new(node_object(&job->node, phase->field), "abort_after", json_true());
		node_mark_dirty(&job->node, phase->field);
		provision->is_deferred = true;
	}
	return 0;
}

static int abort_phase(struct job *job, const struct step_phase *phase, struct error *err)
{
	char step[256];
	int rc;

	steps_current(&job->node, phase, step, sizeof(step));
	job->event = arena_printf(&job->task.arena, "By request, the %s operation was aborted%s%s%s.",
				  phase->word, step[0] ? " during or after the completion of step \"" : "",
				  step, step[0] ? "\"" : "");
	rc = provision_end_phase(job, phase, err);
	if (rc < 0)
		return fail_prefix(err, "Failed to tear down %s of node %s after aborting it", phase->word,
				   node_uuid(&job->node));
	steps_forget(&job->node, phase);
	node_set_text(&job->node, NODE_LAST_ERROR, job->event);
	if (phase == &service_phase)
		fsm_apply(&job->node, EVENT_ABORT); /* the instance is as it was */
	return 0;
}

static int abort_inspect(struct job *job, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_INSPECT, &interface, err);

	if (rc == 0)
		rc = inspect_interface(interface)->abort(&job->task, err);
	if (rc < 0)
		return fail_prefix(err, "Failed to abort inspection of node %s", node_uuid(&job->node));
	job->event = "Inspection was aborted by request.";
	node_set_text(&job->node, NODE_LAST_ERROR, job->event);
	return 0;
}

static int abort_rescue(struct job *job, struct error *err)
{
	int rc = provision_clean_up_rescue(job, err);

	if (rc < 0) {
		node_set_bool(&job->node, NODE_MAINTENANCE, true);
		node_set_text(&job->node, NODE_FAULT, "rescue abort failure");
		return fail_prefix(err, "Failed to clean up rescue of node %s after aborting it",
				   node_uuid(&job->node));
	}
	job->event = "By request, the rescue operation was aborted.";
	node_set_text(&job->node, NODE_LAST_ERROR, job->event);
	return 0;
}

int provision_abort(struct job *job, struct provision *provision, struct error *err)
{
	const struct step_phase *phase = step_phase_of(provision->from);

	if (provision->from == PROVISION_INSPECTWAIT)
		return abort_inspect(job, err);
	if (provision->from == PROVISION_RESCUEWAIT)
		return abort_rescue(job, err);
	if (phase && provision->from != phase->failed)
		return abort_phase(job, phase, err);
	return 0;
}

/* ---- unhold and resume ---- */

/* The ramdisk goes on with cleaning and deploying at its next heartbeat; servicing goes on at once. */
int provision_unhold(struct job *job, struct provision *provision, struct error *err)
{
	int rc;

	if (provision->from != PROVISION_SERVICEHOLD)
		return 0;
	fsm_apply(&job->node, EVENT_RESUME);
	rc = task_checkpoint(&job->task, err);
	return rc == 0 ? provision_go_on(job, &service_phase, err) : rc;
}

static int resume_begin(struct job *job, struct error *err)
{
	struct provision *provision = arena_alloc(&job->task.arena, sizeof(*provision));
	enum provision_state state = state_of(&job->node);
	const struct step_phase *phase = step_phase_of(state);
	bool is_aborted =
		phase && json_is_true(json_object_get(node_object(&job->node, phase->field), "abort_after"));

	*provision = (struct provision){ .from = state };
	job->state = provision;
	if (!fsm_find(state, EVENT_RESUME, PROVISION_STATE_COUNT))
		return fail(err, ERR_CONFLICT, "Node %s does not wait: it is in state \"%s\".",
			    node_uuid(&job->node), node_text(&job->node, NODE_PROVISION_STATE));
	fsm_apply(&job->node, is_aborted ? EVENT_ABORT : EVENT_RESUME);
	return 0;
}

static int resume_run(struct job *job, struct error *err)
{
	const struct provision *provision = job->state;
	const struct step_phase *phase = step_phase_of(provision->from);
	int rc = 0;

	if (!fsm_needs_worker(state_of(&job->node)))
		return abort_phase(job, phase, err);
	if (phase)
		rc = provision_go_on(job, phase, err);
	else if (provision->from == PROVISION_INSPECTWAIT)
		provision_inspected(&job->node);
	if (rc == 0)
		fsm_apply(&job->node, EVENT_DONE);
	return rc < 0 ? rc : 0;
}

/* clang-format off */
const struct operation provision_wait_operations[] = {
	{ .kind = "provision_resume", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = resume_begin,
	  .run = resume_run, .undo = provision_undo, .history = "provision" },
	{ 0 }
};
/* clang-format on */
