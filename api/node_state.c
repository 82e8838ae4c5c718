/* node_state: what moves a node: power, provision verbs, console, boot mode. */
#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/node.h"
#include "model/fsm.h"
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

	int rc = check_power(request, node, target, err);
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

/* ---- provision ---- */

/* What belongs to one verb alone, and what that verb cannot do without. */
static const struct {
	const char *argument;
	enum provision_event event, also; /* the verbs that take it; also EVENT_COUNT: one only */
	const char *words;                /* those verbs, as the sentence names them */
} pairings[] = {
	{ "configdrive", EVENT_DEPLOY, EVENT_REBUILD, "active or rebuild" },
	{ "deploy_steps", EVENT_DEPLOY, EVENT_REBUILD, "active or rebuild" },
	{ "clean_steps", EVENT_CLEAN, EVENT_COUNT, "clean" },
	{ "service_steps", EVENT_SERVICE, EVENT_COUNT, "service" },
	{ "rescue_password", EVENT_RESCUE, EVENT_COUNT, "rescue" },
	{ "disable_ramdisk", EVENT_CLEAN, EVENT_SERVICE, "clean or service" },
	{ "runbook", EVENT_CLEAN, EVENT_SERVICE, "clean or service" },
};

/* The verbs whose workflow the conductors have. */
static const struct {
	enum provision_event event;
	const char *on_crash;
} workflows[] = {
	{ EVENT_MANAGE, "repeat" }, { EVENT_PROVIDE, "repeat" }, { EVENT_INSPECT, "never" },
	{ EVENT_DEPLOY, "never" },  { EVENT_REBUILD, "never" },  { EVENT_DELETE, "never" },
	{ EVENT_ADOPT, "never" },   { EVENT_RESCUE, "never" },   { EVENT_UNRESCUE, "never" },
};

static bool is_given(const json_t *body, const char *name)
{
	const json_t *value = json_object_get(body, name);

	return value && !json_is_null(value);
}

static int check_steps(const json_t *steps, const char *name, struct error *err)
{
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		if (!json_is_string(json_object_get(step, "interface")) ||
		    !json_is_string(json_object_get(step, "step")))
			return fail(err, ERR_INVALID,
				    "Schema error for %s: 'interface' and 'step' are required properties of "
				    "each step",
				    name);
	}
	return 0;
}

static int check_pairing(const json_t *body, enum provision_event event, struct error *err)
{
	for (size_t i = 0; i < sizeof pairings / sizeof pairings[0]; i++) {
		if (is_given(body, pairings[i].argument) && event != pairings[i].event &&
		    event != pairings[i].also)
			return fail(err, ERR_INVALID,
				    "\"%s\" is only valid when setting target provision state to %s",
				    pairings[i].argument, pairings[i].words);
	}
	if (event == EVENT_CLEAN && !is_given(body, "clean_steps") && !is_given(body, "runbook"))
		return fail(err, ERR_INVALID,
			    "\"clean_steps\" is required when setting target provision state to clean");
	if (event == EVENT_SERVICE && !is_given(body, "service_steps") && !is_given(body, "runbook"))
		return fail(err, ERR_INVALID,
			    "\"service_steps\" is required when setting target provision state to service");
	const char *password = argument_text(body, "rescue_password");
	if (event == EVENT_RESCUE && (!password || !password[strspn(password, " \t\r\n")]))
		return fail(err, ERR_INVALID,
			    "A non-empty \"rescue_password\" is required when setting target provision state "
			    "to rescue");
	int rc = check_steps(json_object_get(body, "clean_steps"), "clean_steps", err);
	if (rc == 0)
		rc = check_steps(json_object_get(body, "service_steps"), "service_steps", err);
	return rc == 0 ? check_steps(json_object_get(body, "deploy_steps"), "deploy_steps", err) : rc;
}

/* In Ironic's order: version, maintenance, legality, arguments. */
static int check_provision(const struct api_request *request, const struct node *node,
			   const struct provision_verb *verb, struct error *err)
{
	const char *name = argument_text(request->body, "target");
	const char *state = node_text(node, NODE_PROVISION_STATE);

	if (verb && request->version < verb->since)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	if (verb && (verb->event == EVENT_DEPLOY || verb->event == EVENT_REBUILD) &&
	    node_bool(node, NODE_MAINTENANCE))
		return fail(err, ERR_MAINTENANCE,
			    "The provisioning operation can't be performed on node %s because it's in "
			    "maintenance mode.",
			    node_uuid(node));
	if (verb && fsm_allows(provision_state_find(state), verb, request->version))
		return check_pairing(request->body, verb->event, err);
	if (verb && node_text(node, NODE_RESERVATION))
		return fail(err, ERR_NODE_LOCKED,
			    "Node %s is locked by host %s, please retry after the current operation is "
			    "completed.",
			    node_uuid(node), node_text(node, NODE_RESERVATION));
	return invalid_state(name, node, state, err);
}

static const char *on_crash_of(enum provision_event event)
{
	for (size_t i = 0; i < sizeof workflows / sizeof workflows[0]; i++) {
		if (workflows[i].event == event)
			return workflows[i].on_crash;
	}
	return NULL;
}

static const char *canonical_name(const struct provision_verb *verb)
{
	return verb->event == EVENT_DEPLOY ? "active" : verb->event == EVENT_DELETE ? "deleted" : verb->name;
}

static int provision(struct api_request *request, const struct node *node, struct error *err)
{
	const struct provision_verb *verb = provision_verb_find(argument_text(request->body, "target"));
	struct dispatch dispatch = dispatch_of(request, node);

	int rc = check_provision(request, node, verb, err);
	if (rc < 0)
		return rc;
	dispatch.on_crash = on_crash_of(verb->event);
	if (!dispatch.on_crash)
		return fail(err, ERR_UNSUPPORTED,
			    "The provision action \"%s\" is not available: the conductors have no workflow "
			    "for it.",
			    verb->name);
	dispatch.args = json_copy(request->body);
	json_object_set_new(dispatch.args, "target", json_string(canonical_name(verb)));
	rc = dispatch_reply(request, &dispatch, "/states", err);
	json_decref(dispatch.args);
	return rc;
}

int node_provision(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = provision(request, &node, err);
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
