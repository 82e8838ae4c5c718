/*
 * server: the handshake. A repeated payload gets the same answer as before, since its answer may have been
 * lost; one that comes out of turn is refused by a status. Source: IPMI 2.0 sections 13.17-13.24.
 */
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/server_session.h"

static void send_payload(struct ipmi_server *server, const struct ipmi_peer *peer, enum rmcpp_payload type,
			 const uint8_t *payload, size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total = rmcpp_plain_encode(type, payload, len, datagram, sizeof(datagram));

	server->ops.send(server->arg, peer, datagram, total);
}

/* ---- open session ---- */

static void refuse_open(struct ipmi_server *server, const struct ipmi_peer *peer,
			const struct open_session_request *request, enum rmcpp_status status)
{
	uint8_t payload[RMCPP_HANDSHAKE_MAX];
	const struct open_session_response response = { .tag = request->tag,
							.status = status,
							.console_id = request->console_id };

	send_payload(server, peer, PAYLOAD_OPEN_RESPONSE, payload,
		     open_session_response_encode(&response, payload));
}

/* The peer's handshake that this request has begun, when it comes a second time. */
static struct server_session *find_repeated_open(struct ipmi_server *server, const struct ipmi_peer *peer,
						 const struct open_session_request *request)
{
	for (unsigned i = 0; i < server->config.session_limit; i++) {
		struct server_session *session = server->sessions[i];
		if (session != NULL && session->state == SESSION_OPENED && session->tag == request->tag &&
		    session->secrets.console_id == request->console_id &&
		    ipmi_peer_equal(&session->peer, peer))
			return session;
	}
	return NULL;
}

static void open_session(struct ipmi_server *server, const struct ipmi_peer *peer,
			 const struct rmcp_packet *packet)
{
	struct open_session_request request;
	uint8_t payload[RMCPP_HANDSHAKE_MAX];

	if (!open_session_request_decode(packet->payload, packet->payload_len, &request)) {
		server->counters.dropped++;
		return;
	}

	const struct cipher_suite *suite = cipher_suite_find_algorithms(&request.algorithms);
	if (suite == NULL || !(server->config.suites & (uint32_t)1 << suite->id))
		return refuse_open(server, peer, &request, RMCPP_NO_CIPHER_SUITE);
	if (request.console_id == 0)
		return refuse_open(server, peer, &request, RMCPP_INVALID_SESSION);
	if (request.privilege > IPMI_ADMINISTRATOR)
		return refuse_open(server, peer, &request, RMCPP_INVALID_ROLE);

	struct server_session *session = find_repeated_open(server, peer, &request);
	if (session == NULL)
		session = server_session_new(server, peer);
	if (session == NULL) {
		server->counters.full++;
		return refuse_open(server, peer, &request, RMCPP_NO_RESOURCES);
	}
	session->state = SESSION_OPENED;
	session->tag = request.tag;
	session->asked_privilege = request.privilege;
	session->secrets.suite = suite;
	session->secrets.console_id = request.console_id;
	session->secrets.bmc_id = session->id;

	const struct open_session_response response = {
		.tag = request.tag,
		.privilege = request.privilege != 0 ? request.privilege : IPMI_ADMINISTRATOR,
		.console_id = request.console_id,
		.bmc_id = session->id,
		.algorithms = suite->algorithms,
	};
	send_payload(server, peer, PAYLOAD_OPEN_RESPONSE, payload,
		     open_session_response_encode(&response, payload));
}

/* ---- RAKP 1 and 2 ---- */

static void send_rakp2(struct ipmi_server *server, const struct ipmi_peer *peer,
		       const struct rakp_reply *reply)
{
	uint8_t payload[RMCPP_HANDSHAKE_MAX];

	send_payload(server, peer, PAYLOAD_RAKP2, payload, rakp2_encode(reply, payload));
}

const struct ipmi_server_user *server_find_user(const struct ipmi_server *server, const char *name,
						size_t len)
{
	for (size_t i = 0; i < server->config.user_count; i++) {
		const struct ipmi_server_user *user = &server->config.users[i];
		if (user->limit != 0 && strlen(user->name) == len && memcmp(user->name, name, len) == 0)
			return user;
	}
	return NULL;
}

/* RAKP 2 tells whoever knows a name a digest of its password, which can be attacked at leisure: so begun
 * logins are counted, and given back when they turn out right. */
bool server_may_login(struct ipmi_server *server)
{
	if (server->now_ms - server->logins_since_ms >= 1000) {
		server->logins_since_ms = server->now_ms;
		server->logins_left = server->config.failures_per_second;
	}
	if (server->logins_left == 0)
		return false;
	server->logins_left--;
	return true;
}

/* Status of a login of that user in that role; sets what the session may do. */
static enum rmcpp_status admit(struct ipmi_server *server, struct server_session *session,
			       const struct rakp1 *rakp1)
{
	uint8_t role = rakp1->role & RMCPP_ROLE_PRIVILEGE;
	const struct ipmi_server_user *user = server_find_user(server, rakp1->user, rakp1->user_len);

	if (!server_may_login(server))
		return RMCPP_NO_RESOURCES;
	if (role > IPMI_ADMINISTRATOR)
		return RMCPP_INVALID_ROLE;
	if (user == NULL)
		return RMCPP_UNAUTHORIZED_NAME;
	if (role > user->limit)
		return RMCPP_UNAUTHORIZED_ROLE;
	if (!rmcpp_key_set(session->secrets.password, user->password, strlen(user->password)))
		return RMCPP_UNAUTHORIZED_NAME;
	session->user_id = (uint8_t)(user - server->config.users + 1);
	session->limit = role != 0 ? role : user->limit;
	if (session->asked_privilege != 0 && session->asked_privilege < session->limit)
		session->limit = session->asked_privilege;
	session->privilege = session->limit < IPMI_USER ? session->limit : IPMI_USER;
	return RMCPP_OK;
}

/* Keeps what both sides' keys are made of. */
static void take_rakp1(struct ipmi_server *server, struct server_session *session, const struct rakp1 *rakp1)
{
	struct rakp_secrets *secrets = &session->secrets;

	memcpy(secrets->console_random, rakp1->random, RMCPP_RANDOM);
	rmcpp_random(secrets->bmc_random, RMCPP_RANDOM);
	memcpy(secrets->guid, server->config.guid, RMCPP_GUID);
	secrets->role = rakp1->role;
	secrets->user_len = rakp1->user_len;
	memcpy(secrets->user, rakp1->user, rakp1->user_len);
	secrets->has_kg = server->config.kg != NULL;
	if (secrets->has_kg)
		memcpy(secrets->kg, server->config.kg, RMCPP_KEY);
}

static bool is_repeated_rakp1(const struct server_session *session, const struct rakp1 *rakp1)
{
	return session->state == SESSION_CHALLENGED &&
	       memcmp(session->secrets.console_random, rakp1->random, RMCPP_RANDOM) == 0 &&
	       session->secrets.role == rakp1->role && session->secrets.user_len == rakp1->user_len &&
	       memcmp(session->secrets.user, rakp1->user, rakp1->user_len) == 0;
}

static void challenge(struct ipmi_server *server, const struct ipmi_peer *peer,
		      const struct rmcp_packet *packet)
{
	struct rakp1 rakp1;

	if (!rakp1_decode(packet->payload, packet->payload_len, &rakp1)) {
		server->counters.dropped++;
		return;
	}

	struct rakp_reply reply = { .tag = rakp1.tag };
	struct server_session *session = server_session_find(server, peer, rakp1.bmc_id);
	if (session == NULL || session->state == SESSION_ACTIVE || session->is_ipmi15) {
		reply.status = RMCPP_INVALID_SESSION;
		return send_rakp2(server, peer, &reply);
	}
	reply.session_id = session->secrets.console_id;
	if (!is_repeated_rakp1(session, &rakp1)) {
		reply.status = session->state == SESSION_OPENED ? admit(server, session, &rakp1)
								: RMCPP_INVALID_SESSION;
		if (reply.status != RMCPP_OK) {
			server->counters.auth_failures += reply.status != RMCPP_NO_RESOURCES;
			server_session_end(server, session);
			return send_rakp2(server, peer, &reply);
		}
		take_rakp1(server, session, &rakp1);
		session->state = SESSION_CHALLENGED;
	}
	session->last_ms = server->now_ms;
	memcpy(reply.random, session->secrets.bmc_random, RMCPP_RANDOM);
	memcpy(reply.guid, session->secrets.guid, RMCPP_GUID);
	reply.code_len = rakp2_code(&session->secrets, reply.code);
	send_rakp2(server, peer, &reply);
}

/* ---- RAKP 3 and 4 ---- */

static void send_rakp4(struct ipmi_server *server, const struct ipmi_peer *peer,
		       const struct rakp_reply *reply)
{
	uint8_t payload[RMCPP_HANDSHAKE_MAX];

	send_payload(server, peer, PAYLOAD_RAKP4, payload, rakp4_encode(reply, payload));
}

static void activate(struct ipmi_server *server, struct server_session *session,
		     const struct rakp_reply *rakp3, const struct rmcp_packet *packet)
{
	session->rakp4 = (struct rakp_reply){ .tag = rakp3->tag, .session_id = session->secrets.console_id };
	session->rakp4.code_len = rakp4_code(&session->secrets, session->rakp4.code);
	session->rakp3_len = packet->payload_len < sizeof(session->rakp3) ? packet->payload_len : 0;
	memcpy(session->rakp3, packet->payload, session->rakp3_len);
	rmcpp_session_start(&session->wire, &session->secrets, session->secrets.console_id);
	rmcpp_wipe(&session->secrets, sizeof(session->secrets));
	server_session_open(server, session);
}

static void confirm(struct ipmi_server *server, const struct ipmi_peer *peer,
		    const struct rmcp_packet *packet)
{
	uint8_t code[RMCPP_CODE_MAX];
	struct rakp_reply rakp3;

	if (!rakp3_decode(packet->payload, packet->payload_len, &rakp3)) {
		server->counters.dropped++;
		return;
	}

	struct rakp_reply refusal = { .tag = rakp3.tag, .status = RMCPP_INVALID_SESSION };
	struct server_session *session = server_session_find(server, peer, rakp3.session_id);
	if (session != NULL && session->state == SESSION_ACTIVE &&
	    session->rakp3_len == packet->payload_len &&
	    memcmp(session->rakp3, packet->payload, packet->payload_len) == 0)
		return send_rakp4(server, peer, &session->rakp4);
	if (session == NULL || session->state != SESSION_CHALLENGED || session->is_ipmi15)
		return send_rakp4(server, peer, &refusal);
	if (rakp3.status != RMCPP_OK) { /* the console gives up; there is nothing to answer */
		server->counters.auth_failures++;
		server_session_end(server, session);
		return;
	}

	size_t len = rakp3_code(&session->secrets, code);
	if (!rmcpp_code_equal(code, len, rakp3.code, rakp3.code_len)) {
		refusal.status = RMCPP_INVALID_CODE;
		refusal.session_id = session->secrets.console_id;
		server->counters.auth_failures++;
		server_session_end(server, session);
		return send_rakp4(server, peer, &refusal);
	}
	activate(server, session, &rakp3, packet);
	send_rakp4(server, peer, &session->rakp4);
}

/* Answers a message of the handshake by a status alone; the handshake is as before. */
static void refuse(struct ipmi_server *server, const struct ipmi_peer *peer, const struct rmcp_packet *packet,
		   enum rmcpp_status status)
{
	struct rakp_reply reply = { .tag = packet->payload_len > 0 ? packet->payload[0] : 0,
				    .status = status };
	struct open_session_request request = { .tag = reply.tag };

	if (packet->payload_type == PAYLOAD_OPEN_REQUEST) {
		open_session_request_decode(packet->payload, packet->payload_len, &request);
		return refuse_open(server, peer, &request, status);
	}
	const struct server_session *session =
		packet->payload_len >= 8 ? server_session_find(server, peer, get_u32(packet->payload + 4))
					 : NULL;
	reply.session_id = session != NULL ? session->secrets.console_id : 0;
	if (packet->payload_type == PAYLOAD_RAKP1)
		send_rakp2(server, peer, &reply);
	else
		send_rakp4(server, peer, &reply);
}

void server_login_input(struct ipmi_server *server, const struct ipmi_peer *peer,
			const struct rmcp_packet *packet)
{
	static const struct {
		enum rmcpp_payload type;
		void (*handle)(struct ipmi_server *server, const struct ipmi_peer *peer,
			       const struct rmcp_packet *packet);
	} steps[] = {
		{ PAYLOAD_OPEN_REQUEST, open_session },
		{ PAYLOAD_RAKP1, challenge },
		{ PAYLOAD_RAKP3, confirm },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (packet->payload_type != steps[i].type)
			continue;
		int status = server->ops.login != NULL ? server->ops.login(server->arg, steps[i].type)
						       : IPMI_SERVER_GO_ON;
		if (status == IPMI_SERVER_GO_ON)
			steps[i].handle(server, peer, packet);
		else if (status >= 0)
			refuse(server, peer, packet, (enum rmcpp_status)status);
		return;
	}
	server->counters.dropped++;
}
