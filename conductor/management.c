/* management: boot device, NMI, indicators, boot mode, secure boot. Source: ironic-contract, sections 2.2
 * and 8.4. */
#include "conductor/operation.h"

#include <string.h>

static int interface_of(struct job *job, const struct management_interface **ret, struct error *err)
{
	const struct interface *interface;
	int rc = job_interface(job, INTERFACE_MANAGEMENT, &interface, err);

	if (rc == 0)
		*ret = management_interface(interface);
	return rc;
}

/* Common beginning of operations that need one slot of the table: `have` tells whether it is filled. */
#define NEED(have, what)                                                                                     \
	do {                                                                                                 \
		int need_rc = interface_of(job, &management, err);                                           \
		if (need_rc != 0)                                                                            \
			return need_rc;                                                                      \
		if (!(have))                                                                                 \
			return task_unsupported(&job->task, what, err);                                      \
	} while (0)

static json_t *words(const char *const *list)
{
	json_t *array = json_array();

	for (; list && *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

/* ---- boot device ---- */

static int boot_device_get(struct job *job, struct error *err)
{
	const struct management_interface *management;
	struct boot_device device;
	int rc;

	NEED(management->boot_device_get, "get_boot_device");
	rc = management->boot_device_get(&job->task, &device, err);
	if (rc < 0)
		return rc;
	return task_result_json(
		job,
		json_pack("{s:s?, s:o}", "boot_device", device.device, "persistent",
			  device.persistent < 0 ? json_null() : json_boolean(device.persistent)),
		err);
}

static int boot_device_set_begin(struct job *job, struct error *err)
{
	const struct management_interface *management;
	const char *device = job_text(job, "boot_device");
	const char *const *known;

	NEED(management->boot_device_set, "set_boot_device");
	for (known = management->boot_devices; device && known && *known; known++) {
		if (strcmp(*known, device) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID, "Invalid boot device %s specified.", device ? device : "None");
}

static int boot_device_set(struct job *job, struct error *err)
{
	const struct management_interface *management;
	bool is_persistent = json_is_true(json_object_get(job->args, "persistent"));
	int rc = interface_of(job, &management, err);

	if (rc != 0)
		return rc;
	return management->boot_device_set(&job->task, job_text(job, "boot_device"), is_persistent, err);
}

static int boot_device_supported(struct job *job, struct error *err)
{
	const struct interface *interface;
	int rc = task_interface(&job->task, INTERFACE_MANAGEMENT, &interface, err);

	if (rc < 0)
		return rc;
	return task_result_json(job,
				json_pack("{s:o}", "supported_boot_devices",
					  words(management_interface(interface)->boot_devices)),
				err);
}

/* ---- NMI ---- */

static int inject_nmi(struct job *job, struct error *err)
{
	const struct management_interface *management;

	NEED(management->inject_nmi, "inject_nmi");
	return management->inject_nmi(&job->task, err);
}

/* ---- indicators ---- */

static int indicators(struct job *job, struct error *err)
{
	const struct management_interface *management;
	const struct indicator *row;
	json_t *list;

	NEED(management->indicators || management->indicators_get, "get_supported_indicators");
	row = management->indicators;
	if (!row) {
		int rc = management->indicators_get(&job->task, &row, err);
		if (rc < 0)
			return rc;
	}
	list = json_array();
	for (; row->name; row++)
		json_array_append_new(list, json_pack("{s:s++, s:s, s:b, s:o}", "name", row->name, "@",
						      row->component, "component", row->component, "readonly",
						      row->is_readonly, "states", words(row->states)));
	return task_result_json(job, json_pack("{s:o}", "indicators", list), err);
}

/* NULL: the table has none such. Without a table it is as asked for, for the driver to find. */
static const struct indicator *find_indicator(struct job *job, const struct management_interface *management)
{
	const char *component = job_text(job, "component");
	const char *name = job_text(job, "name");
	struct indicator *asked;

	if (!component || !name)
		return NULL;
	for (const struct indicator *row = management->indicators; row && row->name; row++) {
		if (strcmp(row->component, component) == 0 && strcmp(row->name, name) == 0)
			return row;
	}
	if (management->indicators)
		return NULL;
	asked = arena_alloc(&job->task.arena, sizeof(*asked));
	*asked = (struct indicator){ .component = component, .name = name };
	return asked;
}

static int no_indicator(const struct job *job, struct error *err)
{
	const char *component = job_text(job, "component");
	const char *name = job_text(job, "name");

	return fail(err, ERR_INVALID, "Node %s has no indicator %s@%s", node_uuid(&job->node),
		    name ? name : "", component ? component : "");
}

static int indicator_get(struct job *job, struct error *err)
{
	const struct management_interface *management;
	const struct indicator *which;
	const char *state = NULL;
	int rc;

	NEED(management->indicator_get, "get_indicator_state");
	which = find_indicator(job, management);
	if (!which)
		return no_indicator(job, err);
	rc = management->indicator_get(&job->task, which, &state, err);
	return rc < 0 ? rc : task_result_json(job, json_pack("{s:s?}", "state", state), err);
}

static int check_indicator_state(const struct indicator *which, const char *state, struct error *err)
{
	if (!which->states) /* the driver's to check */
		return 0;
	if (which->is_readonly)
		return fail(err, ERR_INVALID, "Indicator %s@%s can only be read", which->name,
			    which->component);
	for (const char *const *known = which->states; state && *known; known++) {
		if (strcmp(*known, state) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID, "Indicator %s@%s has no state %s", which->name, which->component,
		    state ? state : "None");
}

static int indicator_set_begin(struct job *job, struct error *err)
{
	const struct management_interface *management;
	const struct indicator *which;

	NEED(management->indicator_set, "set_indicator_state");
	which = find_indicator(job, management);
	if (!which)
		return no_indicator(job, err);
	job->state = (void *)which;
	return check_indicator_state(which, job_text(job, "state"), err);
}

static int indicator_set(struct job *job, struct error *err)
{
	const struct management_interface *management;
	int rc = interface_of(job, &management, err);

	return rc != 0 ? rc : management->indicator_set(&job->task, job->state, job_text(job, "state"), err);
}

/* ---- boot mode and secure boot: Ironic finds out whether the driver can do it after the 202 ---- */

static int mode_begin(struct job *job, struct error *err)
{
	const struct management_interface *management;
	int rc = interface_of(job, &management, err);

	if (rc == 0)
		node_set_text(&job->node, NODE_LAST_ERROR, NULL);
	return rc;
}

static int boot_mode_set(struct job *job, struct error *err)
{
	const struct management_interface *management;
	const char *mode = job_text(job, "target");
	int rc;

	if (!mode)
		return fail(err, ERR_INVALID, "The boot mode must be a string");
	NEED(management->boot_mode_set, "set_boot_mode");
	rc = management->boot_mode_set(&job->task, mode, err);
	if (rc == 0)
		node_set_text(&job->node, NODE_BOOT_MODE, mode);
	return rc;
}

static int secure_boot_set(struct job *job, struct error *err)
{
	const struct management_interface *management;
	bool is_on = json_is_true(json_object_get(job->args, "target"));
	int rc;

	NEED(management->secure_boot_set, "set_secure_boot_state");
	rc = management->secure_boot_set(&job->task, is_on, err);
	if (rc == 0)
		node_set_bool(&job->node, NODE_SECURE_BOOT, is_on);
	return rc;
}

static void boot_mode_undo(struct job *job, const struct error *failure)
{
	const char *mode = job_text(job, "target");

	node_set_text(&job->node, NODE_LAST_ERROR,
		      arena_printf(&job->task.arena, "Failed to change boot mode to %s: %s",
				   mode ? mode : "None", failure->text));
}

static void secure_boot_undo(struct job *job, const struct error *failure)
{
	bool is_on = json_is_true(json_object_get(job->args, "target"));

	node_set_text(&job->node, NODE_LAST_ERROR,
		      arena_printf(&job->task.arena, "Failed to change secure boot to %s: %s",
				   is_on ? "on" : "off", failure->text));
}

/* clang-format off */
const struct operation management_operations[] = {
	{ .kind = "boot_device_get", .lock = LOCK_EXCLUSIVE, .run = boot_device_get },
	{ .kind = "boot_device_set", .lock = LOCK_EXCLUSIVE, .begin = boot_device_set_begin,
	  .run = boot_device_set },
	{ .kind = "boot_device_supported", .lock = LOCK_SHARED, .run = boot_device_supported },
	{ .kind = "inject_nmi", .lock = LOCK_EXCLUSIVE, .run = inject_nmi },
	{ .kind = "indicators", .lock = LOCK_SHARED, .run = indicators },
	{ .kind = "indicator_get", .lock = LOCK_EXCLUSIVE, .run = indicator_get },
	{ .kind = "indicator_set", .lock = LOCK_EXCLUSIVE, .begin = indicator_set_begin,
	  .run = indicator_set },
	{ .kind = "boot_mode_set", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = mode_begin,
	  .run = boot_mode_set, .undo = boot_mode_undo, .history = "management" },
	{ .kind = "secure_boot_set", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = mode_begin,
	  .run = secure_boot_set, .undo = secure_boot_undo, .history = "management" },
	{ 0 }
};
/* clang-format on */
