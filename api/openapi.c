/* openapi: paths and operations of the document, a walk of the route table. See openapi.h. */
#include "api/openapi.h"

#include <ctype.h>
#include <string.h>

#include "api/handlers.h"
#include "api/resource.h"
#include "api/route.h"
#include "api/version.h"
#include "lib/buf.h"
#include "lib/json.h"

#define DOCUMENT_MAX ((size_t)4 * 1024 * 1024)
#define TEXT_MAX     256

/* ---- names ---- */

/* What "{}" stands for, by the segment before it; others lose their "s". */
static const struct {
	const char *segment, *name;
} ident_names[] = {
	{ "vendor_passthru", "method" }, { "bios", "setting" },    { "history", "event" },
	{ "heartbeat", "node" },         { "chassis", "chassis" },
};

static void put_ident_name(struct buf *buf, const char *segment, size_t len)
{
	for (size_t i = 0; i < sizeof ident_names / sizeof ident_names[0]; i++) {
		if (strlen(ident_names[i].segment) == len &&
		    memcmp(ident_names[i].segment, segment, len) == 0) {
			buf_puts(buf, ident_names[i].name);
			return;
		}
	}
	buf_append(buf, segment, len - (segment[len - 1] == 's'));
}

/* "/v1/nodes/{}/traits/{}" as "/v1/nodes/{node}/traits/{trait}"; parameters gets the names. */
static void put_path(struct buf *path, const char *pattern, json_t *parameters)
{
	const char *segment = "";
	size_t len = 0;

	for (const char *p = pattern; *p;) {
		buf_putc(path, *p++);
		size_t next = strcspn(p, "/");
		if (*p == '{') {
			size_t begin = path->len + 1;

			buf_putc(path, '{');
			put_ident_name(path, segment, len);
			json_t *name = json_stringn(path->data + begin, path->len - begin);
			buf_putc(path, '}');
			json_array_append_new(parameters,
					      json_pack("{s:o, s:s, s:b, s:{s:s}}", "name", name, "in",
							"path", "required", 1, "schema", "type", "string"));
		} else {
			buf_append(path, p, next);
		}
		segment = p;
		len = next;
		p += next;
	}
}

/* "GET /v1/nodes/{node}" as "get_v1_nodes_node". */
static json_t *operation_id(const char *method, const char *path)
{
	struct buf id;

	buf_init(&id, TEXT_MAX);
	buf_puts(&id, method);
	for (const char *p = path; *p; p++) {
		if (isalnum((unsigned char)*p))
			buf_putc(&id, *p);
		else if (id.data[id.len - 1] != '_')
			buf_putc(&id, '_');
	}
	while (id.data[id.len - 1] == '_')
		id.len--;
	json_t *value = json_stringn(id.data, id.len);
	buf_release(&id);
	return value;
}

/* The first segment below /v1. */
static json_t *tag_of(const char *path)
{
	const char *word = strncmp(path, "/v1/", 4) == 0 ? path + 4 : "service";

	return json_stringn(word, strcspn(word, "/"));
}

/* ---- what is asked ---- */

static json_t *query_schema(const struct query_parameter *row)
{
	json_t *schema = NULL;

	switch (row->type) {
	case QUERY_TEXT:
	case QUERY_LIST:
		schema = openapi_type("string", false);
		break;
	case QUERY_BOOL:
	case QUERY_DETAIL:
		schema = openapi_type("boolean", false);
		break;
	case QUERY_INT:
		schema = json_pack("{s:s, s:i}", "type", "integer", "minimum", 1);
		break;
	case QUERY_UUID:
		schema = json_pack("{s:s, s:s}", "type", "string", "format", "uuid");
		break;
	}
	return schema;
}

static void add_query(json_t *parameters, const struct query_parameter *table)
{
	for (const struct query_parameter *row = table; row && row->name; row++) {
		bool is_any = strcmp(row->name, QUERY_ANY_NAME) == 0;
		json_t *parameter =
			json_pack("{s:s, s:s}", "name", is_any ? "arguments" : row->name, "in", "query");

		if (is_any)
			json_object_set_new(parameter, "schema",
					    json_pack("{s:s, s:{s:s}}", "type", "object",
						      "additionalProperties", "type", "string"));
		else
			json_object_set_new(parameter, "schema", query_schema(row));
		openapi_since(parameter, row->since);
		json_array_append_new(parameters, parameter);
	}
}

static json_t *argument_schema(const struct argument *row)
{
	static const char *const types[] = {
		[BODY_TEXT] = "string", [BODY_BOOL] = "boolean",  [BODY_INT] = "integer",
		[BODY_UUID] = "string", [BODY_OBJECT] = "object", [BODY_LIST] = "array",
	};
	json_t *schema = row->type == BODY_ANY ? json_object() : openapi_type(types[row->type], true);

	/* Words and digits are taken too. */
	if (row->type == BODY_BOOL || row->type == BODY_INT)
		json_array_append_new(json_object_get(schema, "type"), json_string("string"));
	if (row->type == BODY_UUID)
		json_object_set_new(schema, "format", json_string("uuid"));
	openapi_since(schema, row->since);
	return schema;
}

static json_t *arguments_schema(const struct argument *table)
{
	json_t *properties = json_object(), *required = json_array();

	for (const struct argument *row = table; row && row->name; row++) {
		json_object_set_new(properties, row->name, argument_schema(row));
		if (row->is_required)
			json_array_append_new(required, json_string(row->name));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0, "properties",
			 properties, "required", required);
}

/* Bodies of handlers that check them by themselves. */
static const struct {
	request_handler *handle;
	const char *asked, *answered; /* components; NULL: any JSON */
} shapes[] = {
	{ node_list, NULL, "NodeList" },
	{ node_list_detail, NULL, "NodeList" },
	{ chassis_nodes, NULL, "NodeList" },
	{ node_create, "NodeCreate", "Node" },
	{ node_show, NULL, "Node" },
	{ node_patch, "JsonPatch", "Node" },
	{ allocation_create, "AllocationCreate", "Allocation" },
	{ allocation_show_of_node, NULL, "Allocation" },
};

static json_t *asked_schema(const struct route *row)
{
	if (row->body == BODY_ARGUMENTS)
		return arguments_schema(row->arguments);
	if (row->handle == resource_route_create)
		return openapi_resource_ref(row->resource->resource, "Create");
	if (row->handle == resource_route_patch)
		return openapi_ref("schemas", "JsonPatch");
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		if (shapes[i].handle == row->handle && shapes[i].asked)
			return openapi_ref("schemas", shapes[i].asked);
	}
	return json_object();
}

static json_t *json_content(json_t *take_schema)
{
	return json_pack("{s:{s:o}}", "application/json", "schema", take_schema);
}

/* ---- what is answered ---- */

static json_t *answered_schema(const struct route *row)
{
	if (row->resource) {
		bool is_one = row->handle == resource_route_show || row->handle == resource_route_create ||
			      row->handle == resource_route_patch;

		return openapi_resource_ref(row->resource->resource, is_one ? "" : "List");
	}
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		if (shapes[i].handle == row->handle)
			return openapi_ref("schemas", shapes[i].answered);
	}
	return json_object();
}

static bool makes_action(const struct route *row)
{
	return row->action.kind || row->handle == vendor_node_call || row->handle == vendor_driver_call;
}

static bool is_get(const char *method)
{
	return strcmp(method, "get") == 0 || strcmp(method, "head") == 0;
}

/* Passthru is done on condition, and its answer is no document of the node. */
static bool shows_etag(const struct route *row)
{
	return row->has_etag && row->handle != vendor_node_call;
}

static json_t *headers_of(const struct route *row, int status)
{
	json_t *headers = json_object();

	if (shows_etag(row) && (status == 200 || status == 201))
		json_object_set_new(headers, "ETag", openapi_ref("headers", "ETag"));
	if (makes_action(row))
		json_object_set_new(headers, "Ferrule-Action", openapi_ref("headers", "Ferrule-Action"));
	if (status == 201)
		json_object_set_new(headers, "Location", openapi_ref("headers", "Location"));
	return headers;
}

static json_t *success(const struct route *row, int status)
{
	json_t *answer = json_pack("{s:s, s:o}", "description", status == 202 ? "Accepted" : "Done",
				   "headers", headers_of(row, status));

	if (row->produces)
		json_object_set_new(answer, "content",
				    json_pack("{s:{s:{s:s}}}", row->produces, "schema", "type", "string"));
	else if (status == 200 || status == 201)
		json_object_set_new(answer, "content", json_content(answered_schema(row)));
	return answer;
}

static void add_refusal(json_t *responses, const char *status)
{
	json_object_set_new(responses, status, openapi_ref("responses", status));
}

static json_t *responses_of(const struct route *row, const char *method)
{
	json_t *responses = json_object();
	int status = route_status(row);

	json_object_set_new(responses,
			    status == 202   ? "202"
			    : status == 201 ? "201"
			    : status == 204 ? "204"
					    : "200",
			    success(row, status));
	if (row->handle == vendor_node_call || row->handle == vendor_driver_call)
		json_object_set_new(responses, "202", success(row, 202));
	if (shows_etag(row) && is_get(method))
		add_refusal(responses, "304");
	if (route_has_condition(row) && !is_get(method))
		add_refusal(responses, "412");
	if (makes_action(row))
		add_refusal(responses, "422");
	json_object_set_new(responses, "default", openapi_ref("responses", "refused"));
	return responses;
}

/* ---- operations ---- */

static void add_headers(json_t *parameters, const struct route *row, const char *method)
{
	bool is_write = !is_get(method) && route_has_condition(row);

	json_array_append_new(parameters, openapi_ref("parameters", "version"));
	if (is_write)
		json_array_append_new(parameters, openapi_ref("parameters", "If-Match"));
	if (shows_etag(row) && is_get(method))
		json_array_append_new(parameters, openapi_ref("parameters", "If-None-Match"));
	if (makes_action(row))
		json_array_append_new(parameters, openapi_ref("parameters", "Idempotency-Key"));
	if (is_write || makes_action(row))
		json_array_append_new(parameters, openapi_ref("parameters", "Prefer"));
}

static json_t *action_of(const struct route *row)
{
	return json_pack("{s:s, s:b, s:s, s:i}", "kind", row->action.kind, "exclusive",
			 row->action.is_exclusive, "on_crash", row->action.on_crash, "run_s",
			 row->action.run_s);
}

static json_t *operation_new(const struct route *row, const char *method, const char *path)
{
	json_t *operation = json_pack("{s:o, s:[o]}", "operationId", operation_id(method, path), "tags",
				      tag_of(row->path));
	json_t *parameters = json_array();

	openapi_since(operation, row->since);
	add_query(parameters, row->query);
	add_headers(parameters, row, method);
	json_object_set_new(operation, "parameters", parameters);
	if (row->body != BODY_NONE && !is_get(method))
		json_object_set_new(operation, "requestBody",
				    json_pack("{s:o}", "content", json_content(asked_schema(row))));
	json_object_set_new(operation, "responses", responses_of(row, method));
	if (row->action.kind)
		json_object_set_new(operation, "x-action", action_of(row));
	if (row->is_public)
		json_object_set_new(operation, "security", json_array());
	return operation;
}

/* The path's object in paths, with the parameters of the path. */
static json_t *item_of(json_t *paths, const char *path, json_t *idents)
{
	json_t *item = json_object_get(paths, path);

	if (item)
		return item;
	item = json_object();
	json_object_set_new(paths, path, item);
	if (json_array_size(idents) > 0)
		json_object_set(item, "parameters", idents);
	return item;
}

static void add_method(json_t *item, const struct route *row, const char *word, const char *path)
{
	char method[8] = "";

	for (size_t i = 0; word[i] && i + 1 < sizeof method; i++)
		method[i] = (char)tolower((unsigned char)word[i]);
	json_object_set_new(item, method, operation_new(row, method, path));
}

static void add_route(json_t *paths, const struct route *row)
{
	static const char *const any[] = { "get", "post", "put", "patch", "delete" };
	json_t *idents = json_array();
	struct buf path;

	buf_init(&path, TEXT_MAX);
	put_path(&path, row->path, idents);
	json_t *item = item_of(paths, path.data, idents);
	if (row->method[0] != '*')
		add_method(item, row, row->method, path.data);
	for (size_t i = 0; row->method[0] == '*' && i < sizeof any / sizeof any[0]; i++)
		add_method(item, row, any[i], path.data);
	json_decref(idents);
	buf_release(&path);
}

static json_t *paths_new(void)
{
	json_t *paths = json_object();

	for (const struct route *row = routes; row->method; row++) {
		if (row->handle != root_refuse_method && row->handle != node_missing_ident &&
		    row->handle != resource_route_refuse && row->handle != resource_route_missing_ident)
			add_route(paths, row);
	}
	return paths;
}

/* ---- the document ---- */

static json_t *header_parameter(const char *name, const char *description)
{
	return json_pack("{s:s, s:s, s:s, s:{s:s}}", "name", name, "in", "header", "description", description,
			 "schema", "type", "string");
}

static json_t *parameters_new(void)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o}", "version",
		header_parameter("X-OpenStack-Ironic-API-Version",
				 "The microversion, 1.1 to 1.115, or latest. Without it, 1.1."),
		"If-Match",
		header_parameter("If-Match", "ETags of the states in which to do it; in any other, 412."),
		"If-None-Match",
		header_parameter("If-None-Match", "ETags of documents that are known; then, 304."),
		"Idempotency-Key",
		header_parameter("Idempotency-Key",
				 "Names the request: sent again with the same key it is not done again."),
		"Prefer",
		header_parameter("Prefer",
				 "wait=N: how many seconds to stand in line for a node that is locked."));
}

static json_t *answer_header(const char *description)
{
	return json_pack("{s:s, s:{s:s}}", "description", description, "schema", "type", "string");
}

static json_t *refusal(const char *description)
{
	return json_pack("{s:s, s:o}", "description", description, "content",
			 json_content(openapi_ref("schemas", "Error")));
}

static json_t *components_new(void)
{
	return json_pack("{s:o, s:o, s:{s:o, s:o, s:o}, s:{s:{s:s}, s:o, s:o, s:o}, s:{s:{s:s, s:s}}}",
			 "schemas", openapi_schemas_new(), "parameters", parameters_new(), "headers", "ETag",
			 answer_header("A strong tag of the state and of the document."), "Ferrule-Action",
			 answer_header("Path of the action, as /v1/actions/{action}."), "Location",
			 answer_header("URL of what was made."), "responses", "304", "description",
			 "The document is what If-None-Match names.", "412",
			 refusal("It is not in a state that If-Match names; nothing was done."), "422",
			 refusal("The Idempotency-Key was used for another request."), "refused",
			 refusal("Refused, or failed."), "securitySchemes", "basic", "type", "http", "scheme",
			 "basic");
}

static json_t *document_new(void)
{
	return json_pack(
		"{s:s, s:{s:s, s:s, s:s, s:o, s:o}, s:[{s:s}], s:[{}, {s:[]}], s:o, s:o}", "openapi", "3.1.0",
		"info", "title", "Ferrule", "version", FERRULE_VERSION, "description",
		"Ironic's bare-metal API. x-since says which microversion brought something; what is newer "
		"than a request's version is hidden in answers and refused in requests.",
		"x-version-min", json_sprintf("1.%d", VERSION_MIN), "x-version-max",
		json_sprintf("1.%d", VERSION_MAX), "servers", "url", "/", "security", "basic", "paths",
		paths_new(), "components", components_new());
}

const char *openapi_text(size_t *ret_len)
{
	static struct buf text;

	if (!text.data) {
		json_t *document = document_new();

		buf_init(&text, DOCUMENT_MAX);
		json_write(&text, document);
		json_decref(document);
	}
	*ret_len = text.len;
	return text.data;
}

int openapi_show(struct api_request *request, struct error *err)
{
	size_t len;
	const char *text = openapi_text(&len);

	(void)err;
	reply_json(request, 200);
	buf_append(&request->out->body, text, len);
	return 0;
}
