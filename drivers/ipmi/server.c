/* server: the BMC side of a session: datagrams in, commands out. The handshake is in server_login.c. */
#include "drivers/ipmi/server.h"

#include <assert.h>
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server_session.h"
#include "lib/xalloc.h"

enum { CHANNEL_LAN = 1, CHANNEL_THIS = 0x0e };
enum { IDLE_MS = 60000, HANDSHAKE_MS = 10000, REPEAT_MS = 5000, FAILURES_PER_SECOND = 20 };

struct ipmi_server *ipmi_server_new(const struct ipmi_server_config *config,
				    const struct ipmi_server_ops *ops, void *arg)
{
	struct ipmi_server *server = xcalloc(1, sizeof(*server));

	assert(config->session_limit > 0 && config->session_limit <= IPMI_SERVER_SESSIONS_MAX);
	server->config = *config;
	if (server->config.idle_ms == 0)
		server->config.idle_ms = IDLE_MS;
	if (server->config.failures_per_second == 0)
		server->config.failures_per_second = FAILURES_PER_SECOND;
	server->ops = *ops;
	server->arg = arg;
	server->sessions = xcalloc(config->session_limit, sizeof(struct server_session *));
	server->logins_left = server->config.failures_per_second;
	return server;
}

void ipmi_server_free(struct ipmi_server *server)
{
	if (server == NULL)
		return;
	ipmi_server_reset(server);
	xfree(server->sessions);
	xfree(server);
}

void ipmi_server_reset(struct ipmi_server *server)
{
	if (server->is_busy) {
		server->is_reset_due = true;
		return;
	}
	for (unsigned i = 0; i < server->config.session_limit; i++) {
		if (server->sessions[i] != NULL)
			server_session_end(server, server->sessions[i]);
	}
}

struct ipmi_server_counters ipmi_server_counters(const struct ipmi_server *server)
{
	return server->counters;
}

/* ---- session table ---- */

void server_session_end(struct ipmi_server *server, struct server_session *session)
{
	if (session->state == SESSION_ACTIVE)
		server->counters.sessions--;
	else
		server->counters.handshakes--;
	server->sessions[session->slot] = NULL;
	rmcpp_wipe(session, sizeof(*session));
	xfree(session);
}

static bool session_is_over(const struct ipmi_server *server, const struct server_session *session)
{
	int64_t limit = session->state == SESSION_ACTIVE ? server->config.idle_ms : HANDSHAKE_MS;

	return server->now_ms - session->last_ms >= limit;
}

/* Random above the slot's number, and never 0. */
static uint32_t session_id_new(unsigned slot)
{
	uint32_t id;

	do {
		rmcpp_random(&id, sizeof(id));
	} while (id <= 0xff);
	return (id & ~(uint32_t)0xff) | slot;
}

struct server_session *server_session_new(struct ipmi_server *server, const struct ipmi_peer *peer)
{
	struct server_session *own_handshake = NULL;
	unsigned slot = server->config.session_limit;

	for (unsigned i = server->config.session_limit; i-- > 0;) {
		struct server_session *session = server->sessions[i];
		if (session != NULL && session_is_over(server, session)) {
			server_session_end(server, session);
			session = NULL;
		}
		if (session == NULL)
			slot = i;
		else if (session->state != SESSION_ACTIVE && ipmi_peer_equal(&session->peer, peer))
			own_handshake = session;
	}
	/* A console that starts over must not lock itself out. */
	if (slot == server->config.session_limit && own_handshake != NULL) {
		slot = own_handshake->slot;
		server_session_end(server, own_handshake);
	}
	if (slot == server->config.session_limit)
		return NULL;

	struct server_session *session = xcalloc(1, sizeof(*session));
	session->slot = slot;
	session->id = session_id_new(slot);
	session->peer = *peer;
	session->last_ms = server->now_ms;
	server->sessions[slot] = session;
	server->counters.handshakes++;
	return session;
}

struct server_session *server_session_find(struct ipmi_server *server, const struct ipmi_peer *peer,
					   uint32_t id)
{
	unsigned slot = id & 0xff;

	if (slot >= server->config.session_limit || server->sessions[slot] == NULL)
		return NULL;

	struct server_session *session = server->sessions[slot];
	if (session->id != id || !ipmi_peer_equal(&session->peer, peer))
		return NULL;
	if (session_is_over(server, session)) {
		server_session_end(server, session);
		return NULL;
	}
	return session;
}

/* ---- session commands ---- */

struct answer {
	int completion; /* -1: no answer */
	uint8_t data[IPMI_DATA_MAX];
	size_t len;
};

static void answer_put(struct answer *answer, const uint8_t *data, size_t len)
{
	memcpy(answer->data + answer->len, data, len);
	answer->len += len;
}

static void auth_capabilities(const struct ipmi_server *server, const struct ipmi_message *request,
			      struct answer *answer)
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
			  struct answer *answer)
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
			  struct answer *answer)
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
			 const struct ipmi_message *request, struct answer *answer)
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
			  const struct ipmi_message *request, struct answer *answer)
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

static struct ipmi_server_call call_of(const struct server_session *session,
				       const struct ipmi_message *request)
{
	return (struct ipmi_server_call){
		.request = request,
		.privilege = session != NULL ? session->privilege : 0,
	};
}

/* Asks the BMC behind us. session NULL: before a session. */
static void ask_model(struct ipmi_server *server, const struct server_session *session,
		      const struct ipmi_message *request, struct answer *answer)
{
	struct ipmi_server_call call = call_of(session, request);

	answer->completion = server->ops.command(server->arg, &call, answer->data, &answer->len);
	assert(answer->len <= IPMI_DATA_MAX);
}

static bool is_app(const struct ipmi_message *request, uint8_t command)
{
	return request->netfn == NETFN_APP && request->command == command;
}

/* What is answered before a session as well as in one. */
static bool answer_anywhere(struct ipmi_server *server, const struct server_session *session,
			    const struct ipmi_message *request, struct answer *answer)
{
	if (is_app(request, APP_AUTH_CAPABILITIES))
		auth_capabilities(server, request, answer);
	else if (is_app(request, APP_CIPHER_SUITES))
		cipher_suites(server, request, answer);
	else if (is_app(request, APP_SYSTEM_GUID))
		ask_model(server, session, request, answer);
	else
		return false;
	return true;
}

/* Completion code of a request that must not reach its command, else 0. */
static int check_request(const struct server_session *session, const struct ipmi_message *request)
{
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);
	enum ipmi_privilege needed = command != NULL ? command->privilege : IPMI_ADMINISTRATOR;

	if (request->to_lun != 0)
		return COMPLETION_LUN;
	if (command != NULL && request->data_len < command->min_len)
		return COMPLETION_LENGTH;
	return session->privilege < needed ? COMPLETION_PRIVILEGE : COMPLETION_OK;
}

/* True when the session is to end after the answer. */
static bool answer_in_session(struct ipmi_server *server, struct server_session *session,
			      const struct ipmi_message *request, struct answer *answer)
{
	answer->completion = check_request(session, request);
	if (answer->completion != COMPLETION_OK || answer_anywhere(server, session, request, answer))
		return false;
	if (is_app(request, APP_CLOSE_SESSION))
		return close_session(server, session, request, answer);
	if (is_app(request, APP_SET_PRIVILEGE))
		set_privilege(session, request, answer);
	else if (is_app(request, APP_SESSION_INFO))
		session_info(server, session, request, answer);
	else
		ask_model(server, session, request, answer);
	return false;
}

/* Before a session only what the command table gives no privilege is answered. */
static void answer_sessionless(struct ipmi_server *server, const struct ipmi_message *request,
			       struct answer *answer)
{
	const struct ipmi_command *command = ipmi_command_find(request->netfn, request->command, NULL, 0);

	answer->completion = COMPLETION_OK;
	if (command == NULL || command->privilege != 0)
		answer->completion = COMPLETION_PRIVILEGE;
	else if (request->data_len < command->min_len)
		answer->completion = COMPLETION_LENGTH;
	else
		answer_anywhere(server, NULL, request, answer);
}

/* Fills the answer; true when the session is to end after it. session NULL: before a session. */
static bool answer_request(struct ipmi_server *server, struct server_session *session,
			   const struct ipmi_message *request, struct answer *answer)
{
	struct ipmi_server_call call = call_of(session, request);
	bool is_last = false;

	answer->completion =
		server->ops.filter != NULL ? server->ops.filter(server->arg, &call) : IPMI_SERVER_GO_ON;
	if (answer->completion == IPMI_SERVER_GO_ON) {
		if (session == NULL)
			answer_sessionless(server, request, answer);
		else
			is_last = answer_in_session(server, session, request, answer);
	}
	if (server->ops.note != NULL)
		server->ops.note(server->arg, &call, answer->completion);
	return is_last;
}

/* ---- messages ---- */

static size_t encode_answer(const struct ipmi_message *request, const struct answer *answer, uint8_t *out)
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

	return ipmi_message_encode(&response, out, IPMI_MESSAGE_MAX);
}

static void send_sealed(struct ipmi_server *server, struct server_session *session, const uint8_t *message,
			size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total = rmcpp_seal(&session->wire, PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));

	server->ops.send(server->arg, &session->peer, datagram, total);
}

/* The console repeats a request whose answer it missed: it is not done twice. */
static bool answer_again(struct ipmi_server *server, struct server_session *session, const uint8_t *message,
			 size_t len)
{
	if (session->request_len != len || memcmp(session->request, message, len) != 0 ||
	    server->now_ms - session->answered_ms > REPEAT_MS)
		return false;
	server->counters.repeated++;
	send_sealed(server, session, session->answer, session->answer_len);
	return true;
}

static void session_message(struct ipmi_server *server, struct server_session *session,
			    const uint8_t *message, size_t len)
{
	struct ipmi_message request;
	struct answer answer = { 0 };

	if (!ipmi_message_decode(message, len, &request) || request.is_checksum_bad ||
	    ipmi_message_is_response(&request) || request.to != IPMI_BMC_ADDRESS) {
		server->counters.dropped++;
		return;
	}
	if (answer_again(server, session, message, len))
		return;

	bool is_last = answer_request(server, session, &request, &answer);
	if (answer.completion >= 0) {
		memcpy(session->request, message, len);
		session->request_len = len;
		session->answer_len = encode_answer(&request, &answer, session->answer);
		session->answered_ms = server->now_ms;
		send_sealed(server, session, session->answer, session->answer_len);
	}
	if (is_last)
		server_session_end(server, session);
}

/* Before a session, in either framing: the answer comes in the same. */
static void sessionless_message(struct ipmi_server *server, const struct ipmi_peer *peer,
				const struct rmcp_packet *packet)
{
	uint8_t message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	struct ipmi_message request;
	struct answer answer = { 0 };

	if (!ipmi_message_decode(packet->payload, packet->payload_len, &request) || request.is_checksum_bad ||
	    ipmi_message_is_response(&request) || request.to != IPMI_BMC_ADDRESS) {
		server->counters.dropped++;
		return;
	}

	answer_request(server, NULL, &request, &answer);
	if (answer.completion < 0)
		return;

	size_t len = encode_answer(&request, &answer, message);
	len = packet->kind == RMCP_IPMI15
		      ? rmcp_ipmi15_encode(message, len, datagram, sizeof(datagram))
		      : rmcpp_plain_encode(PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));
	server->ops.send(server->arg, peer, datagram, len);
}

/* ---- datagrams ---- */

static void in_session(struct ipmi_server *server, const struct ipmi_peer *peer,
		       const struct rmcp_packet *packet)
{
	struct server_session *session = server_session_find(server, peer, packet->session_id);
	uint8_t plain[RMCPP_PAYLOAD_MAX];
	size_t len;

	if (session == NULL || session->state != SESSION_ACTIVE ||
	    !rmcpp_unseal(&session->wire, packet, plain, &len) || packet->payload_type != PAYLOAD_IPMI) {
		server->counters.dropped++;
		return;
	}
	session->last_ms = server->now_ms;
	session_message(server, session, plain, len);
}

static void rmcpp_input(struct ipmi_server *server, const struct ipmi_peer *peer,
			const struct rmcp_packet *packet)
{
	if (packet->session_id != 0)
		in_session(server, peer, packet);
	else if (packet->is_authenticated || packet->is_encrypted)
		server->counters.dropped++;
	else if (packet->payload_type == PAYLOAD_IPMI)
		sessionless_message(server, peer, packet);
	else
		server_login_input(server, peer, packet);
}

static void packet_input(struct ipmi_server *server, const struct ipmi_peer *peer,
			 const struct rmcp_packet *packet)
{
	uint8_t pong[64];

	switch (packet->kind) {
	case RMCP_PING:
		server->ops.send(server->arg, peer, pong, rmcp_pong_encode(packet->tag, pong, sizeof(pong)));
		break;
	case RMCP_PONG:
		server->counters.dropped++;
		break;
	case RMCP_IPMI15:
		if (packet->session_id == 0 && packet->auth_type == 0)
			sessionless_message(server, peer, packet);
		else
			server->counters.dropped++;
		break;
	case RMCP_IPMI20:
		rmcpp_input(server, peer, packet);
		break;
	}
}

void ipmi_server_input(struct ipmi_server *server, int64_t now_ms, const struct ipmi_peer *peer,
		       const uint8_t *data, size_t len)
{
	struct rmcp_packet packet;

	server->now_ms = now_ms;
	if (!rmcp_decode(data, len, &packet)) {
		server->counters.dropped++;
		return;
	}
	server->is_busy = true;
	packet_input(server, peer, &packet);
	server->is_busy = false;
	if (server->is_reset_due) {
		server->is_reset_due = false;
		ipmi_server_reset(server);
	}
}
