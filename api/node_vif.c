/*
 * node_vif: virtual interfaces. Only the noop network interface exists: it takes every VIF and keeps none, as
 * Ironic's does, but it honours the node's lock.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/node.h"
#include "lib/json.h"
#include "lib/uuid.h"

/* From here on a VIF may name one of both, before they mean nothing. */
#define PORT_CHOICE_SINCE 67

static int check_id(const char *id, const char *what, struct error *err)
{
	if (uuid_is_valid(id) || node_name_is_valid(id))
		return 0;
	return fail(err, ERR_INVALID, "Expected UUID or name for %s: %.255s", what, id);
}

static int check_network(const struct node *node, struct error *err)
{
	if (strcmp(node_text(node, NODE_NETWORK_INTERFACE), "noop") == 0)
		return 0;
	return interface_unsupported(node_text(node, NODE_DRIVER), "network", err);
}

static int accept(struct api_request *request, struct error *err)
{
	struct node_wait wait = { 0 };
	struct node node;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = check_network(&node, err);
	if (rc == 0 && node_text(&node, NODE_RESERVATION))
		rc = node_wait_free(request, &wait, &node, err);
	if (rc == 0)
		rc = node_check_etag(request, &node, err);
	if (rc == 0)
		reply_empty(request, 204);
	node_release(&node);
	return rc;
}

int node_vifs_get(struct api_request *request, struct error *err)
{
	struct node node;

	node_init(&node);
	int rc = node_find(request, request->ident[0], &node, err);
	if (rc == 0)
		rc = check_network(&node, err);
	if (rc == 0) {
		reply_json(request, 200);
		buf_puts(&request->out->body, "{\"vifs\":[]}");
	}
	node_release(&node);
	return rc;
}

int node_vif_attach(struct api_request *request, struct error *err)
{
	const json_t *id = json_object_get(request->body, "id");
	int rc;

	if (!json_is_object(request->body))
		return fail(err, ERR_INVALID, "Schema error for vif: the body is not of type 'object'");
	if (!id)
		return fail(err, ERR_MISSING, "Schema error for vif: 'id' is a required property");
	if (!json_is_string(id))
		return fail(err, ERR_INVALID, "Schema error for vif: 'id' is not of type 'string'");
	rc = check_id(json_string_value(id), "id", err);
	if (rc < 0)
		return rc;
	if (request->version >= PORT_CHOICE_SINCE && json_object_get(request->body, "port_uuid") &&
	    json_object_get(request->body, "portgroup_uuid"))
		return fail(err, ERR_INVALID, "Cannot specify both port_uuid and portgroup_uuid");
	return accept(request, err);
}

int node_vif_detach(struct api_request *request, struct error *err)
{
	int rc = check_id(request->ident[1], "vif_id", err);

	return rc < 0 ? rc : accept(request, err);
}
