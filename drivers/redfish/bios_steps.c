/* bios_steps: the steps of the redfish BIOS interface. Settings are written to the settings resource, and the
 * machine is booted until they are the current ones. */
#include <string.h>

#include "drivers/bios_settings.h"
#include "drivers/redfish/bios.h"
#include "drivers/redfish/bios_registry.h"
#include "drivers/redfish/boot_until.h"
#include "drivers/redfish/system.h"

/* ---- apply_configuration ---- */

struct application {
	json_t *attributes; /* owned; as they are written */
	json_t *expected;   /* owned; those of them that can be seen afterwards: not passwords */
	json_t *missing;    /* owned; names of those that did not hold at the last look */
};

static void application_init(struct application *application)
{
	*application = (struct application){ .attributes = json_object(),
					     .expected = json_object(),
					     .missing = json_array() };
}

static void application_release(struct application *application)
{
	json_decref(application->attributes);
	json_decref(application->expected);
	json_decref(application->missing);
}

/* "A, B": what fits. */
static const char *joined(struct task *task, const json_t *names)
{
	const char *text = "";
	const json_t *name;
	size_t index;

	json_array_foreach((json_t *)names, index, name)
	{
		if (strlen(text) > 256)
			return arena_printf(&task->arena, "%s, ...", text);
		text = arena_printf(&task->arena, "%s%s%s", text, index ? ", " : "", json_string_value(name));
	}
	return text;
}

/* Where settings of the next start are written; the Bios resource itself where there is no other place. */
static const char *settings_path(const struct redfish_operation *operation, const json_t *bios)
{
	const char *path = redfish_link(json_object_get(bios, "@Redfish.Settings"), "SettingsObject");

	return path ? path : redfish_link(operation->system, "Bios");
}

/* What waits for the next start; NULL: nothing is known to. */
SUSPENDS static const json_t *pending_of(struct redfish_operation *operation, const json_t *bios)
{
	const char *path = redfish_link(json_object_get(bios, "@Redfish.Settings"), "SettingsObject");

	return path ? json_object_get(redfish_read(&operation->reader, path), "Attributes") : NULL;
}

static bool is_same(const json_t *one, const json_t *other)
{
	if (json_is_number(one) && json_is_number(other))
		return json_number_value(one) == json_number_value(other);
	return json_equal((json_t *)one, (json_t *)other);
}

/* Dell and others keep in the settings resource what is still to be done, and nothing else; HPE and Lenovo
 * keep all attributes there. */
static bool is_still_to_do(const json_t *pending, const json_t *wanted, const char *name, const json_t *value)
{
	const json_t *found = json_object_get(pending, name);

	return found && (json_object_size(pending) <= json_object_size(wanted) || !is_same(found, value));
}

static int is_applied(struct redfish_operation *operation, const void *wanted)
{
	const struct application *application = wanted;
	const json_t *bios = redfish_bios_read(&operation->reader, operation->system);
	const json_t *current = json_object_get(bios, "Attributes");
	const json_t *pending = bios ? pending_of(operation, bios) : NULL;
	const char *name;
	json_t *value;

	json_array_clear(application->missing);
	json_object_foreach(application->expected, name, value)
	{
		if (!is_same(json_object_get(current, name), value) ||
		    is_still_to_do(pending, application->expected, name, value))
			json_array_append_new(application->missing, json_string(name));
	}
	return bios && !json_array_size(application->missing);
}

static bool is_secret(const json_t *entry)
{
	const char *type = redfish_text(entry, "Type");

	return (type && !strcmp(type, "Password")) || json_is_true(json_object_get(entry, "WriteOnly"));
}

/* Checks all settings before any is written. -ERR_INVALID names those that are wrong. */
SUSPENDS static int convert_settings(struct redfish_operation *operation, const json_t *bios,
				     const json_t *settings, struct application *ret, struct error *err)
{
	json_t *registry = redfish_bios_registry(&operation->reader, bios), *wrong = json_array();
	const json_t *setting;
	size_t index;
	int rc = 0;

	json_array_foreach((json_t *)settings, index, setting)
	{
		const char *name = redfish_text(setting, "name");
		const json_t *entry = json_object_get(registry, name);
		const json_t *current = json_object_get(json_object_get(bios, "Attributes"), name);
		json_t *value = redfish_bios_converted(entry, current, json_object_get(setting, "value"));
		if (!value) {
			json_array_append_new(wrong, json_string(name));
			continue;
		}
		if (current && !is_secret(entry))
			json_object_set(ret->expected, name, value);
		json_object_set_new(ret->attributes, name, value);
	}
	if (json_array_size(wrong) && operation->reader.rc == 0)
		rc = fail(err, ERR_INVALID,
			  "Redfish BIOS apply_configuration failed for node %s: invalid value for "
			  "setting(s): %s",
			  redfish_node_uuid(&operation->client), joined(operation->client.task, wrong));
	json_decref(wrong);
	json_decref(registry);
	return rc;
}

/* Dell refuses settings that do not say when, other makes the word itself. */
static json_t *body_of(const struct application *application, const json_t *bios)
{
	const json_t *times =
		json_object_get(json_object_get(bios, "@Redfish.Settings"), "SupportedApplyTimes");
	json_t *body = json_pack("{s:O}", "Attributes", application->attributes);
	const json_t *time;
	size_t index;

	json_array_foreach((json_t *)times, index, time)
	{
		if (json_is_string(time) && !strcmp(json_string_value(time), "OnReset"))
			json_object_set_new(body, "@Redfish.SettingsApplyTime",
					    json_pack("{s:s, s:s}", "@odata.type",
						      "#Settings.v1_0_0.PreferredApplyTime", "ApplyTime",
						      "OnReset"));
	}
	return body;
}

/* 1: written, and to be booted; 0: all is so already. */
SUSPENDS static int write_settings(struct redfish_operation *operation, const json_t *settings,
				   struct application *application, struct error *err)
{
	const json_t *bios = redfish_bios_read(&operation->reader, operation->system);
	json_t *body;
	int rc;

	if (!bios)
		return redfish_bios_missing(operation, err);
	rc = convert_settings(operation, bios, settings, application, err);
	if (rc < 0 || operation->reader.rc < 0)
		return rc;
	if (json_object_size(application->attributes) == json_object_size(application->expected) &&
	    is_applied(operation, application))
		return 0;
	/* for its ETag; some take what they do not show */
	rc = redfish_get(&operation->client, settings_path(operation, bios), err);
	if (rc < 0 && !operation->client.status)
		return rc;
	body = body_of(application, bios);
	rc = redfish_stage(&operation->client, settings_path(operation, bios), body, err);
	json_decref(body);
	return rc < 0 ? rc : 1;
}

SUSPENDS static int write_and_boot(struct task *task, const json_t *settings, struct application *application,
				   struct error *err)
{
	struct redfish_operation operation;
	int is_written, rc = redfish_operation_begin(&operation, task, "apply BIOS configuration", err);

	if (rc < 0)
		return rc;
	is_written = write_settings(&operation, settings, application, err);
	rc = redfish_operation_end(&operation, is_written < 0 ? is_written : 0, err);
	if (rc < 0 || !is_written)
		return rc;
	rc = redfish_boot_until(task,
				&(struct redfish_awaited){ .what = "get BIOS settings",
							   .holds = is_applied,
							   .wanted = application },
				err);
	if (rc == -ERR_TIMEOUT && json_array_size(application->missing))
		return fail_prefix(err,
				   "Redfish BIOS apply_configuration step failed. Attributes %s are not "
				   "updated",
				   joined(task, application->missing));
	return rc;
}

int redfish_bios_apply(struct task *task, const json_t *args, struct error *err)
{
	struct application application;
	int rc = bios_settings_check(args, err);

	if (rc < 0)
		return rc;
	application_init(&application);
	rc = write_and_boot(task, json_object_get(args, "settings"), &application, err);
	application_release(&application);
	return rc;
}

/* ---- factory_reset ---- */

/* Is the firmware at work still, by what the BMC tells of it? A machine without an operating system stays at
 * SystemHardwareInitializationComplete or SetupEntered. */
static bool is_starting(const json_t *system)
{
	static const char *const early[] = { "PrimaryProcessorInitializationStarted",
					     "BusInitializationStarted", "MemoryInitializationStarted",
					     "SecondaryProcessorInitializationStarted",
					     "PCIResourceConfigStarted" };
	const char *state = redfish_text(json_object_get(system, "BootProgress"), "LastState");

	for (size_t i = 0; state && i < sizeof(early) / sizeof(early[0]); i++)
		if (!strcmp(early[i], state))
			return true;
	return false;
}

/* A BMC that tells neither is believed. */
static int is_reset(struct redfish_operation *operation, const void *wanted)
{
	const json_t *bios = redfish_bios_read(&operation->reader, operation->system);

	(void)wanted;
	return bios && !json_is_true(json_object_get(bios, "ResetBiosToDefaultsPending")) &&
	       !is_starting(operation->system);
}

SUSPENDS static int post_reset(struct redfish_operation *operation, struct error *err)
{
	const json_t *bios = redfish_bios_read(&operation->reader, operation->system);
	const json_t *action = json_object_get(json_object_get(bios, "Actions"), "#Bios.ResetBios");
	const char *target = redfish_text(action, "target");
	json_t *body;
	int rc;

	if (!bios)
		return redfish_bios_missing(operation, err);
	if (!target)
		return task_unsupported(operation->client.task, "BIOS factory reset", err);
	body = json_object(); /* makes refuse a POST without one */
	rc = redfish_start(&operation->client, target, body, err);
	json_decref(body);
	return rc;
}

int redfish_bios_factory_reset(struct task *task, const json_t *args, struct error *err)
{
	struct redfish_operation operation;
	int rc = redfish_operation_begin(&operation, task, "reset BIOS", err);

	(void)args;
	if (rc < 0)
		return rc;
	rc = redfish_operation_end(&operation, post_reset(&operation, err), err);
	if (rc < 0)
		return rc;
	return redfish_boot_until(
		task, &(struct redfish_awaited){ .what = "get BIOS settings", .holds = is_reset }, err);
}
