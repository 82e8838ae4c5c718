/* inspection: see inspection.h. */
#include "conductor/inspection.h"

#include <string.h>

#include "conductor/found.h"
#include "conductor/inspection_hooks.h"
#include "conductor/inspection_rules.h"
#include "conductor/inspection_store.h"
#include "conductor/operation.h"
#include "conductor/power.h"
#include "conductor/provision.h"
#include "drivers/agent.h"

static enum provision_state state_of(const struct node *node)
{
	return provision_state_find(node_text(node, NODE_PROVISION_STATE));
}

SUSPENDS static int write_all(struct job *job, struct inspection_store *store, struct error *err)
{
	int rc = inspection_store_write(job, store, err);
	const char *driver = node_text(&job->node, NODE_DRIVER);

	if (rc == 0 &&
	    strcmp(driver, job->task.hardware->name) == 0) { /* else the task is not of its driver */
		found_facts(&job->task);
		found_refresh(&job->task, INTERFACE_FIRMWARE);
	}
	return rc;
}

/* ---- rules ---- */

/* Rules may have given the node another driver or other interfaces. What the new driver does not have falls
 * back to its default. */
static int settle_interface(struct job *job, const struct hardware_type *hardware, enum interface_type type,
			    struct inspected *inspected, struct error *err)
{
	enum node_field field = node_interface_field(type);
	const char *name = node_field_info(field)->name;
	const char *after = json_string_value(json_object_get(inspected->node, name));
	const struct interface *preset = hardware_type_default(hardware, type);
	bool is_new = !after || strcmp(after, node_text(&job->node, field)) != 0;

	if ((after && hardware_type_interface(hardware, type, after)) ||
	    (!is_new && hardware == job->task.hardware))
		return 0;
	if (after && is_new && *after)
		return fail(
			err, ERR_INTERFACE,
			"inspection rules have set %s to %.100s, which driver %s does not have (disabled or "
			"not implemented)",
			name, after, hardware->name);
	json_object_set_new(inspected->node, name, json_string(preset ? preset->name : ""));
	return 0;
}

static int settle_driver(struct job *job, struct inspected *inspected, struct error *err)
{
	const char *driver = json_string_value(json_object_get(inspected->node, "driver"));
	const struct hardware_type *hardware = driver ? hardware_type_find(driver) : NULL;
	int rc = 0;

	if (!hardware_type_is_enabled(hardware))
		return fail(err, ERR_INTERFACE,
			    "Could not find the following driver(s) or hardware type(s): %.100s.",
			    driver ? driver : "None");
	for (enum interface_type type = 0; rc == 0 && type < INTERFACE_COUNT; type++)
		rc = settle_interface(job, hardware, type, inspected, err);
	return rc;
}

SUSPENDS static int apply_rules(struct job *job, const char *phase, struct inspected *inspected,
				struct error *err)
{
	int rc = inspection_rules_apply(job, phase, inspected, err);

	return rc == 0 ? settle_driver(job, inspected, err) : rc;
}

/* ---- what an inspect interface found by itself ---- */

static void add_ports(struct inspected *inspected, const json_t *macs)
{
	const json_t *mac;
	size_t i;

	json_array_foreach(macs, i, mac) inspected_add_port(inspected, json_string_value(mac));
}

int inspection_record(struct job *job, const struct inspection *found, struct error *err)
{
	struct inspection_store store = { 0 };
	int rc;

	provision_inspected(&job->node);
	if (!found->inventory && json_array_size(found->macs) == 0) {
		found_facts(&job->task);
		found_refresh(&job->task, INTERFACE_FIRMWARE);
		return 0;
	}
	rc = inspection_store_open(job, found->inventory, found->plugin_data, &store, err);
	if (rc == 0) {
		add_ports(&store.now, found->macs);
		if (found->inventory)
			rc = apply_rules(job, "early", &store.now, err);
		if (rc == 0 && found->inventory)
			rc = apply_rules(job, "main", &store.now, err);
	}
	if (rc == 0)
		rc = write_all(job, &store, err);
	inspection_store_release(&store);
	return rc;
}

/* ---- what a ramdisk reports ---- */

/* One call of a ramdisk, in the task's arena. */
struct report {
	bool is_written;    /* by an attempt whose conductor died before it could say so */
	bool is_discovered; /* the node was made for it, and stays in "enroll" */
};

/* As the API says, and nobody else. */
static bool is_discovered(const struct job *job)
{
	return json_is_true(json_object_get(json_object_get(job->args, "plugin_data"), "auto_discovered"));
}

/* A repeat after a takeover finds the node where its first attempt has put it. */
static int begin(struct job *job, struct error *err)
{
	struct report *report = arena_alloc(&job->task.arena, sizeof(*report));
	enum provision_state state = state_of(&job->node);

	job->state = report;
	if (job->is_accepted && state == PROVISION_INSPECTING) {
		report->is_written = !node_text(&job->node, NODE_INSPECTION_STARTED_AT);
		return 0;
	}
	report->is_discovered = state == PROVISION_ENROLL && is_discovered(job);
	if (report->is_discovered)
		return 0;
	if (state != PROVISION_INSPECTWAIT)
		return fail(err, ERR_NOT_FOUND, "Resource could not be found.");
	if (!node_text(&job->node, NODE_INSPECTION_STARTED_AT))
		node_set_now(&job->node, NODE_INSPECTION_STARTED_AT);
	fsm_apply(&job->node, EVENT_RESUME);
	return 0;
}

SUSPENDS static int process(struct job *job, struct inspection_store *store, struct error *err)
{
	const struct report *report = job->state;
	int rc;

	json_object_del(store->now.plugin_data, "logs"); /* of the ramdisk: long, and not for rules */
	rc = apply_rules(job, "early", &store->now, err);
	if (rc == 0 && inspection_hooks_run(&store->now, err) < 0)
		return fail_prefix(err, "failed to run inspection hooks");
	power_forget_agent(&job->node);
	/* a discovered machine may have no driver_info yet */
	if (rc == 0 && !report->is_discovered && agent_stop(&job->task, err) < 0)
		return fail_prefix(err, "Inspection clean up failed");
	if (rc == 0)
		rc = apply_rules(job, "main", &store->now, err);
	if (rc == 0)
		provision_inspected(&job->node);
	return rc == 0 ? write_all(job, store, err) : rc;
}

static int run(struct job *job, struct error *err)
{
	const struct report *report = job->state;
	struct inspection_store store = { 0 };
	int rc = 0;

	if (!report->is_written) {
		rc = inspection_store_open(job, json_object_get(job->args, "inventory"),
					   json_object_get(job->args, "plugin_data"), &store, err);
		if (rc == 0)
			rc = process(job, &store, err);
		inspection_store_release(&store);
	}
	if (rc < 0)
		return rc == -ERR_CANCELLED || rc == -ERR_FENCED
			       ? rc
			       : fail_prefix(err, "Failed to finish inspection");
	if (!report->is_discovered)
		fsm_apply(&job->node, EVENT_DONE);
	return 0;
}

const struct operation inspection_operations[] = { { .kind = "continue_inspection",
						     .lock = LOCK_EXCLUSIVE,
						     .is_async = true,
						     .begin = begin,
						     .run = run,
						     .undo = provision_undo,
						     .history = "introspection" },
						   { 0 } };
