/* rmcpp: cipher suites and the payloads of the handshake. Source: IPMI 2.0 sections 13.17-13.24, 22.15.2. */
#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/rmcpp.h"

/* clang-format off */
static const struct cipher_suite suites[] = {
	{ 0, {0, 0, 0},  0,  0,  0, false},
	{ 1, {1, 0, 0}, 20, 12,  0, false},
	{ 2, {1, 1, 0}, 20, 12, 12, false},
	{ 3, {1, 1, 1}, 20, 12, 12, true },
	{15, {3, 0, 0}, 32, 16,  0, false},
	{16, {3, 4, 0}, 32, 16, 16, false},
	{17, {3, 4, 1}, 32, 16, 16, true },
};

static const char *const status_names[] = {
	[0x00] = "no errors",
	[0x01] = "insufficient resources for session",
	[0x02] = "invalid session ID",
	[0x03] = "invalid payload type",
	[0x04] = "invalid authentication algorithm",
	[0x05] = "invalid integrity algorithm",
	[0x06] = "no matching authentication payload",
	[0x07] = "no matching integrity payload",
	[0x08] = "inactive session ID",
	[0x09] = "invalid role",
	[0x0a] = "unauthorized role or privilege level requested",
	[0x0b] = "insufficient resources for session at the requested role",
	[0x0c] = "invalid name length",
	[0x0d] = "unauthorized name",
	[0x0e] = "unauthorized GUID",
	[0x0f] = "invalid integrity check value",
	[0x10] = "invalid confidentiality algorithm",
	[0x11] = "no cipher suite match",
	[0x12] = "illegal or unrecognized parameter",
};
/* clang-format on */

enum { SUITE_COUNT = sizeof(suites) / sizeof(suites[0]) };
enum { STATUS_COUNT = sizeof(status_names) / sizeof(status_names[0]) };

const struct cipher_suite *cipher_suite_at(size_t index)
{
	return index < SUITE_COUNT ? &suites[index] : NULL;
}

const struct cipher_suite *cipher_suite_find(unsigned id)
{
	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if (suites[i].id == id)
			return &suites[i];
	}
	return NULL;
}

const struct cipher_suite *cipher_suite_find_algorithms(const struct cipher_algorithms *algorithms)
{
	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if (memcmp(&suites[i].algorithms, algorithms, sizeof(*algorithms)) == 0)
			return &suites[i];
	}
	return NULL;
}

const char *rmcpp_status_name(unsigned status)
{
	return status < STATUS_COUNT ? status_names[status] : "unknown status";
}

/* ---- algorithm proposals: {type, 0, 0, length 8, algorithm, 0, 0, 0} three times ---- */

enum { PROPOSAL = 8, PROPOSALS = 24 };

static void put_algorithms(uint8_t *out, const struct cipher_algorithms *algorithms)
{
	const uint8_t values[] = { algorithms->authentication, algorithms->integrity,
				   algorithms->confidentiality };

	memset(out, 0, PROPOSALS);
	for (uint8_t type = 0; type < 3; type++, out += PROPOSAL) {
		out[0] = type;
		out[3] = PROPOSAL;
		out[4] = values[type] & 0x3f;
	}
}

/* Length 0 ("any") is not taken: who asks for no algorithm in particular gets the answer "no match". */
static bool get_algorithms(const uint8_t *data, struct cipher_algorithms *ret)
{
	uint8_t *const values[] = { &ret->authentication, &ret->integrity, &ret->confidentiality };

	for (uint8_t type = 0; type < 3; type++, data += PROPOSAL) {
		if (data[0] != type || data[3] != PROPOSAL)
			return false;
		*values[type] = data[4] & 0x3f;
	}
	return true;
}

/* ---- open session ---- */

enum { OPEN_REQUEST = 32, OPEN_RESPONSE = 36, REPLY_HEADER = 8 };

size_t open_session_request_encode(const struct open_session_request *request, uint8_t *out)
{
	memset(out, 0, 8);
	out[0] = request->tag;
	out[1] = request->privilege;
	put_u32(out + 4, request->console_id);
	put_algorithms(out + 8, &request->algorithms);
	return OPEN_REQUEST;
}

bool open_session_request_decode(const uint8_t *data, size_t len, struct open_session_request *ret)
{
	if (len < OPEN_REQUEST)
		return false;
	ret->tag = data[0];
	ret->privilege = data[1] & 0x0f;
	ret->console_id = get_u32(data + 4);
	/* Unusable proposals leave algorithms that no suite has. */
	if (!get_algorithms(data + 8, &ret->algorithms))
		ret->algorithms = (struct cipher_algorithms){ 0x3f, 0x3f, 0x3f };
	return true;
}

size_t open_session_response_encode(const struct open_session_response *response, uint8_t *out)
{
	memset(out, 0, 12);
	out[0] = response->tag;
	out[1] = response->status;
	out[2] = response->privilege;
	put_u32(out + 4, response->console_id);
	if (response->status != RMCPP_OK)
		return REPLY_HEADER;
	put_u32(out + 8, response->bmc_id);
	put_algorithms(out + 12, &response->algorithms);
	return OPEN_RESPONSE;
}

/* The first bytes of every reply; false when not even a status is there. */
static bool decode_reply_head(const uint8_t *data, size_t len, uint8_t *ret_tag, uint8_t *ret_status)
{
	if (len == 0)
		return false;
	if (len == 1) {
		*ret_status = data[0];
		return data[0] != RMCPP_OK;
	}
	*ret_tag = data[0];
	*ret_status = data[1];
	return true;
}

bool open_session_response_decode(const uint8_t *data, size_t len, struct open_session_response *ret)
{
	*ret = (struct open_session_response){ 0 };
	if (!decode_reply_head(data, len, &ret->tag, &ret->status))
		return false;
	if (ret->status != RMCPP_OK)
		return true;
	if (len < OPEN_RESPONSE)
		return false;
	ret->privilege = data[2] & 0x0f;
	ret->console_id = get_u32(data + 4);
	ret->bmc_id = get_u32(data + 8);
	return get_algorithms(data + 12, &ret->algorithms);
}

/* ---- RAKP ---- */

enum { RAKP1_HEADER = 28, RAKP2_HEADER = 40 };

size_t rakp1_encode(const struct rakp1 *rakp1, uint8_t *out)
{
	memset(out, 0, RAKP1_HEADER);
	out[0] = rakp1->tag;
	put_u32(out + 4, rakp1->bmc_id);
	memcpy(out + 8, rakp1->random, RMCPP_RANDOM);
	out[24] = rakp1->role;
	out[27] = rakp1->user_len;
	memcpy(out + RAKP1_HEADER, rakp1->user, rakp1->user_len);
	return RAKP1_HEADER + rakp1->user_len;
}

bool rakp1_decode(const uint8_t *data, size_t len, struct rakp1 *ret)
{
	if (len < RAKP1_HEADER)
		return false;
	*ret = (struct rakp1){
		.tag = data[0], .bmc_id = get_u32(data + 4), .role = data[24], .user_len = data[27]
	};
	if (ret->user_len > RMCPP_USER_MAX || ret->user_len > len - RAKP1_HEADER)
		return false;
	memcpy(ret->random, data + 8, RMCPP_RANDOM);
	memcpy(ret->user, data + RAKP1_HEADER, ret->user_len);
	return true;
}

static void put_reply_head(const struct rakp_reply *reply, uint8_t *out)
{
	memset(out, 0, REPLY_HEADER);
	out[0] = reply->tag;
	out[1] = reply->status;
	put_u32(out + 4, reply->session_id);
}

/* RAKP 3 and 4 are the head and the code. */
static size_t encode_coded(const struct rakp_reply *reply, uint8_t *out)
{
	put_reply_head(reply, out);
	if (reply->status != RMCPP_OK)
		return REPLY_HEADER;
	memcpy(out + REPLY_HEADER, reply->code, reply->code_len);
	return REPLY_HEADER + reply->code_len;
}

size_t rakp2_encode(const struct rakp_reply *reply, uint8_t *out)
{
	put_reply_head(reply, out);
	if (reply->status != RMCPP_OK)
		return REPLY_HEADER;
	memcpy(out + 8, reply->random, RMCPP_RANDOM);
	memcpy(out + 24, reply->guid, RMCPP_GUID);
	memcpy(out + RAKP2_HEADER, reply->code, reply->code_len);
	return RAKP2_HEADER + reply->code_len;
}

size_t rakp3_encode(const struct rakp_reply *reply, uint8_t *out)
{
	return encode_coded(reply, out);
}

size_t rakp4_encode(const struct rakp_reply *reply, uint8_t *out)
{
	return encode_coded(reply, out);
}

/* The rest of the payload is the code. */
static bool get_code(const uint8_t *data, size_t len, struct rakp_reply *ret)
{
	if (len > RMCPP_CODE_MAX)
		return false;
	memcpy(ret->code, data, len);
	ret->code_len = len;
	return true;
}

static bool decode_coded(const uint8_t *data, size_t len, struct rakp_reply *ret)
{
	*ret = (struct rakp_reply){ 0 };
	if (!decode_reply_head(data, len, &ret->tag, &ret->status))
		return false;
	if (len >= REPLY_HEADER)
		ret->session_id = get_u32(data + 4);
	if (ret->status != RMCPP_OK)
		return true;
	return len >= REPLY_HEADER && get_code(data + REPLY_HEADER, len - REPLY_HEADER, ret);
}

bool rakp2_decode(const uint8_t *data, size_t len, struct rakp_reply *ret)
{
	*ret = (struct rakp_reply){ 0 };
	if (!decode_reply_head(data, len, &ret->tag, &ret->status))
		return false;
	if (ret->status != RMCPP_OK)
		return true;
	if (len < RAKP2_HEADER)
		return false;
	ret->session_id = get_u32(data + 4);
	memcpy(ret->random, data + 8, RMCPP_RANDOM);
	memcpy(ret->guid, data + 24, RMCPP_GUID);
	return get_code(data + RAKP2_HEADER, len - RAKP2_HEADER, ret);
}

bool rakp3_decode(const uint8_t *data, size_t len, struct rakp_reply *ret)
{
	return decode_coded(data, len, ret);
}

bool rakp4_decode(const uint8_t *data, size_t len, struct rakp_reply *ret)
{
	return decode_coded(data, len, ret);
}
