/*
 * server: what is answered to a request: the commands of sessions here, all others by the BMC behind. Source:
 * IPMI 2.0 sections 22.13-22.20.
 */
#include <assert.h>
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server_session.h"

enum { CHANNEL_LAN = 1, CHANNEL_THIS = 0x0e };

static void answer_put(struct server_answer *answer, const uint8_t *data, size_t len)
{
	memcpy(answer->data + answer->len, data, len);
	answer->len += len;
}

static bool has_user(const struct ipmi_server *server, bool is_null, bool is_open)
{
	for (size_t i = 0; i < server->config.user_count; i++) {
		const struct ipmi_server_user *user = &server->config.users[i];
		if (user->limit != 0 && (user->name[0] == '\0') == is_null &&
		    (!is_open || user->password[0] == '\0'))
			return true;
	}
	return false;
}

static void auth_capabilities(const struct ipmi_server *server, const struct ipmi_message *request,
			      struct server_answer *answer)
{
	uint8_t channel = request->data[0] & 0x0f, privilege = request->data[1] & 0x0f;

	if ((channel != CHANNEL_THIS && channel != CHANNEL_LAN) || privilege == 0 ||
	    privilege > IPMI_ADMINISTRATOR) {
		answer->completion = COMPLETION_INVALID_FIELD;
		return;
	}
	const struct auth_capabilities capabilities = {
		.channel = CHANNEL_LAN,
		.auth_types = server->config.auth_types,
		.has_kg = server->config.kg != NULL,
		.is_per_message_off = server->config.is_message_auth_off,
		.has_named_users = has_user(server, false, false),
		.has_null_users = has_user(server, true, false),
		.has_anonymous = has_user(server, true, true),
		.is_extended = request->data[0] & 0x80,
		.has_15 = server->config.auth_types != 0,
		.has_20 = true,
	};
	answer->len = auth_capabilities_encode(&capabilities, answer->data);
}

static void cipher_suites(const struct ipmi_server *server, const struct ipmi_message *request,
			  struct server_answer *answer)
{
	uint8_t records[5 * 32], channel = CHANNEL_LAN;
	size_t len = 0, from = (size_t)(request->data[2] & 0x3f) * 16;
	const struct cipher_suite *suite;

	for (size_t i = 0; (suite = cipher_suite_at(i)) != NULL; i++) {
		if (!(server->config.suites & (uint32_t)1 << suite->id))
			continue;
		const uint8_t record[] = { 0xc0, suite->id, suite->algorithms.authentication,
					   (uint8_t)(0x40 | suite->algorithms.integrity),
					   (uint8_t)(0x80 | suite->algorithms.confidentiality) };
		memcpy(records + len, record, sizeof(record));
		len += sizeof(record);
	}
	answer_put(answer, &channel, 1);
	if (from < len)
		answer_put(answer, records + from, len - from < 16 ? len - from : 16);
}

static void set_privilege(struct server_session *session, const struct ipmi_message *request,
			  struct server_answer *answer)
{
	uint8_t privilege = request->data[0] & 0x0f;

	if (privilege > IPMI_ADMINISTRATOR || privilege == IPMI_CALLBACK) {
		answer->completion = COMPLETION_INVALID_FIELD;
		return;
	}
	if (privilege > session->limit) {
		answer->completion = COMPLETION_PRIVILEGE_EXCEEDED;
		return;
	}
	if (privilege != 0)
		session->privilege = privilege;

	uint8_t now = (uint8_t)session->privilege;
	answer_put(answer, &now, 1);
}

static void session_info(const struct ipmi_server *server, const struct server_session *session,
			 const struct ipmi_message *request, struct server_answer *answer)
{
	uint8_t head[] = { 0, (uint8_t)(server->config.session_limit & 0x3f),
			   (uint8_t)(server->counters.sessions & 0x3f) };

	if (request->data[0] != 0 && request->data[0] != session->slot + 1) {
		/* another index than ours: that there is none */
		answer_put(answer, head, sizeof(head));
		return;
	}
	head[0] = (uint8_t)(session->slot + 1);
	const uint8_t rest[] = { session->user_id, (uint8_t)session->privilege,
				 (uint8_t)((session->is_ipmi15 ? 0x00 : 0x10) | CHANNEL_LAN) };
	answer_put(answer, head, sizeof(head));
	answer_put(answer, rest, sizeof(rest));
	answer_put(answer, session->peer.address + 12, 4);
	answer_put(answer, (const uint8_t[6]){ 0 }, 6);
	answer_put(answer,
		   (const uint8_t[]){ (uint8_t)session->peer.port, (uint8_t)(session->peer.port >> 8) }, 2);
}

/* True when the asker's session is the one that ends. */
static bool close_session(struct ipmi_server *server, struct server_session *session,
			  const struct ipmi_message *request, struct server_answer *answer)
{
	uint32_t id = get_u32(request->data);

	if (id == session->id)
		return true;

	unsigned slot = id & 0xff;
	struct server_session *other = slot < server->config.session_limit ? server->sessions[slot] : NULL;
	if (other == NULL || other->id != id || other->state != SESSION_ACTIVE)
		answer->completion = COMPLETION_NO_SESSION;
	else if (session->privilege < IPMI_ADMINISTRATOR)
		answer->completion = COMPLETION_PRIVILEGE;
	else
		server_session_end(server, other);
	return false;
}

static bool is_app(const struct ipmi_message *request, uint8_t command)
{
	return request->netfn == NETFN_APP && request->command == command;
}

/* Asks the BMC behind us. */
static void ask_model(struct ipmi_server *server, const struct ipmi_server_call *call,
		      struct server_answer *answer)
{
	answer->completion = server->ops.command(server->arg, call, answer->data, &answer->len);
	assert(answer->len <= IPMI_DATA_MAX);
}

/* What is answered before a session as well as in one. */
static bool answer_anywhere(struct ipmi_server *server, const struct ipmi_server_call *call,
			    struct server_answer *answer)
{
	if (is_app(call->request, APP_AUTH_CAPABILITIES))
		auth_capabilities(server, call->request, answer);
	else if (is_app(call->request, APP_CIPHER_SUITES))
		cipher_suites(server, call->request, answer);
	else if (is_app(call->request, APP_SYSTEM_GUID))
		ask_model(server, call, answer);
	else
		return false;
	return true;
}

/* Completion code of a request that must not reach its command, else 0. */
static int check_request(const struct ipmi_server_call *call)
{
	const struct ipmi_message *request = call->request;
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);
	enum ipmi_privilege needed = command != NULL ? command->privilege : IPMI_ADMINISTRATOR;

	if (request->to_lun != 0)
		return COMPLETION_LUN;
	if (command != NULL && request->data_len < command->min_len)
		return COMPLETION_LENGTH;
	return call->privilege < needed ? COMPLETION_PRIVILEGE : COMPLETION_OK;
}

/* Commands of the session itself; false: it is another. */
static bool answer_session(struct ipmi_server *server, struct server_session *session,
			   const struct ipmi_message *request, struct server_answer *answer,
			   bool *ret_is_last)
{
	if (is_app(request, APP_CLOSE_SESSION))
		*ret_is_last = close_session(server, session, request, answer);
	else if (is_app(request, APP_SET_PRIVILEGE))
		set_privilege(session, request, answer);
	else if (is_app(request, APP_SESSION_INFO))
		session_info(server, session, request, answer);
	else if (is_app(request, APP_SESSION_CHALLENGE) || is_app(request, APP_ACTIVATE_SESSION))
		answer->completion = COMPLETION_STATE; /* the session is there already */
	else
		return false;
	return true;
}

/* True when the session is to end after the answer. */
static bool answer_in_session(struct ipmi_server *server, struct server_session *session,
			      const struct ipmi_server_call *call, struct server_answer *answer)
{
	bool is_last = false;

	answer->completion = check_request(call);
	if (answer->completion != COMPLETION_OK)
		return false;
	if (call->route != NULL || !(answer_anywhere(server, call, answer) ||
				     answer_session(server, session, call->request, answer, &is_last)))
		ask_model(server, call, answer);
	return is_last;
}

/* Before a session only what the command table gives no privilege is answered. */
static void answer_sessionless(struct ipmi_server *server, const struct server_request *request,
			       const struct ipmi_server_call *call, struct server_answer *answer)
{
	const struct ipmi_message *message = request->message;
	const struct ipmi_command *command = ipmi_command_find(message->netfn, message->command, NULL, 0);

	answer->completion = COMPLETION_OK;
	if (command == NULL || command->privilege != 0)
		answer->completion = COMPLETION_PRIVILEGE;
	else if (message->data_len < command->min_len)
		answer->completion = COMPLETION_LENGTH;
	else if (is_app(message, APP_SESSION_CHALLENGE))
		server_challenge15(server, request, answer);
	else if (is_app(message, APP_ACTIVATE_SESSION))
		answer->completion = COMPLETION_INVALID_SESSION; /* it comes under the temporary id */
	else
		answer_anywhere(server, call, answer);
}

static struct ipmi_server_call call_of(const struct ipmi_server *server, const struct server_request *request)
{
	const struct server_session *session = request->session;
	struct ipmi_server_call call = { .request = request->message,
					 .peer = request->peer,
					 .now_ms = server->now_ms,
					 .route = request->route };

	if (session != NULL) {
		call.privilege = session->privilege;
		call.session_id = session->id;
		call.user_id = session->user_id;
		call.is_encrypted = !session->is_ipmi15 && session->wire.suite->has_encryption;
	}
	return call;
}

bool server_command(struct ipmi_server *server, const struct server_request *request,
		    struct server_answer *answer)
{
	struct ipmi_server_call call = call_of(server, request);
	bool is_last = false;

	answer->completion =
		server->ops.filter != NULL ? server->ops.filter(server->arg, &call) : IPMI_SERVER_GO_ON;
	if (answer->completion == IPMI_SERVER_GO_ON) {
		if (request->session == NULL)
			answer_sessionless(server, request, &call, answer);
		else
			is_last = answer_in_session(server, request->session, &call, answer);
	}
	if (server->ops.note != NULL)
		server->ops.note(server->arg, &call, answer->completion);
	return is_last;
}

bool server_may_repeat(struct ipmi_server *server, const struct server_request *request)
{
	struct ipmi_server_call call = call_of(server, request);

	return server->ops.filter == NULL || server->ops.filter(server->arg, &call) != -1;
}

void server_answer_put(const struct ipmi_message *request, const struct server_answer *answer,
		       struct server_message answers[SERVER_ANSWERS_MAX], unsigned *count)
{
	const struct ipmi_message response = {
		.to = request->from,
		.to_lun = request->from_lun,
		.netfn = request->netfn | 1,
		.from = request->to,
		.from_lun = request->to_lun,
		.sequence = request->sequence,
		.command = request->command,
		.completion = (uint8_t)answer->completion,
		.data = answer->data,
		.data_len = answer->completion == COMPLETION_OK ? answer->len : 0,
	};
	struct server_message *encoded = &answers[*count];

	if (answer->completion < 0)
		return;
	encoded->len = ipmi_message_encode(&response, encoded->bytes, sizeof(encoded->bytes));
	(*count)++;
}
