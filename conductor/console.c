/* console: GET and PUT states/console. Source: ironic-contract, section 2.2. */
#include "conductor/operation.h"

static int get(struct job *job, struct error *err)
{
	bool is_enabled = node_bool(&job->node, NODE_CONSOLE_ENABLED);
	const struct interface *interface;
	json_t *info = NULL;
	int rc = job_interface(job, INTERFACE_CONSOLE, &interface, err);

	if (rc == 0 && is_enabled)
		rc = console_interface(interface)->get(&job->task, &info, err);
	if (rc < 0)
		return rc;
	return task_result_json(job,
				json_pack("{s:b, s:o}", "console_enabled", is_enabled, "console_info",
					  info ? info : json_null()),
				err);
}

static int set_begin(struct job *job, struct error *err)
{
	const struct interface *interface;
	int rc = job_interface(job, INTERFACE_CONSOLE, &interface, err);

	if (rc == 0)
		node_set_text(&job->node, NODE_LAST_ERROR, NULL);
	return rc;
}

static int set(struct job *job, struct error *err)
{
	bool is_on = json_is_true(json_object_get(job->args, "enabled"));
	const struct console_interface *console;
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_CONSOLE, &interface, err);

	if (rc < 0 || is_on == node_bool(&job->node, NODE_CONSOLE_ENABLED))
		return rc;
	console = console_interface(interface);
	rc = is_on ? console->start(&job->task, err) : console->stop(&job->task, err);
	if (rc == 0)
		node_set_bool(&job->node, NODE_CONSOLE_ENABLED, is_on);
	return rc;
}

static void undo(struct job *job, const struct error *failure)
{
	bool is_on = json_is_true(json_object_get(job->args, "enabled"));

	node_set_text(&job->node, NODE_LAST_ERROR,
		      arena_printf(&job->task.arena, "Failed to %s console: %s", is_on ? "start" : "stop",
				   failure->text));
}

/* clang-format off */
const struct operation console_operations[] = {
	{ .kind = "console_get", .lock = LOCK_SHARED, .run = get },
	{ .kind = "console_set", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = set_begin, .run = set,
	  .undo = undo, .history = "console" },
	{ 0 }
};
/* clang-format on */
