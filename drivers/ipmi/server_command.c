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

static void auth_capabilities(const struct ipmi_server *server, const struct ipmi_message *request,
			      struct server_answer *answer)
{
	uint8_t channel = request->data[0] & 0x0f, privilege = request->data[1] & 0x0f;
	bool is_extended = request->data[0] & 0x80;

	if ((channel != CHANNEL_THIS && channel != CHANNEL_LAN) || privilege == 0 ||
	    privilege > IPMI_ADMINISTRATOR) {
		answer->completion = COMPLETION_INVALID_FIELD;
		return;
	}
	/* No IPMI 1.5 authentication types: only RMCP+ leads into a session. */
	const uint8_t data[] = { CHANNEL_LAN,
				 is_extended ? 0x80 : 0,
				 (uint8_t)(server->config.kg != NULL ? 0x24 : 0x04),
				 is_extended ? 0x02 : 0,
				 0,
				 0,
				 0,
				 0 };
	answer_put(answer, data, sizeof(data));
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
	const uint8_t rest[] = { session->user_id, (uint8_t)session->privilege, 0x10 | CHANNEL_LAN };
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

/* True when the session is to end after the answer. */
static bool answer_in_session(struct ipmi_server *server, struct server_session *session,
			      const struct ipmi_server_call *call, struct server_answer *answer)
{
	const struct ipmi_message *request = call->request;

	answer->completion = check_request(call);
	if (answer->completion != COMPLETION_OK || answer_anywhere(server, call, answer))
		return false;
	if (is_app(request, APP_CLOSE_SESSION))
		return close_session(server, session, request, answer);
	if (is_app(request, APP_SET_PRIVILEGE))
		set_privilege(session, request, answer);
	else if (is_app(request, APP_SESSION_INFO))
		session_info(server, session, request, answer);
	else
		ask_model(server, call, answer);
	return false;
}

/* Before a session only what the command table gives no privilege is answered. */
static void answer_sessionless(struct ipmi_server *server, const struct ipmi_server_call *call,
			       struct server_answer *answer)
{
	const struct ipmi_message *request = call->request;
	const struct ipmi_command *command = ipmi_command_find(request->netfn, request->command, NULL, 0);

	answer->completion = COMPLETION_OK;
	if (command == NULL || command->privilege != 0)
		answer->completion = COMPLETION_PRIVILEGE;
	else if (request->data_len < command->min_len)
		answer->completion = COMPLETION_LENGTH;
	else
		answer_anywhere(server, call, answer);
}

static struct ipmi_server_call call_of(const struct ipmi_server *server, const struct server_session *session,
				       const struct ipmi_peer *peer, const struct ipmi_message *request)
{
	struct ipmi_server_call call = { .request = request, .peer = peer, .now_ms = server->now_ms };

	if (session != NULL) {
		call.privilege = session->privilege;
		call.session_id = session->id;
		call.user_id = session->user_id;
		call.is_encrypted = session->wire.suite->has_encryption;
	}
	return call;
}

bool server_command(struct ipmi_server *server, struct server_session *session, const struct ipmi_peer *peer,
		    const struct ipmi_message *request, struct server_answer *answer)
{
	struct ipmi_server_call call = call_of(server, session, peer, request);
	bool is_last = false;

	answer->completion =
		server->ops.filter != NULL ? server->ops.filter(server->arg, &call) : IPMI_SERVER_GO_ON;
	if (answer->completion == IPMI_SERVER_GO_ON) {
		if (session == NULL)
			answer_sessionless(server, &call, answer);
		else
			is_last = answer_in_session(server, session, &call, answer);
	}
	if (server->ops.note != NULL)
		server->ops.note(server->arg, &call, answer->completion);
	return is_last;
}
