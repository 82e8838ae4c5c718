/* vendor: passthru calls to nodes and drivers, through the one dispatcher. Source: ironic-contract,
 * section 7. */
#include "conductor/operation.h"

#include <string.h>

#include "passthru/passthru.h"

static int begin(struct job *job, struct error *err)
{
	struct passthru_call *call = arena_alloc(&job->task.arena, sizeof(*call));
	const char *method = job_text(job, "method");
	const char *verb = job_text(job, "verb");
	json_t *args = json_object_get(job->args, "args");
	int rc;

	if (!method || !verb || (args && !json_is_object(args)))
		return fail(err, ERR_INVALID, "The arguments of a vendor method must be an object.");
	if (!args)
		json_object_set_new(job->args, "args", args = json_object());
	*call = (struct passthru_call){ .verb = verb, .args = args };
	rc = passthru_find(&job->task, method, verb, &call->method, err);
	if (rc < 0)
		return rc;
	if (job->task.node && call->method->lock == LOCK_EXCLUSIVE && !job->task.is_exclusive)
		return fail(err, ERR_INTERNAL, "Method %s needs the node's lock, and was called without it.",
			    method);
	job->state = call;
	job->is_async = call->method->mode == PASSTHRU_ASYNC;
	return passthru_check(&job->task, call, err);
}

static int begin_driver(struct job *job, struct error *err)
{
	const char *driver = job_text(job, "driver");

	job->task.hardware = hardware_type_find(driver);
	if (!hardware_type_is_enabled(job->task.hardware))
		return fail(err, ERR_NOT_FOUND,
			    "Could not find the following driver(s) or hardware type(s): %s.",
			    driver ? driver : "None");
	return begin(job, err);
}

static int keep(struct job *job, const struct passthru_call *call, struct passthru_result *result,
		struct error *err)
{
	json_t *value = result->value;

	if (!call->method->is_attach) {
		result->value = NULL;
		return task_result_json(job, value ? value : json_null(), err);
	}
	buf_append(&job->result, result->bytes, result->bytes_len);
	if (job->result.overflow)
		return fail(err, ERR_INTERNAL, "The result is larger than %zu bytes.", RESULT_MAX);
	job->result_type = "application/octet-stream";
	return 0;
}

static int run(struct job *job, struct error *err)
{
	const struct passthru_call *call = job->state;
	struct passthru_result result;
	int rc = passthru_run(&job->task, call, &result, err);

	if (rc == 0)
		rc = keep(job, call, &result, err);
	passthru_result_release(&result);
	return rc;
}

static void undo(struct job *job, const struct error *failure)
{
	const struct passthru_call *call = job->state;

	node_set_text(&job->node, NODE_LAST_ERROR,
		      arena_printf(&job->task.arena, "Asynchronous vendor method %s failed: %s",
				   call ? call->method->name : "call", failure->text));
}

/* clang-format off */
const struct operation vendor_operations[] = {
	{ .kind = "passthru", .lock = LOCK_SHARED, .begin = begin, .run = run, .undo = undo,
	  .history = "vendor" },
	{ .kind = "driver_passthru", .lock = LOCK_SHARED, .is_nodeless = true, .begin = begin_driver,
	  .run = run },
	{ 0 }
};
/* clang-format on */
