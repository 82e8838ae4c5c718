/*
 * server: logins of IPMI 1.5. The challenge takes a slot; the code of Activate Session, which lan15_unseal
 * has checked, proves the password. Source: IPMI 2.0 sections 22.16, 22.17.
 */
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server_session.h"

void server_challenge15(struct ipmi_server *server, const struct server_request *request,
			struct server_answer *answer)
{
	struct lan15_challenge_request asked;

	if (!lan15_challenge_request_decode(request->message->data, request->message->data_len, &asked)) {
		answer->completion = COMPLETION_LENGTH;
		return;
	}
	if (asked.auth > 7 || !(server->config.auth_types & 1U << asked.auth)) {
		answer->completion = COMPLETION_INVALID_FIELD;
		return;
	}
	size_t len = strnlen(asked.user, sizeof(asked.user));
	const struct ipmi_server_user *user = server_find_user(server, asked.user, len);
	if (user == NULL) {
		server->counters.auth_failures++;
		answer->completion = len > 0 ? COMPLETION_NO_USER : COMPLETION_NO_NULL_USER;
		return;
	}
	struct server_session *session =
		server_may_login(server) ? server_session_new(server, request->peer) : NULL;
	if (session == NULL) {
		answer->completion = COMPLETION_OUT_OF_SPACE;
		return;
	}
	session->is_ipmi15 = true;
	session->state = SESSION_CHALLENGED;
	session->user_id = (uint8_t)(user - server->config.users + 1);
	session->limit = user->limit;
	rmcpp_random(session->challenge, sizeof(session->challenge));
	session->auth15 = asked.auth;
	session->lan15 = (struct lan15_session){ .auth = asked.auth, .id = session->id };
	memcpy(session->lan15.password, user->password, strnlen(user->password, LAN15_KEY));

	struct lan15_challenge challenge = { .temporary_id = session->id };
	memcpy(challenge.challenge, session->challenge, sizeof(challenge.challenge));
	answer->len = lan15_challenge_encode(&challenge, answer->data);
}

/* Completion code of the activation. */
static int check(const struct server_session *session, const struct lan15_activate_request *asked)
{
	if (asked->auth != session->lan15.auth ||
	    !rmcpp_code_equal(asked->challenge, LAN15_CHALLENGE, session->challenge, LAN15_CHALLENGE))
		return COMPLETION_INVALID_FIELD;
	if (asked->privilege == 0 || asked->privilege > session->limit)
		return COMPLETION_PRIVILEGE_REFUSED;
	if (asked->outbound_sequence == 0)
		return COMPLETION_SEQUENCE_REFUSED;
	return COMPLETION_OK;
}

void server_activate15(struct ipmi_server *server, struct server_session *session,
		       const struct ipmi_message *request, struct server_answer *answer)
{
	struct lan15_activate_request asked;
	uint32_t inbound;

	answer->completion = lan15_activate_request_decode(request->data, request->data_len, &asked)
				     ? check(session, &asked)
				     : COMPLETION_LENGTH;
	if (answer->completion != COMPLETION_OK) {
		server->counters.auth_failures++;
		return;
	}
	rmcpp_random(&inbound, sizeof(inbound));
	inbound = (inbound & 0x7fffffff) + 2;
	session->limit = asked.privilege;
	session->privilege = asked.privilege < IPMI_USER ? asked.privilege : IPMI_USER;
	session->outbound15 = asked.outbound_sequence;
	session->lan15.send_sequence = asked.outbound_sequence + 1 != 0 ? asked.outbound_sequence + 1 : 1;
	session->lan15.received = (struct sequence_window){ .highest = inbound - 1, .seen = 1 };
	if (server->config.is_message_auth_off)
		session->lan15.auth = LAN15_NONE;
	server_session_open(server, session);

	const struct lan15_activated activated = { .auth = (uint8_t)session->lan15.auth,
						   .session_id = session->id,
						   .inbound_sequence = inbound,
						   .privilege = asked.privilege };
	answer->len = lan15_activated_encode(&activated, answer->data);
}
