#pragma once
/* inspection_store: the node of a job as the hooks and rules see it, and back. */
#include "conductor/task.h"
#include "model/inspected.h"

struct inspection_store {
	struct inspected now;
	json_t *node, *ports, *traits; /* owned; as they were */
};

/* Reads ports and traits. inventory and plugin_data: borrowed; may be NULL. -ERR_DATABASE. */
SUSPENDS int inspection_store_open(struct job *job, json_t *inventory, json_t *plugin_data,
				   struct inspection_store *ret, struct error *err);
/* Writes what differs now; the job's node has it too then. -ERR_CONFLICT: a name that another has,
 * -ERR_TOO_LARGE, -ERR_FENCED, -ERR_DATABASE. */
SUSPENDS int inspection_store_write(struct job *job, struct inspection_store *store, struct error *err);
void inspection_store_release(struct inspection_store *store);
