/*
 * node_patch: PATCH /v1/nodes/{}. The patch is applied to the object as read, what it changed is checked, and
 * one conditional UPDATE writes it; when a lock or another write came between, all of it is done again.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/argument.h"
#include "api/fleet.h"
#include "api/handlers.h"
#include "api/interfaces.h"
#include "api/network_data.h"
#include "api/node.h"
#include "api/node_check.h"
#include "api/patch.h"
#include "db/chassis.h"
#include "db/node_write.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/xalloc.h"
#include "model/field.h"
#include "model/properties.h"
#include "model/states.h"

#define ROOTS_TEXT_MAX   2048
#define INSPECTING_SINCE 39
#define WRITER_WAIT_MS   5000 /* as long as a statement may take */
#define WRITER_POLL_MS   2

/* One attempt: the node as it was, as the patch leaves it, and what of it to write. */
struct attempt {
	struct api_request *request;
	struct node node;
	char *chassis_uuid;                  /* owned; NULL: none */
	bool has_allocation;
	json_t *before, *after;              /* owned; members are the fields that may be patched */
	const char *value[NODE_FIELD_COUNT]; /* texts to write */
	bool is_changed[NODE_FIELD_COUNT];
	struct db_rows *written; /* owned: the row as it was written; NULL: nothing was to be changed */
};

static void attempt_release(struct attempt *attempt)
{
	node_release(&attempt->node);
	xfree(attempt->chassis_uuid);
	db_rows_release(attempt->written);
	json_decref(attempt->before);
	json_decref(attempt->after);
	*attempt = (struct attempt){ .request = attempt->request };
	node_init(&attempt->node);
}

/* ---- the patch by itself ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In Ironic's order: alphabetical, but for two that came late. */
static void list_roots(struct buf *list)
{
	const char *names[NODE_FIELD_COUNT];
	size_t count = 0;

	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		if ((node_field_info(field)->flags & FIELD_IN_PATCH) && field != NODE_PARENT_NODE &&
		    field != NODE_FIRMWARE_INTERFACE)
			names[count++] = node_field_info(field)->name;
	}
	qsort(names, count, sizeof names[0], compare_names);
	for (size_t i = 0; i < count; i++)
		buf_printf(list, "%s, ", names[i]);
	buf_puts(list, "parent_node, firmware_interface");
}

static int check_root(const json_t *operation, int version, struct error *err)
{
	char root[PATCH_ROOT_MAX];
	enum node_field field = patch_root(operation, root) ? node_field_find(root) : NODE_FIELD_COUNT;
	struct buf list;

	if (field != NODE_FIELD_COUNT && (node_field_info(field)->flags & FIELD_IN_PATCH))
		return version >= node_field_info(field)->since
			       ? 0
			       : fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
	buf_init(&list, ROOTS_TEXT_MAX);
	list_roots(&list);
	fail(err, ERR_INVALID, "Cannot patch %.200s. Only the following can be updated: %s",
	     json_string_value(json_object_get(operation, "path")), list.data);
	buf_release(&list);
	return -ERR_INVALID;
}

static bool touches(const json_t *operations, enum node_field field)
{
	char root[PATCH_ROOT_MAX];

	for (size_t i = 0; i < json_array_size(operations); i++) {
		if (patch_root(json_array_get(operations, i), root) && node_field_find(root) == field)
			return true;
	}
	return false;
}

static int check_patch(struct api_request *request, struct error *err)
{
	int rc = patch_check(request->body, request->version, err);

	for (size_t i = 0; rc == 0 && i < json_array_size(request->body); i++)
		rc = check_root(json_array_get(request->body, i), request->version, err);
	if (rc < 0)
		return rc;
	if (query_bool(&request->query, "reset_interfaces") == 1 && !touches(request->body, NODE_DRIVER))
		return fail(
			err, ERR_INVALID,
			"The reset_interfaces parameter can only be used when changing the node's driver.");
	return 0;
}

/* ---- the node ---- */

static int read_node(struct attempt *attempt, const char *uuid, const char *name, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = node_read_row(attempt->request->db, uuid, name, &rows, err);
	if (rc == -ERR_NOT_FOUND)
		return node_not_found(attempt->request->ident[0], err);
	if (rc < 0)
		return rc;
	attempt->node.id = db_value_int(rows, 0, NODE_ROW_ID);
	attempt->node.version = db_value_int(rows, 0, NODE_ROW_VERSION);
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++)
		node_load(&attempt->node, field, db_value(rows, 0, field), db_value_len(rows, 0, field));
	if (db_value(rows, 0, NODE_ROW_CHASSIS_UUID))
		attempt->chassis_uuid = xstrdup(db_value(rows, 0, NODE_ROW_CHASSIS_UUID));
	attempt->has_allocation = db_value(rows, 0, NODE_ROW_ALLOCATION_UUID) != NULL;
	db_rows_release(rows);
	return 0;
}

static const char *current_text(const struct attempt *attempt, enum node_field field)
{
	return field == NODE_CHASSIS_UUID ? attempt->chassis_uuid : attempt->node.text[field];
}

static void make_document(struct attempt *attempt)
{
	attempt->before = json_object();
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);
		const char *text;

		if (!(info->flags & FIELD_IN_PATCH))
			continue;
		text = current_text(attempt, field);
		json_object_set_new(attempt->before, info->name,
				    field_value(info, text, text ? strlen(text) : 0));
	}
	attempt->after = json_deep_copy(attempt->before);
}

/* Finds what the patch changed, checks it and keeps it as texts. A removed member counts as null. */
static int take_changes(struct attempt *attempt, struct error *err)
{
	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);
		const json_t *after = json_object_get(attempt->after, info->name);
		int rc = 0;

		if (!(info->flags & FIELD_IN_PATCH) ||
		    (after && json_equal(after, json_object_get(attempt->before, info->name))))
			continue;
		if (!after && field == NODE_DRIVER)
			return fail(err, ERR_INVALID,
				    "Schema error for patch: 'driver' is a required property");
		if (after)
			rc = field_check(info, after, "patch", err);
		if (rc < 0)
			return rc;
		attempt->value[field] = field_text(info, after, attempt->request->arena);
		attempt->is_changed[field] = true;
	}
	return 0;
}

/* ---- rules between fields and states ---- */

static bool is_in(enum provision_state state, const enum provision_state *states, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (states[i] == state)
			return true;
	}
	return false;
}

/* While a workflow moves the node, only a broken instance may be detached. */
static int check_transition(const struct attempt *attempt, struct error *err)
{
	const struct node *node = &attempt->node;
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));
	bool detaches = attempt->is_changed[NODE_INSTANCE_UUID] && !attempt->value[NODE_INSTANCE_UUID];

	if (!node_text(node, NODE_TARGET_PROVISION_STATE) || (detaches && node_bool(node, NODE_MAINTENANCE)))
		return 0;
	if (node_check_is_patchable(state) &&
	    !(state == PROVISION_INSPECTING && attempt->request->version >= INSPECTING_SINCE))
		return 0;
	return fail(err, ERR_CONFLICT, "Node %s can not be updated while a state transition is in progress.",
		    node_uuid(node));
}

static bool is_in_setup(const struct node *node)
{
	static const enum provision_state setup[] = { PROVISION_ENROLL, PROVISION_INSPECTING,
						      PROVISION_INSPECTWAIT, PROVISION_MANAGEABLE,
						      PROVISION_AVAILABLE };

	return is_in(provision_state_find(node_text(node, NODE_PROVISION_STATE)), setup,
		     sizeof setup / sizeof setup[0]);
}

static int check_setup_state(const struct attempt *attempt, enum node_field field, struct error *err)
{
	const struct node *node = &attempt->node;

	if (node_bool(node, NODE_MAINTENANCE) || is_in_setup(node))
		return 0;
	return fail(err, ERR_CONFLICT,
		    "Node %s can not have %s updated unless it is in one of allowed (enroll, inspecting, "
		    "inspect wait, manageable, available) states or in maintenance mode. Current state is "
		    "'%s'.",
		    node_uuid(node), node_field_info(field)->name, node_text(node, NODE_PROVISION_STATE));
}

/* A scheduler may count on the class of a node in use, in maintenance too; a first one is news to nobody. */
static int check_resource_class(const struct attempt *attempt, struct error *err)
{
	const struct node *node = &attempt->node;

	if (!attempt->is_changed[NODE_RESOURCE_CLASS] || !node_text(node, NODE_RESOURCE_CLASS) ||
	    is_in_setup(node))
		return 0;
	return fail(err, ERR_CONFLICT,
		    "Node %s can not have resource_class updated unless it is in one of allowed (enroll, "
		    "inspecting, inspect wait, manageable, available) states. Current state is '%s'.",
		    node_uuid(node), node_text(node, NODE_PROVISION_STATE));
}

/* The allocation of a node goes with the instance, which somebody uses. */
static int check_allocation(const struct attempt *attempt, struct error *err)
{
	const struct node *node = &attempt->node;

	if (!attempt->has_allocation || !attempt->is_changed[NODE_INSTANCE_UUID] ||
	    attempt->value[NODE_INSTANCE_UUID] || node_bool(node, NODE_MAINTENANCE) || is_in_setup(node))
		return 0;
	return fail(err, ERR_CONFLICT,
		    "Node %s with an allocation can not have instance_uuid removed unless it is in one of "
		    "allowed (enroll, inspecting, inspect wait, manageable, available) states or in "
		    "maintenance mode. Current state is '%s'.",
		    node_uuid(node), node_text(node, NODE_PROVISION_STATE));
}

static bool is_on_after(const struct attempt *attempt, enum node_field flag)
{
	return attempt->is_changed[flag] ? attempt->value[flag][0] == 't' : node_bool(&attempt->node, flag);
}

static int check_flags(const struct attempt *attempt, struct error *err)
{
	const struct node *node = &attempt->node;
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));

	if (attempt->is_changed[NODE_PROTECTED] && attempt->value[NODE_PROTECTED][0] == 't' &&
	    state != PROVISION_ACTIVE && state != PROVISION_RESCUE)
		return fail(err, ERR_CONFLICT,
			    "Node %s can not be made protected unless it is in one of the states active and "
			    "rescue.",
			    node_uuid(node));
	if (attempt->value[NODE_PROTECTED_REASON] && !is_on_after(attempt, NODE_PROTECTED))
		return fail(err, ERR_INVALID,
			    "The protected_reason field can only be set when protected is True");
	if (attempt->value[NODE_RETIRED_REASON] && !is_on_after(attempt, NODE_RETIRED))
		return fail(err, ERR_INVALID,
			    "The retired_reason field can only be set when retired is True");
	if (attempt->is_changed[NODE_RETIRED] && attempt->value[NODE_RETIRED][0] == 't' &&
	    state == PROVISION_AVAILABLE)
		return fail(err, ERR_CONFLICT,
			    "Node %s can not be made retired while it is in state available.",
			    node_uuid(node));
	if (attempt->is_changed[NODE_DRIVER] && node_bool(node, NODE_CONSOLE_ENABLED))
		return fail(err, ERR_CONFLICT,
			    "Node %s can not update the driver while the console is enabled. Please stop the "
			    "console first.",
			    node_uuid(node));
	if (attempt->value[NODE_INSTANCE_UUID] && node_text(node, NODE_INSTANCE_UUID))
		return fail(err, ERR_NODE_ASSOCIATED, "Node %s is associated with instance %s.",
			    node_uuid(node), node_text(node, NODE_INSTANCE_UUID));
	int rc = check_resource_class(attempt, err);
	return rc < 0 ? rc : check_allocation(attempt, err);
}

static void set(struct attempt *attempt, enum node_field field, const char *value)
{
	attempt->value[field] = value;
	attempt->is_changed[field] = true;
}

/* A flag that is taken back takes what explains it along. */
static void follow_flags(struct attempt *attempt)
{
	static const enum node_field pairs[][2] = {
		{ NODE_MAINTENANCE, NODE_MAINTENANCE_REASON },
		{ NODE_MAINTENANCE, NODE_FAULT },
		{ NODE_PROTECTED, NODE_PROTECTED_REASON },
		{ NODE_RETIRED, NODE_RETIRED_REASON },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		if (attempt->is_changed[pairs[i][0]] && attempt->value[pairs[i][0]][0] == 'f')
			set(attempt, pairs[i][1], NULL);
	}
}

static const char *text_after(const struct attempt *attempt, enum node_field field)
{
	return attempt->is_changed[field] ? attempt->value[field] : node_text(&attempt->node, field);
}

/* Groups are in lower case. */
static void follow_group(struct attempt *attempt)
{
	if (!attempt->is_changed[NODE_CONDUCTOR_GROUP])
		return;
	const char *given = attempt->value[NODE_CONDUCTOR_GROUP];
	char *group = arena_strdup(attempt->request->arena, given ? given : "");
	for (char *p = group; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	set(attempt, NODE_CONDUCTOR_GROUP, group);
}

/* A node's display name is the name of its instance, unless that has one. */
static void follow_display_name(struct attempt *attempt)
{
	const char *name = text_after(attempt, NODE_INSTANCE_NAME);
	const char *shown = argument_text(json_object_get(attempt->after, "instance_info"), "display_name");

	if (attempt->is_changed[NODE_INSTANCE_INFO] && !(name && *name) && shown)
		set(attempt, NODE_INSTANCE_NAME, shown);
}

/* What a change brings with it. */
static void follow(struct attempt *attempt)
{
	follow_flags(attempt);
	follow_group(attempt);
	follow_display_name(attempt);
}

/* Interfaces that the patch names or removes; all of them when the driver changes. */
static int choose_interfaces(struct attempt *attempt, struct error *err)
{
	const struct registry *registry = attempt->request->registry;
	bool is_driver_new = attempt->is_changed[NODE_DRIVER];
	bool resets = query_bool(&attempt->request->query, "reset_interfaces") == 1;

	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		enum node_field field = node_interface_field(type);
		const char *chosen, *wanted = text_after(attempt, field);
		int rc = 0;

		if (!attempt->is_changed[field] && !is_driver_new)
			continue;
		if (attempt->is_changed[field])
			rc = check_setup_state(attempt, field, err);
		if (!attempt->is_changed[field] && (resets || !wanted || !wanted[0]))
			wanted = NULL;
		if (rc == 0)
			rc = interfaces_choose(registry, text_after(attempt, NODE_DRIVER), type, wanted,
					       &chosen, err);
		if (rc < 0)
			return rc;
		set(attempt, field, chosen);
	}
	return 0;
}

static int check_changes(struct attempt *attempt, struct error *err)
{
	const char *uuid = node_uuid(&attempt->node);

	int rc = check_transition(attempt, err);
	if (rc == 0 && attempt->value[NODE_NAME])
		rc = node_check_name(attempt->value[NODE_NAME], uuid, attempt->request->version, err);
	if (rc == 0 && attempt->is_changed[NODE_PROPERTIES])
		rc = properties_check(json_object_get(attempt->after, "properties"), uuid, err);
	if (rc == 0 && attempt->is_changed[NODE_NETWORK_DATA])
		rc = network_data_check(json_object_get(attempt->after, "network_data"), err);
	if (rc == 0 && attempt->value[NODE_CHASSIS_UUID]) {
		rc = chassis_exists(attempt->request->db, attempt->value[NODE_CHASSIS_UUID], err);
		if (rc == -ERR_NOT_FOUND)
			attempt->request->fault_status = 400;
	}
	if (rc == 0 && attempt->value[NODE_PARENT_NODE])
		rc = node_check_parent(attempt->request, attempt->value[NODE_PARENT_NODE], uuid,
				       &attempt->value[NODE_PARENT_NODE], err);
	if (rc == 0)
		rc = check_flags(attempt, err);
	if (rc < 0)
		return rc;
	follow(attempt);
	rc = fleet_check_pool(attempt->request->registry, text_after(attempt, NODE_CONDUCTOR_GROUP),
			      text_after(attempt, NODE_DRIVER), err);
	return rc < 0 ? rc : choose_interfaces(attempt, err);
}

/* ---- writing ---- */

/* 0: written. 1: something came between. */
static int write_changes(struct attempt *attempt, struct error *err)
{
	struct change changes[NODE_CHANGE_MAX];
	size_t count = 0;

	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		if (attempt->is_changed[field])
			changes[count++] = node_change(field, attempt->value[field]);
	}
	if (count == 0)
		return 0;
	int rc = node_row_change(attempt->request->db, attempt->node.id, attempt->node.version, changes,
				 count, &attempt->written, err);
	if (rc == -ERR_CONFLICT)
		return node_conflict(node_uuid(&attempt->node), attempt->value[NODE_NAME],
				     attempt->value[NODE_INSTANCE_UUID], err);
	return rc < 0 ? rc : !attempt->written;
}

static int try_patch(struct attempt *attempt, const char *uuid, const char *name, struct error *err)
{
	int rc = read_node(attempt, uuid, name, err);
	if (rc == 0)
		rc = node_check_etag(attempt->request, &attempt->node, err);
	if (rc < 0)
		return rc;
	make_document(attempt);
	rc = patch_apply(attempt->after, attempt->request->body, err);
	if (rc == 0)
		rc = take_changes(attempt, err);
	if (rc == 0)
		rc = check_changes(attempt, err);
	return rc < 0 ? rc : write_changes(attempt, err);
}

/* A patch skips a row that somebody is writing; it is tried again until that is over. */
static int wait_for_writer(const struct attempt *attempt, int64_t *deadline_ms, struct error *err)
{
	if (*deadline_ms == 0)
		*deadline_ms = clock_ms() + WRITER_WAIT_MS;
	if (clock_ms() >= *deadline_ms)
		return fail(err, ERR_DATABASE, "Node %s is being written for too long.",
			    node_uuid(&attempt->node));
	if (http_response_is_gone(attempt->request->out) || fiber_sleep(WRITER_POLL_MS) < 0)
		return fail(err, ERR_CANCELLED, "The request was given up.");
	return 0;
}

int node_patch(struct api_request *request, struct error *err)
{
	struct attempt attempt = { .request = request };
	struct node_wait wait = { 0 };
	const char *uuid, *name;
	int64_t deadline_ms = 0;

	node_init(&attempt.node);
	int rc = node_ident(request, request->ident[0], &uuid, &name, err);
	if (rc == 0)
		rc = check_patch(request, err);
	if (rc != 0)
		return rc;
	while ((rc = try_patch(&attempt, uuid, name, err)) == 1) {
		int64_t version = attempt.node.version;

		rc = node_wait_free(request, &wait, &attempt.node, err);
		if (rc == 0 && attempt.node.version == version)
			rc = wait_for_writer(&attempt, &deadline_ms, err);
		if (rc < 0)
			break;
		uuid = arena_strdup(request->arena, node_uuid(&attempt.node));
		name = NULL;
		attempt_release(&attempt);
	}
	if (rc == 0 && attempt.written)
		node_reply_row(request, attempt.written, 200, true);
	else if (rc == 0)
		rc = node_reply(request, node_uuid(&attempt.node), 200, true, err);
	attempt_release(&attempt);
	return rc;
}
