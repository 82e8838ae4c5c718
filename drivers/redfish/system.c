/* system: see system.h. */
#include "drivers/redfish/system.h"

#include <string.h>

#include "drivers/redfish/options.h"
#include "lib/json.h"
#include "lib/xalloc.h"

/* Of a Reset that iLO refuses while it is busy. */
#define BUSY_ATTEMPTS    10
#define BUSY_INTERVAL_MS 3000

int redfish_failed(const struct redfish_client *client, int rc, const char *what, struct error *err)
{
	if (err && (rc == -ERR_BMC || rc == -ERR_BMC_AUTH || rc == -ERR_UNKNOWN_OUTCOME))
		return fail_prefix(err,
				   "Redfish exception occurred. Error: Redfish %s failed for node %s. Error",
				   what, redfish_node_uuid(client));
	return rc;
}

/* ---- finding ---- */

static int copy_path(const char *from, char *path, size_t size, struct error *err)
{
	if ((size_t)snprintf(path, size, "%s", from) >= size)
		return fail(err, ERR_INVALID, "The path of the system is too long");
	return 0;
}

/* The collection has a standard place; the root is asked where nothing is there. */
SUSPENDS static int get_collection(struct redfish_client *client, json_t **ret, struct error *err)
{
	static const char *const systems_link[] = { "Systems", "@odata.id", NULL };
	char path[REDFISH_PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%sSystems", client->info.root);
	rc = redfish_get(client, path, err);
	if (rc == -ERR_BMC && client->status == 404) {
		rc = redfish_get(client, client->info.root, err);
		if (rc == 0 && !redfish_scan_text(client, systems_link, path, sizeof(path)))
			rc = fail(err, ERR_BMC, "%s has no systems", client->info.address);
		if (rc == 0)
			rc = redfish_get(client, path, err);
	}
	return rc < 0 ? rc : redfish_object(client, ret, err);
}

static const char *member_link(const json_t *members, size_t index)
{
	return json_string_value(json_object_get(json_array_get(members, index), "@odata.id"));
}

static int must_be_told(const struct redfish_client *client, const json_t *members, struct error *err)
{
	char list[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < json_array_size(members) && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					member_link(members, i) ? member_link(members, i) : "?");
	return fail(err, ERR_MISSING,
		    "The BMC of node %s manages %zu systems: driver_info/redfish_system_id must say which is "
		    "the node. They are: %s",
		    redfish_node_uuid(client), json_array_size(members), list);
}

/* The only member that has a Reset action. */
SUSPENDS static int find_resettable(struct redfish_client *client, const json_t *members, char *path,
				    size_t size, struct error *err)
{
	static const char *const reset[] = { "Actions", "#ComputerSystem.Reset", "target", NULL };
	char target[REDFISH_PATH_MAX];
	size_t found = 0;
	int rc = 0;

	if (json_array_size(members) > REDFISH_SYSTEMS_MAX)
		return must_be_told(client, members, err);
	for (size_t i = 0; rc == 0 && i < json_array_size(members); i++) {
		const char *link = member_link(members, i);
		if (!link)
			continue;
		rc = redfish_get(client, link, err);
		if (rc == -ERR_BMC && client->status == 404) {
			rc = 0;
		} else if (rc == 0 && redfish_scan_text(client, reset, target, sizeof(target))) {
			found++;
			rc = redfish_path_of_link(client->bmc, link, path, size, err);
		}
	}
	if (rc == 0 && found != 1)
		return must_be_told(client, members, err);
	return rc;
}

SUSPENDS static int discover(struct redfish_client *client, char *path, size_t size, struct error *err)
{
	json_t *collection, *members;
	int rc = get_collection(client, &collection, err);

	if (rc < 0)
		return rc;
	members = json_object_get(collection, "Members");
	if (!json_array_size(members))
		rc = fail(err, ERR_BMC, "%s has no systems", client->info.address);
	else if (json_array_size(members) > 1)
		rc = find_resettable(client, members, path, size, err);
	else if (member_link(members, 0))
		rc = redfish_path_of_link(client->bmc, member_link(members, 0), path, size, err);
	else
		rc = fail(err, ERR_BMC, "%s lists a system without a link", client->info.address);
	json_decref(collection);
	return rc;
}

SUSPENDS static int find(struct redfish_client *client, char *path, size_t size, struct error *err)
{
	int rc;

	if (client->info.system_id)
		return copy_path(client->info.system_id, path, size, err);
	if (client->bmc->system_path)
		return copy_path(client->bmc->system_path, path, size, err);
	rc = discover(client, path, size, err);
	if (rc == 0 && !client->bmc->system_path)
		client->bmc->system_path = xstrdup(path);
	return rc;
}

int redfish_system_get(struct redfish_client *client, char *path, size_t size, struct error *err)
{
	bool is_remembered = !client->info.system_id && client->bmc->system_path;
	int rc = find(client, path, size, err);

	if (rc == 0)
		rc = redfish_get(client, path, err);
	if (rc == -ERR_BMC && client->status == 404 && is_remembered) {
		/* firmware updates rename systems */
		xfree(client->bmc->system_path);
		client->bmc->system_path = NULL;
		rc = find(client, path, size, err);
		if (rc == 0)
			rc = redfish_get(client, path, err);
	}
	return rc;
}

/* ---- power ---- */

static const struct {
	const char *name;
	enum power_state state;
	bool is_settled;
} power_states[] = {
	{ "On", POWER_ON, true },
	{ "Off", POWER_OFF, true },
	{ "PoweringOn", POWER_ON, false },
	{ "PoweringOff", POWER_OFF, false },
};

static void find_state(const char *name, enum power_state *ret_state, bool *ret_is_settled)
{
	for (size_t i = 0; i < sizeof(power_states) / sizeof(power_states[0]); i++) {
		if (!strcmp(power_states[i].name, name)) {
			*ret_state = power_states[i].state;
			*ret_is_settled = power_states[i].is_settled;
		}
	}
}

int redfish_system_power(struct redfish_client *client, enum power_state *ret_state, bool *ret_is_settled,
			 struct error *err)
{
	static const char *const power_path[] = { "PowerState", NULL };
	json_t *document;
	char name[32];
	int rc;

	*ret_state = POWER_UNKNOWN;
	*ret_is_settled = false;
	if (redfish_scan_text(client, power_path, name, sizeof(name))) {
		find_state(name, ret_state, ret_is_settled);
		return 0;
	}
	/* absent or null is a BMC that does not know; anything but an object is a lie */
	rc = redfish_object(client, &document, err);
	if (rc == 0)
		json_decref(document);
	return rc;
}

/* ---- Reset ---- */

static const json_t *reset_action(const json_t *document)
{
	return json_object_get(json_object_get(document, "Actions"), "#ComputerSystem.Reset");
}

static const json_t *allowed_types(const json_t *document)
{
	const json_t *list = json_object_get(reset_action(document), "ResetType@Redfish.AllowableValues");

	return json_array_size(list) ? list : NULL;
}

bool redfish_system_offers(struct redfish_client *client, const char *type)
{
	json_t *document;
	bool is_offered;

	if (redfish_object(client, &document, NULL) < 0)
		return false;
	is_offered = !allowed_types(document) || json_list_has(allowed_types(document), type);
	json_decref(document);
	return is_offered;
}

static int refuse_type(const json_t *allowed, const char *type, struct error *err)
{
	struct buf list;
	int rc;

	buf_init(&list, 1024);
	json_repr(&list, allowed);
	rc = fail(err, ERR_INVALID, "The reset type \"%s\" is not offered by the BMC. Valid values are: %s",
		  type, list.data ? list.data : "[]");
	buf_release(&list);
	return rc;
}

/* The action's target and the type to send. Old BMCs have no On but ForceOn. */
static int read_action(struct redfish_client *client, const char **type, char *target, size_t size,
		       struct error *err)
{
	const json_t *allowed;
	const char *link;
	json_t *document;
	int rc = redfish_object(client, &document, err);

	if (rc < 0)
		return rc;
	allowed = allowed_types(document);
	link = json_string_value(json_object_get(reset_action(document), "target"));
	if (!strcmp(*type, "On") && allowed && !json_list_has(allowed, "On") &&
	    json_list_has(allowed, "ForceOn"))
		*type = "ForceOn";
	if (allowed && !json_list_has(allowed, *type))
		rc = refuse_type(allowed, *type, err);
	else if (!link)
		rc = fail(err, ERR_BMC, "The system of node %s has no Reset action",
			  redfish_node_uuid(client));
	else
		rc = redfish_path_of_link(client->bmc, link, target, size, err);
	json_decref(document);
	return rc;
}

/* What to do after a reset that was not simply accepted. */
enum verdict { VERDICT_DONE, VERDICT_AGAIN, VERDICT_FAILED };

SUSPENDS static enum power_state state_now(struct redfish_client *client, const char *path)
{
	enum power_state state;
	bool is_settled;

	if (redfish_get(client, path, NULL) < 0 ||
	    redfish_system_power(client, &state, &is_settled, NULL) < 0)
		return POWER_UNKNOWN;
	return state;
}

/* iDRAC10 answers 409 to On for up to a minute after Off. */
static bool is_conflict(const struct redfish_client *client)
{
	return client->status == 409 && redfish_answer_has(client, "ActionParameterValueConflict");
}

/* iLO says so both while it is busy and of a system that is off. */
static bool is_wrong_state(const struct redfish_client *client)
{
	return client->status == 400 && redfish_answer_has(client, "iLO") &&
	       redfish_answer_has(client, "InvalidOperationForSystemState");
}

/* A system that is not off, or is to be brought to a state that it is not in, was refused by a busy iLO. */
SUSPENDS static bool is_ready_later(struct redfish_client *client, enum power_state goal,
				    enum power_state state, long *tries)
{
	if (goal == POWER_UNKNOWN && state == POWER_OFF)
		return false;
	return ++*tries < BUSY_ATTEMPTS && redfish_pause(client, BUSY_INTERVAL_MS) == 0;
}

SUSPENDS static enum verdict judge(struct redfish_client *client, int rc, const char *path, const char *type,
				   enum power_state goal, long *tries)
{
	bool is_lost = rc == -ERR_UNKNOWN_OUTCOME;
	bool is_waiting = !is_lost && goal == POWER_ON && strcmp(type, "On") == 0 && is_conflict(client);
	bool is_refused = !is_lost && is_wrong_state(client);
	enum power_state state = POWER_UNKNOWN;

	if (!is_lost && (rc != -ERR_BMC || (client->status != 400 && client->status != 409)))
		return VERDICT_FAILED;
	/* "already powered off" and the like are no failures: the state tells */
	if (goal != POWER_UNKNOWN || is_refused)
		state = state_now(client, path);
	if (goal != POWER_UNKNOWN && state == goal)
		return VERDICT_DONE;
	/* setting a state twice is setting it: once more after a lost answer */
	if (is_lost && goal != POWER_UNKNOWN && (*tries)++ == 0)
		return VERDICT_AGAIN;
	if (is_waiting && ++*tries < redfish_options.power_on_conflict_attempts &&
	    redfish_pause(client, (int64_t)(redfish_options.power_on_conflict_interval_s * 1000)) == 0)
		return VERDICT_AGAIN;
	return is_refused && is_ready_later(client, goal, state, tries) ? VERDICT_AGAIN : VERDICT_FAILED;
}

int redfish_system_reset(struct redfish_client *client, const char *path, const char *type,
			 enum power_state goal, struct error *err)
{
	char target[REDFISH_PATH_MAX];
	enum verdict verdict;
	long tries = 0;
	json_t *body;
	int rc = read_action(client, &type, target, sizeof(target), err);

	if (rc < 0)
		return rc;
	body = json_pack("{s:s}", "ResetType", type);
	do {
		rc = redfish_start(client, target, body, err);
		verdict = rc < 0 ? judge(client, rc, path, type, goal, &tries) : VERDICT_DONE;
	} while (verdict == VERDICT_AGAIN);
	json_decref(body);
	return verdict == VERDICT_DONE ? 0 : rc;
}
