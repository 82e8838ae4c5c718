/* Tests of drivers/redfish/{client,session,bmc}.c with many fibers at once, against the Redfish service of
 * this tree in the same process. */
#include "drivers/redfish/client.h"

#include <string.h>

#include "drivers/redfish/options.h"
#include "drivers/redfish/redfish.h"
#include "drivers/redfish/service.h"
#include "lib/clock.h"
#include "lib/http_server.h"
#include "lib/xalloc.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

#define PASSWORD "correct horse"

/* ---- a BMC ---- */

static struct {
	struct redfish_service *service;
	struct http_server *server;
	unsigned requests, logins, logouts, resets;
	unsigned running, most_running;
	int latency_ms;
	enum redfish_power power;
} bmc;

static enum redfish_power backend_power(void *arg)
{
	(void)arg;
	return bmc.power;
}

static int backend_reset(void *arg, enum redfish_reset type, struct error *err)
{
	(void)arg;
	(void)err;
	bmc.resets++;
	bmc.power = type == REDFISH_RESET_FORCE_OFF ? REDFISH_OFF : REDFISH_ON;
	return 0;
}

static void backend_boot_get(void *arg, struct redfish_boot *ret)
{
	(void)arg;
	*ret = (struct redfish_boot){ .is_uefi = true };
}

static int backend_boot_set(void *arg, const struct redfish_boot *boot, struct error *err)
{
	(void)arg;
	(void)boot;
	(void)err;
	return 0;
}

static int backend_manager_reset(void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	return 0;
}

static bool backend_is_authentic(void *arg, const char *user, const char *password)
{
	(void)arg;
	return !strcmp(user, "admin") && !strcmp(password, PASSWORD);
}

static const struct redfish_backend backend = {
	.power = backend_power,
	.reset = backend_reset,
	.boot_get = backend_boot_get,
	.boot_set = backend_boot_set,
	.manager_reset = backend_manager_reset,
	.is_authentic = backend_is_authentic,
};

static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	(void)arg;
	bmc.requests++;
	bmc.logins += !strcmp(request->method, "POST") && strstr(request->path, "/Sessions");
	bmc.logouts += !strcmp(request->method, "DELETE") && strstr(request->path, "/Sessions/");
	if (++bmc.running > bmc.most_running)
		bmc.most_running = bmc.running;
	if (!bmc.latency_ms || fiber_sleep(bmc.latency_ms) == 0)
		redfish_service_handle(bmc.service, request, response);
	bmc.running--;
}

static void bmc_start(void)
{
	struct http_server_options options = { .address = "127.0.0.1",
					       .max_body_bytes = 65536,
					       .handle = handle };
	struct redfish_service_options service = { .backend = &backend,
						   .name = "box",
						   .user = "admin",
						   .system_uuid = "u",
						   .manufacturer = "m",
						   .model = "n" };

	memset(&bmc, 0, sizeof(bmc));
	bmc.power = REDFISH_ON;
	bmc.service = redfish_service_new(&service);
	assert_int_equal(http_server_new(&options, &bmc.server, NULL), 0);
	http_client_init();
}

SUSPENDS static void bmc_stop(void)
{
	http_client_release();
	http_server_free(bmc.server);
	while (bmc.running)
		fiber_sleep(1);
	redfish_service_free(bmc.service);
}

/* ---- nodes ---- */

static void node_start(struct node *node, const char *password)
{
	char address[64];

	snprintf(address, sizeof(address), "http://127.0.0.1:%d", http_server_port(bmc.server));
	node_init(node);
	node_set_text(node, NODE_UUID, "11111111-2222-4333-8444-555555555555");
	node_set_text(node, NODE_DRIVER, "redfish");
	node_set_object(node, NODE_DRIVER_INFO,
			json_pack("{s:s, s:s, s:s}", "redfish_address", address, "redfish_username", "admin",
				  "redfish_password", password));
}

struct poll {
	const char *password;
	int64_t deadline_ms;
	int rc;
	enum power_state state;
	bool is_done;
};

SUSPENDS static void poll_run(void *arg)
{
	struct poll *poll = arg;
	struct node node;
	struct task task;
	struct error err;

	node_start(&node, poll->password);
	task_init_permissive(&task, &node);
	if (poll->deadline_ms)
		task.deadline_ms = poll->deadline_ms;
	poll->rc = redfish_power.get(&task, &poll->state, &err);
	task_release(&task);
	node_release(&node);
	poll->is_done = true;
}

SUSPENDS static void wait_done(const struct poll *polls, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		while (!polls[i].is_done)
			fiber_sleep(1);
}

/* ---- tests ---- */

static void many_polls(void)
{
	static struct poll polls[100];

	bmc_start();
	bmc.latency_ms = 2;
	for (unsigned i = 0; i < 100; i++) {
		polls[i] = (struct poll){ .password = PASSWORD };
		fiber_spawn("poll", poll_run, &polls[i]);
	}
	wait_done(polls, 100);
	for (unsigned i = 0; i < 100; i++) {
		CHECK_INT(polls[i].rc, 0);
		CHECK_INT(polls[i].state, POWER_ON);
	}
	CHECK_INT(bmc.logins, 1);
	CHECK_INT(bmc.most_running, REDFISH_SLOTS);
	redfish_drain(clock_ms() + 2000);
	CHECK_INT(bmc.logouts, 1);
	bmc_stop();
}

static void test_polls__at_once__share_a_session_and_two_connections(void **state)
{
	(void)state;
	loop_test(many_polls);
}

static void cancelled_polls(void)
{
	static struct poll polls[10];
	struct fiber *fibers[10];
	struct poll last = { .password = PASSWORD };

	bmc_start();
	bmc.latency_ms = 200;
	for (unsigned i = 0; i < 10; i++) {
		polls[i] = (struct poll){ .password = PASSWORD };
		fibers[i] = fiber_spawn("poll", poll_run, &polls[i]);
	}
	fiber_sleep(50);
	for (unsigned i = 0; i < 10; i++)
		fiber_cancel(fibers[i]);
	wait_done(polls, 10);
	for (unsigned i = 0; i < 10; i++)
		CHECK_INT(polls[i].rc, -ERR_CANCELLED);
	bmc.latency_ms = 0;
	poll_run(&last); /* no slot and no login is held by those that went */
	CHECK_INT(last.rc, 0);
	redfish_drain(clock_ms() + 2000);
	bmc_stop();
}

static void test_polls__cancelled__leave_nothing_held(void **state)
{
	(void)state;
	loop_test(cancelled_polls);
}

static void late_polls(void)
{
	static struct poll polls[6];
	int64_t start_ms;

	bmc_start();
	bmc.latency_ms = 400;
	start_ms = clock_ms();
	for (unsigned i = 0; i < 6; i++) {
		polls[i] = (struct poll){ .password = PASSWORD, .deadline_ms = start_ms + 100 };
		fiber_spawn("poll", poll_run, &polls[i]);
	}
	wait_done(polls, 6);
	CHECK(clock_ms() < start_ms + 350);
	for (unsigned i = 0; i < 6; i++)
		CHECK_INT(polls[i].rc, -ERR_BMC_UNREACHABLE);
	redfish_drain(clock_ms() + 2000);
	bmc_stop();
}

static void test_polls__past_the_deadline__end_at_once(void **state)
{
	(void)state;
	loop_test(late_polls);
}

static void changed_password(void)
{
	struct poll good = { .password = PASSWORD }, bad = { .password = "wrong password" };

	bmc_start();
	poll_run(&good);
	poll_run(&bad);
	CHECK_INT(good.rc, 0);
	CHECK_INT(bad.rc, -ERR_BMC_AUTH);
	poll_run(&good);
	CHECK_INT(good.rc, 0);
	CHECK_INT(bmc.logins, 2);
	redfish_drain(clock_ms() + 2000);
	CHECK_INT(bmc.logouts, 1);
	bmc_stop();
}

static void test_password__changed__never_meets_the_old_session(void **state)
{
	(void)state;
	loop_test(changed_password);
}

static void small_cache(void)
{
	struct poll good = { .password = PASSWORD }, bad = { .password = "wrong password" };

	bmc_start();
	redfish_options.connection_cache_size = 1;
	poll_run(&good);
	poll_run(&bad); /* pushes the other out */
	for (int i = 0; i < 100 && !bmc.logouts; i++)
		fiber_sleep(5);
	CHECK_INT(bmc.logouts, 1);
	redfish_options.connection_cache_size = 0;
	poll_run(&good);
	poll_run(&good);
	CHECK_INT(good.rc, 0);
	for (int i = 0; i < 100 && bmc.logouts < 3; i++)
		fiber_sleep(5);
	CHECK_INT(bmc.logins, 4);
	CHECK_INT(bmc.logouts, 3);
	redfish_options.connection_cache_size = 10000;
	redfish_drain(clock_ms() + 2000);
	bmc_stop();
}

static void test_cache__full__ends_the_oldest_session(void **state)
{
	(void)state;
	loop_test(small_cache);
}

/* ---- the gate ---- */

static struct {
	unsigned waits, checks;
	int rc;
	char what[128];
} gate;

static int gate_wait(struct task *task, struct error *err)
{
	(void)task;
	(void)err;
	gate.waits++;
	return 0;
}

static int gate_check(struct task *task, const char *what, struct error *err)
{
	(void)task;
	gate.checks++;
	snprintf(gate.what, sizeof(gate.what), "%s", what);
	return gate.rc ? fail(err, ERR_FENCED, "The lock is lost") : 0;
}

static const struct task_ops gate_ops = { .gate_wait = gate_wait, .gate_check = gate_check };

SUSPENDS static int switch_off(struct error *err)
{
	struct node node;
	struct task task;
	int rc;

	node_start(&node, PASSWORD);
	task_init_permissive(&task, &node);
	task.ops = &gate_ops;
	rc = redfish_power.set(&task, POWER_OFF, 5, err);
	task_release(&task);
	node_release(&node);
	return rc;
}

static void gated_writes(void)
{
	struct error err;

	bmc_start();
	memset(&gate, 0, sizeof(gate));
	gate.rc = -1;
	CHECK_INT(switch_off(&err), -ERR_FENCED);
	CHECK_TEXT(err.text, "The lock is lost");
	CHECK_INT(bmc.resets, 0);
	gate.rc = 0;
	CHECK_INT(switch_off(&err), 0);
	CHECK_INT(bmc.resets, 1);
	CHECK_INT(gate.waits, 2);
	CHECK_INT(gate.checks, 2);
	CHECK_TEXT(gate.what, "POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset");
	redfish_drain(clock_ms() + 2000);
	bmc_stop();
}

static void test_writes__leave__through_the_gate_only(void **state)
{
	(void)state;
	loop_test(gated_writes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_polls__at_once__share_a_session_and_two_connections),
		cmocka_unit_test(test_polls__cancelled__leave_nothing_held),
		cmocka_unit_test(test_polls__past_the_deadline__end_at_once),
		cmocka_unit_test(test_password__changed__never_meets_the_old_session),
		cmocka_unit_test(test_cache__full__ends_the_oldest_session),
		cmocka_unit_test(test_writes__leave__through_the_gate_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
