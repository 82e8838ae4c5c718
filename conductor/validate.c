/* validate: GET validate: what each interface says of the node's driver_info. Source: ironic-contract,
 * section 2.2. */
#include "conductor/operation.h"

static int run(struct job *job, struct error *err)
{
	json_t *answer = json_object();

	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		const struct interface *interface;
		struct error reason;
		json_t *entry;
		int rc;

		if (type == INTERFACE_VENDOR)
			continue;
		rc = job_interface(job, type, &interface, &reason);
		if (rc == 0 && interface->probe)
			rc = interface->probe(&job->task, &reason);
		if (rc == 0)
			entry = json_pack("{s:b}", "result", 1);
		else
			entry = json_pack("{s:b, s:s}", "result", 0, "reason", reason.text);
		json_object_set_new(answer, interface_type_info(type)->name, entry);
	}
	return task_result_json(job, answer, err);
}

const struct operation validate_operations[] = { { .kind = "validate", .lock = LOCK_SHARED, .run = run },
						 { 0 } };
