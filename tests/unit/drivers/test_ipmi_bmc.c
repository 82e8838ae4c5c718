/* bmc: operations of the client against a BMC in the same process, over real sockets. */
#include "drivers/ipmi/bmc.h"

#include <string.h>

#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/options.h"
#include "lib/clock.h"
#include "lib/http_client.h"
#include "lib/loop.h"
#include "tests/support/ipmi_console.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

/* ---- a BMC ---- */

static const struct ipmi_server_user users[] = {
	{ "admin", "password", IPMI_ADMINISTRATOR },
	{ "night", "operator", IPMI_OPERATOR },
};

static struct {
	struct udp_socket *socket;
	struct ipmi_server *server;
	struct udp_address peer;
	unsigned requests[3]; /* Chassis Status, Chassis Control, others */
	unsigned in_flight, most_in_flight;
	unsigned drop; /* answers still to be lost */
	unsigned busy; /* answers still to come with busy_code */
	int busy_code;
	bool is_liar;                 /* answers Open Session with weaker algorithms than proposed */
	struct udp_socket *elsewhere; /* where answers come from; NULL: the BMC's own address */
	uint8_t least, most;          /* privilege that commands need, and that is given; 0: as usual */
	bool is_on, is_deaf;
	uint8_t last[RMCPP_DATAGRAM_MAX];
	size_t last_len;
	uint8_t late[RMCPP_DATAGRAM_MAX]; /* the latest lost answer ... */
	size_t late_len;
	bool is_late_due; /* ... comes before the next one */
} bmc;

static void on_send(void *arg, const struct ipmi_peer *peer, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)peer;
	memcpy(bmc.last, data, len);
	bmc.last_len = len;
	if (bmc.is_liar && data[5] == PAYLOAD_OPEN_RESPONSE && len > 16 + 33) {
		bmc.last[16 + 16] = 1; /* HMAC-SHA1, and none of integrity and encryption */
		bmc.last[16 + 24] = 0;
		bmc.last[16 + 32] = 0;
	}
	if (bmc.is_late_due)
		udp_send(bmc.socket, &bmc.peer, bmc.late, bmc.late_len);
	bmc.is_late_due = false;
	if (bmc.drop > 0) {
		bmc.drop--;
		memcpy(bmc.late, data, len);
		bmc.late_len = len;
		return;
	}
	udp_send(bmc.elsewhere != NULL ? bmc.elsewhere : bmc.socket, &bmc.peer, bmc.last, len);
}

static int on_command(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len)
{
	const struct ipmi_message *request = call->request;

	(void)arg;
	if (request->netfn == NETFN_CHASSIS && request->command == CHASSIS_STATUS)
		bmc.requests[0]++;
	else if (request->netfn == NETFN_CHASSIS && request->command == CHASSIS_CONTROL)
		bmc.requests[1]++;
	else
		bmc.requests[2]++;
	if (bmc.busy > 0) {
		bmc.busy--;
		return bmc.busy_code;
	}
	if (request->netfn == NETFN_CHASSIS && request->command == CHASSIS_CONTROL)
		bmc.is_on = request->data[0] == CHASSIS_ON;
	memset(ret_data, 0, 16);
	ret_data[0] = bmc.is_on;
	*ret_len = 3;
	return COMPLETION_OK;
}

static int on_filter(void *arg, const struct ipmi_server_call *call)
{
	const struct ipmi_message *request = call->request;
	bool is_raise = request->netfn == NETFN_APP && request->command == APP_SET_PRIVILEGE;

	(void)arg;
	if (is_raise && bmc.most != 0 && request->data[0] > bmc.most)
		return COMPLETION_PRIVILEGE_EXCEEDED;
	if (request->netfn == NETFN_CHASSIS && call->privilege < bmc.least)
		return COMPLETION_PRIVILEGE;
	return IPMI_SERVER_GO_ON;
}

static void on_datagram(void *arg, const struct udp_address *from, const uint8_t *data, size_t len)
{
	struct ipmi_peer peer = { .port = udp_address_port(from) };

	(void)arg;
	bmc.peer = *from;
	if (!bmc.is_deaf)
		ipmi_server_input(bmc.server, clock_ms(), &peer, data, len);
}

static void make_server(unsigned session_limit, const uint8_t *kg)
{
	static const struct ipmi_server_ops ops = { .send = on_send,
						    .command = on_command,
						    .filter = on_filter };
	const struct ipmi_server_config config = { .users = users,
						   .user_count = 2,
						   .suites = 1 << 3 | 1 << 17,
						   .session_limit = session_limit,
						   .failures_per_second = 100,
						   .kg = kg };

	bmc.server = ipmi_server_new(&config, &ops, NULL);
}

static void start_bmc(unsigned session_limit)
{
	struct udp_address any;

	memset(&bmc, 0, sizeof(bmc));
	bmc.busy_code = COMPLETION_BUSY;
	udp_address_parse("127.0.0.1", 0, &any);
	CHECK_INT(udp_open(&any, 0, on_datagram, NULL, &bmc.socket, NULL), 0);
	make_server(session_limit, NULL);
	ipmi_options.session_idle_timeout_s = 10;
	ipmi_options.command_retry_timeout_s = 60;
	ipmi_options.min_command_interval_s = 0;
	http_client_init();
}

/* From now on the BMC wants a key. */
static void bmc_set_key(const uint8_t *kg)
{
	static uint8_t kept[RMCPP_KEY];

	memcpy(kept, kg, sizeof(kept));
	ipmi_server_free(bmc.server);
	make_server(4, kept);
}

static void stop_bmc(void)
{
	ipmi_client_release();
	CHECK_INT(ipmi_session_count(), 0);
	CHECK_INT(ipmi_bmc_count(), 0);
	http_client_release();
	udp_close(bmc.socket);
	ipmi_server_free(bmc.server);
}

/* ---- a task whose gate can be shut ---- */

static struct {
	struct task task;
	struct node node;
	unsigned waits, checks;
	unsigned shut_after; /* checks that pass */
} work;

static int gate_wait(struct task *task, struct error *err)
{
	(void)task;
	(void)err;
	work.waits++;
	return 0;
}

static int gate_check(struct task *task, const char *what, struct error *err)
{
	(void)task;
	work.checks++;
	return work.checks > work.shut_after ? fail(err, ERR_FENCED, "no %s: the gate is shut", what) : 0;
}

static const struct task_ops gate_ops = { .gate_wait = gate_wait, .gate_check = gate_check };

static void start_work(const char *user, const char *password)
{
	memset(&work, 0, sizeof(work));
	work.shut_after = 1000;
	node_init(&work.node);
	node_set_text(&work.node, NODE_UUID, "11111111-2222-4333-8444-555555555555");
	node_set_object(&work.node, NODE_DRIVER_INFO,
			json_pack("{s:s, s:i, s:s, s:s}", "ipmi_address", "127.0.0.1", "ipmi_port",
				  (int)udp_port(bmc.socket), "ipmi_username", user, "ipmi_password",
				  password));
	task_init_permissive(&work.task, &work.node);
	work.task.ops = &gate_ops;
	work.task.is_repeatable = true;
}

static void end_work(void)
{
	task_release(&work.task);
	node_release(&work.node);
}

SUSPENDS static int power_off(struct error *err)
{
	return ipmitool_power.set(&work.task, POWER_OFF, 30, err);
}

/* ---- cases ---- */

static void read_passes_no_gate(void)
{
	enum power_state state;

	start_bmc(4);
	start_work("admin", "password");
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	CHECK_INT(state, POWER_OFF);
	CHECK_INT(work.waits + work.checks, 0);
	end_work();
	stop_bmc();
}

static void write_waits_and_is_checked_for_each_datagram(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	bmc.is_on = true;
	CHECK_INT(power_off(&err), 0);
	CHECK_INT(work.waits, 1);
	CHECK_INT(work.checks, 1);
	CHECK(!bmc.is_on);
	bmc.drop = 1; /* the answer; the repetition is a datagram of its own */
	CHECK_INT(power_off(&err), 0);
	CHECK_INT(work.waits, 2);
	CHECK_INT(work.checks, 3);
	CHECK_INT(bmc.requests[1], 2);
	end_work();
	stop_bmc();
}

static void shut_gate_sends_nothing(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	bmc.is_on = true;
	work.shut_after = 0;
	CHECK_INT(power_off(&err), -ERR_FENCED);
	CHECK(strstr(err.text, "Chassis Control") != NULL);
	CHECK_INT(bmc.requests[1], 0);
	CHECK(bmc.is_on);
	end_work();
	stop_bmc();
}

static void gate_shut_before_repetition_stops_it(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	CHECK_INT(power_off(&err), 0);
	bmc.is_deaf = true;
	work.shut_after = 2;
	CHECK_INT(power_off(&err), -ERR_FENCED);
	CHECK_INT(work.checks, 3);
	end_work();
	stop_bmc();
}

static void never_write_is_not_sent_in_a_second_session(void)
{
	struct error err;
	struct ipmi_operation operation;
	const uint8_t cycle = 2;
	const struct ipmi_request request = { NETFN_CHASSIS, CHASSIS_CONTROL, &cycle, 1 };
	struct ipmi_reply reply;

	start_bmc(4);
	start_work("admin", "password");
	CHECK_INT(power_off(&err), 0); /* the session is there, and its privilege raised */
	work.task.is_repeatable = false;
	work.checks = 0;
	CHECK_INT(ipmi_operation_begin(&operation, &work.task, clock_ms() + 8000, &err), 0);
	bmc.is_deaf = true;
	CHECK_INT(ipmi_command(&operation, &request, &reply, &err), -ERR_UNKNOWN_OUTCOME);
	ipmi_operation_end(&operation);
	CHECK_INT(work.checks, 3); /* at 0, 1 and 3 seconds */
	CHECK_INT(ipmi_server_counters(bmc.server).opened, 1);
	end_work();
	stop_bmc();
}

static void busy_is_repeated_also_for_never_writes(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	work.task.is_repeatable = false;
	bmc.is_on = true;
	bmc.busy = 2;
	CHECK_INT(power_off(&err), 0);
	CHECK_INT(bmc.requests[1], 3);
	end_work();
	stop_bmc();
}

/* "Timeout while processing" does not say that nothing was done. */
static void doubtful_code_is_not_repeated_for_never_writes(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	work.task.is_repeatable = false;
	bmc.is_on = true;
	bmc.busy = 1;
	bmc.busy_code = COMPLETION_TIMEOUT;
	CHECK_INT(power_off(&err), -ERR_BMC);
	CHECK_INT(bmc.requests[1], 1);
	work.task.is_repeatable = true;
	bmc.busy = 1;
	CHECK_INT(power_off(&err), 0);
	CHECK_INT(bmc.requests[1], 3);
	end_work();
	stop_bmc();
}

static void answers_from_elsewhere_are_dropped(void)
{
	struct udp_address any;

	start_bmc(4);
	start_work("admin", "password");
	ipmi_options.command_retry_timeout_s = 1.5;
	udp_address_parse("127.0.0.1", 0, &any);
	CHECK_INT(udp_open(&any, 0, on_datagram, NULL, &bmc.elsewhere, NULL), 0);
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, NULL), -ERR_BMC_UNREACHABLE);
	udp_close(bmc.elsewhere);
	bmc.elsewhere = NULL;
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, NULL), 0);
	end_work();
	stop_bmc();
}

static void weaker_algorithms_are_refused(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	bmc.is_liar = true;
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, &err), -ERR_BMC);
	CHECK(strstr(err.text, "refused cipher suites 17 and 3") != NULL);
	CHECK_INT(ipmi_server_counters(bmc.server).opened, 0);
	end_work();
	stop_bmc();
}

static void missing_key_is_told_from_a_wrong_password(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	bmc_set_key((const uint8_t[RMCPP_KEY]){ 1, 2, 3 });
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, &err), -ERR_BMC_AUTH);
	CHECK(strstr(err.text, "ipmi_hex_kg_key") != NULL);
	json_object_set_new(node_object(&work.node, NODE_DRIVER_INFO), "ipmi_hex_kg_key",
			    json_string("010203"));
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, &err), 0);
	json_object_set_new(node_object(&work.node, NODE_DRIVER_INFO), "ipmi_password", json_string("other"));
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, &err), -ERR_BMC_AUTH);
	CHECK(strstr(err.text, "ipmi_hex_kg_key") == NULL);
	end_work();
	stop_bmc();
}

static void user_reads_without_raising_privilege(void)
{
	start_bmc(4);
	start_work("night", "operator");
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, NULL), 0);
	CHECK_INT(ipmitool_power.set(&work.task, POWER_ON, 30, NULL), 0);
	CHECK(bmc.is_on);
	end_work();
	stop_bmc();
}

static void refused_privilege_is_raised(void)
{
	enum power_state state;

	start_bmc(4);
	start_work("admin", "password");
	bmc.least = IPMI_OPERATOR; /* for reads too */
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	CHECK_INT(bmc.requests[0], 1);
	end_work();
	stop_bmc();
}

static void lower_privilege_is_taken_when_it_suffices(void)
{
	struct error err;

	start_bmc(4);
	start_work("admin", "password");
	bmc.most = IPMI_OPERATOR;
	bmc.is_on = true;
	CHECK_INT(power_off(&err), 0);
	bmc.most = IPMI_USER;
	json_object_set_new(node_object(&work.node, NODE_DRIVER_INFO), "ipmi_cipher_suite", json_integer(3));
	CHECK_INT(power_off(&err), -ERR_BMC);
	CHECK(strstr(err.text, "Chassis Control: insufficient privilege level (D4h)") != NULL);
	end_work();
	stop_bmc();
}

static unsigned readers_left;
static void read_once(void *arg)
{
	enum power_state state;

	(void)arg;
	if (ipmitool_power.get(&work.task, &state, NULL) == 0)
		readers_left--;
}

static void many_fibers_share_one_session(void)
{
	start_bmc(1);
	start_work("admin", "password");
	readers_left = 50;
	for (unsigned i = 0; i < 50; i++)
		fiber_spawn("reader", read_once, NULL);
	while (readers_left > 0)
		CHECK_INT(fiber_sleep(5), 0);
	CHECK_INT(ipmi_server_counters(bmc.server).opened, 1);
	CHECK_INT(bmc.requests[0], 50);
	end_work();
	stop_bmc();
}

static void changed_credentials_open_another_session(void)
{
	struct error err;
	enum power_state state;

	start_bmc(4);
	start_work("admin", "password");
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	json_object_set_new(node_object(&work.node, NODE_DRIVER_INFO), "ipmi_password", json_string("other"));
	CHECK_INT(ipmitool_power.get(&work.task, &state, &err), -ERR_BMC_AUTH);
	CHECK(strstr(err.text, "other") == NULL);
	CHECK_INT(ipmi_server_counters(bmc.server).sessions, 0);
	end_work();
	stop_bmc();
}

static void idle_session_is_closed(void)
{
	start_bmc(4);
	start_work("admin", "password");
	ipmi_options.session_idle_timeout_s = 0.2;
	CHECK_INT(ipmitool_power.get(&work.task, &(enum power_state){ 0 }, NULL), 0);
	CHECK_INT(ipmi_session_count(), 1);
	CHECK_INT(fiber_sleep(500), 0);
	CHECK_INT(ipmi_session_count(), 0);
	CHECK_INT(ipmi_server_counters(bmc.server).sessions, 0);
	CHECK_INT(ipmi_bmc_count(), 1);
	end_work();
	stop_bmc();
}

static struct fiber *waiting;
static int waiting_rc;
static void wait_for_bmc(void *arg)
{
	(void)arg;
	waiting_rc = ipmitool_power.get(&work.task, &(enum power_state){ 0 }, NULL);
	waiting = NULL;
}

static void cancelled_operation_ends_at_once(void)
{
	int64_t start_ms = clock_ms();

	start_bmc(4);
	start_work("admin", "password");
	bmc.is_deaf = true;
	waiting = fiber_spawn("waiting", wait_for_bmc, NULL);
	CHECK_INT(fiber_sleep(50), 0);
	fiber_cancel(waiting);
	while (waiting != NULL)
		CHECK_INT(fiber_sleep(1), 0);
	CHECK_INT(waiting_rc, -ERR_CANCELLED);
	CHECK(clock_ms() - start_ms < 500);
	end_work();
	stop_bmc();
}

static void old_answers_are_not_taken_for_new_ones(void)
{
	enum power_state state;

	start_bmc(4);
	start_work("admin", "password");
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	uint8_t old[RMCPP_DATAGRAM_MAX];
	size_t old_len = bmc.last_len;
	memcpy(old, bmc.last, old_len);
	bmc.is_on = true;
	/* the old answer first, then made-up bytes, before each real one */
	udp_send(bmc.socket, &bmc.peer, old, old_len);
	old[old_len - 1] ^= 1;
	udp_send(bmc.socket, &bmc.peer, old, old_len);
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	CHECK_INT(state, POWER_ON);
	end_work();
	stop_bmc();
}

/* It comes in the right session with a number of its own, but to a request that is over. */
static void late_answer_to_an_earlier_request_is_dropped(void)
{
	enum power_state state;

	start_bmc(4);
	start_work("admin", "password");
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	bmc.drop = 1;
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	CHECK_INT(state, POWER_OFF);
	bmc.is_on = true;
	bmc.is_late_due = true;
	CHECK_INT(ipmitool_power.get(&work.task, &state, NULL), 0);
	CHECK_INT(state, POWER_ON);
	end_work();
	stop_bmc();
}

#define CASE(name, body)                                                                                     \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		(void)state;                                                                                 \
		loop_test(body);                                                                             \
	}
CASE(test_read__any__passes_no_gate, read_passes_no_gate)
CASE(test_write__answer_lost__each_datagram_checked, write_waits_and_is_checked_for_each_datagram)
CASE(test_write__gate_shut__nothing_sent, shut_gate_sends_nothing)
CASE(test_write__gate_shut_later__not_repeated, gate_shut_before_repetition_stops_it)
CASE(test_never_write__silence__unknown_outcome, never_write_is_not_sent_in_a_second_session)
CASE(test_never_write__busy__repeated, busy_is_repeated_also_for_never_writes)
CASE(test_never_write__doubtful_code__not_repeated, doubtful_code_is_not_repeated_for_never_writes)
CASE(test_answer__from_another_address__dropped, answers_from_elsewhere_are_dropped)
CASE(test_login__weaker_algorithms__refused, weaker_algorithms_are_refused)
CASE(test_login__key_missing__named, missing_key_is_told_from_a_wrong_password)
CASE(test_privilege__operator_only__falls_back, user_reads_without_raising_privilege)
CASE(test_privilege__bmc_wants_more__raised, refused_privilege_is_raised)
CASE(test_privilege__bmc_gives_less__lower_one, lower_privilege_is_taken_when_it_suffices)
CASE(test_turn__many_fibers__one_session, many_fibers_share_one_session)
CASE(test_session__credentials_changed__new_login, changed_credentials_open_another_session)
CASE(test_session__idle__closed, idle_session_is_closed)
CASE(test_operation__cancelled__ends_at_once, cancelled_operation_ends_at_once)
CASE(test_answer__late__dropped, late_answer_to_an_earlier_request_is_dropped)
CASE(test_answer__old_or_forged__dropped, old_answers_are_not_taken_for_new_ones)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__any__passes_no_gate),
		cmocka_unit_test(test_write__answer_lost__each_datagram_checked),
		cmocka_unit_test(test_write__gate_shut__nothing_sent),
		cmocka_unit_test(test_write__gate_shut_later__not_repeated),
		cmocka_unit_test(test_never_write__silence__unknown_outcome),
		cmocka_unit_test(test_never_write__busy__repeated),
		cmocka_unit_test(test_never_write__doubtful_code__not_repeated),
		cmocka_unit_test(test_answer__from_another_address__dropped),
		cmocka_unit_test(test_login__weaker_algorithms__refused),
		cmocka_unit_test(test_login__key_missing__named),
		cmocka_unit_test(test_privilege__operator_only__falls_back),
		cmocka_unit_test(test_privilege__bmc_wants_more__raised),
		cmocka_unit_test(test_privilege__bmc_gives_less__lower_one),
		cmocka_unit_test(test_turn__many_fibers__one_session),
		cmocka_unit_test(test_session__credentials_changed__new_login),
		cmocka_unit_test(test_session__idle__closed),
		cmocka_unit_test(test_operation__cancelled__ends_at_once),
		cmocka_unit_test(test_answer__late__dropped),
		cmocka_unit_test(test_answer__old_or_forged__dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
