/* rmcpp: frames, IPMI messages and the sequence window. Source: IPMI 2.0 sections 13.6, 13.8, 6.12.13. */
#include "drivers/ipmi/rmcpp.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"

enum { RMCP_VERSION = 6, RMCP_NO_ACK = 0xff, RMCP_HEADER = 4 };
enum { CLASS_ASF = 0x06, CLASS_IPMI = 0x07 };
enum { ASF_HEADER = 8, ASF_PING = 0x80, ASF_PONG = 0x40, ASF_PONG_DATA = 16 };
enum { AUTH_NONE = 0, AUTH_OEM = 5, AUTH_RMCPP = 6 };
enum { IPMI15_HEADER = 10, IPMI15_CODE = 16, RMCPP_HEADER = 12, OEM_FIELDS = 6 };

static const uint8_t asf_iana[4] = { 0x00, 0x00, 0x11, 0xbe };

static void put_rmcp(uint8_t *out, uint8_t class)
{
	out[0] = RMCP_VERSION;
	out[1] = 0;
	out[2] = RMCP_NO_ACK;
	out[3] = class;
}

static bool decode_asf(const uint8_t *data, size_t len, struct rmcp_packet *ret)
{
	if (len < ASF_HEADER || memcmp(data, asf_iana, sizeof(asf_iana)) != 0 || data[7] > len - ASF_HEADER)
		return false;
	if (data[4] != ASF_PING && data[4] != ASF_PONG)
		return false;
	ret->kind = data[4] == ASF_PING ? RMCP_PING : RMCP_PONG;
	ret->tag = data[5];
	ret->payload = data + ASF_HEADER;
	ret->payload_len = data[7];
	return true;
}

static bool decode_ipmi15(const uint8_t *data, size_t len, struct rmcp_packet *ret)
{
	size_t header = IPMI15_HEADER + (data[0] == AUTH_NONE ? 0 : IPMI15_CODE);

	if (len < header || data[header - 1] > len - header)
		return false;
	ret->kind = RMCP_IPMI15;
	ret->auth_type = data[0];
	ret->auth_code = data[0] == AUTH_NONE ? NULL : data + IPMI15_HEADER - 1;
	ret->sequence = get_u32(data + 1);
	ret->session_id = get_u32(data + 5);
	ret->payload = data + header;
	ret->payload_len = data[header - 1];
	return true;
}

static bool decode_ipmi20(const uint8_t *data, size_t len, struct rmcp_packet *ret)
{
	if (len < RMCPP_HEADER)
		return false;

	uint8_t type = data[1] & 0x3f;
	size_t oem = type == PAYLOAD_OEM ? OEM_FIELDS : 0;
	if (len < RMCPP_HEADER + oem)
		return false;

	const uint8_t *fields = data + 2 + oem;
	size_t payload_len = get_u16(fields + 8);
	if (payload_len > len - RMCPP_HEADER - oem)
		return false;
	ret->kind = RMCP_IPMI20;
	ret->payload_type = type;
	ret->is_encrypted = data[1] & 0x80;
	ret->is_authenticated = data[1] & 0x40;
	ret->session_id = get_u32(fields);
	ret->sequence = get_u32(fields + 4);
	ret->payload = fields + 10;
	ret->payload_len = payload_len;
	ret->covered = data;
	ret->covered_len = len;
	return true;
}

bool rmcp_decode(const uint8_t *data, size_t len, struct rmcp_packet *ret)
{
	*ret = (struct rmcp_packet){ 0 };
	if (len <= RMCP_HEADER || len > RMCPP_DATAGRAM_MAX || data[0] != RMCP_VERSION)
		return false;

	const uint8_t *body = data + RMCP_HEADER;
	size_t body_len = len - RMCP_HEADER;
	if (data[3] == CLASS_ASF)
		return decode_asf(body, body_len, ret);
	if (data[3] != CLASS_IPMI)
		return false;
	if (body[0] == AUTH_RMCPP)
		return decode_ipmi20(body, body_len, ret);
	return body[0] <= AUTH_OEM && decode_ipmi15(body, body_len, ret);
}

size_t rmcp_pong_encode(uint8_t tag, uint8_t *out, size_t size)
{
	size_t len = RMCP_HEADER + ASF_HEADER + ASF_PONG_DATA;
	uint8_t *data = out + RMCP_HEADER + ASF_HEADER;

	if (len > size)
		return 0;
	memset(out, 0, len);
	put_rmcp(out, CLASS_ASF);
	memcpy(out + RMCP_HEADER, asf_iana, sizeof(asf_iana));
	out[8] = ASF_PONG;
	out[9] = tag;
	out[11] = ASF_PONG_DATA;
	memcpy(data, asf_iana, sizeof(asf_iana));
	data[8] = 0x81; /* IPMI is supported, ASF 1.0 */
	return len;
}

/* Lengths that a network chip of the 1.5 years lost: such a frame carries one more byte. */
static bool needs_legacy_pad(size_t len)
{
	return len == 56 || len == 84 || len == 112 || len == 128 || len == 156;
}

size_t rmcp_ipmi15_session_encode(uint8_t auth_type, const uint8_t *auth_code, uint32_t session_id,
				  uint32_t sequence, const uint8_t *message, size_t message_len, uint8_t *out,
				  size_t size)
{
	size_t header = RMCP_HEADER + IPMI15_HEADER + (auth_code != NULL ? IPMI15_CODE : 0);
	size_t len = header + message_len;
	size_t pad = needs_legacy_pad(len) ? 1 : 0;

	if (message_len > UINT8_MAX || len + pad > size)
		return 0;
	put_rmcp(out, CLASS_IPMI);
	out[4] = auth_type;
	put_u32(out + 5, sequence);
	put_u32(out + 9, session_id);
	if (auth_code != NULL)
		memcpy(out + 13, auth_code, IPMI15_CODE);
	out[header - 1] = (uint8_t)message_len;
	memcpy(out + header, message, message_len);
	if (pad > 0)
		out[len] = 0;
	return len + pad;
}

size_t rmcp_ipmi15_encode(const uint8_t *message, size_t message_len, uint8_t *out, size_t size)
{
	return rmcp_ipmi15_session_encode(AUTH_NONE, NULL, 0, 0, message, message_len, out, size);
}

size_t rmcpp_header_encode(uint8_t type_and_flags, uint32_t session_id, uint32_t sequence, size_t payload_len,
			   uint8_t *out)
{
	put_rmcp(out, CLASS_IPMI);
	out[4] = AUTH_RMCPP;
	out[5] = type_and_flags;
	put_u32(out + 6, session_id);
	put_u32(out + 10, sequence);
	put_u16(out + 14, (uint16_t)payload_len);
	return RMCP_HEADER + RMCPP_HEADER;
}

size_t rmcpp_plain_encode(enum rmcpp_payload type, const uint8_t *payload, size_t len, uint8_t *out,
			  size_t size)
{
	if (len > RMCPP_PAYLOAD_MAX || RMCP_HEADER + RMCPP_HEADER + len > size)
		return 0;

	size_t header = rmcpp_header_encode((uint8_t)type, 0, 0, len, out);
	memcpy(out + header, payload, len);
	return header + len;
}

/* ---- IPMI messages ---- */

enum { MESSAGE_HEADER = 6 };

static uint8_t checksum(const uint8_t *data, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + data[i]);
	return (uint8_t)-sum;
}

size_t ipmi_message_encode(const struct ipmi_message *message, uint8_t *out, size_t size)
{
	size_t header = MESSAGE_HEADER + (ipmi_message_is_response(message) ? 1 : 0);
	size_t len = header + message->data_len + 1;

	if (message->data_len > IPMI_DATA_MAX || len > size)
		return 0;
	out[0] = message->to;
	out[1] = (uint8_t)(message->netfn << 2 | (message->to_lun & 3));
	out[2] = checksum(out, 2);
	out[3] = message->from;
	out[4] = (uint8_t)(message->sequence << 2 | (message->from_lun & 3));
	out[5] = message->command;
	if (header > MESSAGE_HEADER)
		out[6] = message->completion;
	if (message->data_len > 0)
		memcpy(out + header, message->data, message->data_len);
	out[len - 1] = checksum(out + 3, len - 4);
	return len;
}

bool ipmi_message_decode(const uint8_t *data, size_t len, struct ipmi_message *ret)
{
	if (len < MESSAGE_HEADER + 1 || len > IPMI_MESSAGE_MAX)
		return false;

	bool is_response = data[1] >> 2 & 1;
	size_t header = MESSAGE_HEADER + (is_response ? 1 : 0);
	if (len < header + 1)
		return false;
	*ret = (struct ipmi_message){
		.to = data[0],
		.to_lun = data[1] & 3,
		.netfn = data[1] >> 2,
		.from = data[3],
		.from_lun = data[4] & 3,
		.sequence = data[4] >> 2,
		.command = data[5],
		.completion = is_response ? data[6] : 0,
		.is_checksum_bad = checksum(data, 3) != 0 || checksum(data + 3, len - 3) != 0,
		.data = data + header,
		.data_len = len - header - 1,
	};
	return ret->data_len <= IPMI_DATA_MAX;
}

/* ---- sequence window ---- */

bool sequence_window_accept(struct sequence_window *window, uint32_t sequence)
{
	if (sequence == 0)
		return false;
	if (window->highest == 0) {
		*window = (struct sequence_window){ .highest = sequence, .seen = 1 };
		return true;
	}

	uint32_t ahead = sequence - window->highest;
	if (ahead != 0 && ahead <= RMCPP_WINDOW) {
		window->seen = ahead < 32 ? window->seen << ahead | 1 : 1;
		window->highest = sequence;
		return true;
	}

	uint32_t behind = window->highest - sequence;
	if (behind >= RMCPP_WINDOW || window->seen & (uint32_t)1 << behind)
		return false;
	window->seen |= (uint32_t)1 << behind;
	return true;
}
