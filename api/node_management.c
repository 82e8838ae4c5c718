/* node_management: boot device, NMI, indicators, validate: the conductor does it, the API waits. */
#include <string.h>

#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/node.h"
#include "lib/json.h"

int node_boot_device_get(struct api_request *request, struct error *err)
{
	return dispatch_on_node(request, NULL, NULL, err);
}

int node_boot_device_set(struct api_request *request, struct error *err)
{
	const char *device = argument_text(request->body, "boot_device");

	if (!device)
		return fail(err, ERR_INVALID, "Invalid boot device None specified.");
	return dispatch_on_node(request,
				json_pack("{s:s, s:b}", "boot_device", device, "persistent",
					  argument_bool(request->body, "persistent") == 1),
				NULL, err);
}

int node_boot_device_supported(struct api_request *request, struct error *err)
{
	return dispatch_on_node(request, NULL, NULL, err);
}

int node_inject_nmi(struct api_request *request, struct error *err)
{
	return dispatch_on_node(request, NULL, NULL, err);
}

int node_validate(struct api_request *request, struct error *err)
{
	return dispatch_on_node(request, NULL, NULL, err);
}

int node_validate_by_query(struct api_request *request, struct error *err)
{
	const char *node = query_text(&request->query, "node");

	request->ident[0] = node ? node : query_text(&request->query, "node_uuid");
	if (!request->ident[0])
		return fail(err, ERR_MISSING, "Missing mandatory parameter: node");
	return dispatch_on_node(request, NULL, NULL, err);
}

/* ---- indicators ---- */

/* The conductor does not know by what address clients reach us: links are added here. */
static void add_links(struct api_request *request, const char *node_uuid, json_t *document)
{
	json_t *list = json_object_get(document, "indicators");
	struct buf links;

	buf_init(&links, 4096);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		const char *name = argument_text(item, "name");
		json_t *value = NULL;

		buf_clear(&links);
		json_out_links(
			&links, request->base,
			arena_printf(request->arena, "nodes/%s/management/indicators/%s", node_uuid, name));
		if (json_parse(links.data, links.len, 4, &value, NULL) == 0)
			json_object_set_new(item, "links", value);
	}
	buf_release(&links);
}

static int list_indicators(struct api_request *request, const struct node *node, struct error *err)
{
	struct dispatch dispatch = dispatch_of(request, node);
	struct action_view view = { 0 };
	json_t *document = NULL;

	int rc = dispatch_run(request, &dispatch, &view, err);
	if (rc < 0)
		return rc;
	rc = json_parse(view.result ? view.result : "", view.result_len, JSON_DEPTH_MAX, &document, err);
	if (rc == 0) {
		add_links(request, node_uuid(node), document);
		reply_json(request, 200);
		json_write(&request->out->body, document);
	} else {
		request->fault_status = 500;
	}
	json_decref(document);
	action_view_release(&view);
	return rc;
}

int node_indicators(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find_brief(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = list_indicators(request, &node, err);
	node_release(&node);
	return rc;
}

/* "led-0@chassis" as arguments of an action; NULL: malformed. */
static json_t *indicator_args(const char *ident)
{
	const char *at = strchr(ident, '@');

	if (!at || at == ident || !at[1] || strchr(at + 1, '@'))
		return NULL;
	return json_pack("{s:s%, s:s}", "name", ident, (size_t)(at - ident), "component", at + 1);
}

static int malformed_indicator(const char *ident, struct error *err)
{
	return fail(err, ERR_INVALID, "Expected \"indicator@component\", got: %s", ident);
}

int node_indicator_get(struct api_request *request, struct error *err)
{
	json_t *args = indicator_args(request->ident[1]);

	return args ? dispatch_on_node(request, args, NULL, err)
		    : malformed_indicator(request->ident[1], err);
}

int node_indicator_set(struct api_request *request, struct error *err)
{
	const char *state = argument_text(request->body, "state");
	json_t *args = indicator_args(request->ident[1]);

	if (!args)
		return malformed_indicator(request->ident[1], err);
	json_object_set_new(args, "state", state ? json_string(state) : json_null());
	return dispatch_on_node(request, args, NULL, err);
}
