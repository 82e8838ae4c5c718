/* Conductors on a real PostgreSQL when a process, its lease, a lock, a reply or the database is lost. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conductor/gate.h"
#include "conductor/task.h"
#include "lib/clock.h"
#include "tests/support/conductors.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

static struct error err;

/* The rows of a process that was killed: live, holding the node, silent. */
static void leave_corpse(int64_t action_id, bool is_accepted)
{
	query("INSERT INTO conductors (instance, hostname, pools, drivers) VALUES"
	      " ('99999999-9999-4999-8999-999999999999', 'dead', '{:fake-hardware}', '{fake-hardware}')"
	      " ON CONFLICT DO NOTHING");
	query("UPDATE actions SET state = 'running', instance = '99999999-9999-4999-8999-999999999999', "
	      "attempt = 1,"
	      " token = gen_random_uuid(), epoch = 1, started_at = now(), accepted_at = CASE WHEN %s THEN "
	      "now() END"
	      " WHERE id = %" PRId64,
	      is_accepted ? "true" : "false", action_id);
	query("UPDATE nodes n SET reservation = 'dead', lock_token = a.token, lock_epoch = 1, lock_action = "
	      "a.id,"
	      " target_power_state = 'power on' FROM actions a WHERE a.id = %" PRId64 " AND n.id = a.node_id",
	      action_id);
}

static void take_over(void *arg)
{
	int64_t repeated, unknown, never_accepted, begun_ms;

	(void)arg;
	begin_test();
	repeated = insert_power(add_node(1), "dead", "power on");
	leave_corpse(repeated, true);
	unknown = insert(add_node(2), "power", true, "never", "dead", "{\"target\": \"rebooting\"}");
	leave_corpse(unknown, true);
	never_accepted = insert(add_node(3), "power", true, "never", "dead", "{\"target\": \"rebooting\"}");
	leave_corpse(never_accepted, false);
	begun_ms = clock_ms();
	MUST(conductor_start(&one, db, "one", &err) == 0);
	wait_for_state(10, repeated, "done");
	wait_for_state(10, unknown, "unknown");
	wait_for_state(10, never_accepted, "done");
	MUST(clock_ms() - begun_ms > 1000); /* not before the silence has lasted */
	MUST_BE(query("SELECT state FROM conductors WHERE hostname = 'dead'"), "dead");
	MUST_BE(query("SELECT attempt FROM actions WHERE id = %" PRId64, repeated), "2");
	MUST(strstr(query("SELECT last_error FROM nodes WHERE id = 2"), "unknown"));
	/* and its BMC is asked what it does now */
	wait_for(5, "done", "SELECT state FROM actions WHERE kind = 'recover' AND node_id = 2");
	wait_for(5, "0", "SELECT count(*) FROM actions WHERE finished_at IS NULL");
	MUST_BE(query("SELECT count(*) FROM nodes WHERE target_power_state IS NOT NULL"), "0");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_takeover__repeats_or_tells_that_it_is_unknown(void **state)
{
	(void)state;
	pg_run(take_over, NULL);
}

static size_t journal_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t lines = 0;

	MUST(file);
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static void declared_dead(void *arg)
{
	char path[] = "/tmp/ferrule-journal-XXXXXX", instance[UUID_TEXT];
	int64_t node, power;
	int fd = mkstemp(path);

	(void)arg;
	MUST(fd >= 0 && close(fd) == 0);
	begin_test();
	set("fake", "power_delay", "1.5");
	MUST(gate_journal_open(path, &err) == 0);
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	memcpy(instance, one.instance, sizeof(instance));
	power = insert_power(node, "one", "power on");
	wait_for(5, "t", "SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, power);
	query("UPDATE conductors SET state = 'dead'");
	wait_for(5, "1", "SELECT count(*) FROM conductors WHERE state = 'live'");
	MUST(strcmp(one.instance, instance) != 0);
	wait_for_state(8, power, "done");
	/* the fenced attempt wrote nothing: one write, with the second token */
	MUST_BE(query("SELECT attempt FROM actions WHERE id = %" PRId64, power), "2");
	MUST(journal_lines(path) == 1);
	check_nothing_held();
	stop(&one);
	gate_journal_open(NULL, NULL);
	unlink(path);
	end_test();
}

static void test_declared_dead__fences_and_registers_anew(void **state)
{
	(void)state;
	pg_run(declared_dead, NULL);
}

/* The process registers anew while the answer to its start is on its way. */
static void rename_instance(void *arg)
{
	struct conductor *conductor = arg;

	uuid_new(conductor->instance);
}

static void started_by_the_dead(void *arg)
{
	char instance[UUID_TEXT];
	bool is_started = false;
	int64_t node, power;
	struct job job;

	(void)arg;
	begin_test();
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	one.is_draining = true; /* starts nothing by itself */
	power = insert_power(node, "one", "power on");
	memcpy(instance, one.instance, sizeof(instance));
	fiber_spawn("rename", rename_instance, &one);
	MUST(task_open_exclusive(&one, node, &job, &is_started, &err) == 0 && is_started);
	MUST(!job.operation && !one.jobs); /* no job of the new instance, whose lease is not the old one's */
	MUST(strcmp(query("SELECT instance FROM actions WHERE id = %" PRId64, power), instance) == 0);
	MUST_BE(state_now(power), "running");
	one.is_draining = false;
	wait_for_state(10, power, "done"); /* the old instance falls silent and is swept */
	MUST_BE(query("SELECT attempt FROM actions WHERE id = %" PRId64, power), "2");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_start__answered_to_another_instance__is_no_job(void **state)
{
	(void)state;
	pg_run(started_by_the_dead, NULL);
}

/* Somebody broke the lock: token gone, lease alive. */
static void lose_lock(void *arg)
{
	char path[] = "/tmp/ferrule-journal-XXXXXX";
	int64_t node, power;
	int fd = mkstemp(path);

	(void)arg;
	MUST(fd >= 0 && close(fd) == 0);
	begin_test();
	set("fake", "power_delay", "1");
	MUST(gate_journal_open(path, &err) == 0);
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "one", "power on");
	wait_for(5, "t", "SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, power);
	query("UPDATE actions SET state = 'unknown', finished_at = now()");
	query("UPDATE nodes SET reservation = NULL, lock_token = NULL, lock_action = NULL");
	fiber_sleep(1500);
	MUST(journal_lines(path) == 0);
	MUST_BE(query("SELECT power_state FROM nodes"), "power off");
	MUST_BE(state_now(power), "unknown");
	stop(&one);
	gate_journal_open(NULL, NULL);
	unlink(path);
	end_test();
}

static void test_lock__broken__nothing_more_is_sent(void **state)
{
	(void)state;
	pg_run(lose_lock, NULL);
}

/* A row of ours that no fiber knows: the reply to its start was lost. */
static void lost_reply(void *arg)
{
	int64_t node, power;

	(void)arg;
	begin_test();
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "nobody", "power on");
	query("UPDATE actions SET state = 'running', instance = '%s', attempt = 1, token = "
	      "gen_random_uuid(), epoch = 1,"
	      " started_at = now(), target = 'one'",
	      one.instance);
	query("UPDATE nodes n SET reservation = 'one', lock_token = a.token, lock_epoch = 1, lock_action = "
	      "a.id"
	      " FROM actions a WHERE n.id = a.node_id");
	wait_for_state(5, power, "done");
	MUST_BE(query("SELECT attempt FROM actions WHERE id = %" PRId64, power), "1");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_row_without_a_fiber__goes_back_in_line(void **state)
{
	(void)state;
	pg_run(lost_reply, NULL);
}

static void restart_database(void *arg)
{
	int64_t node, power, next;

	(void)arg;
	if (!pg_is_private())
		return;
	begin_test();
	set("fake", "power_delay", "1");
	node = add_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "one", "power on");
	next = insert_power(node, "one", "power off");
	wait_for(5, "t", "SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, power);
	/* No insert waits for the disk: a later commit brings it there. */
	query("UPDATE nodes SET extra = extra");
	pg_control("crash");
	MUST(db_wait_ready(db, clock_ms() + 10000, &err) == 0);
	fiber_sleep(200);
	wait_for_state(15, power, "done");
	wait_for_state(15, next, "done");
	MUST_BE(query("SELECT power_state FROM nodes"), "power off");
	check_nothing_held();
	stop(&one);
	end_test();
}

static void test_database__crashed_in_between__loses_nothing(void **state)
{
	(void)state;
	pg_run(restart_database, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takeover__repeats_or_tells_that_it_is_unknown),
		cmocka_unit_test(test_declared_dead__fences_and_registers_anew),
		cmocka_unit_test(test_start__answered_to_another_instance__is_no_job),
		cmocka_unit_test(test_lock__broken__nothing_more_is_sent),
		cmocka_unit_test(test_row_without_a_fiber__goes_back_in_line),
		cmocka_unit_test(test_database__crashed_in_between__loses_nothing),
	};

	return cmocka_run_group_tests(tests, conductors_register, conductors_release);
}
