/* server: sessions of IPMI 1.5: what opens one, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/ipmi/bytes.h"
#include "tests/support/ipmi_console.h"

static const struct ipmi_server_user users[] = {
	{ "admin", "password", IPMI_ADMINISTRATOR },
	{ "night", "operator", IPMI_OPERATOR },
	{ "locked", "locked", IPMI_PRIVILEGE_HIGHEST },
};
enum { ALL_TYPES = 1 << LAN15_NONE | 1 << LAN15_MD5 | 1 << LAN15_PASSWORD };

static void make_server(struct ipmi_console *console, uint8_t auth_types, bool is_message_auth_off)
{
	const struct ipmi_server_config config = { .users = users,
						   .user_count = 3,
						   .suites = 1 << 3 | 1 << 17,
						   .auth_types = auth_types,
						   .is_message_auth_off = is_message_auth_off,
						   .session_limit = 2,
						   .failures_per_second = 5 };

	ipmi_console_init(console, 17);
	console->server = ipmi_server_new(&config, &ipmi_console_ops, console);
}

static int log_in(struct ipmi_console *console, enum lan15_auth auth)
{
	int completion = ipmi_console_challenge15(console, auth);

	return completion == 0 ? ipmi_console_activate15(console, console->password) : completion;
}

static int status(struct ipmi_console *console)
{
	struct ipmi_message answer;

	return ipmi_console_request15(console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer);
}

static void test_login__each_type__command_reaches_the_machine(void **state)
{
	static const enum lan15_auth types[] = { LAN15_NONE, LAN15_MD5, LAN15_PASSWORD };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct ipmi_console console;

		make_server(&console, ALL_TYPES, i >= 3);
		assert_int_equal(log_in(&console, types[i % 3]), 0);
		assert_int_equal(console.old.auth, i >= 3 ? LAN15_NONE : types[i]);
		assert_int_equal(status(&console), 0);
		assert_int_equal(console.command_count, 1);
		assert_int_equal(ipmi_server_counters(console.server).sessions, 1);
		ipmi_server_free(console.server);
	}
}

static void test_challenge__type_or_user_that_is_not__refused(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, 1 << LAN15_MD5, false);
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_PASSWORD), COMPLETION_INVALID_FIELD);
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_NONE), COMPLETION_INVALID_FIELD);
	console.user = "nobody";
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), COMPLETION_NO_USER);
	console.user = "locked";
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), COMPLETION_NO_USER);
	console.user = "";
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), COMPLETION_NO_NULL_USER);
	assert_int_equal(ipmi_server_counters(console.server).handshakes, 0);
	ipmi_server_free(console.server);
}

/* One try for each challenge: guessing costs a challenge each time, and those are counted. */
static void test_activate__wrong_password__silence_and_the_challenge_is_gone(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, ALL_TYPES, false);
	for (enum lan15_auth auth = LAN15_MD5; auth <= LAN15_PASSWORD; auth += 2) {
		assert_int_equal(ipmi_console_challenge15(&console, auth), 0);
		assert_int_equal(ipmi_console_activate15(&console, "wrong"), -1);
		assert_int_equal(ipmi_server_counters(console.server).handshakes, 0);
		assert_int_equal(ipmi_console_activate15(&console, "password"), -1);
		assert_int_equal(ipmi_server_counters(console.server).sessions, 0);
	}
	assert_int_equal(ipmi_server_counters(console.server).auth_failures, 2);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), 0);
		ipmi_console_activate15(&console, "wrong");
	}
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), COMPLETION_OUT_OF_SPACE);
	ipmi_server_free(console.server);
}

static void test_activate__wrong_challenge_or_privilege__refused(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, ALL_TYPES, false);
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), 0);
	console.challenge[3] ^= 1;
	assert_int_equal(ipmi_console_activate15(&console, "password"), COMPLETION_INVALID_FIELD);
	console.user = "night";
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), 0);
	assert_int_equal(ipmi_console_activate15(&console, "operator"), COMPLETION_PRIVILEGE_REFUSED);
	console.privilege = IPMI_OPERATOR;
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), 0);
	assert_int_equal(ipmi_console_activate15(&console, "operator"), 0);
	assert_int_equal(ipmi_server_counters(console.server).handshakes, 0);
	ipmi_server_free(console.server);
}

static void test_activate__repeated__same_answer_one_session(void **state)
{
	struct ipmi_console console, before;
	uint8_t first[RMCPP_DATAGRAM_MAX];

	(void)state;
	make_server(&console, ALL_TYPES, false);
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), 0);
	before = console;
	assert_int_equal(ipmi_console_activate15(&console, "password"), 0);
	size_t len = console.answer_len;
	memcpy(first, console.answer, len);
	before.server = console.server;
	assert_int_equal(ipmi_console_activate15(&before, "password"), -1); /* its answer goes to `console` */
	assert_int_equal(console.answer_len, len);
	assert_memory_equal(console.answer, first, len);
	assert_int_equal(ipmi_server_counters(console.server).opened, 1);
	assert_int_equal(ipmi_server_counters(console.server).repeated, 1);
	assert_int_equal(status(&console), 0);
	ipmi_server_free(console.server);
}

static void test_message__replayed_or_from_another__dropped(void **state)
{
	struct ipmi_console console;
	uint8_t message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	const struct ipmi_message request = { .to = 0x20, .from = 0x81, .command = CHASSIS_STATUS };

	(void)state;
	make_server(&console, ALL_TYPES, false);
	assert_int_equal(log_in(&console, LAN15_MD5), 0);
	size_t len = ipmi_message_encode(&request, message, sizeof(message));
	len = lan15_seal(&console.old, message, len, datagram, sizeof(datagram));
	assert_true(ipmi_console_send(&console, datagram, len));
	assert_false(ipmi_console_send(&console, datagram, len));
	console.peer.port++;
	assert_int_equal(status(&console), -1);
	console.peer.port--;
	datagram[20] ^= 1; /* the code */
	assert_false(ipmi_console_send(&console, datagram, len));
	assert_int_equal(console.command_count, 1);
	assert_int_equal(status(&console), 0);
	ipmi_server_free(console.server);
}

/* An id of one kind of session in a datagram of the other. */
static void test_kinds_of_sessions__mixed_up__nothing_happens(void **state)
{
	struct ipmi_console console;
	const uint8_t zeros[24] = { 0 };
	uint8_t payload[RMCPP_HANDSHAKE_MAX] = { 0 }, datagram[RMCPP_DATAGRAM_MAX];

	(void)state;
	make_server(&console, ALL_TYPES, false);
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), 0);
	/* RAKP 1 and RAKP 3 with the temporary id, as if Open Session had given it */
	put_u32(payload + 4, console.old.id);
	size_t len = rmcpp_plain_encode(PAYLOAD_RAKP1, payload, 28, datagram, sizeof(datagram));
	assert_true(ipmi_console_send(&console, datagram, len));
	assert_int_equal(console.answer[17], RMCPP_INVALID_SESSION);
	len = rmcpp_plain_encode(PAYLOAD_RAKP3, payload, 28, datagram, sizeof(datagram));
	assert_true(ipmi_console_send(&console, datagram, len));
	assert_int_equal(console.answer[17], RMCPP_INVALID_SESSION);
	assert_int_equal(ipmi_console_activate15(&console, "password"), 0);
	/* its id in a frame of RMCP+ */
	struct rmcpp_session wire = { .suite = cipher_suite_find(0), .remote_id = console.old.id };
	len = rmcpp_seal(&wire, PAYLOAD_IPMI, zeros, sizeof(zeros), datagram, sizeof(datagram));
	assert_false(ipmi_console_send(&console, datagram, len));
	assert_int_equal(console.command_count, 0);
	assert_int_equal(status(&console), 0);
	ipmi_server_free(console.server);
}

static void test_sessions__all_taken__challenge_refused(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console, ALL_TYPES, false);
	for (unsigned i = 0; i < 2; i++) {
		console.peer.port++;
		assert_int_equal(log_in(&console, LAN15_MD5), 0);
	}
	console.peer.port++;
	assert_int_equal(ipmi_console_challenge15(&console, LAN15_MD5), COMPLETION_OUT_OF_SPACE);
	console.now_ms += 60000;
	assert_int_equal(log_in(&console, LAN15_MD5), 0);
	ipmi_server_free(console.server);
}

static void test_privilege__begins_as_user__raised_to_what_was_activated(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;
	const uint8_t control = 1, as_operator = IPMI_OPERATOR, as_administrator = IPMI_ADMINISTRATOR;

	(void)state;
	make_server(&console, ALL_TYPES, false);
	console.privilege = IPMI_OPERATOR;
	assert_int_equal(log_in(&console, LAN15_MD5), 0);
	assert_int_equal(
		ipmi_console_request15(&console, NETFN_CHASSIS, CHASSIS_CONTROL, &control, 1, &answer),
		COMPLETION_PRIVILEGE);
	assert_int_equal(
		ipmi_console_request15(&console, NETFN_APP, APP_SET_PRIVILEGE, &as_administrator, 1, &answer),
		COMPLETION_PRIVILEGE_EXCEEDED);
	assert_int_equal(
		ipmi_console_request15(&console, NETFN_APP, APP_SET_PRIVILEGE, &as_operator, 1, &answer), 0);
	assert_int_equal(
		ipmi_console_request15(&console, NETFN_CHASSIS, CHASSIS_CONTROL, &control, 1, &answer), 0);
	ipmi_server_free(console.server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login__each_type__command_reaches_the_machine),
		cmocka_unit_test(test_challenge__type_or_user_that_is_not__refused),
		cmocka_unit_test(test_activate__wrong_password__silence_and_the_challenge_is_gone),
		cmocka_unit_test(test_activate__wrong_challenge_or_privilege__refused),
		cmocka_unit_test(test_activate__repeated__same_answer_one_session),
		cmocka_unit_test(test_message__replayed_or_from_another__dropped),
		cmocka_unit_test(test_kinds_of_sessions__mixed_up__nothing_happens),
		cmocka_unit_test(test_sessions__all_taken__challenge_refused),
		cmocka_unit_test(test_privilege__begins_as_user__raised_to_what_was_activated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
