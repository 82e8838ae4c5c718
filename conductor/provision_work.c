/* provision_work: what the verbs do. Each runs in the working state of its verb. See provision.h. */
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/found.h"
#include "conductor/inspection.h"
#include "conductor/power.h"
#include "conductor/provision.h"
#include "conductor/provision_options.h"
#include "drivers/pool.h"

enum { POWER_OFF_S = 60 };

/* ---- phases made of steps ---- */

static int deploy_interface_of(struct job *job, const struct deploy_interface **ret, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_DEPLOY, &interface, err);

	if (rc < 0)
		return rc;
	*ret = deploy_interface(interface);
	return 0;
}

typedef int task_fn(struct task *task, struct error *err);

static int call(struct job *job, task_fn *fn, struct error *err)
{
	return fn ? fn(&job->task, err) : 0;
}

static int begin_phase(struct job *job, const struct step_phase *phase, struct error *err)
{
	const struct deploy_interface *deploy;
	int rc = deploy_interface_of(job, &deploy, err);

	if (rc < 0)
		return rc;
	if (phase == &deploy_phase)
		return call(job, deploy->prepare, err);
	if (json_is_true(json_object_get(job->args, "disable_ramdisk")))
		return 0;
	return call(job, phase == &clean_phase ? deploy->clean_prepare : deploy->service_prepare, err);
}

int provision_end_phase(struct job *job, const struct step_phase *phase, struct error *err)
{
	const struct deploy_interface *deploy;
	int rc = deploy_interface_of(job, &deploy, err);

	if (rc < 0)
		return rc;
	return call(job,
		    phase == &clean_phase    ? deploy->clean_finish
		    : phase == &deploy_phase ? deploy->clean_up
					     : deploy->service_finish,
		    err);
}

static bool is_off_after_failure(const struct step_phase *phase)
{
	return phase == &clean_phase	? provision_options.is_off_after_clean_failure
	       : phase == &deploy_phase ? provision_options.is_off_after_failure
					: provision_options.is_off_after_service_failure;
}

void provision_give_up(struct job *job, const struct step_phase *phase)
{
	struct error ignored;

	provision_end_phase(job, phase, &ignored);
	if (is_off_after_failure(phase))
		power_bring(&job->task, POWER_OFF, POWER_OFF_S, &ignored);
}

/* Then what is known of it is read before and after. */
static bool changes_hardware(const struct step_phase *phase)
{
	return phase == &clean_phase || phase == &service_phase;
}

int provision_go_on(struct job *job, const struct step_phase *phase, struct error *err)
{
	int rc = steps_run(&job->task, phase, err);

	if (rc == STEP_WAITS)
		return rc;
	if (rc == 0)
		rc = provision_end_phase(job, phase, err);
	else if (rc < 0 && rc != -ERR_CANCELLED && rc != -ERR_FENCED)
		provision_give_up(job, phase);
	if (rc == 0) {
		steps_forget(&job->node, phase);
		power_forget_agent(&job->node);
		if (changes_hardware(phase))
			found_update(&job->task);
	}
	return rc;
}

/* Takes the list. */
static int run_phase(struct job *job, const struct step_phase *phase, json_t *take_list, struct error *err)
{
	int rc;

	steps_set(&job->node, phase, take_list);
	if (changes_hardware(phase))
		found_update(&job->task);
	rc = begin_phase(job, phase, err);
	if (rc == STEP_WAITS)
		fsm_apply(&job->node, EVENT_WAIT);
	return rc == 0 ? provision_go_on(job, phase, err) : rc;
}

/* ---- cleaning and servicing ---- */

static bool is_cleaned_automatically(const struct node *node)
{
	return node_text(node, NODE_AUTOMATED_CLEAN) ? node_bool(node, NODE_AUTOMATED_CLEAN)
						     : provision_options.is_automated_clean;
}

static int clean_automatically(struct job *job, struct error *err)
{
	json_t *list = NULL;
	int rc;

	if (node_bool(&job->node, NODE_RETIRED))
		node_set_text(&job->node, NODE_TARGET_PROVISION_STATE,
			      provision_state_info(PROVISION_MANAGEABLE)->name);
	if (!is_cleaned_automatically(&job->node)) {
		steps_forget(&job->node, &clean_phase);
		return 0;
	}
	rc = steps_collect(&job->task, &clean_phase, &list, err);
	return rc == 0 ? run_phase(job, &clean_phase, list, err) : rc;
}

int provision_provide(struct job *job, struct provision *provision, struct error *err)
{
	(void)provision;
	return clean_automatically(job, err);
}

static int run_asked(struct job *job, const struct step_phase *phase, const char *argument, struct error *err)
{
	json_t *list = NULL;
	int rc = steps_check(&job->task, phase, json_object_get(job->args, argument), &list, err);

	return rc == 0 ? run_phase(job, phase, list, err) : rc;
}

int provision_clean(struct job *job, struct provision *provision, struct error *err)
{
	(void)provision;
	return run_asked(job, &clean_phase, "clean_steps", err);
}

int provision_service(struct job *job, struct provision *provision, struct error *err)
{
	(void)provision;
	return run_asked(job, &service_phase, "service_steps", err);
}

/* ---- instances ---- */

/* The request's own steps win over those of templates, and these over the interfaces'. */
int provision_deploy(struct job *job, struct provision *provision, struct error *err)
{
	json_t *list = NULL, *asked = NULL;
	int rc = provision_read_templates(job, &asked, err);

	(void)provision;
	if (rc == 0) {
		json_array_extend(asked, json_object_get(job->args, "deploy_steps"));
		rc = steps_merge(&job->task, &deploy_phase, asked, &list, err);
	}
	json_decref(asked);
	return rc == 0 ? run_phase(job, &deploy_phase, list, err) : rc;
}

static bool is_rescue_state(enum provision_state state)
{
	return state == PROVISION_RESCUE || state == PROVISION_RESCUEWAIT || state == PROVISION_RESCUEFAIL ||
	       state == PROVISION_UNRESCUEFAIL;
}

static int rescue_interface_of(struct job *job, const struct rescue_interface **ret, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_RESCUE, &interface, err);

	if (rc < 0)
		return rc;
	*ret = rescue_interface(interface);
	return 0;
}

int provision_clean_up_rescue(struct job *job, struct error *err)
{
	const struct rescue_interface *rescue;
	int rc = rescue_interface_of(job, &rescue, err);

	provision_forget_password(&job->node);
	return rc == 0 ? call(job, rescue->clean_up, err) : rc;
}

/* What follows is automated cleaning, in the same action. */
int provision_tear_down(struct job *job, struct provision *provision, struct error *err)
{
	const struct deploy_interface *deploy;
	int rc = deploy_interface_of(job, &deploy, err);

	if (rc == 0 && is_rescue_state(provision->from))
		rc = provision_clean_up_rescue(job, err);
	if (rc == 0)
		rc = call(job, deploy->tear_down, err);
	if (rc == 0)
		rc = pool_tear_down(&job->task, err);
	if (rc < 0)
		return rc;
	provision_forget_instance(&job->node);
	power_forget_agent(&job->node);
	steps_forget(&job->node, &deploy_phase);
	if (steps_is_in_one(&job->node, &service_phase))
		steps_forget(&job->node, &service_phase);
	fsm_apply(&job->node, EVENT_CLEAN);
	rc = task_checkpoint(&job->task, err);
	return rc == 0 ? clean_automatically(job, err) : rc;
}

int provision_adopt(struct job *job, struct provision *provision, struct error *err)
{
	const struct deploy_interface *deploy;
	const struct interface *interface;
	int rc = job_interface(job, INTERFACE_BOOT, &interface, err);

	(void)provision;
	if (rc == 0 || rc == -ERR_UNSUPPORTED)
		rc = job_interface(job, INTERFACE_DEPLOY, &interface, err);
	if (rc == 0)
		rc = deploy_interface_of(job, &deploy, err);
	if (rc == 0)
		rc = call(job, deploy->take_over, err);
	return rc < 0 ? fail_prefix(err, "Error while attempting to adopt node %s", node_uuid(&job->node))
		      : 0;
}

int provision_rescue(struct job *job, struct provision *provision, struct error *err)
{
	const struct rescue_interface *rescue;
	int rc = rescue_interface_of(job, &rescue, err);

	(void)provision;
	if (rc == 0)
		rc = rescue->rescue(&job->task, err);
	if (rc == STEP_WAITS)
		fsm_apply(&job->node, EVENT_WAIT);
	return rc < 0 ? fail_prefix(err, "Error while performing rescue operation for node %s",
				    node_uuid(&job->node))
		      : rc;
}

int provision_unrescue(struct job *job, struct provision *provision, struct error *err)
{
	const struct rescue_interface *rescue;
	int rc = rescue_interface_of(job, &rescue, err);

	(void)provision;
	if (rc == 0)
		rc = rescue->unrescue(&job->task, err);
	return rc < 0 ? fail_prefix(err, "Error while performing unrescue operation for node %s",
				    node_uuid(&job->node))
		      : 0;
}

/* ---- the way to manageable ---- */

int provision_verify(struct job *job, struct provision *provision, struct error *err)
{
	const struct interface *interface;
	enum power_state state;
	int rc = job_interface(job, INTERFACE_POWER, &interface, err);

	(void)provision;
	if (rc < 0)
		return fail_prefix(err, "Failed to validate power driver interface for node %s. Error",
				   node_uuid(&job->node));
	rc = power_interface(interface)->get(&job->task, &state, err);
	if (rc < 0)
		return fail_prefix(err, "Failed to get power state for node %s. Error",
				   node_uuid(&job->node));
	node_set_text(&job->node, NODE_POWER_STATE, power_state_name(state));
	found_update(&job->task);
	return 0;
}

void provision_inspected(struct node *node)
{
	node_set_now(node, NODE_INSPECTION_FINISHED_AT);
	node_set_text(node, NODE_INSPECTION_STARTED_AT, NULL);
}

int provision_inspect(struct job *job, struct provision *provision, struct error *err)
{
	const struct interface *interface;
	struct inspection found = { 0 };
	int rc = task_interface(&job->task, INTERFACE_INSPECT, &interface, err);

	(void)provision;
	if (rc == 0)
		rc = inspect_interface(interface)->inspect(&job->task, &found, err);
	if (rc == 0)
		rc = inspection_record(job, &found, err);
	if (rc == STEP_WAITS)
		fsm_apply(&job->node, EVENT_WAIT);
	inspection_release(&found);
	return rc;
}
