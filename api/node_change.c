/* node_change: small writes to a node that need no conductor: delete, maintenance, target RAID configuration.
 */
#include <stdio.h>
#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/node.h"
#include "db/node_write.h"
#include "lib/log.h"
#include "model/field.h"
#include "model/states.h"

#define CONSOLE_STOP_S 60

/* Writes the changes as soon as the node is free, at most the waiting time from now. */
static int write_when_free(struct api_request *request, struct node *node, const struct change *changes,
			   size_t count, struct error *err)
{
	struct node_wait wait = { 0 };
	bool is_done = false;

	for (;;) {
		int rc = node_check_etag(request, node, err);

		if (rc == 0)
			rc = node_row_update(request->db, node->id, node->version, changes, count, &is_done,
					     err);
		if (rc < 0 || is_done)
			return rc;
		rc = node_wait_free(request, &wait, node, err);
		if (rc < 0)
			return rc;
	}
}

/* ---- maintenance ---- */

static int set_maintenance(struct api_request *request, bool is_on, const char *reason, struct error *err)
{
	struct node node;
	struct change changes[] = {
		node_change(NODE_MAINTENANCE, is_on ? "t" : "f"),
		node_change(NODE_MAINTENANCE_REASON, reason),
		node_change(NODE_FAULT, NULL),
	};

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = write_when_free(request, &node, changes, is_on ? 2 : 3, err);
	if (rc == 0)
		reply_empty(request, 202);
	node_release(&node);
	return rc;
}

int node_maintenance_set(struct api_request *request, struct error *err)
{
	return set_maintenance(request, true, argument_text(request->body, "reason"), err);
}

int node_maintenance_clear(struct api_request *request, struct error *err)
{
	return set_maintenance(request, false, NULL, err);
}

/* ---- delete ---- */

static int check_delete(const struct node *node, struct error *err)
{
	static const enum provision_state deletable[] = { PROVISION_MANAGEABLE, PROVISION_ENROLL,
							  PROVISION_ADOPTFAIL, PROVISION_AVAILABLE };
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));
	bool is_deletable = node_bool(node, NODE_MAINTENANCE);

	if (node_text(node, NODE_INSTANCE_UUID) && !node_bool(node, NODE_MAINTENANCE))
		return fail(err, ERR_NODE_ASSOCIATED, "Node %s is associated with instance %s.",
			    node_uuid(node), node_text(node, NODE_INSTANCE_UUID));
	if (node_bool(node, NODE_PROTECTED))
		return fail(err, ERR_PROTECTED,
			    "Node %s is protected and cannot be undeployed, rebuilt or deleted",
			    node_uuid(node));
	for (size_t i = 0; i < sizeof deletable / sizeof deletable[0]; i++)
		is_deletable = is_deletable || deletable[i] == state;
	if (!is_deletable)
		return fail(err, ERR_CONFLICT,
			    "Can not delete node \"%s\" while it is in provision state \"%s\". Valid "
			    "provision states to "
			    "perform deletion are: \"('manageable', 'enroll', 'adopt failed', "
			    "'available')\", or set the "
			    "node into maintenance mode",
			    node_uuid(node), node_text(node, NODE_PROVISION_STATE));
	return 0;
}

/* A console is a process of the conductor: it must not outlive its node. One that cannot be stopped, say of
 * an interface that was taken away, does not keep the node; conductors close what belongs to none. */
static int stop_console(struct api_request *request, struct node *node, struct error *err)
{
	json_t *args = json_pack("{s:b}", "enabled", 0);
	struct dispatch dispatch = { .kind = "console_set",
				     .reply = REPLY_NO_CONTENT,
				     .is_exclusive = true,
				     .on_crash = "repeat",
				     .run_s = CONSOLE_STOP_S,
				     .node = node,
				     .args = args };

	int rc = dispatch_run(request, &dispatch, NULL, err);
	json_decref(args);
	if (rc != -ERR_INTERNAL)
		return rc;
	log_warning("the console of node %s, which is being deleted: %s", node_uuid(node), err->text);
	request->fault_status = 0;
	return 0;
}

int node_delete(struct api_request *request, struct error *err)
{
	struct node_wait wait = { 0 };
	struct node node;
	bool is_done = false, is_console_stopped = false;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	while (rc == 0 && !is_done) {
		if (!is_console_stopped) /* which is a change of ours */
			rc = node_check_etag(request, &node, err);
		if (rc == 0 && !node_text(&node, NODE_RESERVATION))
			rc = check_delete(&node, err);
		if (rc == 0 && node_bool(&node, NODE_CONSOLE_ENABLED) && !is_console_stopped) {
			rc = stop_console(request, &node, err);
			is_console_stopped = true;
		} else if (rc == 0) {
			rc = node_row_delete(request->db, node.id, node.version, &is_done, err);
		}
		if (rc == 0 && !is_done)
			rc = node_wait_free(request, &wait, &node, err);
	}
	if (rc == 0)
		reply_empty(request, 204);
	node_release(&node);
	return rc;
}

/* ---- RAID ---- */

/* Members of a logical disk and the JSON types that each may have. */
static const struct raid_member {
	const char *name;
	const char *types; /* i: integer >= 0, s: string, b: boolean, l: list */
	bool is_required;
	const char *words; /* allowed strings, each between bars; NULL: any */
} raid_members[] = {
	{ "size_gb", "is", true, "|MAX|" },
	{ "raid_level", "s", true, "|JBOD|0|1|2|5|6|1+0|5+0|6+0|" },
	{ "volume_name", "s", false, NULL },
	{ "is_root_volume", "b", false, NULL },
	{ "share_physical_disks", "b", false, NULL },
	{ "disk_type", "s", false, "|hdd|ssd|" },
	{ "interface_type", "s", false, "|sata|scsi|sas|" },
	{ "number_of_physical_disks", "i", false, NULL },
	{ "controller", "s", false, NULL },
	{ "physical_disks", "l", false, NULL },
};

static int raid_invalid(struct error *err, const char *what, const char *name)
{
	return fail(err, ERR_INVALID, "RAID config validation error: %s %s", what, name);
}

static bool is_word_of(const char *words, const char *word)
{
	char wanted[32];

	if (strlen(word) + 3 > sizeof wanted || strchr(word, '|'))
		return false;
	snprintf(wanted, sizeof wanted, "|%s|", word);
	return strstr(words, wanted) != NULL;
}

static bool raid_value_fits(const struct raid_member *row, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER:
		return strchr(row->types, 'i') && json_integer_value(value) >= 0;
	case JSON_STRING:
		return strchr(row->types, 's') &&
		       (!row->words || is_word_of(row->words, json_string_value(value)));
	case JSON_TRUE:
	case JSON_FALSE:
		return strchr(row->types, 'b') != NULL;
	case JSON_ARRAY:
		return strchr(row->types, 'l') != NULL;
	case JSON_OBJECT:
	case JSON_REAL:
	case JSON_NULL:
		break;
	}
	return false;
}

static int check_disk(const json_t *disk, struct error *err)
{
	size_t count = sizeof raid_members / sizeof raid_members[0], known = 0;

	if (!json_is_object(disk))
		return raid_invalid(err, "each of logical_disks must be", "an object");
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(disk, raid_members[i].name);

		if (!value && raid_members[i].is_required)
			return raid_invalid(err, "a logical disk needs", raid_members[i].name);
		if (value && !raid_value_fits(&raid_members[i], value))
			return raid_invalid(err, "this is not a valid value of", raid_members[i].name);
		known += value != NULL;
	}
	if (known != json_object_size(disk))
		return raid_invalid(err, "a logical disk has unknown", "members");
	if (json_object_get(disk, "physical_disks") && !json_object_get(disk, "controller"))
		return raid_invalid(err, "physical_disks needs", "controller");
	return 0;
}

static int check_raid(const json_t *target, struct error *err)
{
	const json_t *disks = json_object_get(target, "logical_disks");
	size_t roots = 0;

	if (!json_is_object(target))
		return raid_invalid(err, "it must be", "an object");
	if (json_object_size(target) == 0)
		return 0;
	if (json_array_size(disks) == 0 || json_object_size(target) != 1)
		return raid_invalid(err,
				    "it must have one member, a list of at least one disk:", "logical_disks");
	for (size_t i = 0; i < json_array_size(disks); i++) {
		int rc = check_disk(json_array_get(disks, i), err);

		if (rc < 0)
			return rc;
		roots += json_is_true(json_object_get(json_array_get(disks, i), "is_root_volume"));
	}
	return roots > 1 ? raid_invalid(err, "at most one logical disk may have", "is_root_volume") : 0;
}

int node_raid_set(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc != 0)
		return rc;
	const char *interface = node_text(&node, NODE_RAID_INTERFACE);
	if (!interface[0] || strcmp(interface, "no-raid") == 0) {
		request->fault_status = 404;
		rc = interface_unsupported(node_text(&node, NODE_DRIVER), "raid", err);
	}
	if (rc == 0)
		rc = check_raid(request->body, err);
	if (rc == 0) {
		struct change change = node_change(
			NODE_TARGET_RAID_CONFIG,
			field_text(node_field_info(NODE_TARGET_RAID_CONFIG), request->body, request->arena));
		rc = write_when_free(request, &node, &change, 1, err);
	}
	if (rc == 0)
		reply_empty(request, 204);
	node_release(&node);
	return rc;
}
