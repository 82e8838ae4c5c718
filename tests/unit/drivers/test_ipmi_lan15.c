/* IPMI 1.5 sessions and bridged messages: codes computed by another MD5, bytes captured from ipmitool. */
#include "tests/support/unit.h"

#include <string.h>

#include "drivers/ipmi/command.h"
#include "drivers/ipmi/lan15.h"
#include "drivers/ipmi/send_message.h"

static const uint8_t status_request[] = { 0x20, 0x18, 0xc8, 0x81, 0x04, 0x01, 0x7a };

static struct lan15_session session_of(enum lan15_auth auth)
{
	return (struct lan15_session){
		.auth = auth, .password = "secret", .id = 0x11223344, .send_sequence = 5
	};
}

static void test_lan15_code__md5__is_as_another_program_computes_it(void **state)
{
	static const uint8_t expected[] = { 0x5a, 0x26, 0xb7, 0x6d, 0x22, 0x7b, 0x56, 0x54,
					    0x5a, 0xed, 0x45, 0x2e, 0x06, 0x0b, 0x73, 0x56 };
	const struct lan15_session session = session_of(LAN15_MD5);
	uint8_t code[LAN15_CODE];

	(void)state;
	assert_true(lan15_code(LAN15_MD5, session.password, session.id, 5, status_request,
			       sizeof(status_request), code));
	assert_memory_equal(code, expected, sizeof(code));
	assert_true(lan15_code(LAN15_PASSWORD, session.password, session.id, 5, status_request,
			       sizeof(status_request), code));
	assert_memory_equal(code, session.password, sizeof(code));
	assert_false(lan15_code(LAN15_MD2, session.password, 1, 1, status_request, 1, code));
}

static void test_lan15_seal__each_type__is_unsealed_once(void **state)
{
	static const enum lan15_auth types[] = { LAN15_NONE, LAN15_MD5, LAN15_PASSWORD };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct lan15_session sender = session_of(types[i]), receiver = session_of(types[i]);
		uint8_t datagram[RMCPP_DATAGRAM_MAX];
		struct rmcp_packet packet;
		size_t len = lan15_seal(&sender, status_request, sizeof(status_request), datagram,
					sizeof(datagram));

		assert_int_equal(sender.send_sequence, 6);
		assert_true(rmcp_decode(datagram, len, &packet));
		assert_int_equal(packet.kind, RMCP_IPMI15);
		assert_int_equal(packet.sequence, 5);
		assert_int_equal(packet.payload_len, sizeof(status_request));
		assert_memory_equal(packet.payload, status_request, sizeof(status_request));
		assert_true(lan15_unseal(&receiver, &packet));
		assert_false(lan15_unseal(&receiver, &packet));
	}
}

static void test_lan15_unseal__any_bit_wrong__is_dropped(void **state)
{
	struct lan15_session sender = session_of(LAN15_MD5);
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t len = lan15_seal(&sender, status_request, sizeof(status_request), datagram, sizeof(datagram));

	(void)state;
	for (size_t bit = 4 * 8; bit < len * 8; bit++) {
		struct lan15_session receiver = session_of(LAN15_MD5);
		struct rmcp_packet packet;
		uint8_t changed[RMCPP_DATAGRAM_MAX];

		memcpy(changed, datagram, len);
		changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (rmcp_decode(changed, len, &packet))
			assert_false(lan15_unseal(&receiver, &packet));
	}
}

static void test_lan15_seal__before_activation__stays_at_zero(void **state)
{
	struct lan15_session session = session_of(LAN15_MD5);
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	struct rmcp_packet packet;

	(void)state;
	session.send_sequence = 0;
	for (int i = 0; i < 2; i++) {
		size_t len = lan15_seal(&session, status_request, sizeof(status_request), datagram,
					sizeof(datagram));
		assert_true(rmcp_decode(datagram, len, &packet));
		assert_int_equal(packet.sequence, 0);
		assert_true(lan15_unseal(&session, &packet));
	}
	session.send_sequence = UINT32_MAX;
	lan15_seal(&session, status_request, sizeof(status_request), datagram, sizeof(datagram));
	assert_int_equal(session.send_sequence, 1);
}

static void test_lan15_payloads__cut_short__are_refused(void **state)
{
	struct lan15_activate_request request = { LAN15_MD5, IPMI_ADMINISTRATOR, { 1, 2, 3 }, 0x01020304 },
				      request_again;
	struct lan15_activated activated = { LAN15_MD5, 0x11223344, 0x55667788, IPMI_OPERATOR },
			       activated_again;
	uint8_t out[32];

	(void)state;
	size_t len = lan15_activate_request_encode(&request, out);
	assert_true(lan15_activate_request_decode(out, len, &request_again));
	assert_int_equal(request_again.auth, request.auth);
	assert_int_equal(request_again.privilege, request.privilege);
	assert_int_equal(request_again.outbound_sequence, request.outbound_sequence);
	assert_memory_equal(request_again.challenge, request.challenge, sizeof(request.challenge));
	assert_false(lan15_activate_request_decode(out, len - 1, &request_again));
	len = lan15_activated_encode(&activated, out);
	assert_true(lan15_activated_decode(out, len, &activated_again));
	assert_int_equal(activated_again.session_id, activated.session_id);
	assert_int_equal(activated_again.inbound_sequence, activated.inbound_sequence);
	assert_int_equal(activated_again.privilege, activated.privilege);
	assert_false(lan15_activated_decode(out, len - 1, &activated_again));
}

static void test_auth_capabilities__each_flag__is_kept(void **state)
{
	static const uint8_t answer[] = { 0x01, 0x96, 0x3c, 0x03, 0x57, 0x01, 0x00, 0x09 };
	struct auth_capabilities capabilities;
	uint8_t out[AUTH_CAPABILITIES_LEN];

	(void)state;
	assert_true(auth_capabilities_decode(answer, sizeof(answer), &capabilities));
	assert_int_equal(capabilities.auth_types, 1 << LAN15_MD2 | 1 << LAN15_MD5 | 1 << LAN15_PASSWORD);
	assert_true(capabilities.has_kg && capabilities.is_per_message_off &&
		    capabilities.is_user_level_off && capabilities.has_named_users && capabilities.has_20 &&
		    capabilities.has_15);
	assert_int_equal(capabilities.oem_id, 343);
	auth_capabilities_encode(&capabilities, out);
	assert_memory_equal(out, answer, sizeof(answer));
	assert_false(auth_capabilities_decode(answer, sizeof(answer) - 1, &capabilities));
}

/* ---- bridging ---- */

static const struct ipmi_message chassis_status = { .netfn = NETFN_CHASSIS, .sequence = 7, .command = 0x01 };

static void test_route__none__is_the_plain_message(void **state)
{
	static const uint8_t expected[] = { 0x20, 0x00, 0xe0, 0x81, 0x1c, 0x01, 0x62 };
	const struct ipmi_route route = { 0 };
	uint8_t out[IPMI_MESSAGE_MAX];

	(void)state;
	assert_int_equal(ipmi_route_encode(&route, &chassis_status, out), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void test_route__single__is_as_ipmitool_sends_it(void **state)
{
	static const uint8_t expected[] = { 0x20, 0x18, 0xc8, 0x81, 0x1c, 0x34, 0x40, 0x01,
					    0x00, 0xff, 0x81, 0x1c, 0x01, 0x62, 0xef };
	struct ipmi_route route = { .hops = 1, .target_channel = 0, .target_address = 1 };
	uint8_t out[IPMI_MESSAGE_MAX];

	(void)state;
	assert_int_equal(ipmi_route_encode(&route, &chassis_status, out), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
	route.local_address = 0x20;
	ipmi_route_encode(&route, &chassis_status, out);
	assert_int_equal(out[10], 0x20);
}

static void test_route__dual__is_as_ipmitool_sends_it(void **state)
{
	static const uint8_t expected[] = { 0x20, 0x18, 0xc8, 0x81, 0x1c, 0x34, 0x40, 0x82,
					    0x18, 0x66, 0x81, 0x1c, 0x34, 0x47, 0x72, 0x00,
					    0x8e, 0x20, 0x1c, 0x01, 0xc3, 0xe8, 0xef };
	const struct ipmi_route route = { .hops = 2,
					  .target_channel = 7,
					  .target_address = 0x72,
					  .transit_channel = 0,
					  .transit_address = 0x82 };
	uint8_t out[IPMI_MESSAGE_MAX];

	(void)state;
	assert_int_equal(ipmi_route_encode(&route, &chassis_status, out), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void test_route__too_much_data__is_refused(void **state)
{
	static const uint8_t data[IPMI_DATA_MAX];
	struct ipmi_message message = chassis_status;
	struct ipmi_route route = { .hops = 2 };
	uint8_t out[IPMI_MESSAGE_MAX];

	(void)state;
	message.data = data;
	message.data_len = IPMI_DATA_MAX;
	assert_int_equal(ipmi_route_encode(&route, &message, out), 0);
	message.data_len = IPMI_DATA_MAX - 2 * 8 + 1;
	assert_int_equal(ipmi_route_encode(&route, &message, out), 0);
	message.data_len -= 1;
	assert_true(ipmi_route_encode(&route, &message, out) > 0);
	route.hops = 1;
	message.data_len = IPMI_DATA_MAX;
	assert_int_equal(ipmi_route_encode(&route, &message, out), 0);
}

static void test_send_message__channel_byte__is_taken_apart(void **state)
{
	static const uint8_t data[] = { 0x77, 0x01, 0x02 };
	struct send_message message;

	(void)state;
	assert_false(send_message_decode(data, 0, &message));
	assert_true(send_message_decode(data, sizeof(data), &message));
	assert_int_equal(message.channel, 7);
	assert_int_equal(message.tracking, TRACKING_REQUEST);
	assert_true(message.is_authenticated && message.is_encrypted);
	assert_int_equal(message.message_len, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lan15_code__md5__is_as_another_program_computes_it),
		cmocka_unit_test(test_lan15_seal__each_type__is_unsealed_once),
		cmocka_unit_test(test_lan15_unseal__any_bit_wrong__is_dropped),
		cmocka_unit_test(test_lan15_seal__before_activation__stays_at_zero),
		cmocka_unit_test(test_lan15_payloads__cut_short__are_refused),
		cmocka_unit_test(test_auth_capabilities__each_flag__is_kept),
		cmocka_unit_test(test_route__none__is_the_plain_message),
		cmocka_unit_test(test_route__single__is_as_ipmitool_sends_it),
		cmocka_unit_test(test_route__dual__is_as_ipmitool_sends_it),
		cmocka_unit_test(test_route__too_much_data__is_refused),
		cmocka_unit_test(test_send_message__channel_byte__is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
