#pragma once
/*
 * operation: what a conductor can be asked to do, a row each (docs/actions.rst). begin may refuse before
 * anything is promised and touches no BMC; run does the work under the same lock, in the same fiber, after
 * the 202 if the operation is asynchronous; undo records a failure on the node when the caller has been
 * promised something.
 */
#include "conductor/task.h"
#include "drivers/driver.h"

struct operation {
	const char *kind;
	enum lock_kind lock;
	bool is_async;    /* accepted after begin; begin may set job->is_async too */
	bool is_nodeless; /* driver level */
	/* Checks, and changes node columns that acceptance writes. NULL: nothing to check. */
	SUSPENDS int (*begin)(struct job *job, struct error *err);
	SUSPENDS int (*run)(struct job *job, struct error *err);
	/* Sets the columns that tell of the failure; NULL: last_error becomes the sentence. Never suspends.
	 */
	void (*undo)(struct job *job, const struct error *failure);
	const char *history; /* event type of the history row of a failure; NULL: none */
};

/* NULL when the kind is unknown. */
const struct operation *operation_find(const char *kind);
/* Runs an open job to its end and closes it. */
SUSPENDS void operation_run(struct job *job);

/* The interface of the node, validated: -ERR_INTERFACE, -ERR_MISSING, -ERR_INVALID. */
int job_interface(struct job *job, enum interface_type type, const struct interface **ret, struct error *err);

/* Arguments of the job. */
const char *job_text(const struct job *job, const char *name); /* NULL: absent, null or no string */

extern const struct operation power_operations[], provision_operations[], provision_wait_operations[],
	provision_timeout_operations[], management_operations[],
	validate_operations[], console_operations[], vendor_operations[], recover_operations[],
	lock_operations[], device_operations[], vmedia_operations[], relative_operations[],
	inspection_operations[];
