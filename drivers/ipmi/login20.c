/*
 * login20: one handshake of RMCP+: Open Session, RAKP 1 to 4. A lost message ends it, and the next one begins
 * with another tag and console id: many BMCs take a repeated RAKP 1 or 3 for an error.
 *
 * Source: IPMI 2.0 sections 13.15-13.24.
 */
#include <string.h>

#include "drivers/ipmi/session.h"
#include "lib/clock.h"

/* One attempt. */
struct handshake {
	struct ipmi_session *session;
	const struct ipmi_info *info;
	enum ipmi_privilege privilege; /* asked for */
	int64_t timeout_ms;            /* for each answer */
	struct rakp_secrets secrets;
	const char *stage; /* what was sent last, for sentences */
	unsigned status;   /* of the BMC's refusal */
	/* the answer awaited */
	enum rmcpp_payload awaited;
	struct open_session_response open;
	struct rakp_reply rakp;
};

static bool decode_answer(struct handshake *handshake, const struct rmcp_packet *packet, uint8_t *ret_tag,
			  uint8_t *ret_status)
{
	bool is_good;

	if (handshake->awaited == PAYLOAD_OPEN_RESPONSE) {
		is_good =
			open_session_response_decode(packet->payload, packet->payload_len, &handshake->open);
		*ret_tag = handshake->open.tag;
		*ret_status = handshake->open.status;
		return is_good;
	}
	is_good = handshake->awaited == PAYLOAD_RAKP2
			  ? rakp2_decode(packet->payload, packet->payload_len, &handshake->rakp)
			  : rakp4_decode(packet->payload, packet->payload_len, &handshake->rakp);
	*ret_tag = handshake->rakp.tag;
	*ret_status = handshake->rakp.status;
	return is_good;
}

static bool accept_answer(void *arg, const struct rmcp_packet *packet)
{
	struct handshake *handshake = arg;
	uint8_t tag, status;

	if (packet->session_id != 0 || packet->payload_type != handshake->awaited)
		return false;
	if (!decode_answer(handshake, packet, &tag, &status))
		return false;
	/* a refusal of one byte has no tag */
	if (tag != handshake->session->tag && packet->payload_len > 1)
		return false;
	handshake->status = status;
	return true;
}

/* Sends a payload and waits for the answer to it. */
static enum ipmi_handshake_result converse(struct handshake *handshake, const char *stage,
					   enum rmcpp_payload type, const uint8_t *payload, size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total = rmcpp_plain_encode(type, payload, len, datagram, sizeof(datagram));
	struct ipmi_line *line = &handshake->session->line;

	handshake->stage = stage;
	handshake->awaited = type + 1;
	ipmi_line_send(line, datagram, total, false);

	int rc = ipmi_line_wait(line, accept_answer, handshake, clock_ms() + handshake->timeout_ms);
	if (rc == -ERR_CANCELLED)
		return HANDSHAKE_CANCELLED;
	return rc < 0 ? HANDSHAKE_SILENT : HANDSHAKE_DONE;
}

/* What a status of the BMC asks for. */
static enum ipmi_handshake_result result_of(unsigned status)
{
	switch (status) {
	case RMCPP_OK:
		return HANDSHAKE_DONE;
	case RMCPP_NO_RESOURCES:
	case RMCPP_NO_RESOURCES_ROLE:
		return HANDSHAKE_FULL;
	case RMCPP_INVALID_SESSION:
	case RMCPP_INACTIVE_SESSION:
		return HANDSHAKE_STALE;
	case RMCPP_INVALID_ROLE:
	case RMCPP_UNAUTHORIZED_ROLE:
	case RMCPP_UNAUTHORIZED_NAME: /* so some BMCs call a user who lacks that privilege */
		return HANDSHAKE_PRIVILEGE;
	case RMCPP_INVALID_AUTHENTICATION:
	case RMCPP_INVALID_INTEGRITY:
	case RMCPP_INVALID_CONFIDENTIALITY:
	case RMCPP_NO_CIPHER_SUITE:
	case RMCPP_ILLEGAL_PARAMETER:
		return HANDSHAKE_SUITE;
	default:
		return HANDSHAKE_REFUSED;
	}
}

static bool has_quirk(const struct handshake *handshake, enum ipmi_quirk quirk)
{
	return quirk_is_in(handshake->session->quirks, quirk);
}

/* The same level in Open Session and RAKP 1: BMCs sign the one or the other. */
static uint8_t asked_privilege(const struct handshake *handshake)
{
	return has_quirk(handshake, QUIRK_HIGHEST_PRIVILEGE) ? IPMI_PRIVILEGE_HIGHEST
							     : (uint8_t)handshake->privilege;
}

static enum ipmi_handshake_result open_session(struct handshake *handshake, struct ipmi_learnt *learnt)
{
	struct ipmi_session *session = handshake->session;
	uint8_t payload[RMCPP_HANDSHAKE_MAX];
	int64_t sent_ms = clock_ms();
	const struct open_session_request request = {
		.tag = session->tag,
		.privilege = asked_privilege(handshake),
		.console_id = session->line.id,
		.algorithms = handshake->secrets.suite->algorithms,
	};
	enum ipmi_handshake_result result = converse(handshake, "Open Session Request", PAYLOAD_OPEN_REQUEST,
						     payload, open_session_request_encode(&request, payload));

	if (result != HANDSHAKE_DONE)
		return result;
	ipmi_learn_round_trip(learnt, sent_ms);
	if (handshake->status != RMCPP_OK) {
		/* any refusal but "full" may be a BMC's way to say that it lacks the suite */
		result = result_of(handshake->status);
		return result == HANDSHAKE_FULL || result == HANDSHAKE_PRIVILEGE ? result : HANDSHAKE_SUITE;
	}
	/* a BMC that answers with other algorithms than proposed would have us talk weaker, or past each
	 * other */
	if (memcmp(&handshake->open.algorithms, &request.algorithms, sizeof(request.algorithms)) != 0) {
		handshake->status = RMCPP_NO_CIPHER_SUITE;
		return HANDSHAKE_SUITE;
	}
	if (handshake->open.bmc_id == 0)
		return HANDSHAKE_STALE;
	session->bmc_id = handshake->open.bmc_id;
	return HANDSHAKE_DONE;
}

/* Tells the BMC to forget the handshake: it has proven to know another password than ours. */
static void give_up(struct handshake *handshake)
{
	const struct rakp_reply rakp3 = { .tag = handshake->session->tag,
					  .status = RMCPP_INVALID_CODE,
					  .session_id = handshake->session->bmc_id };
	uint8_t payload[RMCPP_HANDSHAKE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	size_t len = rakp3_encode(&rakp3, payload);

	len = rmcpp_plain_encode(PAYLOAD_RAKP3, payload, len, datagram, sizeof(datagram));
	ipmi_line_send(&handshake->session->line, datagram, len, false);
}

static enum ipmi_handshake_result send_rakp1(struct handshake *handshake)
{
	struct rakp_secrets *secrets = &handshake->secrets;
	uint8_t payload[RMCPP_HANDSHAKE_MAX], code[RMCPP_CODE_MAX];
	struct rakp1 rakp1 = { .tag = handshake->session->tag,
			       .bmc_id = secrets->bmc_id,
			       .role = secrets->role,
			       .user_len = secrets->user_len };

	memcpy(rakp1.random, secrets->console_random, RMCPP_RANDOM);
	memcpy(rakp1.user, secrets->user, secrets->user_len);

	enum ipmi_handshake_result result =
		converse(handshake, "RAKP 1", PAYLOAD_RAKP1, payload, rakp1_encode(&rakp1, payload));
	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->status != RMCPP_OK)
		return result_of(handshake->status);
	memcpy(secrets->bmc_random, handshake->rakp.random, RMCPP_RANDOM);
	memcpy(secrets->guid, handshake->rakp.guid, RMCPP_GUID);

	size_t len = rakp2_code(secrets, code);
	/* some BMCs declare a byte more than the digest has */
	if (len > 0 && handshake->rakp.code_len == len + 1)
		handshake->rakp.code_len = len;
	if (len > 0 && !rmcpp_code_equal(code, len, handshake->rakp.code, handshake->rakp.code_len)) {
		handshake->status = RMCPP_INVALID_CODE;
		give_up(handshake);
		return HANDSHAKE_REFUSED;
	}
	return HANDSHAKE_DONE;
}

static enum ipmi_handshake_result send_rakp3(struct handshake *handshake)
{
	struct rakp_secrets *secrets = &handshake->secrets;
	uint8_t payload[RMCPP_HANDSHAKE_MAX], code[RMCPP_CODE_MAX];
	struct rakp_reply rakp3 = { .tag = handshake->session->tag, .session_id = secrets->bmc_id };

	rakp3.code_len = rakp3_code(secrets, rakp3.code);
	ipmi_line_note(&handshake->session->line, secrets->bmc_id);

	enum ipmi_handshake_result result =
		converse(handshake, "RAKP 3", PAYLOAD_RAKP3, payload, rakp3_encode(&rakp3, payload));
	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->status != RMCPP_OK) {
		ipmi_line_settle(&handshake->session->line);
		return result_of(handshake->status);
	}

	/* without authentication (suite 0) some BMCs send a code all the same */
	size_t len = rakp4_code(secrets, code);
	if (secrets->suite->integrity_len == 0 && has_quirk(handshake, QUIRK_NO_RAKP4_CODE))
		len = 0;
	if (len > 0 && !rmcpp_code_equal(code, len, handshake->rakp.code, handshake->rakp.code_len)) {
		handshake->stage = "RAKP 4";
		handshake->status = RMCPP_INVALID_CODE;
		return HANDSHAKE_REFUSED;
	}
	return HANDSHAKE_DONE;
}

static void set_secrets(struct handshake *handshake)
{
	struct rakp_secrets *secrets = &handshake->secrets;
	const struct ipmi_info *info = handshake->info;

	secrets->console_id = handshake->session->line.id;
	secrets->bmc_id = handshake->session->bmc_id;
	rmcpp_random(secrets->console_random, RMCPP_RANDOM);
	secrets->role = asked_privilege(handshake);
	if (!has_quirk(handshake, QUIRK_NAME_AND_PRIVILEGE))
		secrets->role |= RMCPP_ROLE_NAME_ONLY;
	secrets->user_len = has_quirk(handshake, QUIRK_PADDED_NAME) ? RMCPP_USER_MAX : info->user_len;
	memcpy(secrets->user, info->user, RMCPP_USER_MAX);
	memcpy(secrets->password, info->password, RMCPP_KEY);
	secrets->has_kg = info->has_kg;
	memcpy(secrets->kg, info->kg, RMCPP_KEY);
}

static enum ipmi_handshake_result shake_hands(struct handshake *handshake, struct ipmi_learnt *learnt)
{
	struct ipmi_session *session = handshake->session;

	ipmi_line_renew(&session->line);
	session->tag++;

	enum ipmi_handshake_result result = open_session(handshake, learnt);
	if (result != HANDSHAKE_DONE)
		return result;
	set_secrets(handshake);
	result = send_rakp1(handshake);
	if (result == HANDSHAKE_DONE)
		result = send_rakp3(handshake);
	if (result != HANDSHAKE_DONE)
		return result;
	rmcpp_session_start(&session->wire, &handshake->secrets, session->bmc_id);
	session->request_sequence = 0;
	session->privilege = handshake->privilege < IPMI_USER ? handshake->privilege : IPMI_USER;
	session->limit = handshake->privilege;
	return HANDSHAKE_DONE;
}

enum ipmi_handshake_result ipmi_handshake20(struct ipmi_session *session, struct ipmi_learnt *learnt,
					    struct ipmi_attempt *attempt)
{
	struct handshake handshake = {
		.session = session,
		.info = attempt->info,
		.privilege = attempt->privilege,
		.timeout_ms = attempt->timeout_ms,
		.secrets.suite = attempt->suite,
	};
	enum ipmi_handshake_result result = shake_hands(&handshake, learnt);

	rmcpp_wipe(&handshake.secrets, sizeof(handshake.secrets));
	attempt->stage = handshake.stage;
	attempt->status = handshake.status;
	return result;
}
