/* valence_pod_manager: the managers of pooled devices. Their passwords are taken and never shown. */
#include <ctype.h>
#include <string.h>

#include "api/handlers.h"
#include "api/valence.h"
#include "api/vendor.h"

#define MASK          "******"
#define DRIVER_PRESET "redfishv1" /* Valence's, which we do not serve */

static json_t *authentication(const struct pod_manager *row)
{
	json_t *items;

	if (!row->username)
		return json_array();
	items = json_pack("{s:s, s:s}", "username", row->username, "password", MASK);
	return json_pack("[{s:s, s:o}]", "type", "basic", "auth_items", items);
}

static json_t *pod_manager_json(const struct pod_manager *row)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "uuid", row->uuid, "name", row->name,
				   "url", row->url, "driver", row->driver, "status", row->status,
				   "authentication", authentication(row));

	valence_put_times(object, row->created_at, row->updated_at);
	return object;
}

static int reply_one(struct api_request *request, const char *uuid, struct error *err)
{
	struct pod_manager row;

	int rc = valence_find_pod_manager(request, uuid, &row, err);
	if (rc == 0)
		valence_reply(request, pod_manager_json(&row));
	return rc;
}

int valence_pod_manager_list(struct api_request *request, struct error *err)
{
	struct pod_manager *rows;
	size_t count = 0;

	int rc = pod_manager_list(request->db, NULL, request->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, pod_manager_json(&rows[i]));
	valence_reply(request, list);
	return 0;
}

int valence_pod_manager_show(struct api_request *request, struct error *err)
{
	return reply_one(request, request->ident[0], err);
}

/* ---- what requests bring ---- */

static int check_driver(struct api_request *request, const char *driver, struct error *err)
{
	if (strcmp(driver, POOLED_NODE_DRIVER) == 0)
		return 0;
	return valence_fail(request, VALENCE_NO_DRIVER, err,
			    "The driver %s is not supported; the only one is " POOLED_NODE_DRIVER ".",
			    driver);
}

/* The first item of type basic; a mask that came back keeps the password that *row has. */
static int read_credentials(struct api_request *request, struct pod_manager *row, struct error *err)
{
	const json_t *list = json_object_get(request->body, "authentication"), *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const json_t *items = json_object_get(item, "auth_items");
		const char *password = argument_text(items, "password");

		if (strcmp(argument_text(item, "type"), "basic") != 0)
			continue;
		row->username = argument_text(items, "username");
		if (!row->password || strcmp(password, MASK) != 0)
			row->password = password;
		return 0;
	}
	return list ? valence_fail(request, VALENCE_BAD_REQUEST, err,
				   "None of the authentication items is of type basic.")
		    : 0;
}

static int duplicate(struct api_request *request, struct error *err)
{
	return valence_fail(request, VALENCE_BAD_REQUEST, err, "duplicated name or url !");
}

/* A row that a node's driver_info has made becomes this one. */
static int check_duplicates(struct api_request *request, const struct pod_manager *wanted, struct error *err)
{
	struct pod_manager *rows;
	size_t count = 0;

	int rc = pod_manager_list(request->db, NULL, request->arena, &rows, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		bool has_url = strcmp(rows[i].url, wanted->url) == 0;

		if (has_url && rows[i].is_from_node)
			continue;
		if (has_url || strcmp(rows[i].name, wanted->name) == 0)
			rc = duplicate(request, err);
	}
	return rc;
}

/* Asks the manager itself, so that nothing is recorded that cannot work. */
static int check_reachable(struct api_request *request, const struct pod_manager *row, struct error *err)
{
	json_t *answer = NULL;

	int rc = valence_check_fleet(request, err);
	if (rc < 0)
		return rc;
	rc = vendor_run_on_driver(request, POOLED_NODE_DRIVER, "GET", "get_api_version",
				  json_pack("{s:s, s:s, s:s}", "address", row->url, "username", row->username,
					    "password", row->password),
				  &answer, err);
	json_decref(answer);
	if (rc == 0)
		return 0;
	fail_prefix(err, "Unable to reach the pod manager at %s", row->url);
	/* The address has been checked: what is wrong with the request are the credentials. */
	return request->fault_status == 400
		       ? valence_fail(request, VALENCE_UNAUTHORIZED, err, "%s", err->text)
		       : rc;
}

/* As managers' URLs are recorded: scheme and host in lower case, a path, no slash at the end. */
static const char *plain_url(struct api_request *request, const char *given)
{
	char *url = arena_strdup(request->arena, given);
	char *path = strstr(url, "://") + 3;

	path += strcspn(path, "/");
	for (char *p = url; p < path; p++)
		*p = (char)tolower((unsigned char)*p);
	for (char *end = path + strlen(path); end > path && end[-1] == '/';)
		*--end = '\0';
	return *path ? url : arena_printf(request->arena, "%s/eem", url);
}

int valence_pod_manager_create(struct api_request *request, struct error *err)
{
	struct pod_manager row = { 0 };
	const char *driver;

	int rc = valence_check_body(request, schema_pod_manager, err);
	if (rc < 0)
		return rc;
	driver = argument_text(request->body, "driver");
	row.name = argument_text(request->body, "name");
	row.url = plain_url(request, argument_text(request->body, "url"));
	row.driver = POOLED_NODE_DRIVER;
	rc = check_driver(request, driver ? driver : DRIVER_PRESET, err);
	if (rc == 0)
		rc = read_credentials(request, &row, err);
	if (rc == 0)
		rc = check_duplicates(request, &row, err);
	if (rc == 0)
		rc = check_reachable(request, &row, err);
	if (rc < 0)
		return rc;
	uuid_new(row.uuid);
	rc = pod_manager_insert(request->db, &row, err);
	if (rc == -ERR_CONFLICT)
		return duplicate(request, err);
	if (rc == 0)
		rc = valence_find_pod_manager(request, arena_strdup(request->arena, row.uuid), &row, err);
	if (rc == 0) /* it has answered */
		rc = pod_manager_note(request->db, row.id, NULL, false, err);
	return rc < 0 ? rc : reply_one(request, row.uuid, err);
}

/* The nodes that were made here speak to the manager with its credentials. */
static int pass_credentials_on(struct api_request *request, const struct pod_manager *row, struct error *err)
{
	struct pooled_node_filter filter = { .pod_manager_uuid = row->uuid };
	struct pooled_node *nodes;
	size_t count = 0;

	int rc = pooled_node_list(request->db, &filter, request->arena, &nodes, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		json_t *patch =
			json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "op", "add", "path",
				  "/driver_info/expether_username", "value", row->username, "op", "add",
				  "path", "/driver_info/expether_password", "value", row->password);

		if (nodes[i].is_from_valence)
			rc = valence_run_handler(request, node_patch, nodes[i].uuid, patch, err);
		else
			json_decref(patch);
	}
	return rc;
}

int valence_pod_manager_update(struct api_request *request, struct error *err)
{
	struct pod_manager row;
	const char *driver, *name;
	bool is_done = false;

	int rc = valence_check_body(request, schema_pod_manager_patch, err);
	if (rc == 0)
		rc = valence_find_pod_manager(request, request->ident[0], &row, err);
	if (rc < 0)
		return rc;
	driver = argument_text(request->body, "driver");
	name = argument_text(request->body, "name");
	if (driver)
		rc = check_driver(request, driver, err);
	if (rc == 0)
		rc = read_credentials(request, &row, err);
	if (rc < 0)
		return rc;
	if (name)
		row.name = name;
	rc = pod_manager_update(request->db, &row, &is_done, err);
	if (rc == -ERR_CONFLICT)
		return duplicate(request, err);
	if (rc == 0 && json_object_get(request->body, "authentication"))
		rc = pass_credentials_on(request, &row, err);
	return rc < 0 ? rc : reply_one(request, request->ident[0], err);
}

/* ---- delete ---- */

static int remove_nodes(struct api_request *request, const struct pod_manager *row, struct error *err)
{
	struct pooled_node_filter filter = { .pod_manager_uuid = row->uuid };
	struct pooled_node *nodes;
	size_t count = 0;

	int rc = pooled_node_list(request->db, &filter, request->arena, &nodes, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = valence_remove_node(request, &nodes[i], err);
	return rc;
}

int valence_pod_manager_delete(struct api_request *request, struct error *err)
{
	struct pod_manager row;
	bool is_done = false;

	int rc = valence_find_pod_manager(request, request->ident[0], &row, err);
	if (rc == 0)
		rc = remove_nodes(request, &row, err);
	if (rc == 0)
		rc = pod_manager_delete(request->db, row.id, &is_done, err);
	if (rc < 0)
		return rc;
	if (!is_done)
		return valence_fail(request, VALENCE_EXPETHER, err,
				    "Devices of the pod manager %s are still being taken back.", row.uuid);
	valence_reply_confirmation(request, "", "DELETED");
	return 0;
}
