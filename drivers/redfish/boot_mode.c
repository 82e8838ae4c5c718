/* boot_mode: see boot_mode.h. */
#include "drivers/redfish/boot_mode.h"

#include <string.h>

#include "drivers/redfish/boot.h"
#include "drivers/redfish/boot_until.h"
#include "drivers/redfish/facts.h"
#include "drivers/redfish/operation.h"

/* ---- boot mode ---- */

static int mode_holds(struct redfish_operation *operation, const void *wanted)
{
	const char *mode = redfish_boot_mode(operation->system);

	return mode ? !strcmp(mode, wanted) : -1;
}

SUSPENDS static int patch_mode(struct redfish_operation *operation, const char *mode, struct error *err)
{
	struct redfish_client *client = &operation->client;
	const char *word = !strcmp(mode, "uefi") ? "UEFI" : "Legacy";
	char path[REDFISH_PATH_MAX];
	json_t *settings = NULL, *body;
	int rc;

	snprintf(path, sizeof(path), "%s", operation->path);
	rc = redfish_boot_place(client, operation->system, "BootSourceOverrideMode", path, &settings, err);
	json_decref(settings);
	if (rc < 0)
		return rc;
	body = json_pack("{s:{s:s}}", "Boot", "BootSourceOverrideMode", word);
	rc = redfish_patch(client, path, body, err);
	json_decref(body);
	return rc;
}

/* 1: written, and to be waited for; 0: nothing (more) to do. */
SUSPENDS static int write_mode(struct task *task, const char *mode, struct error *err)
{
	struct redfish_operation operation;
	const char *before;
	int is_held = 0;
	int rc = redfish_operation_begin(&operation, task, "set boot mode", err);

	if (rc < 0)
		return rc;
	before = redfish_boot_mode(operation.system);
	if (before && !strcmp(before, mode)) {
		is_held = 1;
	} else {
		rc = patch_mode(&operation, mode, err);
		if (rc == -ERR_BMC && !before)
			rc = task_unsupported(task, "set_boot_mode: the BMC tells no boot mode", err);
		if (rc == 0 && before && redfish_operation_reread(&operation, err) == 0)
			is_held = mode_holds(&operation, mode);
		if (rc == 0 && !before)
			is_held = -1;
	}
	rc = redfish_operation_end(&operation, rc, err);
	return rc < 0 ? rc : is_held == 0;
}

int redfish_boot_mode_set(struct task *task, const char *mode, struct error *err)
{
	const struct redfish_awaited awaited = { .what = "get boot mode",
						 .holds = mode_holds,
						 .wanted = mode };
	int rc;

	if (strcmp(mode, "uefi") != 0 && strcmp(mode, "bios") != 0)
		return fail(err, ERR_INVALID,
			    "Invalid boot mode %s specified. It must be one of: bios, uefi.", mode);
	rc = write_mode(task, mode, err);
	return rc == 1 ? redfish_boot_until(task, &awaited, err) : rc;
}

/* ---- secure boot ---- */

static const json_t *secure_boot_of(struct redfish_operation *operation)
{
	return redfish_follow(&operation->reader, json_object_get(operation->system, "SecureBoot"));
}

static int secure_boot_holds(struct redfish_operation *operation, const void *wanted)
{
	const json_t *is_enabled = json_object_get(secure_boot_of(operation), "SecureBootEnable");

	return json_is_boolean(is_enabled) ? json_is_true(is_enabled) == *(const bool *)wanted : 0;
}

/* The resource, with its path; -ERR_UNSUPPORTED without one. */
SUSPENDS static int find_secure_boot(struct redfish_operation *operation, const char *what,
				     const json_t **ret, const char **ret_path, struct error *err)
{
	const json_t *found = secure_boot_of(operation);

	*ret = found;
	*ret_path = redfish_link(operation->system, "SecureBoot");
	if (operation->reader.rc == 0 && (!found || !*ret_path))
		return task_unsupported(operation->client.task, what, err);
	return 0;
}

SUSPENDS static int patch_secure_boot(struct redfish_operation *operation, bool is_on, struct error *err)
{
	const char *mode = redfish_boot_mode(operation->system), *path;
	const json_t *found;
	json_t *body;
	int rc = find_secure_boot(operation, "set_secure_boot_state", &found, &path, err);

	if (rc < 0 || !found || secure_boot_holds(operation, &is_on))
		return rc;
	if (is_on && mode && !strcmp(mode, "bios"))
		return fail(err, ERR_BMC, "Secure boot needs the boot mode uefi, and the node has bios");
	rc = redfish_get(&operation->client, path, err); /* for its ETag */
	if (rc < 0)
		return rc;
	body = json_pack("{s:b}", "SecureBootEnable", is_on);
	rc = redfish_patch(&operation->client, path, body, err);
	json_decref(body);
	return rc;
}

int redfish_secure_boot_set(struct task *task, bool is_on, struct error *err)
{
	const struct redfish_awaited awaited = { .what = "get secure boot",
						 .holds = secure_boot_holds,
						 .wanted = &is_on };
	struct redfish_operation operation;
	int rc = redfish_operation_begin(&operation, task, "set secure boot", err);

	if (rc < 0)
		return rc;
	rc = patch_secure_boot(&operation, is_on, err);
	rc = redfish_operation_end(&operation, rc, err);
	if (rc < 0 || redfish_look(task, &awaited) == 1)
		return rc;
	return redfish_boot_until(task, &awaited, err);
}

/* ---- keys ---- */

SUSPENDS static int post_keys(struct redfish_operation *operation, const char *type, struct error *err)
{
	const json_t *found, *action;
	const char *path, *target;
	json_t *body;
	int rc = find_secure_boot(operation, "secure boot keys", &found, &path, err);

	if (rc < 0 || !found)
		return rc;
	action = json_object_get(json_object_get(found, "Actions"), "#SecureBoot.ResetKeys");
	target = redfish_text(action, "target");
	if (!target)
		return task_unsupported(operation->client.task, "secure boot keys", err);
	body = json_pack("{s:s}", "ResetKeysType", type);
	rc = redfish_post(&operation->client, target, body, err);
	json_decref(body);
	return rc;
}

SUSPENDS static int reset_keys(struct task *task, const char *type, struct error *err)
{
	struct redfish_operation operation;
	int rc = redfish_operation_begin(&operation, task, "reset secure boot keys", err);

	if (rc < 0)
		return rc;
	rc = post_keys(&operation, type, err);
	return redfish_operation_end(&operation, rc, err);
}

int redfish_secure_boot_keys_reset(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return reset_keys(task, "ResetAllKeysToDefault", err);
}

int redfish_secure_boot_keys_clear(struct task *task, const json_t *args, struct error *err)
{
	(void)args;
	return reset_keys(task, "DeleteAllKeys", err);
}
