/* valence_device: the pooled devices, from the inventory that conductors keep. */
#include <string.h>

#include "api/valence.h"
#include "api/vendor.h"
#include "lib/json.h"

#define URI_PREFIX "devices/"

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *document(const char *text)
{
	json_t *value = NULL;

	return json_parse(text, strlen(text), JSON_VALUE_DEPTH_MAX, &value, NULL) < 0 ? json_object() : value;
}

/* node_id is the host's id at its manager, as in Valence. */
static json_t *brief(const struct device *device)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:s}", "uuid", device->uuid, "podm_id",
			 device->pod_manager_uuid, "type", text_or_null(device->type), "state", device->state,
			 "node_id", text_or_null(device->host_id), "resource_uri",
			 json_sprintf(URI_PREFIX "%s", device->resource_id), "pooled_group_id",
			 device->group_id);
}

static json_t *whole(const struct device *device)
{
	json_t *object = brief(device);

	json_object_set_new(object, "properties", document(device->properties));
	json_object_set_new(object, "extra", document(device->extra));
	valence_put_times(object, device->created_at, device->updated_at);
	return object;
}

/* False: nothing can match. */
static bool read_filter(const struct query *query, struct device_filter *filter)
{
	const char *uri = query_text(query, "resource_uri");

	filter->uuid = query_text(query, "uuid");
	filter->pod_manager_uuid = query_text(query, "podm_id");
	filter->host_id = query_text(query, "node_id");
	filter->state = query_text(query, "state");
	filter->type = query_text(query, "type");
	filter->group_id = query_text(query, "pooled_group_id");
	if (uri && strncmp(uri, URI_PREFIX, strlen(URI_PREFIX)) != 0)
		return false;
	filter->resource_id = uri ? uri + strlen(URI_PREFIX) : NULL;
	return (!filter->uuid || uuid_is_valid(filter->uuid)) &&
	       (!filter->pod_manager_uuid || uuid_is_valid(filter->pod_manager_uuid));
}

int valence_device_list(struct api_request *request, struct error *err)
{
	struct device_filter filter = { 0 };
	struct device *devices;
	size_t count = 0;
	int rc = 0;

	if (read_filter(&request->query, &filter))
		rc = device_list(request->db, &filter, 0, request->arena, &devices, &count, err);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, brief(&devices[i]));
	valence_reply(request, list);
	return 0;
}

int valence_find_device(struct api_request *request, const char *uuid, struct device *ret, struct error *err)
{
	struct device_filter filter = { .uuid = uuid };
	struct device *devices;
	size_t count = 0;

	int rc = uuid_is_valid(uuid)
			 ? device_list(request->db, &filter, 1, request->arena, &devices, &count, err)
			 : 0;
	if (rc < 0)
		return rc;
	if (count == 0)
		return valence_fail(request, VALENCE_NOT_FOUND, err, "Device %s not found.", uuid);
	*ret = devices[0];
	return 0;
}

int valence_device_show(struct api_request *request, struct error *err)
{
	struct device device;

	int rc = valence_find_device(request, request->ident[0], &device, err);
	if (rc == 0)
		valence_reply(request, whole(&device));
	return rc;
}

/* ---- sync: always 200, each pod manager says how it went ---- */

static void append_status(json_t *list, const char *podm_id, bool is_done)
{
	json_array_append_new(
		list, json_pack("{s:s, s:s}", "podm_id", podm_id, "status", is_done ? "SUCCESS" : "FAILED"));
}

/* Of a vendor method's result: one row with uuid and status each. */
static json_t *statuses(const json_t *rows)
{
	json_t *list = json_array();
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *uuid = argument_text(row, "uuid");
		const char *status = argument_text(row, "status");

		if (uuid && status)
			append_status(list, uuid, strcmp(status, "SUCCESS") == 0);
	}
	return list;
}

static int sync_one(struct api_request *request, const char *podm_id, struct error *err)
{
	struct pod_manager pod_manager;
	json_t *list = json_array(), *rows = NULL;

	if (valence_find_pod_manager(request, podm_id, &pod_manager, err) == 0)
		valence_run_on_manager(request, &pod_manager, "POST", "sync_devices", &rows, err);
	json_t *done = statuses(rows);
	if (json_array_size(done) > 0)
		json_array_extend(list, done);
	else
		append_status(list, podm_id, false);
	json_decref(done);
	json_decref(rows);
	valence_reply(request, list);
	return 0;
}

int valence_device_sync(struct api_request *request, struct error *err)
{
	json_t *rows = NULL;
	int rc = 0;

	if (request->body && !json_is_null(request->body))
		rc = valence_check_body(request, schema_podm, err);
	if (rc == 0)
		rc = valence_check_fleet(request, err);
	if (rc < 0)
		return rc;
	const char *podm_id = argument_text(request->body, "podm_id");
	if (podm_id)
		return sync_one(request, podm_id, err);
	rc = vendor_run_on_driver(request, POOLED_NODE_DRIVER, "POST", "sync_devices", json_object(), &rows,
				  err);
	if (rc == 0)
		valence_reply(request, statuses(rows));
	json_decref(rows);
	return rc;
}
