/* firmware_update: see firmware_update.h. */
#include "drivers/redfish/firmware_update.h"

#include <string.h>
#include <strings.h>

#include "drivers/redfish/boot_until.h"
#include "drivers/redfish/firmware.h"
#include "drivers/redfish/options.h"
#include "drivers/redfish/system.h"
#include "drivers/redfish/task_monitor.h"
#include "lib/clock.h"

enum { WAIT_S_MAX = 24 * 3600 };

const struct step_argument redfish_firmware_update_arguments[] = {
	{ "settings", true,
	  "A list of objects, each with a component (bios, bmc, nic:...), a url, and maybe wait." },
	{ 0 }
};

/* One image on its way. */
struct update {
	const char *component, *url;
	int64_t wait_s;
	const char *before;          /* the component's version, in the task's arena; NULL: not told */
	char path[REDFISH_PATH_MAX]; /* of the BMC's task; "": it told none */
	int64_t *over_ms;            /* clock_ms when the task was over; 0: it is not */
	struct error *failure;       /* of the task; code 0: none */
};

/* ---- the argument ---- */

static bool is_component(const char *name)
{
	return name && (!strcmp(name, "bios") || !strcmp(name, "bmc") ||
			(!strncmp(name, "nic:", 4) && name[4] && strlen(name) < 256));
}

static const char *protocol_of(const char *url)
{
	if (url && !strncasecmp(url, "http://", 7) && url[7])
		return "HTTP";
	return url && !strncasecmp(url, "https://", 8) && url[8] ? "HTTPS" : NULL;
}

static int read_setting(const json_t *setting, size_t at, struct update *ret, struct error *err)
{
	const json_t *wait = json_object_get(setting, "wait");

	*ret = (struct update){ .component = redfish_text(setting, "component"),
				.url = redfish_text(setting, "url"),
				.wait_s = json_integer_value(wait) };
	if (!is_component(ret->component) || !protocol_of(ret->url) ||
	    json_object_size(setting) != (wait ? 3U : 2U) ||
	    (wait && (ret->wait_s < 1 || ret->wait_s > WAIT_S_MAX)))
		return fail(err, ERR_INVALID,
			    "Item %zu of the firmware settings must be an object of a \"component\" (bios, "
			    "bmc or "
			    "nic:...), a \"url\" (http or https), and maybe \"wait\" in seconds",
			    at + 1);
	return 0;
}

static int check_settings(const json_t *settings, struct error *err)
{
	struct update update;
	int rc = json_array_size(settings)
			 ? 0
			 : fail(err, ERR_INVALID, "\"settings\" must be a list of firmware images");

	for (size_t i = 0; rc == 0 && i < json_array_size(settings); i++)
		rc = read_setting(json_array_get(settings, i), i, &update, err);
	return rc;
}

/* ---- one image ---- */

/* In the task's arena; NULL: not told. */
SUSPENDS static const char *version_of(struct redfish_operation *operation, const char *component)
{
	json_t *list = redfish_firmware_read(&operation->reader, operation->system);
	const char *version = NULL;
	const json_t *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		const char *name = redfish_text(row, "component");
		if (!version && name && !strcmp(name, component))
			version = redfish_trimmed(&operation->reader, row, "current_version");
	}
	json_decref(list);
	return version;
}

SUSPENDS static int post_image(struct redfish_operation *operation, struct update *update, struct error *err)
{
	struct redfish_client *client = &operation->client;
	char path[REDFISH_PATH_MAX];
	const json_t *service, *action;
	const char *target;
	json_t *body;
	int rc;

	update->before = version_of(operation, update->component);
	snprintf(path, sizeof(path), "%sUpdateService", client->info.root);
	service = redfish_read(&operation->reader, path);
	action = json_object_get(json_object_get(service, "Actions"), "#UpdateService.SimpleUpdate");
	target = redfish_text(action, "target");
	if (operation->reader.rc < 0)
		return 0;
	if (!target)
		return task_unsupported(client->task, "firmware updates: the BMC has no SimpleUpdate", err);
	body = json_pack("{s:s, s:s}", "ImageURI", update->url, "TransferProtocol", protocol_of(update->url));
	rc = redfish_start(client, target, body, err);
	json_decref(body);
	if (rc == 0 && !redfish_task_started(client, update->path, sizeof(update->path)))
		update->path[0] = '\0';
	return rc;
}

/* The BMC's word on its task; a task that is gone is over: BMCs forget theirs when they start. */
SUSPENDS static bool is_task_over(struct redfish_operation *operation, const struct update *update)
{
	struct error failure = { 0 };
	int rc = *update->path && !*update->over_ms
			 ? redfish_task_look(&operation->client, update->path, &failure)
			 : 1;

	if (rc == -ERR_BMC && operation->client.status < 300) /* the task could be read: it has failed */
		*update->failure = failure;
	else if (rc != 1)
		return false;
	if (!*update->over_ms)
		*update->over_ms = clock_ms();
	return true;
}

/* The BMC has the image, and waits for a start of the machine. */
static int is_staged(struct redfish_operation *operation, const void *wanted)
{
	static const char *const member[] = { "TaskState", NULL };
	static const char *const waiting[] = { "Pending", "Starting", "Suspended", "Interrupted" };
	char state[32];

	if (is_task_over(operation, wanted))
		return 1;
	if (!redfish_scan_text(&operation->client, member, state, sizeof(state)))
		return 0;
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
		if (!strcmp(waiting[i], state))
			return 1;
	return 0;
}

/* The version that is shown is another one a while after the task; never, when it was this one before. */
static int is_done(struct redfish_operation *operation, const void *wanted)
{
	const struct update *update = wanted;
	const char *now;

	if (!is_task_over(operation, update))
		return 0;
	if (update->failure->code)
		return 1;
	now = version_of(operation, update->component);
	return (now && (!update->before || strcmp(now, update->before) != 0)) ||
	       clock_ms() - *update->over_ms >
		       (int64_t)(redfish_options.firmware_update_version_timeout_s * 1000);
}

/* Firmware of the machine is taken when it starts; some makes do not tell when the image is there. */
SUSPENDS static int await_and_boot(struct task *task, struct update *update,
				   const struct redfish_awaited *awaited, struct error *err)
{
	struct redfish_awaited staged = *awaited;
	int rc;

	staged.holds = is_staged;
	staged.timeout_s = redfish_options.firmware_update_version_timeout_s;
	rc = redfish_await(task, &staged, err);
	if (rc < 0 && rc != -ERR_TIMEOUT)
		return rc;
	if (update->failure->code)
		return 0;
	if (*update->over_ms)
		*update->over_ms = clock_ms();
	return redfish_boot_until(task, awaited, err);
}

SUSPENDS static int await_update(struct task *task, struct update *update, struct error *err)
{
	struct error failure = { 0 };
	int64_t over_ms = 0;
	const struct redfish_awaited awaited = {
		.what = "get firmware components",
		.holds = is_done,
		.wanted = update,
		.timeout_s = redfish_options.firmware_update_overall_timeout_s,
		.interval_s = redfish_options.firmware_update_status_interval_s,
	};
	int rc;

	update->over_ms = &over_ms;
	update->failure = &failure;
	if (update->wait_s && fiber_sleep(update->wait_s * 1000) < 0)
		return fail(err, ERR_CANCELLED, "Waiting for the update of %s was cancelled",
			    update->component);
	rc = strcmp(update->component, "bmc") ? await_and_boot(task, update, &awaited, err)
					      : redfish_await(task, &awaited, err);
	if (rc == 0 && failure.code)
		rc = fail(err, failure.code, "%s", failure.text);
	return rc < 0 ? fail_prefix(err, "The firmware of %s was not updated", update->component) : 0;
}

SUSPENDS static int update_one(struct task *task, struct update *update, struct error *err)
{
	struct redfish_operation operation;
	int rc = redfish_operation_begin(&operation, task, "update firmware", err);

	if (rc < 0)
		return rc;
	rc = redfish_operation_end(&operation, post_image(&operation, update, err), err);
	return rc < 0 ? rc : await_update(task, update, err);
}

int redfish_firmware_update(struct task *task, const json_t *args, struct error *err)
{
	const json_t *settings = json_object_get(args, "settings");
	struct update update;
	int rc = check_settings(settings, err);

	for (size_t i = 0; rc == 0 && i < json_array_size(settings); i++) {
		rc = read_setting(json_array_get(settings, i), i, &update, err);
		if (rc == 0)
			rc = update_one(task, &update, err);
	}
	return rc;
}
