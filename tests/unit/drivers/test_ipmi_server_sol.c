/* server_sol: the BMC's side of Serial-over-LAN, by a console made by hand out of the codec. */
#include "drivers/ipmi/server_sol.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "tests/support/ipmi_console.h"
#include "tests/support/unit.h"

static struct {
	struct ipmi_console console, other;
	struct ipmi_server *server;
	struct sol_server sol;
	struct ipmi_console *speaking; /* whose datagram is in hand */
	char typed[1024];
	size_t typed_len, room;
	unsigned breaks;
} bench;

static const struct ipmi_server_user users[] = { { "admin", "password", IPMI_ADMINISTRATOR } };

static size_t on_typed(void *arg, const uint8_t *data, size_t len)
{
	size_t taken = len < bench.room ? len : bench.room;

	(void)arg;
	memcpy(bench.typed + bench.typed_len, data, taken);
	bench.typed_len += taken;
	bench.room -= taken;
	return taken;
}

static void on_break(void *arg)
{
	(void)arg;
	bench.breaks++;
}

static const struct sol_server_ops line = { on_typed, on_break };

/* Each console has a port of its own, by which its answers find it. */
static void on_send(void *arg, const struct ipmi_peer *peer, const uint8_t *data, size_t len)
{
	struct ipmi_console *console = peer->port == bench.console.peer.port ? &bench.console : &bench.other;

	(void)arg;
	ipmi_console_ops.send(console, peer, data, len);
}

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	int completion = sol_server_command(&bench.sol, 0, call, ret_data, ret_len);

	(void)arg;
	return completion == SOL_SERVER_OTHER ? COMPLETION_INVALID_COMMAND : completion;
}

static void on_payload(void *arg, uint32_t session_id, enum rmcpp_payload type, const uint8_t *data,
		       size_t len)
{
	(void)arg;
	if (type == PAYLOAD_SOL)
		sol_server_payload(&bench.sol, 0, session_id, data, len);
}

static void on_ended(void *arg, uint32_t session_id)
{
	(void)arg;
	sol_server_ended(&bench.sol, session_id);
}

static void enter(struct ipmi_console *console, uint16_t port)
{
	ipmi_console_init(console, 17);
	console->server = bench.server;
	console->peer.port = port;
	assert_true(ipmi_console_login(console));

	const uint8_t level = IPMI_ADMINISTRATOR;
	struct ipmi_message answer;
	assert_int_equal(ipmi_console_request(console, NETFN_APP, APP_SET_PRIVILEGE, &level, 1, &answer), 0);
}

static int setup(void **state)
{
	static const struct ipmi_server_ops ops = {
		.send = on_send, .command = on_command, .payload = on_payload, .ended = on_ended
	};
	const struct ipmi_server_config config = {
		.users = users, .user_count = 1, .suites = 1 << 17, .session_limit = 4
	};
	const struct sol_server_config sol = { .payload_size = 24 };

	(void)state;
	memset(&bench, 0, sizeof(bench));
	bench.room = sizeof(bench.typed);
	bench.server = ipmi_server_new(&config, &ops, &bench);
	sol_server_init(&bench.sol, &sol, &line, NULL, bench.server, 623);
	bench.console.peer.port = 1;
	bench.other.peer.port = 2;
	enter(&bench.console, 1);
	enter(&bench.other, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ipmi_server_free(bench.server);
	return 0;
}

static int activate(struct ipmi_console *console, struct ipmi_message *ret)
{
	static const uint8_t data[] = { PAYLOAD_SOL, 1, 0xc6, 0, 0, 0 };

	return ipmi_console_request(console, NETFN_APP, APP_ACTIVATE_PAYLOAD, data, sizeof(data), ret);
}

static int deactivate(struct ipmi_console *console)
{
	static const uint8_t data[] = { PAYLOAD_SOL, 1, 0, 0, 0, 0 };
	struct ipmi_message answer;

	return ipmi_console_request(console, NETFN_APP, APP_DEACTIVATE_PAYLOAD, data, sizeof(data), &answer);
}

static uint32_t owner(struct ipmi_console *console)
{
	static const uint8_t data[] = { PAYLOAD_SOL, 1 };
	struct ipmi_message answer;

	assert_int_equal(
		ipmi_console_request(console, NETFN_APP, APP_PAYLOAD_INSTANCE, data, sizeof(data), &answer),
		0);
	return get_u32(answer.data);
}

/* The n-th answer to the last datagram, as a SoL packet. */
static struct sol_packet heard(struct ipmi_console *console, unsigned n)
{
	static uint8_t plain[RMCPP_PAYLOAD_MAX];
	struct rmcp_packet packet;
	struct sol_packet sol = { 0 };
	size_t len;

	assert_true(n < console->answer_count);
	assert_true(rmcp_decode(console->answers[n], console->answer_lens[n], &packet));
	assert_int_equal(packet.payload_type, PAYLOAD_SOL);
	assert_true(rmcpp_unseal(&console->wire, &packet, plain, &len));
	assert_true(sol_decode(plain, len, &sol));
	return sol;
}

static void test_activation__one_at_a_time__owner_is_told(void **state)
{
	struct ipmi_message answer;

	(void)state;
	assert_int_equal(owner(&bench.console), 0);
	assert_int_equal(deactivate(&bench.console), 0x80);
	assert_int_equal(activate(&bench.console, &answer), 0);
	assert_int_equal(answer.data_len, 12);
	assert_int_equal(get_u16(answer.data + 4), 24);
	assert_int_equal(get_u16(answer.data + 8), 623);
	assert_int_equal(owner(&bench.other), bench.console.bmc_id);
	assert_int_equal(activate(&bench.other, &answer), COMPLETION_PAYLOAD_ACTIVE);
	/* taken away by another session: the loser hears of it */
	bench.console.answer_count = 0;
	assert_int_equal(deactivate(&bench.other), 0);
	assert_int_equal(heard(&bench.console, 0).flags, SOL_DEACTIVATED);
	assert_int_equal(activate(&bench.other, &answer), 0);
	assert_int_equal(owner(&bench.console), bench.other.bmc_id);
}

static void test_session__ends__payload_is_free(void **state)
{
	struct ipmi_message answer;
	uint8_t id[4];

	(void)state;
	assert_int_equal(activate(&bench.console, &answer), 0);
	put_u32(id, bench.console.bmc_id); /* closed by an administrator's other session */
	assert_int_equal(
		ipmi_console_request(&bench.other, NETFN_APP, APP_CLOSE_SESSION, id, sizeof(id), &answer), 0);
	assert_false(sol_server_is_active(&bench.sol));
	assert_int_equal(activate(&bench.other, &answer), 0);
}

static void test_typing__line_takes_a_part__rest_comes_again(void **state)
{
	struct ipmi_message answer;

	(void)state;
	assert_int_equal(activate(&bench.console, &answer), 0);
	bench.room = 3;
	ipmi_console_seal_and_send(&bench.console, PAYLOAD_SOL, (const uint8_t *)"\1\0\0\20abcdef", 10);
	struct sol_packet ack = heard(&bench.console, 0);
	assert_int_equal(ack.acked, 1);
	assert_int_equal(ack.accepted, 3);
	assert_int_equal(ack.flags, SOL_NACK);
	assert_int_equal(bench.breaks, 1);
	ipmi_console_seal_and_send(&bench.console, PAYLOAD_SOL, (const uint8_t *)"\2\0\0\0def", 7);
	ack = heard(&bench.console, 0);
	assert_int_equal(ack.accepted, 0);
	assert_int_equal(ack.flags, SOL_NACK | SOL_UNAVAILABLE);
	bench.room = 100;
	ipmi_console_seal_and_send(&bench.console, PAYLOAD_SOL, (const uint8_t *)"\3\0\0\0def", 7);
	ipmi_console_seal_and_send(&bench.console, PAYLOAD_SOL, (const uint8_t *)"\3\0\0\0def", 7);
	assert_int_equal(heard(&bench.console, 0).accepted, 3);
	assert_int_equal(bench.typed_len, 6);
	assert_memory_equal(bench.typed, "abcdef", 6);
	/* who does not own it types nothing */
	ipmi_console_seal_and_send(&bench.other, PAYLOAD_SOL, (const uint8_t *)"\1\0\0\0no", 6);
	assert_int_equal(bench.typed_len, 6);
}

static void test_output__console_is_silent__repeated_then_given_up(void **state)
{
	static const uint8_t much[SOL_SERVER_BUFFER + 100] = "much";
	struct ipmi_message answer;

	(void)state;
	sol_server_output(&bench.sol, 0, much, 10); /* nobody is there: lost */
	assert_int_equal(activate(&bench.console, &answer), 0);
	bench.console.answer_count = 0;
	sol_server_output(&bench.sol, 0, (const uint8_t *)"a line longer than a packet\n", 28);
	struct sol_packet first = heard(&bench.console, 0);
	assert_int_equal(first.len, 20); /* 24 and its header of 4 */
	assert_memory_equal(first.data, "a line longer than a", 20);
	uint8_t ack[] = { 0, first.sequence, 20, 0 };
	ipmi_console_seal_and_send(&bench.console, PAYLOAD_SOL, ack, sizeof(ack));
	assert_memory_equal(heard(&bench.console, 0).data, " packet\n", 8);
	/* more than is kept: the console is told that something is missing, once it hears again */
	sol_server_output(&bench.sol, 0, much, sizeof(much));
	ack[1] = 2;
	ack[2] = 8;
	ipmi_console_seal_and_send(&bench.console, PAYLOAD_SOL, ack, sizeof(ack));
	assert_int_equal(heard(&bench.console, 0).flags, SOL_OVERRUN);
	for (int64_t now_ms = 0; now_ms < 30000 && sol_server_is_active(&bench.sol); now_ms += 100) {
		bench.console.answer_count = 0;
		sol_server_tick(&bench.sol, now_ms);
	}
	assert_false(sol_server_is_active(&bench.sol));
	assert_int_equal(sol_server_due_ms(&bench.sol), INT64_MAX);
}

static void test_commands__hostile__refused(void **state)
{
	static const struct {
		uint8_t netfn, command, len, data[6];
		int completion;
	} rows[] = {
		{ NETFN_APP, APP_ACTIVATE_PAYLOAD, 6, { PAYLOAD_SOL, 2 }, COMPLETION_RANGE },
		{ NETFN_APP, APP_ACTIVATE_PAYLOAD, 6, { 2, 1 }, COMPLETION_INVALID_FIELD },
		{ NETFN_APP, APP_ACTIVATE_PAYLOAD, 2, { PAYLOAD_SOL, 1 }, COMPLETION_LENGTH },
		{ NETFN_APP, APP_DEACTIVATE_PAYLOAD, 6, { PAYLOAD_SOL, 0 }, COMPLETION_INVALID_FIELD },
		{ NETFN_APP, APP_PAYLOAD_STATUS, 1, { 3 }, COMPLETION_INVALID_FIELD },
		{ NETFN_APP, APP_PAYLOAD_INSTANCE, 2, { 3, 1 }, COMPLETION_INVALID_FIELD },
		{ NETFN_APP, APP_PAYLOAD_VERSION, 2, { 1, 9 }, 0x80 },
		{ NETFN_APP, APP_PAYLOAD_VERSION, 2, { 1, PAYLOAD_SOL }, 0 },
		{ NETFN_TRANSPORT, TRANSPORT_GET_SOL, 4, { 1, 0xff }, COMPLETION_UNSUPPORTED_PARAMETER },
		{ NETFN_TRANSPORT, TRANSPORT_GET_SOL, 4, { 1, 8 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipmi_message answer;
		assert_int_equal(ipmi_console_request(&bench.console, rows[i].netfn, rows[i].command,
						      rows[i].data, rows[i].len, &answer),
				 rows[i].completion);
	}
	assert_false(sol_server_is_active(&bench.sol));
	assert_false(sol_server_has_command(NETFN_APP, APP_DEVICE_ID));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_activation__one_at_a_time__owner_is_told),
		CASE(test_session__ends__payload_is_free),
		CASE(test_typing__line_takes_a_part__rest_comes_again),
		CASE(test_output__console_is_silent__repeated_then_given_up),
		CASE(test_commands__hostile__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
