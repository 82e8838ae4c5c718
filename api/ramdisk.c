/*
 * ramdisk: what an agent inside a booted node asks without a login: who it is (lookup), and that it lives
 * (heartbeat). A node is shown only while a workflow may have booted it, and its token once.
 */
#include <ctype.h>
#include <string.h>

#include "api/field.h"
#include "api/handlers.h"
#include "api/node.h"
#include "api/node_json.h"
#include "api/resource.h"
#include "db/address_owner.h"
#include "db/node_write.h"
#include "lib/uuid.h"
#include "model/states.h"

#define TOKEN_SINCE   62
#define ADDRESSES_MAX 200
#define HEARTBEAT_S   300
#define TOKEN         "agent_secret_token"
#define MASKED        "******"

/* One text for all, so that nobody learns which nodes there are. */
static int not_found(struct error *err)
{
	return fail(err, ERR_NOT_FOUND, "Resource could not be found.");
}

static bool may_be_booted(const struct node *node)
{
	static const enum provision_state states[] = {
		PROVISION_DEPLOYING, PROVISION_DEPLOYWAIT, PROVISION_CLEANING,
		PROVISION_CLEANWAIT, PROVISION_INSPECTING, PROVISION_INSPECTWAIT,
		PROVISION_RESCUING,  PROVISION_RESCUEWAIT, PROVISION_SERVICEWAIT,
	};
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));
	bool is_found = false;

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		is_found = is_found || states[i] == state;
	return is_found;
}

/* The MAC addresses in the list, in lower case; others are skipped. Empty: there is none. */
static const char *keep_addresses(struct api_request *request, const char *list)
{
	char *kept = arena_strdup(request->arena, list);
	size_t len = 0;

	for (int count = 0; *list && count < ADDRESSES_MAX; count++) {
		size_t part = strcspn(list, ",");
		const char *one = arena_strndup(request->arena, list, part);

		if (resource_is_mac(one)) {
			if (len)
				kept[len++] = ',';
			for (size_t i = 0; i < part; i++)
				kept[len++] = (char)tolower((unsigned char)one[i]);
		}
		list += part;
		list += *list == ',';
	}
	kept[len] = '\0';
	return kept;
}

static int find_node(struct api_request *request, struct node *ret, struct error *err)
{
	const char *uuid = query_text(&request->query, "node_uuid");
	const char *list = query_text(&request->query, "addresses");
	const char *addresses = list ? keep_addresses(request, list) : "";
	struct db_rows *rows = NULL;
	int rc = 0;

	if (!uuid && !addresses[0])
		return fail(err, ERR_INVALID,
			    "At least one of 'addresses' and 'node_uuid' parameters is required");
	if (!uuid) {
		rc = address_owner(request->db, addresses, &rows, err);
		uuid = rc == 0 ? arena_strdup(request->arena, db_value(rows, 0, 0)) : NULL;
		db_rows_release(rows);
	}
	if (rc == 0)
		rc = node_read(request->db, uuid, NULL, 0, ret, err);
	return rc == -ERR_NOT_FOUND || (rc == 0 && !may_be_booted(ret)) ? not_found(err) : rc;
}

/* Gives the node a token if it has none. The token leaves once; who asks again gets stars. */
static int give_token(struct api_request *request, struct node *node, const char **ret, struct error *err)
{
	struct node_wait wait = { 0 };
	bool is_done = false;
	int rc = 0;

	*ret = MASKED;
	while (rc == 0 && !is_done) {
		char first[UUID_TEXT], second[UUID_TEXT];
		json_t *info = node_object(node, NODE_DRIVER_INTERNAL_INFO);

		if (json_object_get(info, TOKEN))
			return 0;
		uuid_new(first);
		uuid_new(second);
		*ret = arena_printf(request->arena, "%s%s", first, second);
		json_object_set_new(info, TOKEN, json_string(*ret));
		const struct change change = node_change(
			NODE_DRIVER_INTERNAL_INFO,
			field_text(node_field_info(NODE_DRIVER_INTERNAL_INFO), info, request->arena));
		rc = node_row_update(request->db, node->id, node->version, &change, 1, &is_done, err);
		if (rc == 0 && !is_done)
			rc = node_wait_free(request, &wait, node, err);
	}
	return rc;
}

static int reply(struct api_request *request, const struct node *node, const char *token, struct error *err)
{
	struct buf *body = &request->out->body;
	struct db_rows *rows = NULL;
	struct node_view view;

	int rc = node_view_fields(&view, "uuid,properties,instance_info,driver_internal_info",
				  request->version, err);
	if (rc == 0)
		rc = node_read_row(request->db, node_uuid(node), NULL, &rows, err);
	if (rc == -ERR_NOT_FOUND)
		return not_found(err);
	if (rc < 0)
		return rc;
	reply_json(request, 200);
	buf_puts(body, "{\"node\":");
	node_json_write(body, request, &view, rows, 0);
	buf_printf(body,
		   ",\"config\":{\"heartbeat_timeout\":%d,\"agent_token_required\":true,\"agent_token\":",
		   HEARTBEAT_S);
	if (token)
		buf_printf(body, "\"%s\"}}", token);
	else
		buf_puts(body, "null}}");
	db_rows_release(rows);
	return 0;
}

int ramdisk_lookup(struct api_request *request, struct error *err)
{
	const char *token = NULL;
	struct node node;

	node_init(&node);
	int rc = find_node(request, &node, err);
	if (rc == 0 && request->version >= TOKEN_SINCE)
		rc = give_token(request, &node, &token, err);
	if (rc == 0)
		rc = reply(request, &node, token, err);
	node_release(&node);
	return rc;
}
