/* vmedia: images that BMCs show the machine as drives. Source: ironic-contract, section 2.2. */
#include "conductor/operation.h"

static int interface_of(struct job *job, const struct management_interface **ret, struct error *err)
{
	const struct interface *interface;
	int rc = job_interface(job, INTERFACE_MANAGEMENT, &interface, err);

	if (rc == 0)
		*ret = management_interface(interface);
	return rc;
}

static int get(struct job *job, struct error *err)
{
	const struct management_interface *management;
	json_t *list = NULL;
	int rc = interface_of(job, &management, err);

	if (rc == 0 && !management->vmedia_get)
		rc = task_unsupported(&job->task, "get_virtual_media", err);
	if (rc == 0)
		rc = management->vmedia_get(&job->task, &list, err);
	return rc < 0 ? rc : task_result_json(job, list, err);
}

/* What the interface lacks is no refusal but last_error: as with Ironic, clients have their 204 before. */
static int attach_begin(struct job *job, struct error *err)
{
	const struct management_interface *management;
	int rc = interface_of(job, &management, err);

	if (rc == 0 && (!job_text(job, "device_type") || !job_text(job, "image_url")))
		rc = fail(err, ERR_MISSING, "Missing mandatory parameter: device_type, image_url");
	return rc;
}

static int attach(struct job *job, struct error *err)
{
	const struct management_interface *management;
	const char *device = job_text(job, "device_type");
	int rc = interface_of(job, &management, err);

	if (rc == 0 && !management->vmedia_attach)
		rc = task_unsupported(&job->task, "attach_virtual_media", err);
	else if (rc == 0)
		rc = management->vmedia_attach(&job->task, device, job_text(job, "image_url"), err);
	return rc < 0 ? fail_prefix(err, "Could not attach device %s", device) : 0;
}

static int detach_begin(struct job *job, struct error *err)
{
	const struct management_interface *management;

	return interface_of(job, &management, err);
}

static int detach(struct job *job, struct error *err)
{
	const json_t *devices = json_object_get(job->args, "device_types"), *device;
	const struct management_interface *management = NULL;
	size_t index;
	int rc = interface_of(job, &management, err);

	if (rc == 0 && !management->vmedia_detach)
		rc = task_unsupported(&job->task, "detach_virtual_media", err);
	if (rc == 0 && json_array_size(devices) == 0)
		rc = management->vmedia_detach(&job->task, NULL, err);
	json_array_foreach((json_t *)devices, index, device)
	{
		if (rc == 0)
			rc = management->vmedia_detach(&job->task, json_string_value(device), err);
	}
	return rc < 0 ? fail_prefix(err, "Could not detach virtual media") : 0;
}

const struct operation vmedia_operations[] = { { .kind = "vmedia_get", .lock = LOCK_SHARED, .run = get },
					       { .kind = "vmedia_attach",
						 .lock = LOCK_EXCLUSIVE,
						 .is_async = true,
						 .begin = attach_begin,
						 .run = attach,
						 .history = "management" },
					       { .kind = "vmedia_detach",
						 .lock = LOCK_EXCLUSIVE,
						 .is_async = true,
						 .begin = detach_begin,
						 .run = detach,
						 .history = "management" },
					       { 0 } };
