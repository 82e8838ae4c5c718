/* node_state: what moves a node: power, console, boot mode. Provision verbs: node_provision.c. */
#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/node.h"
#include "model/states.h"

#define SOFT_POWER_SINCE 27
#define POWER_TIMEOUT_S  60
#define SOFT_POWER_S     600
#define POWER_SLACK_S    30
#define TIMEOUT_MAX_S    86400

/* ---- power ---- */

static bool is_soft(enum power_state target)
{
	return target == POWER_SOFT_OFF || target == POWER_SOFT_REBOOT;
}

static int invalid_state(const char *action, const struct node *node, const char *state, struct error *err)
{
	return fail(err, ERR_INVALID_STATE_REQUEST,
		    "The requested action \"%s\" can not be performed on node \"%s\" while it is in state "
		    "\"%s\".",
		    action ? action : "None", node_uuid(node), state ? state : "None");
}

static int check_power(const struct api_request *request, const struct node *node, enum power_state target,
		       struct error *err)
{
	const char *name = argument_text(request->body, "target");
	const char *state = node_text(node, NODE_PROVISION_STATE);
	enum provision_state provision = provision_state_find(state);
	long timeout_s = argument_int(request->body, "timeout", 1);

	if (is_soft(target) && request->version < SOFT_POWER_SINCE)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	if (timeout_s < 1)
		return fail(err, ERR_INVALID, "timeout has to be positive integer");
	if (timeout_s > TIMEOUT_MAX_S)
		return fail(err, ERR_INVALID, "timeout has to be at most %d seconds", TIMEOUT_MAX_S);
	if (target == POWER_UNKNOWN || target == POWER_ERROR)
		return invalid_state(name, node, node_text(node, NODE_POWER_STATE), err);
	if (provision == PROVISION_CLEANING || provision == PROVISION_CLEANWAIT)
		return invalid_state(name, node, state, err);
	return 0;
}

static int power(struct api_request *request, const struct node *node, struct error *err)
{
	const char *name = argument_text(request->body, "target");
	enum power_state target = power_state_find(name);
	struct dispatch dispatch = dispatch_of(request, node);
	bool is_again;

	int rc = idempotency_is_again(request, &is_again, err);
	if (rc == 0 && !is_again)
		rc = check_power(request, node, target, err);
	if (rc < 0)
		return rc;
	long timeout_s = argument_int(request->body, "timeout", 0);
	long longest_s = timeout_s ? timeout_s : is_soft(target) ? SOFT_POWER_S : POWER_TIMEOUT_S;
	bool is_reboot = target == POWER_REBOOT || target == POWER_SOFT_REBOOT;

	dispatch.run_s = (int)(2 * longest_s + POWER_SLACK_S);
	dispatch.on_crash = is_reboot ? "never" : "repeat";
	dispatch.args = timeout_s ? json_pack("{s:s, s:I}", "target", name, "timeout", (json_int_t)timeout_s)
				  : json_pack("{s:s}", "target", name);
	rc = dispatch_reply(request, &dispatch, "/states", err);
	json_decref(dispatch.args);
	return rc;
}

int node_power(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = power(request, &node, err);
	node_release(&node);
	return rc;
}

/* ---- console and boot mode ---- */

int node_console_get(struct api_request *request, struct error *err)
{
	return dispatch_on_node(request, NULL, NULL, err);
}

int node_console_set(struct api_request *request, struct error *err)
{
	bool is_on = argument_bool(request->body, "enabled") == 1;

	return dispatch_on_node(request, json_pack("{s:b}", "enabled", is_on), "/states/console", err);
}

int node_boot_mode_set(struct api_request *request, struct error *err)
{
	const char *target = argument_text(request->body, "target");

	if (!target || (strcmp(target, "bios") != 0 && strcmp(target, "uefi") != 0))
		return fail(err, ERR_INVALID,
			    "Invalid boot mode %s specified. It must be one of: bios, uefi.",
			    target ? target : "None");
	return dispatch_on_node(request, json_pack("{s:s}", "target", target), "/states", err);
}

int node_secure_boot_set(struct api_request *request, struct error *err)
{
	int target = argument_bool(request->body, "target");

	if (target < 0)
		return fail(err, ERR_INVALID, "Invalid target: it must be true or false.");
	return dispatch_on_node(request, json_pack("{s:b}", "target", target), "/states", err);
}
