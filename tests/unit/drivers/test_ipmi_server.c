/* server: logins, sessions and what must not get through, with a console made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/ipmi/bytes.h"
#include "tests/support/ipmi_console.h"

enum { ALL_SUITES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 15 | 1 << 16 | 1 << 17 };

static const struct ipmi_server_user users[] = {
	{ "admin", "password", IPMI_ADMINISTRATOR },
	{ "night", "operator", IPMI_OPERATOR },
	{ "", "null", IPMI_USER },
};

static void make_server(struct ipmi_console *console, unsigned suite, uint32_t suites, unsigned limit)
{
	const struct ipmi_server_config config = { .users = users,
						   .user_count = 3,
						   .guid = { 1, 2, 3 },
						   .suites = suites,
						   .session_limit = limit,
						   .failures_per_second = 5 };

	ipmi_console_init(console, suite);
	console->server = ipmi_server_new(&config, &ipmi_console_ops, console);
}

static int set_privilege(struct ipmi_console *console, uint8_t privilege)
{
	struct ipmi_message answer;

	return ipmi_console_request(console, NETFN_APP, APP_SET_PRIVILEGE, &privilege, 1, &answer);
}

static int chassis_control(struct ipmi_console *console)
{
	struct ipmi_message answer;
	const uint8_t on = 1;

	return ipmi_console_request(console, NETFN_CHASSIS, CHASSIS_CONTROL, &on, 1, &answer);
}

static void test_login__each_suite__command_reaches_the_machine(void **state)
{
	const struct cipher_suite *suite;

	(void)state;
	for (size_t i = 0; (suite = cipher_suite_at(i)) != NULL; i++) {
		struct ipmi_console console;
		struct ipmi_message answer;

		make_server(&console, suite->id, ALL_SUITES, 4);
		assert_true(ipmi_console_login(&console));
		assert_int_equal(
			ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), 0);
		assert_int_equal(answer.data_len, 1);
		assert_int_equal(answer.data[0], CHASSIS_STATUS);
		assert_int_equal(console.command_count, 1);
		assert_int_equal(ipmi_server_counters(console.server).sessions, 1);
		ipmi_server_free(console.server);
	}
}

static void test_open__suite_not_offered__refused(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 3, 1 << 17, 4);
	assert_int_equal(ipmi_console_open(&console), RMCPP_NO_CIPHER_SUITE);
	console.suite = 0;
	assert_int_equal(ipmi_console_open(&console), RMCPP_NO_CIPHER_SUITE);
	assert_int_equal(ipmi_server_counters(console.server).handshakes, 0);
	ipmi_server_free(console.server);
}

static void test_login__wrong_password__no_session(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	console.password = "passwort";
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp3(&console), RMCPP_INVALID_CODE);
	assert_int_equal(ipmi_server_counters(console.server).sessions, 0);
	assert_int_equal(ipmi_server_counters(console.server).handshakes, 0);
	assert_int_equal(ipmi_server_counters(console.server).auth_failures, 1);
	ipmi_server_free(console.server);
}

static void test_rakp1__unknown_name_or_too_much_privilege__refused(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	console.user = "nobody";
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_UNAUTHORIZED_NAME);
	console.user = "night";
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_UNAUTHORIZED_ROLE);
	console.privilege = IPMI_OPERATOR;
	console.password = "operator";
	assert_true(ipmi_console_login(&console));
	ipmi_server_free(console.server);
}

static void test_login__kg__needed(void **state)
{
	static const uint8_t kg[RMCPP_KEY] = { 9, 8, 7 };
	const struct ipmi_server_config config = {
		.users = users, .user_count = 1, .suites = ALL_SUITES, .session_limit = 4, .kg = kg
	};
	struct ipmi_console console;

	(void)state;
	ipmi_console_init(&console, 17);
	console.server = ipmi_server_new(&config, &ipmi_console_ops, &console);
	assert_false(ipmi_console_login(&console));
	console.kg = kg;
	assert_true(ipmi_console_login(&console));
	ipmi_server_free(console.server);
}

static void test_privilege__session_begins_as_user__raised_up_to_the_limit(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	console.user = "night";
	console.password = "operator";
	console.privilege = IPMI_OPERATOR;
	assert_true(ipmi_console_login(&console));
	assert_int_equal(chassis_control(&console), COMPLETION_PRIVILEGE);
	assert_int_equal(console.command_count, 0);
	assert_int_equal(set_privilege(&console, IPMI_ADMINISTRATOR), COMPLETION_PRIVILEGE_EXCEEDED);
	assert_int_equal(set_privilege(&console, IPMI_OPERATOR), 0);
	assert_int_equal(chassis_control(&console), 0);
	assert_int_equal(console.command_count, 1);
	ipmi_server_free(console.server);
}

static void test_privilege__command_not_in_the_table__needs_administrator(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_true(ipmi_console_login(&console));
	assert_int_equal(ipmi_console_request(&console, 0x30, 0x01, NULL, 0, &answer), COMPLETION_PRIVILEGE);
	assert_int_equal(set_privilege(&console, IPMI_ADMINISTRATOR), 0);
	assert_int_equal(ipmi_console_request(&console, 0x30, 0x01, NULL, 0, &answer), 0);
	ipmi_server_free(console.server);
}

static void test_request__too_short__length_code(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_true(ipmi_console_login(&console));
	assert_int_equal(ipmi_console_request(&console, NETFN_APP, APP_SET_PRIVILEGE, NULL, 0, &answer),
			 COMPLETION_LENGTH);
	assert_int_equal(ipmi_console_request(&console, NETFN_APP, APP_CLOSE_SESSION, (uint8_t[]){ 1, 2, 3 },
					      3, &answer),
			 COMPLETION_LENGTH);
	ipmi_server_free(console.server);
}

static void test_request__repeated_with_same_number__answered_once_done_once(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;
	const uint8_t cycle = 2;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_true(ipmi_console_login(&console));
	assert_int_equal(set_privilege(&console, IPMI_OPERATOR), 0);
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_CONTROL, &cycle, 1, &answer),
			 0);
	assert_int_equal(ipmi_console_repeat(&console, NETFN_CHASSIS, CHASSIS_CONTROL, &cycle, 1, &answer),
			 0);
	assert_int_equal(console.command_count, 1);
	assert_int_equal(ipmi_server_counters(console.server).repeated, 1);
	/* after five seconds it is a new request */
	console.now_ms += 5001;
	assert_int_equal(ipmi_console_repeat(&console, NETFN_CHASSIS, CHASSIS_CONTROL, &cycle, 1, &answer),
			 0);
	assert_int_equal(console.command_count, 2);
	ipmi_server_free(console.server);
}

static void test_datagram__replayed__no_answer_no_command(void **state)
{
	struct ipmi_console console;
	uint8_t message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	const struct ipmi_message request = {
		.to = 0x20, .netfn = 0, .from = 0x81, .command = CHASSIS_STATUS
	};

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_true(ipmi_console_login(&console));
	size_t len = ipmi_message_encode(&request, message, sizeof(message));
	len = rmcpp_seal(&console.wire, PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));
	assert_true(ipmi_console_send(&console, datagram, len));
	assert_false(ipmi_console_send(&console, datagram, len));
	assert_int_equal(console.command_count, 1);
	ipmi_server_free(console.server);
}

static void test_datagram__from_another_address__dropped(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_true(ipmi_console_login(&console));
	console.peer.port++;
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), -1);
	console.peer.port--;
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), 0);
	ipmi_server_free(console.server);
}

static void test_first_sequence_number__not_one__accepted(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console, 3, ALL_SUITES, 4);
	assert_true(ipmi_console_login(&console));
	console.wire.send_sequence = 3;
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), 0);
	ipmi_server_free(console.server);
}

static void test_handshake__each_message_repeated__same_answer(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	uint32_t id = console.bmc_id;
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(console.bmc_id, id);
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_OK);
	uint8_t random[RMCPP_RANDOM];
	memcpy(random, console.secrets.bmc_random, sizeof(random));
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_OK);
	assert_memory_equal(random, console.secrets.bmc_random, sizeof(random));
	assert_int_equal(ipmi_console_rakp3(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp3(&console), RMCPP_OK);
	assert_int_equal(ipmi_server_counters(console.server).opened, 1);
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), 0);
	ipmi_server_free(console.server);
}

static void test_handshake__out_of_turn__refused(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp3(&console), RMCPP_INVALID_SESSION);
	console.bmc_id ^= 0x100;
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_INVALID_SESSION);
	ipmi_server_free(console.server);
}

/* RAKP 1 with another random number in the same handshake would let a console draw many digests. */
static void test_rakp1__twice_with_other_numbers__handshake_ends(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_OK);
	console.user = "night";
	console.privilege = IPMI_OPERATOR;
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_INVALID_SESSION);
	assert_int_equal(ipmi_server_counters(console.server).handshakes, 0);
	ipmi_server_free(console.server);
}

static void test_sessions__all_taken__refused_until_idle_ones_end(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 2);
	for (unsigned i = 0; i < 2; i++) {
		console.id++;
		console.peer.port++;
		assert_true(ipmi_console_login(&console));
	}
	console.peer.port++;
	assert_int_equal(ipmi_console_open(&console), RMCPP_NO_RESOURCES);
	console.now_ms += 59999;
	assert_int_equal(ipmi_console_open(&console), RMCPP_NO_RESOURCES);
	console.now_ms += 1;
	assert_true(ipmi_console_login(&console));
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), 0);
	ipmi_server_free(console.server);
}

static void test_handshakes__same_console_starts_over__does_not_lock_itself_out(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 2);
	for (unsigned i = 0; i < 10; i++) {
		console.id++;
		console.tag++;
		assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	}
	assert_int_equal(ipmi_server_counters(console.server).handshakes, 2);
	/* others have to wait until the handshakes are given up */
	console.peer.port++;
	assert_int_equal(ipmi_console_open(&console), RMCPP_NO_RESOURCES);
	console.now_ms += 10000;
	assert_true(ipmi_console_login(&console));
	ipmi_server_free(console.server);
}

static void test_logins__many_begun_and_not_finished__slowed_down(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 200);
	for (unsigned i = 0; i < 5; i++) {
		console.id++;
		assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
		assert_int_equal(ipmi_console_rakp1(&console), RMCPP_OK);
	}
	console.id++;
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_NO_RESOURCES);
	console.now_ms += 1000;
	/* logins that succeed are not counted */
	for (unsigned i = 0; i < 50; i++) {
		console.id++;
		assert_true(ipmi_console_login(&console));
	}
	ipmi_server_free(console.server);
}

static void test_close__own_session__slot_is_free(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;
	uint8_t id[4];

	(void)state;
	make_server(&console, 17, ALL_SUITES, 1);
	assert_true(ipmi_console_login(&console));
	put_u32(id, console.bmc_id ^ 0x100);
	assert_int_equal(ipmi_console_request(&console, NETFN_APP, APP_CLOSE_SESSION, id, 4, &answer),
			 COMPLETION_NO_SESSION);
	put_u32(id, console.bmc_id);
	assert_int_equal(ipmi_console_request(&console, NETFN_APP, APP_CLOSE_SESSION, id, 4, &answer), 0);
	assert_int_equal(ipmi_server_counters(console.server).sessions, 0);
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), -1);
	assert_true(ipmi_console_login(&console));
	ipmi_server_free(console.server);
}

/* What may be asked before a session, in both framings; all else may not. */
static void test_sessionless__each_command__allowed_or_refused(void **state)
{
	static const struct {
		uint8_t netfn, command;
		uint8_t data[3];
		size_t len;
		int completion;
	} asked[] = {
		{ NETFN_APP, APP_AUTH_CAPABILITIES, { 0x8e, 4 }, 2, 0 },
		{ NETFN_APP, APP_AUTH_CAPABILITIES, { 0x8e }, 1, COMPLETION_LENGTH },
		{ NETFN_APP, APP_AUTH_CAPABILITIES, { 0x83, 4 }, 2, COMPLETION_INVALID_FIELD },
		{ NETFN_APP, APP_CIPHER_SUITES, { 0x0e, 0, 0x80 }, 3, 0 },
		{ NETFN_APP, APP_SYSTEM_GUID, { 0 }, 0, 0 },
		{ NETFN_APP, APP_DEVICE_ID, { 0 }, 0, COMPLETION_PRIVILEGE },
		{ NETFN_CHASSIS, CHASSIS_STATUS, { 0 }, 0, COMPLETION_PRIVILEGE },
		{ NETFN_CHASSIS, CHASSIS_CONTROL, { 1 }, 1, COMPLETION_PRIVILEGE },
		{ NETFN_GROUP, 0x01, { 0xdc }, 1, COMPLETION_PRIVILEGE },
	};
	struct ipmi_console console;

	(void)state;
	make_server(&console, 17, ALL_SUITES, 4);
	for (size_t i = 0; i < 2 * sizeof(asked) / sizeof(asked[0]); i++) {
		uint8_t message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
		const struct ipmi_message request = { .to = 0x20,
						      .netfn = asked[i / 2].netfn,
						      .from = 0x81,
						      .command = asked[i / 2].command,
						      .data = asked[i / 2].data,
						      .data_len = asked[i / 2].len };
		struct ipmi_message answer;
		struct rmcp_packet packet;
		size_t len = ipmi_message_encode(&request, message, sizeof(message));

		len = i % 2 ? rmcp_ipmi15_encode(message, len, datagram, sizeof(datagram))
			    : rmcpp_plain_encode(PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));
		assert_true(ipmi_console_send(&console, datagram, len));
		assert_true(rmcp_decode(console.answer, console.answer_len, &packet));
		assert_int_equal(packet.kind, i % 2 ? RMCP_IPMI15 : RMCP_IPMI20);
		assert_true(ipmi_message_decode(packet.payload, packet.payload_len, &answer));
		assert_int_equal(answer.completion, asked[i / 2].completion);
	}
	assert_int_equal(console.command_count, 2); /* the GUID, twice */
	ipmi_server_free(console.server);
}

static int reset_in_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data,
			    size_t *ret_len)
{
	struct ipmi_console *console = arg;

	(void)call;
	(void)ret_data;
	(void)ret_len;
	ipmi_server_reset(console->server);
	return -1;
}

static void test_reset__from_within_a_command__ends_all_sessions(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;
	const struct ipmi_server_config config = {
		.users = users, .user_count = 1, .suites = ALL_SUITES, .session_limit = 4
	};
	struct ipmi_server_ops ops = ipmi_console_ops;

	(void)state;
	ops.command = reset_in_command;
	ipmi_console_init(&console, 17);
	console.server = ipmi_server_new(&config, &ops, &console);
	assert_true(ipmi_console_login(&console));
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), -1);
	assert_int_equal(ipmi_server_counters(console.server).sessions, 0);
	ipmi_server_free(console.server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login__each_suite__command_reaches_the_machine),
		cmocka_unit_test(test_open__suite_not_offered__refused),
		cmocka_unit_test(test_login__wrong_password__no_session),
		cmocka_unit_test(test_rakp1__unknown_name_or_too_much_privilege__refused),
		cmocka_unit_test(test_login__kg__needed),
		cmocka_unit_test(test_privilege__session_begins_as_user__raised_up_to_the_limit),
		cmocka_unit_test(test_privilege__command_not_in_the_table__needs_administrator),
		cmocka_unit_test(test_request__too_short__length_code),
		cmocka_unit_test(test_request__repeated_with_same_number__answered_once_done_once),
		cmocka_unit_test(test_datagram__replayed__no_answer_no_command),
		cmocka_unit_test(test_datagram__from_another_address__dropped),
		cmocka_unit_test(test_first_sequence_number__not_one__accepted),
		cmocka_unit_test(test_handshake__each_message_repeated__same_answer),
		cmocka_unit_test(test_handshake__out_of_turn__refused),
		cmocka_unit_test(test_rakp1__twice_with_other_numbers__handshake_ends),
		cmocka_unit_test(test_sessions__all_taken__refused_until_idle_ones_end),
		cmocka_unit_test(test_handshakes__same_console_starts_over__does_not_lock_itself_out),
		cmocka_unit_test(test_logins__many_begun_and_not_finished__slowed_down),
		cmocka_unit_test(test_close__own_session__slot_is_free),
		cmocka_unit_test(test_sessionless__each_command__allowed_or_refused),
		cmocka_unit_test(test_reset__from_within_a_command__ends_all_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
