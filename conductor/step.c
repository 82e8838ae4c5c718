/* step: see step.h. */
#include "conductor/step.h"

#include <stdio.h>

#include "conductor/provision_options.h"
#include "conductor/relative.h"
#include "conductor/step_private.h"
#include "model/fsm.h"

const struct step_phase clean_phase = {
	.use = STEP_CLEAN,
	.word = "clean",
	.field = NODE_CLEAN_STEP,
	.list = "clean_steps",
	.index = "clean_step_index",
	.working = PROVISION_CLEANING,
	.waiting = PROVISION_CLEANWAIT,
	.holding = PROVISION_CLEANHOLD,
	.failed = PROVISION_CLEANFAIL,
	.fault = "clean failure",
	.priorities = &provision_options.clean_priorities,
};

const struct step_phase deploy_phase = {
	.use = STEP_DEPLOY,
	.word = "deploy",
	.field = NODE_DEPLOY_STEP,
	.list = "deploy_steps",
	.index = "deploy_step_index",
	.working = PROVISION_DEPLOYING,
	.waiting = PROVISION_DEPLOYWAIT,
	.holding = PROVISION_DEPLOYHOLD,
	.failed = PROVISION_DEPLOYFAIL,
	.priorities = &provision_options.deploy_priorities,
};

const struct step_phase service_phase = {
	.use = STEP_SERVICE,
	.word = "service",
	.field = NODE_SERVICE_STEP,
	.list = "service_steps",
	.index = "service_step_index",
	.working = PROVISION_SERVICING,
	.waiting = PROVISION_SERVICEWAIT,
	.holding = PROVISION_SERVICEHOLD,
	.failed = PROVISION_SERVICEFAIL,
	.fault = "service failure",
};

const struct step_phase *step_phase_of(enum provision_state state)
{
	static const struct step_phase *const phases[] = { &clean_phase, &deploy_phase, &service_phase };

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		const struct step_phase *phase = phases[i];

		if (state == phase->working || state == phase->waiting || state == phase->holding ||
		    state == phase->failed)
			return phase;
	}
	return NULL;
}

/* ---- running ---- */

void steps_set(struct node *node, const struct step_phase *phase, json_t *take_list)
{
	json_t *info = node_object(node, NODE_DRIVER_INTERNAL_INFO);

	json_object_set_new(info, phase->list, take_list);
	json_object_del(info, phase->index);
	node_mark_dirty(node, NODE_DRIVER_INTERNAL_INFO);
}

void steps_forget(struct node *node, const struct step_phase *phase)
{
	steps_set(node, phase, json_null());
	node_set_object(node, phase->field, json_object());
}

bool steps_is_in_one(struct node *node, const struct step_phase *phase)
{
	return json_object_size(node_object(node, phase->field)) > 0;
}

void steps_current(struct node *node, const struct step_phase *phase, char *text, size_t size)
{
	const json_t *info = node_object(node, NODE_DRIVER_INTERNAL_INFO);
	const json_t *step = node_object(node, phase->field);
	const json_t *index = json_object_get(info, phase->index);
	const char *kind = json_string_value(json_object_get(step, "interface"));
	const char *name = json_string_value(json_object_get(step, "step"));

	text[0] = '\0';
	if (kind && name)
		snprintf(text, size, "%s.%s (%" JSON_INTEGER_FORMAT " of %zu)", kind, name,
			 json_integer_value(index) + 1, json_array_size(json_object_get(info, phase->list)));
}

/* Shows the step and stores it before it begins. */
static int announce(struct task *task, const struct step_phase *phase, const json_t *entry, size_t index,
		    struct error *err)
{
	node_set_object(task->node, phase->field, json_deep_copy(entry));
	json_object_set_new(node_object(task->node, NODE_DRIVER_INTERNAL_INFO), phase->index,
			    json_integer((json_int_t)index));
	node_mark_dirty(task->node, NODE_DRIVER_INTERNAL_INFO);
	return task_checkpoint(task, err);
}

int step_run(struct task *task, const struct step_phase *phase, const json_t *entry, struct error *err)
{
	json_auto_t *none = json_object();
	const json_t *args = json_object_get(entry, "args");
	const struct step *step;
	int rc = step_find(task, phase, entry, &step, err);

	if (rc == 0)
		rc = step->run(task, args ? args : none, err);
	if (rc == 0 && task->ops->refresh)
		task->ops->refresh(
			task, interface_type_find(json_string_value(json_object_get(entry, "interface"))));
	return rc;
}

static int run_one(struct task *task, const struct step_phase *phase, const json_t *entry, size_t index,
		   struct error *err)
{
	int rc = announce(task, phase, entry, index, err);

	if (rc < 0)
		return rc;
	if (step_is_of_children(entry))
		rc = relatives_run(task, phase, RELATION_CHILDREN,
				   json_object_get(entry, "limit_child_node_execution"), entry, err);
	else
		rc = step_run(task, phase, entry, err);
	if (rc < 0)
		return fail_prefix(err, "Node %s failed %s step %s.%s", node_uuid(task->node), phase->word,
				   json_string_value(json_object_get(entry, "interface")),
				   json_string_value(json_object_get(entry, "step")));
	if (rc > 0)
		fsm_apply(task->node, rc == STEP_HOLDS ? EVENT_HOLD : EVENT_WAIT);
	return rc > 0 ? STEP_WAITS : 0;
}

int steps_run(struct task *task, const struct step_phase *phase, struct error *err)
{
	const json_t *info = node_object(task->node, NODE_DRIVER_INTERNAL_INFO);
	const json_t *last = json_object_get(info, phase->index);
	size_t next = json_is_integer(last) ? (size_t)json_integer_value(last) + 1 : 0;
	json_t *list = json_incref(json_object_get(info, phase->list));
	int rc = 0;

	for (; rc == 0 && next < json_array_size(list); next++)
		rc = run_one(task, phase, json_array_get(list, next), next, err);
	json_decref(list);
	return rc;
}
