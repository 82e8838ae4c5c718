/* Conductors at work on a real PostgreSQL: lines, locks, stop, and what nobody asked for. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/task.h"
#include "db/action.h"
#include "lib/clock.h"
#include "tests/support/conductors.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

enum { NODES = 8, ACTIONS = 25 };

static struct error err;

/* ---- one conductor ---- */

static void works(void *arg)
{
	int64_t node, power, sync, shared, refused;

	(void)arg;
	begin_test();
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "one", "power on");
	sync = insert(
		node, "passthru", true, "never", "one",
		"{\"method\": \"third_method_sync\", \"verb\": \"POST\", \"args\": {\"bar\": \"meow\"}}");
	shared = insert(node, "passthru", false, "never", "one",
			"{\"method\": \"fourth_method_shared_lock\", \"verb\": \"POST\", \"args\": {\"bar\": "
			"\"woof\"}}");
	refused = insert(node, "passthru", true, "never", "one", "{\"method\": \"x\", \"verb\": \"POST\"}");
	wait_for_state(5, power, "done");
	wait_for_state(5, sync, "done");
	wait_for_state(5, shared, "done");
	wait_for_state(5, refused, "failed");
	MUST_BE(query("SELECT power_state || coalesce(target_power_state, '') || coalesce(last_error, '') "
		      "FROM nodes"),
		"power on");
	MUST_BE(query("SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, power), "t");
	/* a synchronous call that writes to no BMC needs no promise */
	MUST_BE(query("SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, sync), "f");
	MUST_BE(query("SELECT convert_from(result, 'utf8') FROM actions WHERE id = %" PRId64, sync), "true");
	MUST_BE(query("SELECT convert_from(result, 'utf8') FROM actions WHERE id = %" PRId64, shared),
		"true");
	MUST_BE(query("SELECT error_code || ' ' || error FROM actions WHERE id = %" PRId64, refused),
		"400 No handler for method x");
	MUST_BE(query("SELECT count(*) FROM actions WHERE args IS NOT NULL"), "0");
	check_nothing_held();
	stop(&one);
	MUST_BE(query("SELECT state FROM conductors"), "left");
	end_test();
}

static void test_conductor__runs_what_is_queued(void **state)
{
	(void)state;
	pg_run(works, NULL);
}

static void fails(void *arg)
{
	int64_t node, power;

	(void)arg;
	begin_test();
	node = add_node(1);
	query("UPDATE nodes SET driver_info = '{\"fake_fail\": \"power.set\"}'");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "one", "power on");
	wait_for_state(5, power, "failed");
	MUST_BE(query("SELECT last_error FROM nodes"),
		"Failed to change power state to 'power on' by 'power on': The fake "
		"hardware was told to fail power.set");
	MUST_BE(query("SELECT event_type || ' ' || conductor FROM node_history"), "power one");
	MUST_BE(query("SELECT coalesce(target_power_state, 'null') || ' ' || power_state FROM nodes"),
		"null power off");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_failure__is_on_the_node_and_in_its_history(void **state)
{
	(void)state;
	pg_run(fails, NULL);
}

/* A clean stop with no time left: what may be repeated is done by the next, what may not has failed. */
static void hands_over(void *arg)
{
	int64_t first, second, reboot;

	(void)arg;
	begin_test();
	set("fake", "power_delay", "30");
	first = insert_power(add_node(1), "one", "power on");
	reboot = insert_power(add_node(2), "one", "rebooting");
	query("UPDATE actions SET on_crash = 'never' WHERE args->>'target' = 'rebooting'");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	wait_for(5, "2", "SELECT count(*) FROM actions WHERE state = 'running' AND accepted_at IS NOT NULL");
	second = insert_power(1, "one", "power off");
	conductor_stop(&one, clock_ms());
	MUST_BE(state_now(first), "queued");
	MUST_BE(state_now(second), "queued");
	MUST(strcmp(state_now(reboot), "queued") != 0);
	MUST_BE(query("SELECT count(*) FROM nodes WHERE reservation IS NOT NULL"), "0");
	set("fake", "power_delay", "0");
	MUST(conductor_start(&two, db, "two", &err) == 0);
	wait_for_state(5, second, "done");
	MUST_BE(state_now(first), "done");
	MUST_BE(query("SELECT power_state FROM nodes WHERE id = 1"), "power off");
	MUST_BE(query("SELECT count(*) FROM actions WHERE attempt > 1"), "0");
	stop(&two);
	check_nothing_held();
	end_test();
}

static void test_stop__without_time__hands_over(void **state)
{
	(void)state;
	pg_run(hands_over, NULL);
}

static void stops(void *arg)
{
	int64_t node, first, second;

	(void)arg;
	begin_test();
	set("fake", "power_delay", "0.6");
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	first = insert_power(node, "one", "power on");
	second = insert_power(node, "one", "power off");
	wait_for_state(5, first, "running");
	stop(&one);
	/* what ran has ended; what waited still waits, for whoever comes */
	MUST_BE(state_now(first), "done");
	MUST_BE(state_now(second), "queued");
	MUST_BE(query("SELECT state FROM conductors"), "left");
	MUST_BE(query("SELECT coalesce(reservation, 'free') FROM nodes"), "free");
	MUST(conductor_start(&two, db, "two", &err) == 0);
	wait_for_state(5, second, "done");
	stop(&two);
	check_nothing_held();
	end_test();
}

static void test_stop__drains_and_leaves_the_rest(void **state)
{
	(void)state;
	pg_run(stops, NULL);
}

static void stop_is_asked(void *arg)
{
	int64_t node, power;
	bool was_running;

	(void)arg;
	begin_test();
	set("fake", "power_delay", "20");
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "one", "power on");
	wait_for(5, "t", "SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, power);
	MUST(action_ask_stop(db, power, "admin", &was_running, &err) == 0 && was_running);
	wait_for_state(3, power, "failed");
	MUST(strstr(query("SELECT last_error FROM nodes"), "Stopped: admin."));
	set("fake", "power_delay", "0");
	/* the line goes on in another fiber */
	power = insert_power(node, "one", "power on");
	wait_for_state(3, power, "done");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_stop_asked__cancels_and_frees_the_node(void **state)
{
	(void)state;
	pg_run(stop_is_asked, NULL);
}

static void slots_run_out(void *arg)
{
	enum { COUNT = 7 };
	int64_t last = 0;

	(void)arg;
	begin_test();
	set("conductor", "workers_pool_size", "3");
	set("fake", "vendor_delay", "0.3");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	for (int i = 0; i < COUNT; i++)
		last = insert(add_node(i + 1), "passthru", true, "never", "one",
			      "{\"method\": \"third_method_sync\", \"verb\": \"POST\", \"args\": {\"bar\": "
			      "\"meow\"}}");
	wait_for(5, "3", "SELECT count(*) FROM actions WHERE state = 'running'");
	MUST_BE(state_now(last), "queued");
	wait_for(10, "0", "SELECT count(*) FROM actions WHERE state <> 'done'");
	MUST_BE(query("SELECT max(n) FROM (SELECT (SELECT count(*) FROM actions b WHERE b.started_at <= "
		      "a.started_at AND"
		      " b.finished_at > a.started_at) AS n FROM actions a) AS counted"),
		"3");
	stop(&one);
	end_test();
}

static void test_slots__run_out__the_rest_waits_in_line(void **state)
{
	(void)state;
	pg_run(slots_run_out, NULL);
}

/* At most four beside each other on a node; the end of one starts the next, long before the poll would. */
static void shared_queue(void *arg)
{
	enum { COUNT = 40 };
	int64_t node, begun_ms;

	(void)arg;
	begin_test();
	set("fake", "vendor_delay", "0.05");
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	begun_ms = clock_ms();
	for (int i = 0; i < COUNT; i++)
		insert(node, "passthru", false, "never", "one",
		       "{\"method\": \"fourth_method_shared_lock\", \"verb\": \"POST\", \"args\": {\"bar\": "
		       "\"woof\"}}");
	wait_for(30, "0", "SELECT count(*) FROM actions WHERE state <> 'done'");
	MUST(clock_ms() - begun_ms < 8000);
	MUST(atoi(query("SELECT max(n) FROM (SELECT (SELECT count(*) FROM actions b WHERE b.started_at <= "
			"a.started_at AND"
			" b.finished_at > a.started_at) AS n FROM actions a) AS counted")) <= 4);
	stop(&one);
	end_test();
}

static void test_shared_actions__four_at_a_time__none_starves(void **state)
{
	(void)state;
	pg_run(shared_queue, NULL);
}

/* Whatever is cancelled or fenced at whatever wait: each action ends, no lock stays, no memory is lost. */
static void storm(void *arg)
{
	enum { ROUNDS = 12 };
	struct job *job;

	(void)arg;
	begin_test();
	srandom(11);
	set("fake", "power_delay", "0,0.02");
	set("fake", "vendor_delay", "0,0.02");
	for (int i = 0; i < NODES; i++)
		add_node(i + 1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	for (int i = 0; i < ROUNDS * NODES; i++) {
		int64_t node = i % NODES + 1;

		insert_power(node, "one", i / NODES % 2 ? "power off" : "power on");
		insert(node, "passthru", true, "never", "one",
		       "{\"method\": \"second_method\", \"verb\": \"POST\", \"args\": {\"bar\": \"kazoo\"}}");
	}
	for (int turn = 0; strcmp(query("SELECT count(*) FROM actions WHERE finished_at IS NULL"), "0") != 0;
	     turn++) {
		MUST(turn < 20000);
		job = one.jobs;
		for (long skip = random() % NODES; job && skip > 0; skip--)
			job = job->next;
		if (job && random() % 2)
			task_stop(job, "chaos");
		if (turn == 10 || turn == 40)
			query("UPDATE conductors SET state = 'dead'");
		fiber_sleep(random() % 6);
	}
	wait_for(10, "0", "SELECT count(*) FROM actions WHERE state = 'running'");
	MUST_BE(query("SELECT count(*) FROM actions WHERE state NOT IN ('done', 'failed', 'unknown')"), "0");
	MUST_BE(query("SELECT count(*) FROM nodes WHERE target_power_state IS NOT NULL"), "0");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_storm__of_cancellations_and_fences__every_action_ends(void **state)
{
	(void)state;
	pg_run(storm, NULL);
}

/* ---- two conductors ---- */

/* Both are in this process: no node is in two pairs of hands. */
static void check_holders(void)
{
	struct job *lists[] = { one.jobs, two.jobs };
	bool is_held[NODES + 1] = { false };

	for (int i = 0; i < 2; i++) {
		for (struct job *job = lists[i]; job; job = job->next) {
			if (job->is_finishing || job->action.node_id > NODES)
				continue;
			MUST(!is_held[job->action.node_id]);
			is_held[job->action.node_id] = true;
		}
	}
}

static void compete(void *arg)
{
	int64_t nodes[NODES];

	(void)arg;
	begin_test();
	set("fake", "vendor_delay", "0,0.01");
	for (int i = 0; i < NODES; i++)
		nodes[i] = add_node(i + 1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	MUST(conductor_start(&two, db, "two", &err) == 0);
	for (int k = 0; k < ACTIONS; k++) {
		for (int i = 0; i < NODES; i++)
			insert(nodes[i], "passthru", true, "never", (i + k) % 2 ? "one" : "two",
			       "{\"method\": \"third_method_sync\", \"verb\": \"POST\", \"args\": {\"bar\": "
			       "\"meow\"}}");
	}
	for (int left = 1; left > 0;) {
		check_holders();
		left = atoi(query("SELECT count(*) FROM actions WHERE finished_at IS NULL"));
		check_holders();
		fiber_sleep(1);
	}
	MUST_BE(query("SELECT count(*) FROM actions WHERE state <> 'done' OR attempt <> 1"), "0");
	/* one taking a time: epochs of a node count its actions */
	MUST_BE(query("SELECT count(*) FROM nodes WHERE lock_epoch <> %d", ACTIONS), "0");
	MUST_BE(query("SELECT count(*) FROM (SELECT DISTINCT node_id, epoch FROM actions) AS e"),
		query("SELECT count(*) FROM actions"));
	MUST_BE(query("SELECT count(DISTINCT instance) FROM actions"), "2");
	check_nothing_held();
	stop(&one);
	stop(&two);
	end_test();
}

static void test_two_conductors__never_hold_one_node_together(void **state)
{
	(void)state;
	pg_run(compete, NULL);
}

/* ---- what nobody asked for ---- */

static void orphans(void *arg)
{
	(void)arg;
	begin_test();
	set("conductor", "check_orphans_interval", "1");
	add_node(1);
	add_node(2);
	query("UPDATE nodes SET provision_state = 'cleaning', target_provision_state = 'available' WHERE id "
	      "= 1");
	query("UPDATE nodes SET target_power_state = 'power on' WHERE id = 2");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	wait_for(5, "clean failed", "SELECT provision_state FROM nodes WHERE id = 1");
	wait_for(5, "null", "SELECT target_power_state FROM nodes WHERE id = 2");
	MUST_BE(query("SELECT count(*) FROM nodes WHERE last_error IS NULL"), "0");
	stop(&one);
	check_nothing_held();
	end_test();
}

static void test_orphans__are_ended(void **state)
{
	(void)state;
	pg_run(orphans, NULL);
}

static void power_sync(void *arg)
{
	(void)arg;
	begin_test();
	set("conductor", "sync_power_state_interval", "0.2");
	set("conductor", "power_failure_recovery_interval", "0.2");
	set("conductor", "power_state_sync_max_retries", "2");
	add_node(1);
	add_node(2);
	query("UPDATE nodes SET driver_info = '{\"fake_fail\": \"power\"}' WHERE id = 1");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	wait_for(5, "true power failure",
		 "SELECT maintenance || ' ' || coalesce(fault, '') FROM nodes WHERE id = 1");
	MUST_BE(query("SELECT maintenance FROM nodes WHERE id = 2"), "f");
	MUST_BE(query("SELECT coalesce(power_state, 'null') FROM nodes WHERE id = 1"), "null");
	MUST(strstr(query("SELECT maintenance_reason FROM nodes WHERE id = 1"), "max retries exceeded"));
	MUST_BE(query("SELECT count(*) FROM node_history WHERE node_id = 1"), "1");
	wait_for(5, "poll", "SELECT source FROM node_power_observed WHERE node_id = 2");
	query("UPDATE nodes SET driver_info = '{}' WHERE id = 1");
	wait_for(5, "f", "SELECT maintenance FROM nodes WHERE id = 1");
	MUST_BE(query("SELECT coalesce(maintenance_reason, fault, 'null') FROM nodes WHERE id = 1"), "null");
	/* polling never takes a lock */
	MUST_BE(query("SELECT count(*) FROM nodes WHERE lock_epoch > 0"), "0");
	stop(&one);
	end_test();
}

static void test_power_sync__gives_up_and_recovers_without_locks(void **state)
{
	(void)state;
	pg_run(power_sync, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conductor__runs_what_is_queued),
		cmocka_unit_test(test_failure__is_on_the_node_and_in_its_history),
		cmocka_unit_test(test_stop__drains_and_leaves_the_rest),
		cmocka_unit_test(test_stop__without_time__hands_over),
		cmocka_unit_test(test_stop_asked__cancels_and_frees_the_node),
		cmocka_unit_test(test_slots__run_out__the_rest_waits_in_line),
		cmocka_unit_test(test_shared_actions__four_at_a_time__none_starves),
		cmocka_unit_test(test_two_conductors__never_hold_one_node_together),
		cmocka_unit_test(test_storm__of_cancellations_and_fences__every_action_ends),
		cmocka_unit_test(test_orphans__are_ended),
		cmocka_unit_test(test_power_sync__gives_up_and_recovers_without_locks),
	};

	return cmocka_run_group_tests(tests, conductors_register, conductors_release);
}
