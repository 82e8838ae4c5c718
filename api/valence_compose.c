/* valence_compose: new nodes: of a host that is free, with devices (compose), or of a given host (manage). */
#include <string.h>

#include "api/handlers.h"
#include "api/interfaces.h"
#include "api/node_check.h"
#include "api/valence.h"
#include "api/version.h"
#include "db/conductor.h"
#include "db/flavor.h"
#include "lib/json.h"
#include "lib/log.h"

/* ---- one node ---- */

/* What a new node shall be; the pod manager's URL and host make it one of Valence. */
struct birth {
	const struct pod_manager *pod_manager;
	const char *host_id, *name, *description; /* the latter may be NULL */
	char uuid[UUID_TEXT];                     /* made */
};

/* The group without a name if anybody serves the hardware type there, else any that does. */
static const char *conductor_group(const struct registry *registry)
{
	if (registry_has_driver(registry, POOLED_NODE_DRIVER, ""))
		return "";
	for (size_t i = 0; i < registry->conductor_count; i++) {
		const struct conductor_row *row = &registry->conductors[i];

		if (row->is_alive && registry_has_driver(registry, POOLED_NODE_DRIVER, row->group))
			return row->group;
	}
	return "";
}

static const char *document(struct api_request *request, json_t *take_value)
{
	struct buf buf;

	buf_init(&buf, BODY_DEFAULT_BYTES);
	json_write(&buf, take_value);
	const char *text = arena_strdup(request->arena, buf.data);
	buf_release(&buf);
	json_decref(take_value);
	return text;
}

/* The node speaks to its manager as the manager's row does. */
static void fill_documents(struct api_request *request, const struct birth *birth,
			   struct pooled_node_new *row)
{
	const struct pod_manager *manager = birth->pod_manager;
	json_t *driver_info =
		json_pack("{s:s, s:s}", "expether_address", manager->url, "expether_eesv_id", birth->host_id);

	if (manager->username && manager->password) {
		json_object_set_new(driver_info, "expether_username", json_string(manager->username));
		json_object_set_new(driver_info, "expether_password", json_string(manager->password));
	}
	if (manager->verify_ca)
		json_object_set_new(driver_info, "expether_verify_ca", json_string(manager->verify_ca));
	row->driver_info = document(request, driver_info);
	row->extra = document(request, json_pack("{s:{s:s}}", "valence", "name", birth->name));
}

/* Inserts the node unless the host has one: *ret_inserted. Its name as a node is the given one if that is
 * valid and free; Valence shows the given one in any case. */
SUSPENDS static int insert_node(struct api_request *request, struct birth *birth, bool *ret_inserted,
				struct error *err)
{
	struct pooled_node_new row = { .uuid = birth->uuid,
				       .name = birth->name,
				       .description = birth->description,
				       .conductor_group = conductor_group(request->registry),
				       .url = birth->pod_manager->url,
				       .host_id = birth->host_id };
	int rc = 0;

	uuid_new(birth->uuid);
	fill_documents(request, birth, &row);
	for (enum interface_type type = 0; rc == 0 && type < INTERFACE_COUNT; type++)
		rc = interfaces_choose(request->registry, POOLED_NODE_DRIVER, type, NULL,
				       &row.interfaces[type], err);
	if (rc < 0)
		return rc;
	if (node_check_name(row.name, NULL, VERSION_MAX, err) < 0)
		row.name = NULL;
	rc = pooled_node_insert(request->db, &row, ret_inserted, err);
	if (rc == -ERR_CONFLICT && row.name) {
		row.name = NULL; /* another node's: Valence's own names need not be unique */
		rc = pooled_node_insert(request->db, &row, ret_inserted, err);
	}
	return rc;
}

/* Removes a node that has just been made and could not be completed; a failure is logged. */
SUSPENDS static void undo_node(struct api_request *request, const char *uuid)
{
	int status = request->fault_status; /* of why it is undone */
	struct error err;

	if (valence_run_handler(request, node_delete, uuid, NULL, &err) < 0)
		log_error("Node %s, which could not be composed, could not be removed: %s", uuid, err.text);
	request->fault_status = status;
}

static int reply_brief(struct api_request *request, const char *uuid, struct error *err)
{
	struct pooled_node node;

	int rc = valence_find_node(request, uuid, &node, err);
	if (rc == 0)
		valence_reply(request, valence_brief_node(&node));
	return rc;
}

/* ---- compose ---- */

static int load_flavor(struct api_request *request, const char *uuid, json_t **ret, struct error *err)
{
	struct flavor flavor;

	int rc = valence_find_flavor(request, uuid, &flavor, err);
	return rc < 0 ? rc
		      : json_parse(flavor.properties, strlen(flavor.properties), JSON_VALUE_DEPTH_MAX, ret,
				   err);
}

/* The wanted device types, a list; NULL: none. New reference. Memory and processor are what the host has. */
static int read_types(struct api_request *request, json_t **ret, struct error *err)
{
	const char *flavor_id = argument_text(request->body, "flavor_id");
	json_t *properties = json_object_get(request->body, "properties");

	*ret = NULL;
	if (flavor_id && properties)
		return valence_fail(request, VALENCE_VALIDATION, err,
				    "Only one of flavor_id and properties may be given");
	json_incref(properties);
	int rc = flavor_id ? load_flavor(request, flavor_id, &properties, err) : 0;
	json_t *types = json_object_get(json_object_get(properties, "pci_device"), "type");
	if (rc == 0 && json_array_size(types) > 0)
		*ret = json_incref(types);
	json_decref(properties);
	return rc;
}

static bool is_known(const struct pooled_node *nodes, size_t count, const char *host_id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(nodes[i].host_id, host_id) == 0)
			return true;
	}
	return false;
}

/* Makes a node of the first host without one, in the manager's order. Who asks at the same time gets another.
 */
static int take_host(struct api_request *request, struct birth *birth, struct error *err)
{
	struct pooled_node_filter filter = { .pod_manager_uuid = birth->pod_manager->uuid };
	struct pooled_node *nodes;
	json_t *hosts = NULL, *host;
	bool is_inserted = false;
	size_t count = 0, i;

	int rc = valence_run_on_manager(request, birth->pod_manager, "GET", "list_nodes", &hosts, err);
	if (rc == 0)
		rc = pooled_node_list(request->db, &filter, request->arena, &nodes, &count, err);
	json_array_foreach(hosts, i, host)
	{
		birth->host_id = argument_text(host, "eesv_id");
		if (rc < 0 || is_inserted || !birth->host_id || is_known(nodes, count, birth->host_id))
			continue;
		rc = insert_node(request, birth, &is_inserted, err);
	}
	json_decref(hosts);
	if (rc == 0 && !is_inserted)
		return valence_fail(request, VALENCE_NONE_FREE, err, "Node not available");
	return rc;
}

static int attach_all(struct api_request *request, const char *uuid, json_t *types, struct error *err)
{
	json_t *args = json_pack("{s:{s:O}}", "pci_device", "type", types);

	int rc = valence_run_on_node(request, uuid, "POST", "compose", args, NULL, err);
	if (rc == 0)
		return 0;
	undo_node(request, uuid);
	if (request->fault_status == 400) /* a type that nothing is of */
		return valence_fail(request, VALENCE_NONE_FREE, err, "Requested device not available: %s",
				    err->text);
	if (request->fault_status == 409) /* the host is full */
		return valence_fail(request, VALENCE_EXPETHER, err, "%s", err->text);
	return rc;
}

int valence_node_compose(struct api_request *request, struct error *err)
{
	struct birth birth = { 0 };
	struct pod_manager pod_manager;
	json_t *types = NULL;

	int rc = valence_check_body(request, schema_compose, err);
	if (rc == 0)
		rc = read_types(request, &types, err);
	if (rc == 0)
		rc = valence_choose_pod_manager(request, argument_text(request->body, "podm_id"),
						&pod_manager, err);
	if (rc == 0)
		rc = valence_check_fleet(request, err);
	birth.pod_manager = &pod_manager;
	birth.name = argument_text(request->body, "name");
	birth.description = argument_text(request->body, "description");
	if (rc == 0)
		rc = take_host(request, &birth, err);
	if (rc == 0 && types)
		rc = attach_all(request, birth.uuid, types, err);
	json_decref(types);
	return rc < 0 ? rc : reply_brief(request, birth.uuid, err);
}

/* ---- manage ---- */

/* The manager must show the host, and show it as one. */
static int check_host(struct api_request *request, const struct birth *birth, struct error *err)
{
	int rc = valence_run_on_node(request, birth->uuid, "GET", "get_node", json_object(), NULL, err);

	if (rc == 0)
		return 0;
	undo_node(request, birth->uuid);
	if (request->fault_status == 400)
		return valence_fail(request, VALENCE_EXPETHER, err, "Not a valid EESV node %s: %s",
				    birth->host_id, err->text);
	return rc;
}

int valence_node_manage(struct api_request *request, struct error *err)
{
	struct pod_manager pod_manager;
	struct birth birth = { .pod_manager = &pod_manager };
	bool is_inserted = false;

	int rc = valence_check_body(request, schema_manage, err);
	if (rc == 0)
		rc = valence_choose_pod_manager(request, argument_text(request->body, "podm_id"),
						&pod_manager, err);
	if (rc == 0)
		rc = valence_check_fleet(request, err);
	if (rc < 0)
		return rc;
	birth.host_id = birth.name = argument_text(request->body, "node_index");
	rc = insert_node(request, &birth, &is_inserted, err);
	if (rc == 0 && !is_inserted)
		return valence_fail(request, VALENCE_EXISTS, err, "Node '%s' already managed by Valence",
				    birth.host_id);
	if (rc == 0)
		rc = check_host(request, &birth, err);
	return rc < 0 ? rc : reply_brief(request, birth.uuid, err);
}
