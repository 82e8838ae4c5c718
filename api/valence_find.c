/* valence_find: what the handlers share: pod managers and nodes by id, and the methods of both. */
#include <string.h>

#include "api/node.h"
#include "api/valence.h"
#include "api/vendor.h"
#include "db/conductor.h"

int valence_check_fleet(struct api_request *request, struct error *err)
{
	if (registry_has_driver(request->registry, POOLED_NODE_DRIVER, NULL))
		return 0;
	return valence_fail(request, VALENCE_UNAVAILABLE, err,
			    "No conductor with the hardware type " POOLED_NODE_DRIVER " is running.");
}

/* ---- pod managers ---- */

int valence_find_pod_manager(struct api_request *request, const char *uuid, struct pod_manager *ret,
			     struct error *err)
{
	int rc = uuid_is_valid(uuid) ? pod_manager_find(request->db, uuid, request->arena, ret, err)
				     : -ERR_NOT_FOUND;

	if (rc == -ERR_NOT_FOUND)
		return valence_fail(request, VALENCE_NOT_FOUND, err, "Pod manager %s not found.", uuid);
	return rc;
}

int valence_choose_pod_manager(struct api_request *request, const char *podm_id, struct pod_manager *ret,
			       struct error *err)
{
	struct pod_manager *rows;
	size_t count = 0;

	if (podm_id)
		return valence_find_pod_manager(request, podm_id, ret, err);
	int rc = pod_manager_list(request->db, POOLED_NODE_DRIVER, request->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	if (count != 1)
		return valence_fail(request, VALENCE_BAD_REQUEST, err,
				    "There are %zu pod managers: podm_id must name one.", count);
	*ret = rows[0];
	return 0;
}

int valence_run_on_manager(struct api_request *request, const struct pod_manager *pod_manager,
			   const char *verb, const char *method, json_t **ret, struct error *err)
{
	json_t *args = json_pack("{s:s}", "pod_manager", pod_manager->uuid);

	int rc = vendor_run_on_driver(request, POOLED_NODE_DRIVER, verb, method, args, ret, err);
	return valence_fail_method(request, rc);
}

/* ---- nodes ---- */

int valence_find_node(struct api_request *request, const char *uuid, struct pooled_node *ret,
		      struct error *err)
{
	struct pooled_node_filter filter = { .uuid = uuid };
	struct pooled_node *rows;
	size_t count = 0;

	int rc = uuid_is_valid(uuid)
			 ? pooled_node_list(request->db, &filter, request->arena, &rows, &count, err)
			 : 0;
	if (rc < 0)
		return rc;
	if (count == 0)
		return valence_fail(request, VALENCE_NOT_FOUND, err, "Node %s not found.", uuid);
	*ret = rows[0];
	return 0;
}

int valence_run_on_node(struct api_request *request, const char *uuid, const char *verb, const char *method,
			json_t *take_args, json_t **ret, struct error *err)
{
	json_t *own = NULL;
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, uuid, &node, err);
	if (rc == 0)
		rc = vendor_run_on_node(request, &node, verb, method, take_args, ret ? ret : &own, err);
	else
		json_decref(take_args);
	json_decref(own);
	node_release(&node);
	return valence_fail_method(request, rc);
}

int valence_run_handler(struct api_request *request, request_handler *handler, const char *ident,
			json_t *take_body, struct error *err)
{
	const char *own_ident = request->ident[0];
	json_t *own_body = request->body;

	request->ident[0] = ident;
	request->body = take_body;
	int rc = handler(request, err);
	json_decref(request->body);
	request->body = own_body;
	request->ident[0] = own_ident;
	buf_clear(&request->out->body);
	buf_clear(&request->out->headers);
	return rc;
}

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

json_t *valence_brief_node(const struct pooled_node *node)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:o}", "uuid", node->uuid, "name", node->name, "podm_id",
			 text_or_null(node->pod_manager_uuid), "index", node->host_id, "resource_uri",
			 json_sprintf("devices/%s", node->host_id));
}

json_t *valence_whole_node(const struct pooled_node *node)
{
	json_t *object = valence_brief_node(node);

	if (node->managed_by)
		json_object_set_new(object, "managed_by", json_string(node->managed_by));
	valence_put_times(object, node->created_at, node->updated_at);
	return object;
}
