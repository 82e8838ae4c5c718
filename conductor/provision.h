#pragma once
/*
 * provision: the workflows behind the verbs of PUT states/provision, and behind what happens to nodes that
 * wait. begin checks the verb against the state machine under the lock and moves the node into the working
 * state, which acceptance stores; run does the verb's work and moves it on; undo moves it to the failure
 * state.
 * Source: ironic-contract, sections 5.2 and 5.3; docs/provision.rst.
 */
#include "conductor/operation.h"
#include "conductor/step.h"
#include "model/fsm.h"

struct conductor;
struct workflow;

/* One request, in the task's arena. */
struct provision {
	const struct workflow *workflow;
	enum provision_state from;
	bool is_deferred; /* an abort that waits for the end of its step: nothing to do now */
};

/* The work of a verb: 0 when the working state is over, STEP_WAITS when the node waits now, or a failure. */
typedef int workflow_fn(struct job *job, struct provision *provision, struct error *err);

/* provision_work.c */
SUSPENDS int provision_verify(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_provide(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_clean(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_service(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_inspect(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_deploy(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_tear_down(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_adopt(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_rescue(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_unrescue(struct job *job, struct provision *provision, struct error *err);
/* Runs the steps that are left, and ends the phase. */
SUSPENDS int provision_go_on(struct job *job, const struct step_phase *phase, struct error *err);
/* What the deploy interface does when a phase is over, however it ended. */
SUSPENDS int provision_end_phase(struct job *job, const struct step_phase *phase, struct error *err);
/* The same after a failure, which is told already: what fails here is not. Powers the node off if the
 * configuration says so. */
SUSPENDS void provision_give_up(struct job *job, const struct step_phase *phase);
SUSPENDS int provision_clean_up_rescue(struct job *job, struct error *err);
void provision_inspected(struct node *node);

/* provision_check.c: refuse steps before they are accepted, in Ironic's order. */
SUSPENDS int provision_check_steps(struct job *job, struct provision *provision, struct error *err);
/* Of the request and of templates; it also stores the config drive. */
SUSPENDS int provision_check_deploy(struct job *job, struct provision *provision, struct error *err);
/* Steps of the deploy templates that the instance's traits name. *ret_steps: a new list. */
SUSPENDS int provision_read_templates(struct job *job, json_t **ret_steps, struct error *err);

/* provision_store.c: what requests leave on the node before they are accepted. */
SUSPENDS int provision_store_config_drive(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_store_password(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_store_start(struct job *job, struct provision *provision, struct error *err);
void provision_forget_password(struct node *node);
void provision_forget_instance(struct node *node);

/* provision_wait.c */
SUSPENDS int provision_check_abort(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_abort(struct job *job, struct provision *provision, struct error *err);
SUSPENDS int provision_unhold(struct job *job, struct provision *provision, struct error *err);

/* Fails what the node is in the middle of: last_error, the failure state, and after a failed step of cleaning
 * or servicing also fault and maintenance. */
void provision_fail(struct node *node, const char *text);

/* The same for an operation that failed; what stopped it from outside does not say where it was, so this
 * does. */
void provision_undo(struct job *job, const struct error *failure);

/* Looks for nodes that have waited too long, every check_provision_state_interval. */
void provision_timeout_start(struct conductor *conductor);
