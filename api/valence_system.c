/* valence_system: the hosts that a pod manager shows, read from it on each request. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/valence.h"

/* A member of Valence's object and the manager's name for it. */
struct renamed {
	const char *name, *from;
};

static json_t *renamed_of(const json_t *host, const struct renamed *table)
{
	json_t *object = json_object();

	for (; table->name; table++) {
		json_t *value = json_object_get(host, table->from);

		json_object_set(object, table->name, value ? value : json_null());
	}
	return object;
}

static json_t *in_list(const json_t *host)
{
	static const struct renamed table[] = {
		{ "id", "eesv_id" },
		{ "pooled_group_id", "group_id" },
		{ "type", "board_type" },
		{ "mac_address", "mac_address" },
		{ "host_serial_num", "host_serial_number" },
		{ "host_model", "host_model" },
		{ 0 },
	};
	json_t *object = renamed_of(host, table);

	json_object_set_new(object, "resource_uri",
			    json_sprintf("devices/%s", argument_text(host, "eesv_id")));
	return object;
}

/* Milliseconds since 1970, as a text or, from old boards, a number. */
static json_t *update_time(const json_t *host)
{
	const json_t *value = json_object_get(host, "update_time");
	int64_t ms = json_is_string(value) ? strtoll(json_string_value(value), NULL, 10)
					   : json_integer_value(value);
	time_t seconds = (time_t)(ms / 1000);
	char text[32];
	struct tm tm;

	if (!value || !gmtime_r(&seconds, &tm) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return json_null();
	return json_string(text);
}

static json_t *alone(const json_t *host)
{
	static const struct renamed table[] = {
		{ "id", "eesv_id" },
		{ "type", "board_type" },
		{ "pooled_group_id", "group_id" },
		{ "mac_address", "mac_address" },
		{ "serial_number", "serial_number" },
		{ "power_state", "power_status" },
		{ "host_model", "host_model" },
		{ "host_serial_number", "host_serial_number" },
		{ "description", "model" },
		{ "ee_version", "ee_version" },
		{ 0 },
	};
	json_t *object = renamed_of(host, table);

	json_object_set_new(object, "name", json_string("eesv"));
	json_object_set_new(object, "update_time", update_time(host));
	return object;
}

/* The hosts of the pod manager that the body names, or, since many clients send no body with GET, the query.
 */
static int read_hosts(struct api_request *request, json_t **ret, struct error *err)
{
	const char *podm_id = query_text(&request->query, "podm_id");
	struct pod_manager pod_manager;
	int rc = 0;

	if (request->body)
		rc = valence_check_body(request, schema_podm, err);
	if (rc == 0 && argument_text(request->body, "podm_id"))
		podm_id = argument_text(request->body, "podm_id");
	if (rc == 0)
		rc = valence_choose_pod_manager(request, podm_id, &pod_manager, err);
	if (rc == 0)
		rc = valence_check_fleet(request, err);
	return rc < 0 ? rc : valence_run_on_manager(request, &pod_manager, "GET", "list_nodes", ret, err);
}

int valence_system_list(struct api_request *request, struct error *err)
{
	json_t *hosts = NULL, *list;
	const json_t *host;
	size_t i;

	int rc = read_hosts(request, &hosts, err);
	if (rc < 0)
		return fail_prefix(err, "Listing eesv nodes failed");
	list = json_array();
	json_array_foreach(hosts, i, host) json_array_append_new(list, in_list(host));
	json_decref(hosts);
	valence_reply(request, list);
	return 0;
}

int valence_system_show(struct api_request *request, struct error *err)
{
	json_t *hosts = NULL;
	const json_t *host;
	bool is_found = false;
	size_t i;

	int rc = read_hosts(request, &hosts, err);
	if (rc < 0)
		return rc;
	json_array_foreach(hosts, i, host)
	{
		const char *id = argument_text(host, "eesv_id");

		if (is_found || !id || strcmp(id, request->ident[0]) != 0)
			continue;
		is_found = true;
		valence_reply(request, alone(host));
	}
	json_decref(hosts);
	return is_found ? 0
			: valence_fail(request, VALENCE_NONE_FREE, err, "%s is no host of the pod manager.",
				       request->ident[0]);
}
