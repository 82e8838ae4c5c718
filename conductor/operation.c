/* operation: the table of kinds, and the one walk from begin to end. See operation.h. */
#include "conductor/operation.h"

#include <string.h>

static const struct operation *const tables[] = {
	provision_wait_operations, provision_timeout_operations, power_operations,
	vendor_operations,         provision_operations,         management_operations,
	validate_operations,       console_operations,           recover_operations,
	lock_operations,           device_operations,            vmedia_operations,
	relative_operations,       inspection_operations,
};

const struct operation *operation_find(const char *kind)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct operation *row = tables[i]; row->kind; row++) {
			if (strcmp(row->kind, kind) == 0)
				return row;
		}
	}
	return NULL;
}

/* The caller was promised something, so the failure goes to the node. */
static void undo(struct job *job, const struct error *failure)
{
	if (!job->task.is_exclusive)
		return;
	if (job->operation->undo)
		job->operation->undo(job, failure);
	else
		node_set_text(&job->node, NODE_LAST_ERROR, failure->text);
}

/* Says who cancelled, rather than that a wait was cancelled. */
static void name_the_stopper(const struct job *job, struct error *failure)
{
	if (job->stop_asked[0] && !job->is_fenced)
		fail(failure, failure->code, "Stopped: %s.", job->stop_asked);
}

void operation_run(struct job *job)
{
	const struct operation *operation = job->operation;
	struct error failure;
	int rc;

	failure.code = ERR_INTERNAL;
	failure.text[0] = '\0';
	rc = operation->begin ? operation->begin(job, &failure) : 0;

	job->is_async |= operation->is_async;
	if (rc == 0 && job->is_async)
		rc = task_accept(job, &failure);
	if (rc == 0)
		rc = operation->run(job, &failure);
	if (rc == 0) {
		task_close(job, NULL, NULL);
		return;
	}
	if (job->is_leaving) {
		task_return(job);
		return;
	}
	name_the_stopper(job, &failure);
	if (job->is_accepted && job->is_async)
		undo(job, &failure);
	task_close(job, &failure, job->is_accepted && job->is_async ? operation->history : NULL);
}

int job_interface(struct job *job, enum interface_type type, const struct interface **ret, struct error *err)
{
	int rc = task_interface(&job->task, type, ret, err);

	return rc < 0 ? rc : interface_validate(*ret, &job->task, err);
}

const char *job_text(const struct job *job, const char *name)
{
	return json_string_value(json_object_get(job->args, name));
}
