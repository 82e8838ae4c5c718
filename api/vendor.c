/*
 * vendor: vendor passthru of nodes and drivers. The API knows no method by name: what the vendor interface
 * offers, for which HTTP methods and how, stands in rows that conductors publish.
 */
#include "api/vendor.h"

#include <string.h>

#include "api/dispatch.h"
#include "api/fleet.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "lib/json.h"

#define VENDOR "vendor"

/* ---- listings ---- */

static void write_method(struct buf *body, const struct conductor_method *method)
{
	json_out_comma(body);
	buf_json_string(body, method->name, strlen(method->name));
	buf_puts(body, ":{\"http_methods\":[");
	for (size_t i = 0; i < method->http_method_count; i++) {
		json_out_comma(body);
		buf_json_string(body, method->http_methods[i], strlen(method->http_methods[i]));
	}
	buf_printf(body, "],\"async\":%s,\"attach\":%s,\"description\":", method->is_async ? "true" : "false",
		   method->is_attach ? "true" : "false");
	buf_json_string(body, method->description, strlen(method->description));
	if (strcmp(method->level, "node") == 0)
		buf_printf(body, ",\"require_exclusive_lock\":%s", method->is_exclusive ? "true" : "false");
	buf_putc(body, '}');
}

static void reply_methods(struct api_request *request, const char *driver, const char *interface,
			  const char *level)
{
	const struct registry *registry = request->registry;
	struct buf *body = &request->out->body;

	reply_json(request, 200);
	buf_putc(body, '{');
	for (size_t i = 0; i < registry->method_count; i++) {
		const struct conductor_method *method = &registry->methods[i];

		if (strcmp(method->hardware_type, driver) == 0 &&
		    strcmp(method->interface_name, interface) == 0 && strcmp(method->level, level) == 0)
			write_method(body, method);
	}
	buf_putc(body, '}');
}

int vendor_node_methods(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		reply_methods(request, node_text(&node, NODE_DRIVER), node_text(&node, NODE_VENDOR_INTERFACE),
			      "node");
	node_release(&node);
	return rc;
}

/* Driver-level methods are those of the driver's default vendor interface. */
static int driver_interface(const struct api_request *request, const char *driver, const char **ret,
			    struct error *err)
{
	const struct conductor_interface *preset = registry_default(request->registry, driver, VENDOR);

	if (!registry_has_driver(request->registry, driver, NULL))
		return fail(err, ERR_NOT_FOUND, "The driver '%s' is unknown.", driver);
	*ret = preset ? preset->name : "";
	return 0;
}

int vendor_driver_methods(struct api_request *request, struct error *err)
{
	const char *interface = NULL;

	int rc = driver_interface(request, request->ident[0], &interface, err);
	if (rc == 0)
		reply_methods(request, request->ident[0], interface, "driver");
	return rc;
}

/* ---- calls ---- */

/* From the path, or from ?method=. */
static int method_name(const struct api_request *request, const char **ret, struct error *err)
{
	const char *name = request->ident[1] ? request->ident[1] : query_text(&request->query, "method");

	if (!name)
		return fail(err, ERR_MISSING, "Missing mandatory parameter: method");
	if (!name[0])
		return fail(err, ERR_INVALID, "Method not specified");
	*ret = name;
	return 0;
}

static int check_method(const struct conductor_method *method, const char *name, const char *verb,
			struct error *err)
{
	if (!method)
		return fail(err, ERR_INVALID, "No handler for method %s", name);
	for (size_t i = 0; i < method->http_method_count; i++) {
		if (strcmp(method->http_methods[i], verb) == 0)
			return 0;
	}
	return fail(err, ERR_INVALID, "The method %s does not support HTTP %s", name, verb);
}

/*
 * Arguments are the body. Clients send none with GET and DELETE and drop what they were given, so with these
 * two the query of .../vendor_passthru/<method>?name=value stands for it (Ironic refuses it, and offers no
 * other way).
 */
static int check_arguments(const struct api_request *request, struct error *err)
{
	const char *verb = request->http->method;
	bool is_without_body = strcmp(verb, "GET") == 0 || strcmp(verb, "DELETE") == 0;

	if (request->body && !json_is_object(request->body) && !json_is_null(request->body))
		return fail(err, ERR_INVALID, "The arguments of a vendor method must be a JSON object.");
	if (request->ident[1] && request->query.count > 0 && (request->body || !is_without_body))
		return fail(err, ERR_INVALID, "Unexpected arguments: %s", request->query.pairs[0].name);
	return 0;
}

static json_t *arguments_new(const struct api_request *request)
{
	json_t *args;

	if (json_is_object(request->body))
		return json_incref(request->body);
	args = json_object();
	for (size_t i = 0; request->ident[1] && i < request->query.count; i++)
		json_object_set_new(args, request->query.pairs[i].name,
				    json_string(request->query.pairs[i].value));
	return args;
}

static void fill(struct dispatch *dispatch, const struct conductor_method *method, const char *verb,
		 json_t *take_args)
{
	dispatch->on_crash = method->on_crash;
	dispatch->run_s = method->run_s;
	dispatch->is_exclusive = dispatch->node && method->is_exclusive;
	dispatch->args =
		json_pack("{s:s, s:s, s:o}", "method", method->name, "verb", verb, "args", take_args);
	if (dispatch->driver)
		json_object_set_new(dispatch->args, "driver", json_string(dispatch->driver));
}

static int call(struct api_request *request, const struct conductor_method *method, struct dispatch *dispatch,
		struct error *err)
{
	fill(dispatch, method, request->http->method, arguments_new(request));
	dispatch->reply = method->is_async ? REPLY_ACCEPTED : REPLY_RESULT;
	int rc = dispatch_reply(request, dispatch, NULL, err);
	json_decref(dispatch->args);
	return rc;
}

static int find_node_method(const struct api_request *request, const struct node *node, const char *verb,
			    const char *name, const struct conductor_method **ret, struct error *err)
{
	*ret = registry_method(request->registry, node_text(node, NODE_DRIVER),
			       node_text(node, NODE_VENDOR_INTERFACE), "node", name);
	int rc = fleet_check_pool(request->registry, node_text(node, NODE_CONDUCTOR_GROUP),
				  node_text(node, NODE_DRIVER), err);
	return rc < 0 ? rc : check_method(*ret, name, verb, err);
}

static int find_driver_method(const struct api_request *request, const char *driver, const char *verb,
			      const char *name, const struct conductor_method **ret, struct error *err)
{
	const char *interface = NULL;

	int rc = driver_interface(request, driver, &interface, err);
	if (rc < 0)
		return rc;
	*ret = registry_method(request->registry, driver, interface, "driver", name);
	return check_method(*ret, name, verb, err);
}

int vendor_node_call(struct api_request *request, struct error *err)
{
	const struct conductor_method *method = NULL;
	struct node node;
	struct dispatch dispatch = { .kind = "passthru", .node = &node, .is_whole = true };
	const char *name = NULL;

	node_init(&node);
	int rc = method_name(request, &name, err);
	if (rc == 0)
		rc = check_arguments(request, err);
	if (rc == 0)
		rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = find_node_method(request, &node, request->http->method, name, &method, err);
	if (rc == 0)
		rc = call(request, method, &dispatch, err);
	node_release(&node);
	return rc;
}

int vendor_driver_call(struct api_request *request, struct error *err)
{
	struct dispatch dispatch = { .kind = "driver_passthru",
				     .driver = request->ident[0],
				     .is_whole = true };
	const struct conductor_method *method = NULL;
	const char *name = NULL;

	int rc = method_name(request, &name, err);
	if (rc == 0)
		rc = check_arguments(request, err);
	if (rc == 0)
		rc = find_driver_method(request, request->ident[0], request->http->method, name, &method,
					err);
	return rc < 0 ? rc : call(request, method, &dispatch, err);
}

/* ---- on behalf of other handlers ---- */

static int run(struct api_request *request, struct dispatch *dispatch, json_t **ret, struct error *err)
{
	struct action_view view = { 0 };

	dispatch->reply = REPLY_RESULT;
	int rc = dispatch_run(request, dispatch, &view, err);
	json_decref(dispatch->args);
	if (rc < 0)
		return rc;
	*ret = NULL;
	if (view.result && strcmp(view.result_type, "application/json") == 0)
		rc = json_parse(view.result, view.result_len, JSON_VALUE_DEPTH_MAX, ret, err);
	action_view_release(&view);
	if (rc == 0 && !*ret)
		*ret = json_null();
	return rc < 0 ? fail(err, ERR_INTERNAL, "The conductor's result cannot be read.") : 0;
}

int vendor_run_on_node(struct api_request *request, const struct node *node, const char *verb,
		       const char *name, json_t *take_args, json_t **ret, struct error *err)
{
	struct dispatch dispatch = { .kind = "passthru", .node = node };
	const struct conductor_method *method = NULL;

	int rc = find_node_method(request, node, verb, name, &method, err);
	if (rc < 0) {
		json_decref(take_args);
		return rc;
	}
	fill(&dispatch, method, verb, take_args);
	return run(request, &dispatch, ret, err);
}

int vendor_run_on_driver(struct api_request *request, const char *driver, const char *verb, const char *name,
			 json_t *take_args, json_t **ret, struct error *err)
{
	struct dispatch dispatch = { .kind = "driver_passthru", .driver = driver };
	const struct conductor_method *method = NULL;

	int rc = find_driver_method(request, driver, verb, name, &method, err);
	if (rc < 0) {
		json_decref(take_args);
		return rc;
	}
	fill(&dispatch, method, verb, take_args);
	return run(request, &dispatch, ret, err);
}
