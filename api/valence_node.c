/* valence_node: nodes of the hardware type expether as Valence shows them, and what it does to them. */
#include <string.h>

#include "api/handlers.h"
#include "api/valence.h"

/* ---- list ---- */

static bool matches(const json_t *node, const struct query *query)
{
	for (size_t i = 0; i < query->count; i++) {
		const char *value = argument_text(node, query->pairs[i].name);

		if (!value || strcmp(value, query->pairs[i].value) != 0)
			return false;
	}
	return true;
}

int valence_node_list(struct api_request *request, struct error *err)
{
	struct pooled_node_filter filter = { 0 };
	struct pooled_node *nodes;
	size_t count = 0;

	int rc = pooled_node_list(request->db, &filter, request->arena, &nodes, &count, err);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *whole = valence_whole_node(&nodes[i]);

		if (matches(whole, &request->query))
			json_array_append_new(list, valence_brief_node(&nodes[i]));
		json_decref(whole);
	}
	valence_reply(request, list);
	return 0;
}

/* ---- show ---- */

/* What the manager shows of the host, by Valence's names; what is recorded comes over it. */
static json_t *detail(const json_t *host, const struct pooled_node *node)
{
	static const char *const names[][2] = {
		{ "serial_number", "serial_number" }, { "power_state", "power_status" },
		{ "host_model", "host_model" },       { "host_serial_number", "host_serial_number" },
		{ "description", "model" },           { "type", "board_type" },
		{ "mac_address", "mac_address" },     { "pooled_group_id", "group_id" },
	};
	json_t *object = json_object(), *whole = valence_whole_node(node);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		json_t *value = json_object_get(host, names[i][1]);

		json_object_set(object, names[i][0], value ? value : json_null());
	}
	json_object_update(object, whole);
	json_decref(whole);
	return object;
}

int valence_node_show(struct api_request *request, struct error *err)
{
	struct pooled_node node;
	json_t *host = NULL;

	int rc = valence_find_node(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = valence_run_on_node(request, node.uuid, "GET", "get_node", json_object(), &host, err);
	if (rc == 0)
		valence_reply(request, detail(host, &node));
	json_decref(host);
	return rc;
}

/* ---- delete ---- */

int valence_remove_node(struct api_request *request, const struct pooled_node *node, struct error *err)
{
	int rc = valence_run_on_node(request, node->uuid, "POST", "detach_all", json_object(), NULL, err);

	if (rc == -ERR_NODE_LOCKED)
		return rc;
	if (rc < 0)
		return valence_fail(request, VALENCE_EXPETHER, err,
				    "Composed node %s deletion failed with error : %s", node->host_id,
				    err->text);
	return valence_run_handler(request, node_delete, node->uuid, NULL, err);
}

int valence_node_delete(struct api_request *request, struct error *err)
{
	struct pooled_node node;

	int rc = valence_find_node(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = valence_remove_node(request, &node, err);
	if (rc == 0)
		valence_reply(request, json_null());
	return rc;
}

/* ---- attach and detach ---- */

/* A card that could not be had and is free afterwards: it was the host that could not. */
static bool is_still_free(struct api_request *request, const struct device *device)
{
	struct device_filter filter = { .uuid = device->uuid, .is_free = true };
	struct device *found;
	size_t count = 0;

	return device_list(request->db, &filter, 1, request->arena, &found, &count, NULL) == 0 && count > 0;
}

static int run_with_device(struct api_request *request, const struct pooled_node *node, const char *method,
			   const struct device *device, struct error *err)
{
	int rc = valence_run_on_node(request, node->uuid, "POST", method,
				     json_pack("{s:s}", "device_id", device->resource_id), NULL, err);

	if (rc == 0 || request->fault_status != 409)
		return rc;
	return valence_fail(request, is_still_free(request, device) ? VALENCE_EXPETHER : VALENCE_BAD_REQUEST,
			    err, "%s", err->text);
}

static int attach(struct api_request *request, const struct pooled_node *node, const struct device *device,
		  struct error *err)
{
	if (device->host_id || strcmp(device->group_id, DEVICE_FREE_GROUP) != 0)
		return valence_fail(request, VALENCE_BAD_REQUEST, err,
				    "Device %s already assigned to a different node: %s", device->uuid,
				    device->host_id ? device->host_id : "None");
	return run_with_device(request, node, "attach_device", device, err);
}

static int detach(struct api_request *request, const struct pooled_node *node, const struct device *device,
		  struct error *err)
{
	if (strcmp(device->group_id, DEVICE_FREE_GROUP) == 0 && !device->intent)
		return 0;
	return run_with_device(request, node, "detach_device", device, err);
}

/* clang-format off */
static const struct {
	const char *name;
	int (*run)(struct api_request *request, const struct pooled_node *node, const struct device *device,
		   struct error *err);
} actions[] = {
	{ "attach", attach },
	{ "detach", detach },
};
/* clang-format on */

static int run_action(struct api_request *request, const struct pooled_node *node, size_t which,
		      struct error *err)
{
	const json_t *members = json_object_get(request->body, actions[which].name);
	struct device device;

	int rc = valence_find_device(request, argument_text(members, "resource_id"), &device, err);
	if (rc < 0)
		return rc;
	if (strcmp(device.pod_manager_uuid, node->pod_manager_uuid) != 0)
		return valence_fail(request, VALENCE_BAD_REQUEST, err,
				    "Device %s is not of the pod manager of node %s.", device.uuid,
				    node->uuid);
	return actions[which].run(request, node, &device, err);
}

int valence_node_action(struct api_request *request, struct error *err)
{
	struct pooled_node node;

	int rc = valence_check_body(request, schema_action, err);
	if (rc == 0 && json_object_size(request->body) != 1)
		rc = valence_fail(request, VALENCE_VALIDATION, err,
				  "Exactly one of Boot, Reset, attach and detach must be given");
	if (rc == 0)
		rc = valence_find_node(request, request->ident[0], &node, err);
	for (size_t i = 0; rc == 0 && i < sizeof actions / sizeof actions[0]; i++) {
		if (!json_object_get(request->body, actions[i].name))
			continue;
		rc = run_action(request, &node, i, err);
		if (rc == 0)
			reply_empty(request, 204);
		return rc;
	}
	return rc < 0 ? rc
		      : valence_fail(request, VALENCE_BAD_REQUEST, err, "Unsupported action: %s",
				     json_object_iter_key(json_object_iter(request->body)));
}
