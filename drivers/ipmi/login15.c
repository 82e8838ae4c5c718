/*
 * login15: sessions of IPMI 1.5, for BMCs without RMCP+. Before the session its three requests are exchanges
 * like any other, with session id and sequence 0. Source: IPMI 2.0 sections 6.12, 22.13, 22.16, 22.17.
 */
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/session.h"
#include "lib/clock.h"

enum { CHANNEL_THIS = 0x0e, ASK_EXTENDED = 0x80, FIRST_OUTBOUND = 1 };

struct handshake15 {
	struct ipmi_session *session;
	struct ipmi_learnt *learnt;
	const struct ipmi_info *info;
	enum ipmi_privilege privilege;
	int64_t timeout_ms;
	const char *stage;
	struct ipmi_reply reply;
	enum lan15_auth auth;
};

SUSPENDS static enum ipmi_handshake_result ask(struct handshake15 *handshake, uint8_t command,
					       const uint8_t *data, size_t len)
{
	const struct ipmi_request request = { NETFN_APP, command, data, len };
	struct ipmi_exchange exchange = { .request = &request,
					  .tries = 1,
					  .resend_until_ms = DEADLINE_NEVER,
					  .deadline_ms = clock_ms() + handshake->timeout_ms };

	handshake->stage = ipmi_command_find(NETFN_APP, command, data, len)->name;

	int rc = ipmi_session_exchange(handshake->session, handshake->learnt, &exchange, &handshake->reply,
				       NULL);
	if (rc == -ERR_CANCELLED)
		return HANDSHAKE_CANCELLED;
	return rc < 0 ? HANDSHAKE_SILENT : HANDSHAKE_DONE;
}

/* The strongest that the BMC offers. Clear text and none are weak, but so is all of IPMI 1.5. */
static bool choose_auth(struct handshake15 *handshake, uint8_t offered)
{
	static const enum lan15_auth known[] = { LAN15_MD5, LAN15_PASSWORD, LAN15_NONE };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (offered >> known[i] & 1) {
			handshake->auth = known[i];
			return true;
		}
	}
	return false;
}

SUSPENDS static enum ipmi_handshake_result ask_capabilities(struct handshake15 *handshake)
{
	uint32_t quirks = handshake->session->quirks | handshake->learnt->quirks;
	bool is_plain = quirk_is_in(quirks, QUIRK_PLAIN_CAPABILITIES);
	const uint8_t data[] = { CHANNEL_THIS | (is_plain ? 0 : ASK_EXTENDED),
				 (uint8_t)handshake->privilege };
	struct auth_capabilities capabilities;
	enum ipmi_handshake_result result = ask(handshake, APP_AUTH_CAPABILITIES, data, sizeof(data));

	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->reply.completion == COMPLETION_INVALID_FIELD && !is_plain) {
		handshake->learnt->quirks |= (uint32_t)1 << QUIRK_PLAIN_CAPABILITIES;
		return HANDSHAKE_STALE;
	}
	if (handshake->reply.completion != COMPLETION_OK ||
	    !auth_capabilities_decode(handshake->reply.data, handshake->reply.data_len, &capabilities) ||
	    !choose_auth(handshake, capabilities.auth_types))
		return HANDSHAKE_SUITE;
	return HANDSHAKE_DONE;
}

SUSPENDS static enum ipmi_handshake_result ask_challenge(struct handshake15 *handshake,
							 struct lan15_challenge *ret)
{
	struct lan15_challenge_request request = { .auth = (uint8_t)handshake->auth };
	uint8_t data[LAN15_CHALLENGE_REQUEST_LEN];

	memcpy(request.user, handshake->info->user, LAN15_USER);
	enum ipmi_handshake_result result =
		ask(handshake, APP_SESSION_CHALLENGE, data, lan15_challenge_request_encode(&request, data));
	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->reply.completion == COMPLETION_OK &&
	    lan15_challenge_decode(handshake->reply.data, handshake->reply.data_len, ret))
		return HANDSHAKE_DONE;
	return handshake->reply.completion == COMPLETION_BUSY ? HANDSHAKE_STALE : HANDSHAKE_REFUSED;
}

/* What a refusal to activate asks for. */
static enum ipmi_handshake_result result_of(uint8_t completion)
{
	switch (completion) {
	case 0x81:
	case 0x82:
	case 0x83:
		return HANDSHAKE_FULL;
	case 0x84:
	case 0x85:
	case COMPLETION_BUSY:
		return HANDSHAKE_STALE;
	case 0x86:
		return HANDSHAKE_PRIVILEGE;
	default:
		return HANDSHAKE_REFUSED;
	}
}

/* The session as it goes on after activation. */
static void enter(struct handshake15 *handshake, const struct lan15_activated *activated)
{
	struct ipmi_session *session = handshake->session;
	bool is_forced = quirk_is_in(session->quirks, QUIRK_EACH_MESSAGE);
	uint32_t first = activated->inbound_sequence;

	session->lan15.auth = is_forced ? handshake->auth : (enum lan15_auth)activated->auth;
	session->lan15.id = activated->session_id;
	if (session->lan15.is_sequence_swapped)
		first = __builtin_bswap32(first);
	session->lan15.send_sequence = first != 0 ? first : 1;
	session->lan15.received = (struct sequence_window){ 0 };
	session->bmc_id = activated->session_id;
	session->privilege = handshake->privilege < IPMI_USER ? handshake->privilege : IPMI_USER;
	session->limit = handshake->privilege;
}

SUSPENDS static enum ipmi_handshake_result activate(struct handshake15 *handshake,
						    const struct lan15_challenge *challenge)
{
	struct ipmi_session *session = handshake->session;
	struct lan15_activate_request request = { .auth = (uint8_t)handshake->auth,
						  .privilege = (uint8_t)handshake->privilege,
						  .outbound_sequence = FIRST_OUTBOUND };
	struct lan15_activated activated;
	uint8_t data[LAN15_ACTIVATE_REQUEST_LEN];

	memcpy(request.challenge, challenge->challenge, LAN15_CHALLENGE);
	session->lan15.auth = handshake->auth;
	session->lan15.id = challenge->temporary_id;

	enum ipmi_handshake_result result =
		ask(handshake, APP_ACTIVATE_SESSION, data, lan15_activate_request_encode(&request, data));
	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->reply.completion != COMPLETION_OK)
		return result_of(handshake->reply.completion);
	if (!lan15_activated_decode(handshake->reply.data, handshake->reply.data_len, &activated) ||
	    activated.session_id == 0)
		return HANDSHAKE_STALE;
	ipmi_line_note(&session->line, activated.session_id);
	enter(handshake, &activated);
	return HANDSHAKE_DONE;
}

enum ipmi_handshake_result ipmi_handshake15(struct ipmi_session *session, struct ipmi_learnt *learnt,
					    struct ipmi_attempt *attempt)
{
	struct handshake15 handshake = { .session = session,
					 .learnt = learnt,
					 .info = attempt->info,
					 .privilege = attempt->privilege,
					 .timeout_ms = attempt->timeout_ms };
	struct lan15_challenge challenge;

	session->is_15 = true;
	session->lan15 = (struct lan15_session){
		.auth = LAN15_NONE,
		.takes_any_code = quirk_is_in(session->quirks, QUIRK_ANY_CODE),
		.is_sequence_swapped = quirk_is_in(session->quirks, QUIRK_SWAPPED_SEQUENCE),
	};
	memcpy(session->lan15.password, attempt->info->password, LAN15_KEY);

	enum ipmi_handshake_result result = ask_capabilities(&handshake);
	if (result == HANDSHAKE_DONE)
		result = ask_challenge(&handshake, &challenge);
	if (result == HANDSHAKE_DONE)
		result = activate(&handshake, &challenge);
	attempt->stage = handshake.stage;
	attempt->status = handshake.reply.completion;
	return result;
}
