/* node_create: POST /v1/nodes. One INSERT; the conductor that will own the node is not asked. */
#include <ctype.h>
#include <string.h>

#include "api/fleet.h"
#include "api/handlers.h"
#include "api/interfaces.h"
#include "api/network_data.h"
#include "api/node.h"
#include "api/node_check.h"
#include "db/chassis.h"
#include "db/node_write.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "model/field.h"
#include "model/properties.h"

#define ENROLL_SINCE 11 /* older clients expect new nodes to be available */

/* The row in the making. */
struct creation {
	struct api_request *request;
	const char *value[NODE_FIELD_COUNT]; /* column texts; NULL: null */
	bool is_given[NODE_FIELD_COUNT];
	char uuid[UUID_TEXT];
};

static int check_body(const json_t *body, struct error *err)
{
	struct buf shown;

	if (json_is_object(body))
		return 0;
	buf_init(&shown, 512);
	if (body)
		json_repr(&shown, body);
	fail(err, ERR_INVALID, "Schema error for node: %s is not of type 'object'",
	     body ? shown.data : "None");
	buf_release(&shown);
	return -ERR_INVALID;
}

/* Ironic's schema first (names, required, types), then what is newer than the version. */
static int read_members(struct creation *creation, struct error *err)
{
	json_t *body = creation->request->body;
	const char *name;
	json_t *value;
	bool is_newer = false;

	json_object_foreach(body, name, value)
	{
		enum node_field field = node_field_find(name);

		if (field == NODE_FIELD_COUNT || !(node_field_info(field)->flags & FIELD_IN_POST))
			return field_unknown("node", name, err);
	}
	if (!json_object_get(body, "driver"))
		return fail(err, ERR_MISSING, "Schema error for node: 'driver' is a required property");
	json_object_foreach(body, name, value)
	{
		enum node_field field = node_field_find(name);
		const struct node_field_info *info = node_field_info(field);

		int rc = field_check(info, value, "node", err);
		if (rc < 0)
			return rc;
		is_newer = is_newer || creation->request->version < info->since;
		creation->value[field] = field_text(info, value, creation->request->arena);
		creation->is_given[field] = true;
	}
	return is_newer ? fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.") : 0;
}

static int check_members(struct creation *creation, struct error *err)
{
	const char *name = creation->value[NODE_NAME];

	if (creation->value[NODE_OWNER])
		return fail(err, ERR_INVALID,
			    "Cannot create a node as a project scoped admin with an owner other than your "
			    "own project.");
	int rc = name ? node_check_name(name, NULL, creation->request->version, err) : 0;
	if (rc == 0)
		rc = properties_check(json_object_get(creation->request->body, "properties"), creation->uuid,
				      err);
	if (rc == 0)
		rc = network_data_check(json_object_get(creation->request->body, "network_data"), err);
	if (rc == 0 && creation->value[NODE_CHASSIS_UUID]) {
		rc = chassis_exists(creation->request->db, creation->value[NODE_CHASSIS_UUID], err);
		if (rc == -ERR_NOT_FOUND)
			creation->request->fault_status = 400;
	}
	if (rc == 0 && creation->value[NODE_PARENT_NODE])
		rc = node_check_parent(creation->request, creation->value[NODE_PARENT_NODE], creation->uuid,
				       &creation->value[NODE_PARENT_NODE], err);
	return rc;
}

static void set(struct creation *creation, enum node_field field, const char *value)
{
	creation->value[field] = value;
	creation->is_given[field] = true;
}

static void set_defaults(struct creation *creation)
{
	char *group = arena_strdup(creation->request->arena, creation->value[NODE_CONDUCTOR_GROUP]
								     ? creation->value[NODE_CONDUCTOR_GROUP]
								     : "");

	for (char *p = group; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	set(creation, NODE_CONDUCTOR_GROUP, group);
	set(creation, NODE_UUID, creation->uuid);
	set(creation, NODE_PROVISION_STATE,
	    creation->request->version < ENROLL_SINCE ? "available" : "enroll");
}

static int set_interfaces(struct creation *creation, struct error *err)
{
	for (enum interface_type type = 0; type < INTERFACE_COUNT; type++) {
		enum node_field field = node_interface_field(type);
		const char *chosen;

		int rc = interfaces_choose(creation->request->registry, creation->value[NODE_DRIVER], type,
					   creation->value[field], &chosen, err);
		if (rc < 0)
			return rc;
		set(creation, field, chosen);
	}
	return 0;
}

static int insert(struct creation *creation, struct db_rows **ret, struct error *err)
{
	struct change changes[NODE_CHANGE_MAX];
	size_t count = 0;

	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		if (creation->is_given[field])
			changes[count++] = node_change(field, creation->value[field]);
	}
	int rc = node_row_insert(creation->request->db, changes, count, ret, err);
	if (rc == -ERR_CONFLICT)
		rc = node_conflict(creation->uuid, creation->value[NODE_NAME],
				   creation->value[NODE_INSTANCE_UUID], err);
	return rc;
}

static void choose_uuid(struct creation *creation)
{
	if (!creation->value[NODE_UUID]) {
		uuid_new(creation->uuid);
		return;
	}
	for (size_t i = 0; i < UUID_TEXT; i++)
		creation->uuid[i] = (char)tolower((unsigned char)creation->value[NODE_UUID][i]);
}

int node_enroll(struct api_request *request, const char *driver, struct node *ret, struct error *err)
{
	struct creation creation = { .request = request };
	struct db_rows *rows = NULL;

	set(&creation, NODE_DRIVER, driver);
	choose_uuid(&creation);
	set_defaults(&creation);
	set(&creation, NODE_PROVISION_STATE, "enroll");
	int rc = fleet_check_pool(request->registry, "", driver, err);
	if (rc == 0)
		rc = set_interfaces(&creation, err);
	if (rc == 0)
		rc = insert(&creation, &rows, err);
	db_rows_release(rows);
	return rc == 0 ? node_read(request->db, creation.uuid, NULL, 0, ret, err) : rc;
}

int node_create(struct api_request *request, struct error *err)
{
	struct creation creation = { .request = request };
	struct db_rows *rows = NULL;

	int rc = check_body(request->body, err);
	if (rc == 0)
		rc = read_members(&creation, err);
	if (rc < 0)
		return rc;
	choose_uuid(&creation);
	rc = check_members(&creation, err);
	if (rc < 0)
		return rc;
	set_defaults(&creation);
	rc = fleet_check_pool(request->registry, creation.value[NODE_CONDUCTOR_GROUP],
			      creation.value[NODE_DRIVER], err);
	if (rc == 0)
		rc = set_interfaces(&creation, err);
	if (rc == 0)
		rc = insert(&creation, &rows, err);
	if (rc < 0)
		return rc;
	reply_location(request, "/v1/nodes/%s", creation.uuid);
	node_reply_row(request, rows, 201, false);
	db_rows_release(rows);
	return 0;
}
