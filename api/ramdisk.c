/*
 * ramdisk: what an agent inside a booted node asks without a login: who it is (lookup), and that it lives
 * (heartbeat). A node is shown only while a workflow may have booted it, and its token once.
 */
#include "api/ramdisk.h"

#include <ctype.h>
#include <string.h>

#include "api/argument.h"
#include "api/dispatch.h"
#include "api/handlers.h"
#include "api/node.h"
#include "api/node_json.h"
#include "api/resource.h"
#include "db/address_owner.h"
#include "db/node_write.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/netaddr.h"
#include "lib/uuid.h"
#include "model/field.h"
#include "model/states.h"

#define TOKEN_SINCE  62
#define HEARTBEAT_S  300
#define RESUME_RUN_S 86400
#define TOKEN        "agent_secret_token"
#define MASKED       "******"

int ramdisk_not_found(struct error *err)
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

const char *ramdisk_addresses(struct api_request *request, const char *list)
{
	char *kept = arena_strdup(request->arena, list);
	size_t len = 0;

	for (int count = 0; *list && count < RAMDISK_ADDRESSES_MAX; count++) {
		size_t part = strcspn(list, ",");
		const char *one = arena_strndup(request->arena, list, part);

		if (netaddr_is_mac(one)) {
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

/* By uuid or, when that is NULL, by addresses. */
static int find_node(struct api_request *request, const char *uuid, const char *addresses, struct node *ret,
		     struct error *err)
{
	struct db_rows *rows = NULL;
	int rc = 0;

	if (!uuid) {
		rc = address_owner(request->db, addresses, &rows, err);
		uuid = rc == 0 ? arena_strdup(request->arena, db_value(rows, 0, 0)) : NULL;
		db_rows_release(rows);
	}
	if (rc == 0)
		rc = node_read(request->db, uuid, NULL, 0, ret, err);
	return rc == -ERR_NOT_FOUND || (rc == 0 && !may_be_booted(ret)) ? ramdisk_not_found(err) : rc;
}

int ramdisk_give_token(struct api_request *request, struct node *node, const char **ret, struct error *err)
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

int ramdisk_reply(struct api_request *request, const struct node *node, const char *token, int status,
		  struct error *err)
{
	struct buf *body = &request->out->body;
	struct db_rows *rows = NULL;
	struct node_view view;

	int rc = node_view_fields(&view, "uuid,properties,instance_info,driver_internal_info",
				  request->version, err);
	if (rc == 0)
		rc = node_read_row(request->db, node_uuid(node), NULL, &rows, err);
	if (rc == -ERR_NOT_FOUND)
		return ramdisk_not_found(err);
	if (rc < 0)
		return rc;
	reply_json(request, status);
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
	const char *uuid = query_text(&request->query, "node_uuid");
	const char *list = query_text(&request->query, "addresses");
	const char *addresses = list ? ramdisk_addresses(request, list) : "";
	const char *token = NULL;
	struct node node;

	if (!uuid && !addresses[0])
		return fail(err, ERR_INVALID,
			    "At least one of 'addresses' and 'node_uuid' parameters is required");
	node_init(&node);
	int rc = find_node(request, uuid, addresses, &node, err);
	if (rc == 0 && request->version >= TOKEN_SINCE)
		rc = ramdisk_give_token(request, &node, &token, err);
	if (rc == 0)
		rc = ramdisk_reply(request, &node, token, 200, err);
	node_release(&node);
	return rc;
}

/* ---- heartbeat ---- */

/* Arguments of a heartbeat stand in the query or in the body. */
static const char *argument_of(const struct api_request *request, const char *name)
{
	const char *text = query_text(&request->query, name);

	return text ? text : argument_text(request->body, name);
}

static int check_heartbeat(const struct api_request *request, struct error *err)
{
	static const struct {
		const char *name;
		int since;
	} rows[] = {
		{ "agent_version", 36 },
		{ "agent_verify_ca", 68 },
		{ "agent_status", 72 },
		{ "agent_status_message", 72 },
	};
	const char *status = argument_of(request, "agent_status");

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (request->version < rows[i].since && argument_of(request, rows[i].name))
			return fail(err, ERR_INVALID, "Field \"%s\" not recognised", rows[i].name);
	}
	if (!argument_of(request, "callback_url"))
		return fail(err, ERR_MISSING, "Missing mandatory parameter callback_url");
	if (status && strcmp(status, "start") != 0 && strcmp(status, "end") != 0 &&
	    strcmp(status, "error") != 0)
		return fail(err, ERR_INVALID, "Agent status is invalid. Valid states are start,end,error.");
	return argument_of(request, "agent_token")
		       ? 0
		       : fail(err, ERR_INVALID, "Agent token is required for heartbeat processing.");
}

static bool is_same_secret(const char *a, const char *b)
{
	size_t len = strlen(a);
	unsigned char difference = strlen(b) != len;

	for (size_t i = 0; !difference && i < len; i++)
		difference = (unsigned char)(difference | (a[i] ^ b[i]));
	return !difference;
}

/* Is it the agent of this node, and where it was before? */
static int check_agent(const struct api_request *request, struct node *node, struct error *err)
{
	json_t *info = node_object(node, NODE_DRIVER_INTERNAL_INFO);
	const char *token = json_string_value(json_object_get(info, TOKEN));
	const char *known = json_string_value(json_object_get(info, "agent_url"));
	const char *url = argument_of(request, "callback_url");

	if (url[0] && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return fail(err, ERR_INVALID,
			    "An issue with the supplied \"callback_url\" has been detected.");
	if (known && strcmp(known, url) != 0)
		return fail(err, ERR_INVALID, "Detected change in ramdisk provided \"callback_url\"");
	if (!token || !is_same_secret(argument_of(request, "agent_token"), token))
		return fail(err, ERR_INVALID, "Invalid or missing agent token received.");
	return 0;
}

static int record_agent(struct api_request *request, struct node *node, bool *is_done, struct error *err)
{
	json_t *info = node_object(node, NODE_DRIVER_INTERNAL_INFO);
	const char *version = argument_of(request, "agent_version");
	char now[40];

	clock_wall_text(now, sizeof now);
	json_object_set_new(info, "agent_url", json_string(argument_of(request, "callback_url")));
	json_object_set_new(info, "agent_last_heartbeat", json_string(now));
	if (version)
		json_object_set_new(info, "agent_version", json_string(version));
	const struct change change =
		node_change(NODE_DRIVER_INTERNAL_INFO,
			    field_text(node_field_info(NODE_DRIVER_INTERNAL_INFO), info, request->arena));
	return node_row_update(request->db, node->id, node->version, &change, 1, is_done, err);
}

static bool waits_for_agent(const struct node *node)
{
	enum provision_state state = provision_state_find(node_text(node, NODE_PROVISION_STATE));

	return !node_bool(node, NODE_MAINTENANCE) &&
	       (state == PROVISION_CLEANWAIT || state == PROVISION_DEPLOYWAIT ||
		state == PROVISION_SERVICEWAIT || state == PROVISION_RESCUEWAIT);
}

/* The node goes on from where it waits. The heartbeat is recorded in any case: if this is refused, because
 * the node is held or has moved meanwhile, the agent's next one asks again. */
static void resume(struct api_request *request, const struct node *node)
{
	const struct dispatch dispatch = {
		.kind = "provision_resume",
		.reply = REPLY_ACCEPTED,
		.is_exclusive = true,
		.on_crash = "never",
		.run_s = RESUME_RUN_S,
		.node = node,
	};
	struct error err;

	if (dispatch_run(request, &dispatch, NULL, &err) < 0) {
		log_info("Node %s does not go on at a heartbeat: %s", node_uuid(node), err.text);
		request->fault_status = 0;
	}
}

int ramdisk_heartbeat(struct api_request *request, struct error *err)
{
	struct node_wait wait = { 0 };
	struct node node;
	bool is_done = false;

	int rc = check_heartbeat(request, err);
	if (rc < 0)
		return rc;
	node_init(&node);
	rc = node_find(request, request->ident[0], &node, err);
	while (rc == 0 && !is_done) {
		rc = check_agent(request, &node, err);
		if (rc == 0)
			rc = record_agent(request, &node, &is_done, err);
		if (rc == 0 && !is_done)
			rc = node_wait_free(request, &wait, &node, err);
	}
	if (rc == 0 && waits_for_agent(&node))
		resume(request, &node);
	if (rc == 0)
		reply_empty(request, 202);
	node_release(&node);
	return rc;
}
