/* server: the BMC side of sessions: their table, datagrams in, messages out. */
#include "drivers/ipmi/server.h"

#include <assert.h>
#include <string.h>

#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server_session.h"
#include "lib/xalloc.h"

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
	bool was_active = session->state == SESSION_ACTIVE;
	uint32_t id = session->id;

	if (was_active)
		server->counters.sessions--;
	else
		server->counters.handshakes--;
	server->sessions[session->slot] = NULL;
	rmcpp_wipe(session, sizeof(*session));
	xfree(session);
	if (was_active && server->ops.ended != NULL)
		server->ops.ended(server->arg, id);
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

void server_session_open(struct ipmi_server *server, struct server_session *session)
{
	session->state = SESSION_ACTIVE;
	session->last_ms = server->now_ms;
	server->counters.handshakes--;
	server->counters.sessions++;
	server->counters.opened++;
	if (server->logins_left < server->config.failures_per_second)
		server->logins_left++;
}

/* By its id alone: for the BMC's own use. */
static struct server_session *session_of_id(struct ipmi_server *server, uint32_t id)
{
	unsigned slot = id & 0xff;

	if (slot >= server->config.session_limit || server->sessions[slot] == NULL ||
	    server->sessions[slot]->id != id)
		return NULL;
	if (session_is_over(server, server->sessions[slot])) {
		server_session_end(server, server->sessions[slot]);
		return NULL;
	}
	return server->sessions[slot];
}

struct server_session *server_session_find(struct ipmi_server *server, const struct ipmi_peer *peer,
					   uint32_t id)
{
	struct server_session *session = session_of_id(server, id);

	return session != NULL && ipmi_peer_equal(&session->peer, peer) ? session : NULL;
}

/* ---- messages ---- */

static bool send_sealed(struct ipmi_server *server, struct server_session *session, enum rmcpp_payload type,
			const uint8_t *payload, size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total;

	if (!session->is_ipmi15)
		total = rmcpp_seal(&session->wire, type, payload, len, datagram, sizeof(datagram));
	else if (type == PAYLOAD_IPMI)
		total = lan15_seal(&session->lan15, payload, len, datagram, sizeof(datagram));
	else
		total = 0;
	if (total > 0)
		server->ops.send(server->arg, &session->peer, datagram, total);
	return total > 0;
}

bool ipmi_server_send(struct ipmi_server *server, int64_t now_ms, uint32_t session_id,
		      enum rmcpp_payload type, const uint8_t *payload, size_t len)
{
	server->now_ms = now_ms;

	struct server_session *session = session_of_id(server, session_id);
	return session != NULL && session->state == SESSION_ACTIVE &&
	       send_sealed(server, session, type, payload, len);
}

static void send_answers(struct ipmi_server *server, struct server_session *session,
			 const struct server_message *answers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		send_sealed(server, session, PAYLOAD_IPMI, answers[i].bytes, answers[i].len);
}

/* The console repeats a request whose answer it missed: it is not done twice. */
static bool is_repeated(const struct ipmi_server *server, const struct server_session *session,
			const uint8_t *message, size_t len)
{
	return session->request.len == len && memcmp(session->request.bytes, message, len) == 0 &&
	       server->now_ms - session->answered_ms <= REPEAT_MS;
}

static void answer_again(struct ipmi_server *server, struct server_session *session,
			 const struct server_request *request)
{
	server->counters.repeated++;
	if (server_may_repeat(server, request))
		send_answers(server, session, session->answers, session->answer_count);
}

static void remember(struct ipmi_server *server, struct server_session *session, const uint8_t *message,
		     size_t len)
{
	memcpy(session->request.bytes, message, len);
	session->request.len = len;
	session->answered_ms = server->now_ms;
}

/* A request that is one; else it is counted as dropped. */
static bool decode_request(struct ipmi_server *server, const uint8_t *message, size_t len,
			   struct ipmi_message *ret)
{
	if (ipmi_message_decode(message, len, ret) && !ret->is_checksum_bad &&
	    !ipmi_message_is_response(ret) && ret->to == IPMI_BMC_ADDRESS)
		return true;
	server->counters.dropped++;
	return false;
}

static void session_message(struct ipmi_server *server, struct server_session *session,
			    const uint8_t *message, size_t len)
{
	struct ipmi_message request;
	const struct server_request asked = { .session = session,
					      .peer = &session->peer,
					      .message = &request };
	struct server_answer answer = { 0 };
	bool is_last = false;

	if (!decode_request(server, message, len, &request))
		return;
	if (is_repeated(server, session, message, len))
		return answer_again(server, session, &asked);

	session->answer_count = 0;
	session->request.len = 0;
	if (server->ops.reach != NULL && request.netfn == NETFN_APP && request.command == APP_SEND_MESSAGE) {
		server_bridge(server, session, &request, session->answers, &session->answer_count);
	} else {
		is_last = server_command(server, &asked, &answer);
		server_answer_put(&request, &answer, session->answers, &session->answer_count);
	}
	for (unsigned i = 0; i < session->answer_count && server->ops.edit != NULL; i++)
		server->ops.edit(server->arg, session->answers[i].bytes, session->answers[i].len);
	if (session->answer_count > 0) {
		remember(server, session, message, len);
		send_answers(server, session, session->answers, session->answer_count);
	}
	if (is_last)
		server_session_end(server, session);
}

/* Under the temporary id of IPMI 1.5 there is one request, Activate Session, with the number 0. Its answer is
 * the first that the console numbers. */
static void send_activated(struct ipmi_server *server, const struct server_session *session)
{
	const struct server_message *answer = &session->answers[0];
	struct lan15_session first = session->lan15;
	uint8_t datagram[RMCPP_DATAGRAM_MAX];

	first.send_sequence = session->outbound15;
	first.auth = session->auth15;
	size_t total = lan15_seal(&first, answer->bytes, answer->len, datagram, sizeof(datagram));
	server->ops.send(server->arg, &session->peer, datagram, total);
	rmcpp_wipe(&first, sizeof(first));
}

static void activation(struct ipmi_server *server, struct server_session *session, const uint8_t *message,
		       size_t len)
{
	struct ipmi_message request;
	struct server_answer answer = { 0 };

	if (!decode_request(server, message, len, &request))
		return;
	if (request.netfn != NETFN_APP || request.command != APP_ACTIVATE_SESSION) {
		server->counters.dropped++;
		return;
	}
	server_activate15(server, session, &request, &answer);
	server_answer_put(&request, &answer, session->answers, &session->answer_count);
	remember(server, session, message, len);
	send_activated(server, session);
	if (answer.completion != COMPLETION_OK)
		server_session_end(server, session);
}

/* The console missed the answer to its Activate Session. */
static bool activated_again(struct ipmi_server *server, struct server_session *session,
			    const struct rmcp_packet *packet)
{
	struct lan15_session first = session->lan15;

	if (session->state != SESSION_ACTIVE || packet->sequence != 0 ||
	    session->request.len != packet->payload_len ||
	    memcmp(session->request.bytes, packet->payload, packet->payload_len) != 0)
		return false;
	first.auth = session->auth15;
	first.received = (struct sequence_window){ 0 };
	if (!lan15_unseal(&first, packet))
		return false;
	server->counters.repeated++;
	send_activated(server, session);
	return true;
}

/* Before a session, in either framing: the answer comes in the same. */
static void sessionless_message(struct ipmi_server *server, const struct ipmi_peer *peer,
				const struct rmcp_packet *packet)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	struct ipmi_message request;
	struct server_answer answer = { 0 };
	struct server_message answers[SERVER_ANSWERS_MAX];
	unsigned count = 0;

	if (!decode_request(server, packet->payload, packet->payload_len, &request))
		return;

	const struct server_request asked = { .peer = peer, .message = &request };
	server_command(server, &asked, &answer);
	server_answer_put(&request, &answer, answers, &count);
	if (count == 0)
		return;

	size_t len =
		packet->kind == RMCP_IPMI15
			? rmcp_ipmi15_encode(answers[0].bytes, answers[0].len, datagram, sizeof(datagram))
			: rmcpp_plain_encode(PAYLOAD_IPMI, answers[0].bytes, answers[0].len, datagram,
					     sizeof(datagram));
	server->ops.send(server->arg, peer, datagram, len);
}

/* ---- datagrams ---- */

static void in_session(struct ipmi_server *server, const struct ipmi_peer *peer,
		       const struct rmcp_packet *packet)
{
	struct server_session *session = server_session_find(server, peer, packet->session_id);
	uint8_t plain[RMCPP_PAYLOAD_MAX];
	size_t len;

	if (session == NULL || session->state != SESSION_ACTIVE || session->is_ipmi15 ||
	    !rmcpp_unseal(&session->wire, packet, plain, &len)) {
		server->counters.dropped++;
		return;
	}
	session->last_ms = server->now_ms;
	if (packet->payload_type == PAYLOAD_IPMI)
		session_message(server, session, plain, len);
	else if (server->ops.payload != NULL)
		server->ops.payload(server->arg, session->id, packet->payload_type, plain, len);
	else
		server->counters.dropped++;
}

static void in_session15(struct ipmi_server *server, const struct ipmi_peer *peer,
			 const struct rmcp_packet *packet)
{
	struct server_session *session = server_session_find(server, peer, packet->session_id);

	if (session == NULL || !session->is_ipmi15) {
		server->counters.dropped++;
		return;
	}
	if (activated_again(server, session, packet))
		return;
	if (!lan15_unseal(&session->lan15, packet)) {
		server->counters.dropped++;
		if (session->state != SESSION_ACTIVE) { /* one try for each challenge */
			server->counters.auth_failures++;
			server_session_end(server, session);
		}
		return;
	}
	session->last_ms = server->now_ms;
	if (session->state == SESSION_ACTIVE)
		session_message(server, session, packet->payload, packet->payload_len);
	else
		activation(server, session, packet->payload, packet->payload_len);
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
		if (packet->session_id != 0)
			in_session15(server, peer, packet);
		else if (packet->auth_type == LAN15_NONE)
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
