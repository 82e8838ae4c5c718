/* lan15: see lan15.h. */
#include "drivers/ipmi/lan15.h"

#include <openssl/evp.h>
#include <string.h>

#include "drivers/ipmi/bytes.h"

/* ---- codes ---- */

/* MD5(password, session id, message, sequence, password) */
static bool md5_code(const uint8_t password[LAN15_KEY], uint32_t session_id, uint32_t sequence,
		     const uint8_t *message, size_t len, uint8_t out[LAN15_CODE])
{
	uint8_t id[4], number[4];
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	put_u32(id, session_id);
	put_u32(number, sequence);
	bool is_done = context != NULL && EVP_DigestInit_ex(context, EVP_md5(), NULL) &&
		       EVP_DigestUpdate(context, password, LAN15_KEY) &&
		       EVP_DigestUpdate(context, id, sizeof(id)) && EVP_DigestUpdate(context, message, len) &&
		       EVP_DigestUpdate(context, number, sizeof(number)) &&
		       EVP_DigestUpdate(context, password, LAN15_KEY) &&
		       EVP_DigestFinal_ex(context, out, NULL);
	EVP_MD_CTX_free(context);
	return is_done;
}

bool lan15_code(enum lan15_auth auth, const uint8_t password[LAN15_KEY], uint32_t session_id,
		uint32_t sequence, const uint8_t *message, size_t len, uint8_t out[LAN15_CODE])
{
	if (auth == LAN15_MD5)
		return md5_code(password, session_id, sequence, message, len, out);
	if (auth != LAN15_PASSWORD)
		return false;
	memcpy(out, password, LAN15_KEY);
	return true;
}

/* ---- messages ---- */

/* As it stands on the wire. */
static uint32_t wire_sequence(const struct lan15_session *session, uint32_t sequence)
{
	return session->is_sequence_swapped ? __builtin_bswap32(sequence) : sequence;
}

size_t lan15_seal(struct lan15_session *session, const uint8_t *message, size_t len, uint8_t *out,
		  size_t size)
{
	uint8_t code[LAN15_CODE];
	uint32_t sequence = session->send_sequence, sent = wire_sequence(session, sequence);
	const uint8_t *sent_code = session->auth == LAN15_NONE ? NULL : code;

	if (sent_code != NULL &&
	    !lan15_code(session->auth, session->password, session->id, sent, message, len, code))
		return 0;

	size_t total = rmcp_ipmi15_session_encode((uint8_t)session->auth, sent_code, session->id, sent,
						  message, len, out, size);
	/* 0 is for what comes before the session, and is left out when the counter wraps */
	if (total > 0 && sequence != 0)
		session->send_sequence = sequence + 1 != 0 ? sequence + 1 : 1;
	return total;
}

static bool has_right_code(const struct lan15_session *session, const struct rmcp_packet *packet)
{
	uint8_t code[LAN15_CODE];

	if (session->takes_any_code)
		return true;
	if (packet->auth_code == NULL)
		return session->auth == LAN15_NONE;
	if (session->auth != LAN15_NONE && packet->auth_type != (uint8_t)session->auth)
		return false;
	return lan15_code((enum lan15_auth)packet->auth_type, session->password, session->id,
			  packet->sequence, packet->payload, packet->payload_len, code) &&
	       rmcpp_code_equal(code, sizeof(code), packet->auth_code, sizeof(code));
}

bool lan15_unseal(struct lan15_session *session, const struct rmcp_packet *packet)
{
	if (packet->kind != RMCP_IPMI15 || packet->session_id != session->id ||
	    !has_right_code(session, packet))
		return false;
	if (packet->sequence == 0)
		return session->received.highest == 0;
	return sequence_window_accept(&session->received, wire_sequence(session, packet->sequence));
}

/* ---- challenge and activation ---- */

size_t lan15_challenge_request_encode(const struct lan15_challenge_request *request,
				      uint8_t out[LAN15_CHALLENGE_REQUEST_LEN])
{
	out[0] = request->auth;
	memcpy(out + 1, request->user, LAN15_USER);
	return LAN15_CHALLENGE_REQUEST_LEN;
}

bool lan15_challenge_request_decode(const uint8_t *data, size_t len, struct lan15_challenge_request *ret)
{
	if (len < LAN15_CHALLENGE_REQUEST_LEN)
		return false;
	ret->auth = data[0] & 0x0f;
	memcpy(ret->user, data + 1, LAN15_USER);
	return true;
}

size_t lan15_challenge_encode(const struct lan15_challenge *challenge, uint8_t out[LAN15_CHALLENGE_LEN])
{
	put_u32(out, challenge->temporary_id);
	memcpy(out + 4, challenge->challenge, LAN15_CHALLENGE);
	return LAN15_CHALLENGE_LEN;
}

bool lan15_challenge_decode(const uint8_t *data, size_t len, struct lan15_challenge *ret)
{
	if (len < LAN15_CHALLENGE_LEN)
		return false;
	ret->temporary_id = get_u32(data);
	memcpy(ret->challenge, data + 4, LAN15_CHALLENGE);
	return true;
}

size_t lan15_activate_request_encode(const struct lan15_activate_request *request,
				     uint8_t out[LAN15_ACTIVATE_REQUEST_LEN])
{
	out[0] = request->auth;
	out[1] = request->privilege;
	memcpy(out + 2, request->challenge, LAN15_CHALLENGE);
	put_u32(out + 18, request->outbound_sequence);
	return LAN15_ACTIVATE_REQUEST_LEN;
}

bool lan15_activate_request_decode(const uint8_t *data, size_t len, struct lan15_activate_request *ret)
{
	if (len < LAN15_ACTIVATE_REQUEST_LEN)
		return false;
	ret->auth = data[0] & 0x0f;
	ret->privilege = data[1] & 0x0f;
	memcpy(ret->challenge, data + 2, LAN15_CHALLENGE);
	ret->outbound_sequence = get_u32(data + 18);
	return true;
}

size_t lan15_activated_encode(const struct lan15_activated *activated, uint8_t out[LAN15_ACTIVATED_LEN])
{
	out[0] = activated->auth;
	put_u32(out + 1, activated->session_id);
	put_u32(out + 5, activated->inbound_sequence);
	out[9] = activated->privilege;
	return LAN15_ACTIVATED_LEN;
}

bool lan15_activated_decode(const uint8_t *data, size_t len, struct lan15_activated *ret)
{
	if (len < LAN15_ACTIVATED_LEN)
		return false;
	*ret = (struct lan15_activated){
		.auth = data[0] & 0x0f,
		.session_id = get_u32(data + 1),
		.inbound_sequence = get_u32(data + 5),
		.privilege = data[9] & 0x0f,
	};
	return true;
}

/* ---- capabilities ---- */

enum {
	TYPES = 0x3f,
	EXTENDED = 0x80,
	KG = 0x20,
	PER_MESSAGE_OFF = 0x10,
	USER_LEVEL_OFF = 0x08,
	NAMED_USERS = 0x04,
	NULL_USERS = 0x02,
	ANONYMOUS = 0x01,
	VERSION_20 = 0x02,
	VERSION_15 = 0x01
};

size_t auth_capabilities_encode(const struct auth_capabilities *capabilities,
				uint8_t out[AUTH_CAPABILITIES_LEN])
{
	const struct auth_capabilities *c = capabilities;

	memset(out, 0, AUTH_CAPABILITIES_LEN);
	out[0] = c->channel;
	out[1] = (uint8_t)((c->auth_types & TYPES) | (c->is_extended ? EXTENDED : 0));
	out[2] = (uint8_t)((c->has_kg ? KG : 0) | (c->is_per_message_off ? PER_MESSAGE_OFF : 0) |
			   (c->is_user_level_off ? USER_LEVEL_OFF : 0) |
			   (c->has_named_users ? NAMED_USERS : 0) | (c->has_null_users ? NULL_USERS : 0) |
			   (c->has_anonymous ? ANONYMOUS : 0));
	if (c->is_extended)
		out[3] = (uint8_t)((c->has_20 ? VERSION_20 : 0) | (c->has_15 ? VERSION_15 : 0));
	out[4] = (uint8_t)c->oem_id;
	out[5] = (uint8_t)(c->oem_id >> 8);
	out[6] = (uint8_t)(c->oem_id >> 16);
	out[7] = c->oem_data;
	return AUTH_CAPABILITIES_LEN;
}

bool auth_capabilities_decode(const uint8_t *data, size_t len, struct auth_capabilities *ret)
{
	if (len < AUTH_CAPABILITIES_LEN)
		return false;
	*ret = (struct auth_capabilities){
		.channel = data[0],
		.auth_types = data[1] & TYPES,
		.is_extended = data[1] & EXTENDED,
		.has_kg = data[2] & KG,
		.is_per_message_off = data[2] & PER_MESSAGE_OFF,
		.is_user_level_off = data[2] & USER_LEVEL_OFF,
		.has_named_users = data[2] & NAMED_USERS,
		.has_null_users = data[2] & NULL_USERS,
		.has_anonymous = data[2] & ANONYMOUS,
		.has_20 = data[1] & EXTENDED && data[3] & VERSION_20,
		.has_15 = data[1] & EXTENDED && data[3] & VERSION_15,
		.oem_id = data[4] | (uint32_t)data[5] << 8 | (uint32_t)data[6] << 16,
		.oem_data = data[7],
	};
	return true;
}
