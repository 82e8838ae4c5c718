/*
 * node_provision: PUT states/provision. The body is checked in Ironic's order: the verb's version,
 * maintenance, legality in the state, versions and shapes of the arguments, arguments that do not go with the
 * verb; what only the conductor knows (interfaces, steps) it says itself. Source: ironic-contract,
 * section 5.2.
 */
#include "api/node_provision.h"

#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/node.h"
#include "db/relative.h"
#include "db/stored_steps.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "model/disallowed_steps.h"
#include "model/fsm.h"

/* Of one request; each is stored again and again while they run. */
#define STEPS_MAX    1000
#define CHILDREN_MAX 1000
/* Longest run of what consists of steps: firmware and disks take hours. */
#define STEPS_RUN_S           86400
#define SHORT_RUN_S           3600
#define DRIVE_OBJECT_SINCE    56
#define VENDOR_DATA_SINCE     59
#define DRIVE_REBUILD_SINCE   35
#define SERVICE_RAMDISK_SINCE 108

/* ---- steps ---- */

enum step_member { MEMBER_TEXT, MEMBER_OBJECT, MEMBER_COUNT, MEMBER_BOOL, MEMBER_UUIDS };

struct step_rule {
	const char *name;
	enum step_member type;
	bool is_required;
};

static const struct step_rule asked_rules[] = {
	{ "interface", MEMBER_TEXT, true },
	{ "step", MEMBER_TEXT, true },
	{ "args", MEMBER_OBJECT, false },
	{ "order", MEMBER_COUNT, false },
	{ "execute_on_child_nodes", MEMBER_BOOL, false },
	{ "limit_child_node_execution", MEMBER_UUIDS, false },
	{ 0 },
};
static const struct step_rule deploy_rules[] = {
	{ "interface", MEMBER_TEXT, true },
	{ "step", MEMBER_TEXT, true },
	{ "args", MEMBER_OBJECT, true },
	{ "priority", MEMBER_COUNT, true },
	{ 0 },
};

/* Interfaces that have steps, in alphabetical order, as the refusal prints them. */
static const char *const step_interfaces[] = { "bios",  "deploy", "firmware", "management",
					       "power", "raid",   "vendor",   NULL };
#define STEP_INTERFACES "['bios', 'deploy', 'firmware', 'management', 'power', 'raid', 'vendor']"

/* Digits are a count too, as Ironic takes them. */
static bool is_count(const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value))
		return json_integer_value(value) >= 0;
	return text && *text && strlen(text) <= 6 && text[strspn(text, "0123456789")] == '\0';
}

static bool is_uuids(const json_t *value)
{
	bool are_uuids = json_is_array(value) && json_array_size(value) <= CHILDREN_MAX;

	for (size_t i = 0; are_uuids && i < json_array_size(value); i++) {
		const char *uuid = json_string_value(json_array_get(value, i));

		are_uuids = uuid && uuid_is_valid(uuid);
	}
	return are_uuids;
}

static bool has_type(const json_t *value, enum step_member type)
{
	switch (type) {
	case MEMBER_TEXT:
		return json_is_string(value) && json_string_length(value) > 0;
	case MEMBER_OBJECT:
		return json_is_object(value);
	case MEMBER_COUNT:
		return is_count(value);
	case MEMBER_BOOL:
		return json_is_boolean(value);
	case MEMBER_UUIDS:
		return is_uuids(value);
	}
	return false;
}

static const char *type_words(enum step_member type)
{
	static const char *const words[] = {
		[MEMBER_TEXT] = "a non-empty string",
		[MEMBER_OBJECT] = "an object",
		[MEMBER_COUNT] = "a number that is not negative",
		[MEMBER_BOOL] = "a boolean",
		[MEMBER_UUIDS] = "a list of at most 1000 UUIDs",
	};

	return words[type];
}

static const struct step_rule *rule_find(const struct step_rule *rules, const char *name)
{
	while (rules->name && strcmp(rules->name, name) != 0)
		rules++;
	return rules->name ? rules : NULL;
}

static int check_members(const char *list, size_t at, json_t *step, const struct step_rule *rules,
			 struct error *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(step))
		return fail(err, ERR_INVALID, "Schema error for %s: item %zu is not of type 'object'", list,
			    at);
	for (const struct step_rule *rule = rules; rule->name; rule++) {
		if (rule->is_required && !json_object_get(step, rule->name))
			return fail(err, ERR_INVALID,
				    "Schema error for %s: '%s' is a required property of item "
				    "%zu",
				    list, rule->name, at);
	}
	json_object_foreach(step, name, value)
	{
		const struct step_rule *rule = rule_find(rules, name);

		if (!rule)
			return fail(err, ERR_INVALID,
				    "Schema error for %s: Additional properties are not allowed ('%.64s' was "
				    "unexpected in item %zu)",
				    list, name, at);
		if (!has_type(value, rule->type))
			return fail(err, ERR_INVALID, "Schema error for %s: '%s' of item %zu has to be %s",
				    list, name, at, type_words(rule->type));
	}
	return 0;
}

static int check_interface(const char *list, size_t at, const json_t *step, struct error *err)
{
	const char *interface = json_string_value(json_object_get(step, "interface"));
	size_t i = 0;

	while (step_interfaces[i] && strcmp(step_interfaces[i], interface) != 0)
		i++;
	if (!step_interfaces[i])
		return fail(err, ERR_INVALID,
			    "Schema error for %s: 'interface' of item %zu: '%.64s' is not one "
			    "of " STEP_INTERFACES,
			    list, at, interface);
	return 0;
}

/* The list of that name ("clean_steps", "service_steps", "deploy_steps"), if there is one. */
static int check_steps(const json_t *body, const char *list, struct error *err)
{
	const struct step_rule *rules = strcmp(list, "deploy_steps") == 0 ? deploy_rules : asked_rules;
	const json_t *steps = json_object_get(body, list);
	int rc = 0;

	if (!steps || json_is_null(steps))
		return 0;
	if (json_array_size(steps) == 0 && rules == asked_rules)
		return fail(err, ERR_INVALID, "Schema error for %s: [] is too short", list);
	if (json_array_size(steps) > STEPS_MAX)
		return fail(err, ERR_INVALID, "Schema error for %s: more than %d steps", list, STEPS_MAX);
	for (size_t i = 0; rc == 0 && i < json_array_size(steps); i++) {
		rc = check_members(list, i, json_array_get(steps, i), rules, err);
		if (rc == 0)
			rc = check_interface(list, i, json_array_get(steps, i), err);
	}
	return rc == 0 ? disallowed_steps_check(list, steps, err) : rc;
}

/* ---- the config drive ---- */

static int check_drive_member(const char *name, const json_t *value, int version, struct error *err)
{
	bool is_text_allowed = strcmp(name, "user_data") == 0;

	if (strcmp(name, "meta_data") != 0 && strcmp(name, "network_data") != 0 && !is_text_allowed &&
	    strcmp(name, "vendor_data") != 0)
		return fail(
			err, ERR_INVALID,
			"Schema error for configdrive: Additional properties are not allowed ('%.64s' was "
			"unexpected)",
			name);
	if (strcmp(name, "vendor_data") == 0 && version < VENDOR_DATA_SINCE)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	if (json_is_null(value) || json_is_object(value) || (is_text_allowed && json_is_string(value)))
		return 0;
	return fail(err, ERR_INVALID, "Schema error for configdrive: '%s' is not of type 'object'%s", name,
		    is_text_allowed ? " or 'string'" : "");
}

int node_provision_check_drive(const json_t *body, enum provision_event event, int version, struct error *err)
{
	json_t *drive = json_object_get(body, "configdrive");
	const char *name;
	json_t *value;
	int rc = 0;

	if (!drive || json_is_null(drive))
		return 0;
	if (event == EVENT_REBUILD && version < DRIVE_REBUILD_SINCE)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	if (json_is_string(drive))
		return 0;
	if (!json_is_object(drive))
		return fail(err, ERR_INVALID,
			    "Schema error for configdrive: it is not of type 'string' or 'object'");
	if (version < DRIVE_OBJECT_SINCE)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	json_object_foreach(drive, name, value)
	{
		rc = check_drive_member(name, value, version, err);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- which argument goes with which verb ---- */

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

static bool is_given(const json_t *body, const char *name)
{
	const json_t *value = json_object_get(body, name);

	return value && !json_is_null(value);
}

static int check_required(const json_t *body, enum provision_event event, struct error *err)
{
	const char *password = argument_text(body, "rescue_password");

	if (event == EVENT_CLEAN && !is_given(body, "clean_steps") && !is_given(body, "runbook"))
		return fail(err, ERR_INVALID,
			    "\"clean_steps\" is required when setting target provision state to clean");
	if (event == EVENT_SERVICE && !is_given(body, "service_steps") && !is_given(body, "runbook"))
		return fail(err, ERR_INVALID,
			    "\"service_steps\" is required when setting target provision state to service");
	if (event == EVENT_RESCUE && (!password || !password[strspn(password, " \t\r\n")]))
		return fail(err, ERR_INVALID,
			    "A non-empty \"rescue_password\" is required when setting target provision state "
			    "to rescue");
	return 0;
}

int node_provision_check_body(const json_t *body, enum provision_event event, int version, struct error *err)
{
	static const char *const lists[] = { "clean_steps", "service_steps", "deploy_steps" };
	int rc = 0;

	if (event == EVENT_SERVICE && version < SERVICE_RAMDISK_SINCE && is_given(body, "disable_ramdisk"))
		rc = fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	for (size_t i = 0; rc == 0 && i < sizeof pairings / sizeof pairings[0]; i++) {
		if (is_given(body, pairings[i].argument) && event != pairings[i].event &&
		    event != pairings[i].also)
			rc = fail(err, ERR_INVALID,
				  "\"%s\" is only valid when setting target provision state to %s",
				  pairings[i].argument, pairings[i].words);
	}
	if (rc == 0)
		rc = check_required(body, event, err);
	for (size_t i = 0; rc == 0 && i < sizeof lists / sizeof lists[0]; i++)
		rc = check_steps(body, lists[i], err);
	return rc;
}

/* ---- the request ---- */

static bool is_deploy(const struct provision_verb *verb)
{
	return verb->event == EVENT_DEPLOY || verb->event == EVENT_REBUILD;
}

static int refuse_in_state(const struct api_request *request, const struct node *node, struct error *err)
{
	const char *name = argument_text(request->body, "target");
	const char *state = node_text(node, NODE_PROVISION_STATE);

	return fail(err, ERR_INVALID_STATE_REQUEST,
		    "The requested action \"%s\" can not be performed on node \"%s\" while it is in state "
		    "\"%s\".",
		    name ? name : "None", node_uuid(node), state ? state : "None");
}

static int check_legality(const struct api_request *request, const struct node *node,
			  const struct provision_verb *verb, struct error *err)
{
	const char *state = node_text(node, NODE_PROVISION_STATE);

	if (fsm_allows(provision_state_find(state), verb, request->version))
		return 0;
	if (node_text(node, NODE_RESERVATION))
		return node_locked(node, err);
	return refuse_in_state(request, node, err);
}

/* Its steps become those of the request, for the verbs that take any. */
static int use_runbook(struct api_request *request, const struct node *node, enum provision_event event,
		       const struct stored_runbook *runbook, struct error *err)
{
	const char *list = event == EVENT_SERVICE ? "service_steps" : "clean_steps";
	const char *ident = argument_text(request->body, "runbook");
	json_t *steps = NULL;

	if (!runbook->is_for_node)
		return fail(err, ERR_INVALID,
			    "Runbook %.255s can not be used on node %s: the node has none of its traits.",
			    ident, node_uuid(node));
	if (event != EVENT_CLEAN && event != EVENT_SERVICE)
		return 0; /* the pairing says what is wrong */
	if (is_given(request->body, list))
		return fail(err, ERR_INVALID, "\"%s\" and \"runbook\" can not be given both", list);
	int rc = json_parse(runbook->steps, strlen(runbook->steps), JSON_VALUE_DEPTH_MAX, &steps, err);
	if (rc < 0)
		return rc;
	json_object_set_new(request->body, list, steps);
	json_object_set_new(request->body, "disable_ramdisk", json_boolean(runbook->is_ramdisk_disabled));
	return 0;
}

static int take_runbook(struct api_request *request, const struct node *node, enum provision_event event,
			struct error *err)
{
	const char *ident = argument_text(request->body, "runbook");
	struct stored_runbook runbook;

	int rc = stored_runbook_read(request->db, ident, node->id, &runbook, err);
	if (rc == -ERR_NOT_FOUND)
		return fail(err, ERR_NOT_FOUND, "Runbook %.255s could not be found.", ident);
	if (rc < 0)
		return rc;
	rc = use_runbook(request, node, event, &runbook, err);
	stored_runbook_release(&runbook);
	return rc;
}

/* Nodes that steps are limited to have to be there; whether they are children is seen later. */
static int check_children(struct api_request *request, enum provision_event event, struct error *err)
{
	const char *name = event == EVENT_SERVICE ? "service_steps" : "clean_steps";
	const json_t *steps = json_object_get(request->body, name);
	json_auto_t *uuids = json_array();
	const char *missing = NULL;
	int rc = 0;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		if (json_is_true(json_object_get(step, "execute_on_child_nodes")))
			json_array_extend(uuids, json_object_get(step, "limit_child_node_execution"));
	}
	if (json_array_size(uuids) > CHILDREN_MAX)
		return fail(err, ERR_INVALID, "Schema error for %s: its steps are limited to over %d nodes",
			    name, CHILDREN_MAX);
	if (json_array_size(uuids) > 0)
		rc = relatives_missing(request->db, uuids, request->arena, &missing, err);
	return missing ? node_not_found(missing, err) : rc;
}

static int check(struct api_request *request, const struct node *node, const struct provision_verb *verb,
		 struct error *err)
{
	int rc;

	if (request->version < verb->since)
		return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	if (is_deploy(verb) && node_bool(node, NODE_MAINTENANCE))
		return fail(err, ERR_MAINTENANCE,
			    "The provisioning operation can't be performed on node %s because it's in "
			    "maintenance mode.",
			    node_uuid(node));
	rc = check_legality(request, node, verb, err);
	if (rc == 0)
		rc = node_provision_check_drive(request->body, verb->event, request->version, err);
	if (rc == 0 && is_given(request->body, "runbook"))
		rc = take_runbook(request, node, verb->event, err);
	if (rc == 0)
		rc = node_provision_check_body(request->body, verb->event, request->version, err);
	return rc == 0 ? check_children(request, verb->event, err) : rc;
}

static const char *canonical_name(const struct provision_verb *verb)
{
	return verb->event == EVENT_DEPLOY ? "active" : verb->event == EVENT_DELETE ? "deleted" : verb->name;
}

static bool has_steps(enum provision_event event)
{
	return event != EVENT_MANAGE && event != EVENT_INSPECT && event != EVENT_ADOPT &&
	       event != EVENT_RESCUE && event != EVENT_UNRESCUE;
}

static int provision(struct api_request *request, const struct node *node, struct error *err)
{
	const struct provision_verb *verb = provision_verb_find(argument_text(request->body, "target"));
	struct dispatch dispatch = dispatch_of(request, node);
	bool is_again;

	if (!verb)
		return refuse_in_state(request, node, err);
	int rc = idempotency_is_again(request, &is_again, err);
	if (rc == 0 && !is_again)
		rc = check(request, node, verb, err);
	if (rc < 0)
		return rc;
	/* Reading the power state again harms nobody; a step that is done twice may. */
	dispatch.on_crash = verb->event == EVENT_MANAGE ? "repeat" : "never";
	dispatch.run_s = has_steps(verb->event) ? STEPS_RUN_S : SHORT_RUN_S;
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
