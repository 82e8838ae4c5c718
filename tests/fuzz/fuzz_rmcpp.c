/*
 * Datagrams into the codec: no decoder reads past the end (ASan), whatever is decoded is encoded and decoded
 * the same again, and nothing that our key did not sign is unsealed.
 */
#include <assert.h>
#include <string.h>

#include "drivers/ipmi/rmcpp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip_message(const uint8_t *data, size_t len)
{
	struct ipmi_message message, again;
	uint8_t out[IPMI_MESSAGE_MAX];

	if (!ipmi_message_decode(data, len, &message))
		return;
	size_t out_len = ipmi_message_encode(&message, out, sizeof(out));
	assert(out_len == len && ipmi_message_decode(out, out_len, &again) && !again.is_checksum_bad);
	assert(message.is_checksum_bad || memcmp(out, data, len) == 0);
}

static void round_trip_open(const uint8_t *data, size_t len)
{
	struct open_session_request request = { 0 }, request_again = { 0 };
	struct open_session_response response = { 0 }, response_again = { 0 };
	uint8_t out[RMCPP_HANDSHAKE_MAX];

	if (open_session_request_decode(data, len, &request))
		assert(open_session_request_decode(out, open_session_request_encode(&request, out),
						   &request_again) &&
		       memcmp(&request, &request_again, sizeof(request)) == 0);
	if (open_session_response_decode(data, len, &response) && response.status == RMCPP_OK)
		assert(open_session_response_decode(out, open_session_response_encode(&response, out),
						    &response_again) &&
		       memcmp(&response, &response_again, sizeof(response)) == 0);
}

static void round_trip_rakp(const uint8_t *data, size_t len)
{
	struct rakp1 rakp1 = { 0 }, rakp1_again = { 0 };
	struct rakp_reply reply = { 0 }, again = { 0 };
	uint8_t out[RMCPP_HANDSHAKE_MAX];

	if (rakp1_decode(data, len, &rakp1))
		assert(rakp1_decode(out, rakp1_encode(&rakp1, out), &rakp1_again) &&
		       memcmp(&rakp1, &rakp1_again, sizeof(rakp1)) == 0);
	if (rakp2_decode(data, len, &reply) && reply.status == RMCPP_OK)
		assert(rakp2_decode(out, rakp2_encode(&reply, out), &again) &&
		       memcmp(&reply, &again, sizeof(reply)) == 0);
	if (rakp3_decode(data, len, &reply) && reply.status == RMCPP_OK)
		assert(rakp3_decode(out, rakp3_encode(&reply, out), &again) &&
		       memcmp(&reply, &again, sizeof(reply)) == 0);
	if (rakp4_decode(data, len, &reply) && reply.status == RMCPP_OK)
		assert(rakp4_decode(out, rakp4_encode(&reply, out), &again) &&
		       memcmp(&reply, &again, sizeof(reply)) == 0);
}

/* In a session of each suite. Only suites without integrity can take what the fuzzer makes up. */
static void unseal(const struct rmcp_packet *packet)
{
	const struct cipher_suite *suite;

	for (size_t i = 0; (suite = cipher_suite_at(i)) != NULL; i++) {
		const struct rakp_secrets secrets = { .suite = suite, .user_len = 5, .user = "admin" };
		struct rmcpp_session session;
		uint8_t plain[RMCPP_PAYLOAD_MAX];
		size_t len;

		rmcpp_session_start(&session, &secrets, 1);
		if (rmcpp_unseal(&session, packet, plain, &len)) {
			assert(len <= sizeof(plain));
			assert(suite->integrity_len == 0);
			assert(!rmcpp_unseal(&session, packet, plain, &len));
			round_trip_message(plain, len);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmcp_packet packet;

	if (!rmcp_decode(data, size, &packet))
		return 0;
	assert(packet.payload >= data && packet.payload + packet.payload_len <= data + size);
	round_trip_message(packet.payload, packet.payload_len);
	round_trip_open(packet.payload, packet.payload_len);
	round_trip_rakp(packet.payload, packet.payload_len);
	if (packet.kind == RMCP_IPMI20)
		unseal(&packet);
	return 0;
}
