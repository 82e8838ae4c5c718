#include "api/node.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "api/etag.h"
#include "api/node_json.h"
#include "api/prefer.h"
#include "api/server.h"
#include "lib/clock.h"
#include "lib/uuid.h"

#define FREE_POLL_MS   100
#define NAMES_SINCE    5
#define NAMES_FREE     10 /* before, names were those of hosts */
#define HOST_LABEL_MAX 63

/* What names were once: labels of at most 63, the first without '_' and with no '-' at its ends. */
static bool is_host_name(const char *name)
{
	for (const char *label = name; *label; label++) {
		bool is_first = label == name;
		size_t len = strspn(label, is_first ? "abcdefghijklmnopqrstuvwxyz0123456789-"
						    : "abcdefghijklmnopqrstuvwxyz0123456789-_");

		if (len == 0 || len > HOST_LABEL_MAX || !isalnum((unsigned char)label[len - 1]) ||
		    (is_first && label[0] == '-'))
			return false;
		label += len;
		if (*label != '.')
			return *label == '\0';
	}
	return *name != '\0';
}

bool node_name_suits(const char *name, int version)
{
	return node_name_is_valid(name) && (version >= NAMES_FREE || is_host_name(name));
}

/* The name that the path means: what stands before ".json", or that too if nothing is called so. */
SUSPENDS static int name_of(struct api_request *request, const char *ident, const char **ret,
			    struct error *err)
{
	struct node node;
	int rc = 0;

	*ret = ident;
	if (!request->has_json_suffix)
		return 0;
	node_init(&node);
	rc = node_read_brief(request->db, NULL, ident, &node, err);
	node_release(&node);
	if (rc == -ERR_NOT_FOUND)
		*ret = arena_printf(request->arena, "%s" JSON_SUFFIX, ident);
	return rc == -ERR_NOT_FOUND ? 0 : rc;
}

int node_not_found(const char *ident, struct error *err)
{
	return fail(err, ERR_NOT_FOUND, "Node %s could not be found.", ident);
}

int node_ident(struct api_request *request, const char *ident, const char **ret_uuid, const char **ret_name,
	       struct error *err)
{
	*ret_uuid = *ret_name = NULL;
	if (uuid_is_valid(ident)) {
		*ret_uuid = ident;
		return 0;
	}
	if (!node_name_is_valid(ident)) {
		reply_router_refusal(
			request, 400,
			arena_printf(request->arena, "Expected UUID or name for node: %s", ident));
		return 1;
	}
	if (request->version < NAMES_SINCE)
		return node_not_found(ident, err);
	return name_of(request, ident, ret_name, err);
}

/* From here on the log's lines name the node. */
static int label_node(struct api_request *request, const struct node *node)
{
	request->labels.node_uuid = arena_strdup(request->arena, node_uuid(node));
	return 0;
}

int node_find(struct api_request *request, const char *ident, struct node *ret, struct error *err)
{
	const char *uuid, *name;

	int rc = node_ident(request, ident, &uuid, &name, err);
	if (rc != 0)
		return rc;
	rc = node_read(request->db, uuid, name, 0, ret, err);
	return rc == 0 ? label_node(request, ret) : rc == -ERR_NOT_FOUND ? node_not_found(ident, err) : rc;
}

int node_find_brief(struct api_request *request, const char *ident, struct node *ret, struct error *err)
{
	const char *uuid, *name;

	int rc = node_ident(request, ident, &uuid, &name, err);
	if (rc != 0)
		return rc;
	rc = node_read_brief(request->db, uuid, name, ret, err);
	return rc == 0 ? label_node(request, ret) : rc == -ERR_NOT_FOUND ? node_not_found(ident, err) : rc;
}

int node_find_row(struct api_request *request, const char *ident, struct db_rows **ret, struct error *err)
{
	const char *uuid, *name;

	int rc = node_ident(request, ident, &uuid, &name, err);
	if (rc != 0)
		return rc;
	rc = node_read_row(request->db, uuid, name, ret, err);
	return rc == -ERR_NOT_FOUND ? node_not_found(ident, err) : rc;
}

void node_reply_row(struct api_request *request, const struct db_rows *rows, int status, bool is_update)
{
	struct node_view view;

	reply_json(request, status);
	node_view_all(&view, request->version);
	view.holder = is_update ? server_host() : NULL;
	node_json_write(&request->out->body, request, &view, rows, 0);
	etag_reply(request, db_value_int(rows, 0, NODE_ROW_ID), db_value_int(rows, 0, NODE_ROW_VERSION));
}

int node_reply(struct api_request *request, const char *uuid, int status, bool is_update, struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = node_read_row(request->db, uuid, NULL, &rows, err);
	if (rc == -ERR_NOT_FOUND)
		return node_not_found(uuid, err);
	if (rc < 0)
		return rc;
	node_reply_row(request, rows, status, is_update);
	db_rows_release(rows);
	return 0;
}

int node_check_etag(const struct api_request *request, const struct node *node, struct error *err)
{
	const struct etag_row row = { "Node", node_uuid(node), node->id, node->version };

	return etag_check(request, &row, err);
}

int node_locked(const struct node *node, struct error *err)
{
	return fail(err, ERR_NODE_LOCKED,
		    "Node %s is locked by host %s, please retry after the current operation is completed.",
		    node_uuid(node), server_host_shown(node_text(node, NODE_RESERVATION)));
}

int node_wait_free(struct api_request *request, struct node_wait *wait, struct node *node, struct error *err)
{
	if (wait->deadline_ms == 0)
		wait->deadline_ms = clock_ms() + prefer_wait_ms(request);
	for (;;) {
		struct node fresh;
		int64_t id = node->id;

		node_init(&fresh);
		int rc = node_read(request->db, NULL, NULL, id, &fresh, err);
		if (rc == -ERR_NOT_FOUND)
			return node_not_found(node_uuid(node), err);
		if (rc < 0)
			return rc;
		node_release(node);
		*node = fresh;
		if (!node_text(node, NODE_RESERVATION))
			return 0;
		if (clock_ms() >= wait->deadline_ms)
			return node_locked(node, err);
		if (http_response_is_gone(request->out) || fiber_sleep(FREE_POLL_MS) < 0)
			return fail(err, ERR_CANCELLED, "The request was given up.");
	}
}
