/* server: Send Message to controllers behind the BMC, and what the BMC does of its own accord. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/ipmi/bytes.h"
#include "tests/support/ipmi_console.h"

static const struct ipmi_server_user users[] = { { "admin", "password", IPMI_ADMINISTRATOR } };

enum { NOBODY = 0x83 };
static const struct ipmi_route single = { .hops = 1, .target_channel = 0, .target_address = 0x30 };
static const struct ipmi_route dual = {
	.hops = 2, .transit_channel = 7, .transit_address = 0x82, .target_channel = 6, .target_address = 0x72
};

/* What the ops below have seen. */
static struct {
	struct ipmi_route route; /* of the latest command */
	unsigned ended, payloads;
	uint32_t session_id;
	size_t payload_len;
	int login_status;
	bool is_edited, is_dropped;
} seen;

static bool leads_to(const struct ipmi_route *route, const struct ipmi_route *known)
{
	return route->hops == known->hops && route->target_channel == known->target_channel &&
	       route->target_address == known->target_address &&
	       route->transit_channel == known->transit_channel &&
	       route->transit_address == known->transit_address;
}

static int on_reach(void *arg, const struct ipmi_route *route)
{
	static const struct ipmi_route transit = { .hops = 1, .target_channel = 7, .target_address = 0x82 };

	(void)arg;
	return leads_to(route, &single) || leads_to(route, &dual) || leads_to(route, &transit) ? 0 : NOBODY;
}

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	seen.route = call->route != NULL ? *call->route : (struct ipmi_route){ 0 };
	seen.session_id = call->session_id;
	return ipmi_console_ops.command(arg, call, ret_data, ret_len);
}

static int on_filter(void *arg, const struct ipmi_server_call *call)
{
	(void)arg;
	(void)call;
	return seen.is_dropped ? -1 : IPMI_SERVER_GO_ON;
}

static void on_payload(void *arg, uint32_t session_id, enum rmcpp_payload type, const uint8_t *data,
		       size_t len)
{
	struct ipmi_console *console = arg;

	assert_int_equal(type, PAYLOAD_SOL);
	seen.payloads++;
	seen.session_id = session_id;
	seen.payload_len = len;
	/* an answer from within the op: the payload as it came */
	assert_true(ipmi_server_send(console->server, console->now_ms, session_id, type, data, len));
}

static void on_ended(void *arg, uint32_t session_id)
{
	struct ipmi_console *console = arg;
	const uint8_t byte = 0;

	seen.ended++;
	seen.session_id = session_id;
	assert_false(ipmi_server_send(console->server, console->now_ms, session_id, PAYLOAD_SOL, &byte, 1));
}

static int on_login(void *arg, enum rmcpp_payload type)
{
	(void)arg;
	(void)type;
	return seen.login_status;
}

static void on_edit(void *arg, uint8_t *message, size_t len)
{
	(void)arg;
	if (seen.is_edited)
		message[len - 1] ^= 1;
}

static void make_server(struct ipmi_console *console)
{
	const struct ipmi_server_config config = {
		.users = users, .user_count = 1, .suites = 1 << 3 | 1 << 17, .session_limit = 2
	};
	struct ipmi_server_ops ops = ipmi_console_ops;

	memset(&seen, 0, sizeof(seen));
	seen.login_status = IPMI_SERVER_GO_ON;
	ops.command = on_command;
	ops.reach = on_reach;
	ops.filter = on_filter;
	ops.payload = on_payload;
	ops.ended = on_ended;
	ops.login = on_login;
	ops.edit = on_edit;
	ipmi_console_init(console, 17);
	console->server = ipmi_server_new(&config, &ops, console);
	assert_true(ipmi_console_login(console));
}

/* A command along the route; how many answers there are. */
static unsigned ask(struct ipmi_console *console, const struct ipmi_route *route, uint8_t netfn,
		    uint8_t command, const uint8_t *data, size_t len)
{
	uint8_t message[IPMI_MESSAGE_MAX];
	const struct ipmi_message inner = { .netfn = netfn,
					    .sequence = ++console->request_sequence & 0x3f,
					    .command = command,
					    .data = data,
					    .data_len = len };

	ipmi_console_seal_and_send(console, PAYLOAD_IPMI, message, ipmi_route_encode(route, &inner, message));
	return console->answer_count;
}

static void assert_answer(struct ipmi_console *console, unsigned n, uint8_t from, uint8_t command,
			  int completion)
{
	struct ipmi_message answer;

	assert_true(ipmi_console_answer(console, n, &answer));
	assert_false(answer.is_checksum_bad);
	assert_int_equal(answer.to, IPMI_CONSOLE_ADDRESS);
	assert_int_equal(answer.from, from);
	assert_int_equal(answer.command, command);
	assert_int_equal(answer.sequence, console->request_sequence & 0x3f);
	assert_int_equal(answer.completion, completion);
}

static void test_single__target_there__acknowledged_and_answered(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console);
	assert_int_equal(ask(&console, &single, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 2);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, 0);
	assert_answer(&console, 1, 0x30, CHASSIS_STATUS, 0);
	assert_true(leads_to(&seen.route, &single));
	assert_int_equal(seen.session_id, console.bmc_id);
	ipmi_server_free(console.server);
}

static void test_dual__target_there__three_answers(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console);
	assert_int_equal(ask(&console, &dual, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 3);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, 0);
	assert_answer(&console, 1, 0x82, APP_SEND_MESSAGE, 0);
	assert_answer(&console, 2, 0x72, CHASSIS_STATUS, 0);
	assert_true(leads_to(&seen.route, &dual));
	ipmi_server_free(console.server);
}

static void test_bridged__nobody_there__whoever_notices_says_so(void **state)
{
	struct ipmi_console console;
	struct ipmi_route route = single;

	(void)state;
	make_server(&console);
	route.target_address = 0x31;
	assert_int_equal(ask(&console, &route, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 1);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, NOBODY);
	route = dual;
	route.transit_address = 0x84;
	assert_int_equal(ask(&console, &route, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 1);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, NOBODY);
	route = dual;
	route.target_address = 0x74;
	assert_int_equal(ask(&console, &route, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 2);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, 0);
	assert_answer(&console, 1, 0x82, APP_SEND_MESSAGE, NOBODY);
	assert_int_equal(console.command_count, 0);
	ipmi_server_free(console.server);
}

static void test_bridged__privilege_of_what_is_inside__counts(void **state)
{
	struct ipmi_console console;
	const uint8_t on = 1;

	(void)state;
	make_server(&console);
	assert_int_equal(ask(&console, &single, NETFN_CHASSIS, CHASSIS_CONTROL, &on, 1), 2);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, 0);
	assert_answer(&console, 1, 0x30, CHASSIS_CONTROL, COMPLETION_PRIVILEGE);
	assert_int_equal(ask(&console, &single, NETFN_CHASSIS, CHASSIS_CONTROL, NULL, 0), 2);
	assert_answer(&console, 1, 0x30, CHASSIS_CONTROL, COMPLETION_LENGTH);
	assert_int_equal(console.command_count, 0);
	ipmi_server_free(console.server);
}

/* Closing or raising a session is between console and BMC: a controller behind is asked like any other. */
static void test_bridged__commands_of_sessions__leave_ours_alone(void **state)
{
	struct ipmi_console console;
	uint8_t id[4];

	(void)state;
	make_server(&console);
	put_u32(id, console.bmc_id);
	assert_int_equal(ask(&console, &single, NETFN_APP, APP_CLOSE_SESSION, id, 4), 2);
	assert_int_equal(ipmi_server_counters(console.server).sessions, 1);
	assert_int_equal(console.command_count, 1);
	ipmi_server_free(console.server);
}

static void test_bridged__repeated__both_answers_again_done_once(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console);
	assert_int_equal(ask(&console, &dual, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 3);
	console.request_sequence--;
	assert_int_equal(ask(&console, &dual, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 3);
	assert_answer(&console, 2, 0x72, CHASSIS_STATUS, 0);
	assert_int_equal(console.command_count, 1);
	console.request_sequence--;
	seen.is_dropped = true;
	assert_int_equal(ask(&console, &dual, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0), 0);
	ipmi_server_free(console.server);
}

/* Send Message with that data, by hand. */
static void test_send_message__nonsense__refused(void **state)
{
	static const struct {
		uint8_t data[24];
		size_t len;
		int completion;
		unsigned answers;
	} rows[] = {
		{ { 0x40 }, 1, COMPLETION_LENGTH, 1 },
		{ { 0x40, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01 }, 7, COMPLETION_LENGTH, 1 },
		{ { 0x40, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01, 0x7a }, 8, 0, 2 },
		{ { 0x40, 0x30, 0x00, 0xd1, 0x81, 0x04, 0x01, 0x7a }, 8, COMPLETION_INVALID_FIELD, 1 },
		{ { 0x40, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01, 0x7b }, 8, COMPLETION_INVALID_FIELD, 1 },
		/* without tracking: done, but nobody hears of it */
		{ { 0x00, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01, 0x7a }, 8, 0, 1 },
		{ { 0x80, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01, 0x7a }, 8, COMPLETION_INVALID_FIELD, 1 },
		{ { 0xc0, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01, 0x7a }, 8, COMPLETION_INVALID_FIELD, 1 },
		/* a response instead of a request */
		{ { 0x40, 0x30, 0x04, 0xcc, 0x81, 0x04, 0x01, 0x00, 0x7a }, 9, COMPLETION_INVALID_FIELD, 1 },
	};
	struct ipmi_console console;

	(void)state;
	make_server(&console);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipmi_message answer;
		uint8_t message[IPMI_MESSAGE_MAX];
		const struct ipmi_message request = { .to = 0x20,
						      .netfn = NETFN_APP,
						      .from = 0x81,
						      .sequence = ++console.request_sequence & 0x3f,
						      .command = APP_SEND_MESSAGE,
						      .data = rows[i].data,
						      .data_len = rows[i].len };
		ipmi_console_seal_and_send(&console, PAYLOAD_IPMI, message,
					   ipmi_message_encode(&request, message, sizeof(message)));
		assert_int_equal(console.answer_count, rows[i].answers);
		assert_true(ipmi_console_answer(&console, 0, &answer));
		assert_int_equal(answer.completion, rows[i].completion);
	}
	assert_int_equal(console.command_count, 2);
	ipmi_server_free(console.server);
}

static void test_send_message__three_in_one_another__refused(void **state)
{
	struct ipmi_console console;
	const uint8_t inner[] = { 0x40, 0x30, 0x00, 0xd0, 0x81, 0x04, 0x01, 0x7a };

	(void)state;
	make_server(&console);
	assert_int_equal(ask(&console, &dual, NETFN_APP, APP_SEND_MESSAGE, inner, sizeof(inner)), 1);
	assert_answer(&console, 0, 0x20, APP_SEND_MESSAGE, COMPLETION_INVALID_FIELD);
	assert_int_equal(console.command_count, 0);
	ipmi_server_free(console.server);
}

/* ---- of its own accord ---- */

static void test_payload__of_an_open_session__handed_over_and_sent(void **state)
{
	struct ipmi_console console;
	const uint8_t bytes[] = { 1, 0, 0, 0, 'a' };
	uint8_t plain[RMCPP_PAYLOAD_MAX];
	struct rmcp_packet packet;
	size_t len;

	(void)state;
	make_server(&console);
	assert_true(ipmi_console_seal_and_send(&console, PAYLOAD_SOL, bytes, sizeof(bytes)));
	assert_int_equal(seen.payloads, 1);
	assert_int_equal(seen.payload_len, sizeof(bytes));
	assert_int_equal(seen.session_id, console.bmc_id);
	assert_true(rmcp_decode(console.answer, console.answer_len, &packet));
	assert_int_equal(packet.payload_type, PAYLOAD_SOL);
	assert_true(rmcpp_unseal(&console.wire, &packet, plain, &len));
	assert_memory_equal(plain, bytes, sizeof(bytes));
	/* unasked, and to nobody */
	assert_true(ipmi_server_send(console.server, console.now_ms, console.bmc_id, PAYLOAD_SOL, bytes, 5));
	assert_false(ipmi_server_send(console.server, console.now_ms, console.bmc_id ^ 0x100, PAYLOAD_SOL,
				      bytes, 5));
	assert_false(ipmi_server_send(console.server, console.now_ms, 0, PAYLOAD_SOL, bytes, 5));
	ipmi_server_free(console.server);
}

static void test_session__ends_in_each_way__told_once(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;
	const uint8_t byte = 0;
	uint8_t id[4];

	(void)state;
	make_server(&console);
	put_u32(id, console.bmc_id);
	assert_int_equal(ipmi_console_request(&console, NETFN_APP, APP_CLOSE_SESSION, id, 4, &answer), 0);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.session_id, get_u32(id));

	assert_true(ipmi_console_login(&console));
	console.now_ms += 60000; /* idle for too long: noticed when somebody wants something of it */
	assert_false(ipmi_server_send(console.server, console.now_ms, console.bmc_id, PAYLOAD_SOL, &byte, 1));
	assert_int_equal(seen.ended, 2);

	assert_true(ipmi_console_login(&console));
	ipmi_server_reset(console.server);
	assert_int_equal(seen.ended, 3);
	/* a handshake that comes to nothing is no session */
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	ipmi_server_reset(console.server);
	assert_int_equal(seen.ended, 3);
	ipmi_server_free(console.server);
}

static void test_login__refused_by_the_op__status_as_it_says(void **state)
{
	struct ipmi_console console;

	(void)state;
	make_server(&console);
	seen.login_status = RMCPP_NO_RESOURCES;
	assert_int_equal(ipmi_console_open(&console), RMCPP_NO_RESOURCES);
	seen.login_status = IPMI_SERVER_GO_ON;
	assert_int_equal(ipmi_console_open(&console), RMCPP_OK);
	seen.login_status = RMCPP_INVALID_ROLE;
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_INVALID_ROLE);
	seen.login_status = -1;
	assert_int_equal(ipmi_console_rakp1(&console), -1);
	seen.login_status = IPMI_SERVER_GO_ON;
	assert_int_equal(ipmi_console_rakp1(&console), RMCPP_OK);
	seen.login_status = RMCPP_INVALID_CODE;
	assert_int_equal(ipmi_console_rakp3(&console), RMCPP_INVALID_CODE);
	seen.login_status = IPMI_SERVER_GO_ON;
	assert_int_equal(ipmi_console_rakp3(&console), RMCPP_OK);
	ipmi_server_free(console.server);
}

static void test_edit__message_changed__code_is_right(void **state)
{
	struct ipmi_console console;
	struct ipmi_message answer;

	(void)state;
	make_server(&console);
	seen.is_edited = true;
	assert_int_equal(ipmi_console_request(&console, NETFN_CHASSIS, CHASSIS_STATUS, NULL, 0, &answer), -1);
	assert_true(answer.is_checksum_bad);
	ipmi_server_free(console.server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single__target_there__acknowledged_and_answered),
		cmocka_unit_test(test_dual__target_there__three_answers),
		cmocka_unit_test(test_bridged__nobody_there__whoever_notices_says_so),
		cmocka_unit_test(test_bridged__privilege_of_what_is_inside__counts),
		cmocka_unit_test(test_bridged__commands_of_sessions__leave_ours_alone),
		cmocka_unit_test(test_bridged__repeated__both_answers_again_done_once),
		cmocka_unit_test(test_send_message__nonsense__refused),
		cmocka_unit_test(test_send_message__three_in_one_another__refused),
		cmocka_unit_test(test_payload__of_an_open_session__handed_over_and_sent),
		cmocka_unit_test(test_session__ends_in_each_way__told_once),
		cmocka_unit_test(test_login__refused_by_the_op__status_as_it_says),
		cmocka_unit_test(test_edit__message_changed__code_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
