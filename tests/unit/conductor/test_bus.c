/*
 * Conductors at work on a real PostgreSQL: lines, locks, leases, takeover, stop. Each test has a fresh
 * database and one or two conductors in this process; what a killed process leaves behind is written by SQL.
 * A failed check ends the program: fibers are running.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/options.h"
#include "conductor/task.h"
#include "db/action.h"
#include "drivers/driver.h"
#include "drivers/fake/fake.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/xalloc.h"
#include "model/options.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

#define MUST(condition)                                                                                      \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                      \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

#define MUST_BE(got, want)                                                                                   \
	do {                                                                                                 \
		const char *must_got = (got);                                                                \
		if (!must_got || strcmp(must_got, (want)) != 0) {                                            \
			fprintf(stderr, "%s:%d: \"%s\", not \"%s\"\n", __FILE__, __LINE__,                   \
				must_got ? must_got : "(null)", (want));                                     \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

static struct db *db;
static struct error err;

/* ---- helpers ---- */

static void set(const char *section, const char *name, const char *value)
{
	MUST(config_set(section, name, value, &err) == 0);
}

/* Short times in the right proportion. */
static void configure(void)
{
	MUST(config_load(NULL, &err) == 0);
	set("DEFAULT", "enabled_hardware_types", "fake-hardware");
	set("conductor", "beat", "0.2");
	set("conductor", "flight", "0.1");
	set("conductor", "hold", "0.8");
	set("conductor", "watch", "1.2");
	set("conductor", "sync_power_state_interval", "0");
	set("conductor", "power_failure_recovery_interval", "0");
	MUST(conductor_options_check(&err) == 0 && drivers_check_config(&err) == 0);
}

/* The first value as text that lives until the next call but seven. */
__attribute__((format(printf, 1, 2))) static const char *query(const char *format, ...)
{
	static char texts[8][512];
	static unsigned turn;
	char sql[2048], *value;
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	value = pg_query(db, "%s", sql);
	snprintf(texts[turn % 8], sizeof(texts[0]), "%s", value ? value : "null");
	xfree(value);
	return texts[turn++ % 8];
}

static int64_t make_node(int number)
{
	return atoll(query(
		"INSERT INTO nodes (uuid, driver, provision_state, power_state) VALUES "
		"('00000000-0000-4000-8000-%012d', 'fake-hardware', 'manageable', 'power off') RETURNING id",
		number));
}

static int64_t insert(int64_t node_id, const char *kind, bool is_exclusive, const char *on_crash,
		      const char *target, const char *args)
{
	char uuid[UUID_TEXT];
	struct action_request request = { .uuid = uuid,
					  .node_id = node_id,
					  .node_uuid = "00000000-0000-4000-8000-000000000001",
					  .kind = kind,
					  .is_exclusive = is_exclusive,
					  .on_crash = on_crash,
					  .pool = ":fake-hardware",
					  .target = target,
					  .args = args,
					  .wait_ms = 20000,
					  .run_s = 30 };
	int64_t id;

	uuid_new(uuid);
	MUST(action_insert(db, &request, &id, &err) == 0);
	return id;
}

static int64_t insert_power(int64_t node_id, const char *host, const char *target)
{
	char args[64];

	snprintf(args, sizeof(args), "{\"target\": \"%s\"}", target);
	return insert(node_id, "power", true, "repeat", host, args);
}

static const char *state_of(int64_t action_id)
{
	return query("SELECT state FROM actions WHERE id = %" PRId64, action_id);
}

/* Waits until the query answers so. */
__attribute__((format(printf, 3, 4))) static void wait_for(int seconds, const char *want, const char *format,
							   ...)
{
	int64_t deadline_ms = clock_ms() + seconds * 1000;
	char sql[1024];
	const char *got = "";
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	while (strcmp(got = query("%s", sql), want) != 0 && clock_ms() < deadline_ms)
		fiber_sleep(20);
	if (strcmp(got, want) != 0) {
		fprintf(stderr, "after %d s \"%s\", not \"%s\": %s\n", seconds, got, want, sql);
		abort();
	}
}

static void wait_for_state(int seconds, int64_t action_id, const char *state)
{
	wait_for(seconds, state, "SELECT state FROM actions WHERE id = %" PRId64, action_id);
}

/* Invariant 2 of docs/locks.rst, at rest: nothing is held. */
static void check_nothing_held(void)
{
	MUST_BE(query("SELECT count(*) FROM nodes WHERE reservation IS NOT NULL OR lock_token IS NOT NULL OR "
		      "lock_action"
		      " IS NOT NULL"),
		"0");
	MUST_BE(query("SELECT count(*) FROM actions WHERE finished_at IS NULL"), "0");
	MUST_BE(query("SELECT count(*) FROM actions WHERE attempt > 2"), "0");
}

static struct conductor one, two;

static void stop(struct conductor *conductor)
{
	conductor_stop(conductor, clock_ms() + 10000);
}

static void test_end(void)
{
	fake_forget();
	db_free(db);
}

static void begin_test(void)
{
	configure();
	db = pg_open_migrated();
}

/* ---- one conductor ---- */

static void works(void *arg)
{
	int64_t node, power, sync, shared, refused;

	(void)arg;
	begin_test();
	node = make_node(1);
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
	test_end();
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
	node = make_node(1);
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
	test_end();
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
	first = insert_power(make_node(1), "one", "power on");
	reboot = insert_power(make_node(2), "one", "rebooting");
	query("UPDATE actions SET on_crash = 'never' WHERE args->>'target' = 'rebooting'");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	wait_for(5, "2", "SELECT count(*) FROM actions WHERE state = 'running' AND accepted_at IS NOT NULL");
	second = insert_power(1, "one", "power off");
	conductor_stop(&one, clock_ms());
	MUST_BE(state_of(first), "queued");
	MUST_BE(state_of(second), "queued");
	MUST(strcmp(state_of(reboot), "queued") != 0);
	MUST_BE(query("SELECT count(*) FROM nodes WHERE reservation IS NOT NULL"), "0");
	set("fake", "power_delay", "0");
	MUST(conductor_start(&two, db, "two", &err) == 0);
	wait_for_state(5, second, "done");
	MUST_BE(state_of(first), "done");
	MUST_BE(query("SELECT power_state FROM nodes WHERE id = 1"), "power off");
	MUST_BE(query("SELECT count(*) FROM actions WHERE attempt > 1"), "0");
	stop(&two);
	check_nothing_held();
	test_end();
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
	node = make_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	first = insert_power(node, "one", "power on");
	second = insert_power(node, "one", "power off");
	wait_for_state(5, first, "running");
	stop(&one);
	/* what ran has ended; what waited still waits, for whoever comes */
	MUST_BE(state_of(first), "done");
	MUST_BE(state_of(second), "queued");
	MUST_BE(query("SELECT state FROM conductors"), "left");
	MUST_BE(query("SELECT coalesce(reservation, 'free') FROM nodes"), "free");
	MUST(conductor_start(&two, db, "two", &err) == 0);
	wait_for_state(5, second, "done");
	stop(&two);
	check_nothing_held();
	test_end();
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
	node = make_node(1);
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
	test_end();
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
		last = insert(make_node(i + 1), "passthru", true, "never", "one",
			      "{\"method\": \"third_method_sync\", \"verb\": \"POST\", \"args\": {\"bar\": "
			      "\"meow\"}}");
	wait_for(5, "3", "SELECT count(*) FROM actions WHERE state = 'running'");
	MUST_BE(state_of(last), "queued");
	wait_for(10, "0", "SELECT count(*) FROM actions WHERE state <> 'done'");
	MUST_BE(query("SELECT max(n) FROM (SELECT (SELECT count(*) FROM actions b WHERE b.started_at <= "
		      "a.started_at AND"
		      " b.finished_at > a.started_at) AS n FROM actions a) AS counted"),
		"3");
	stop(&one);
	test_end();
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
	node = make_node(1);
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
	test_end();
}

static void test_shared_actions__four_at_a_time__none_starves(void **state)
{
	(void)state;
	pg_run(shared_queue, NULL);
}

/* ---- two conductors ---- */

enum { NODES = 8, ACTIONS = 25 };

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
		nodes[i] = make_node(i + 1);
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
	test_end();
}

static void test_two_conductors__never_hold_one_node_together(void **state)
{
	(void)state;
	pg_run(compete, NULL);
}

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
	repeated = insert_power(make_node(1), "dead", "power on");
	leave_corpse(repeated, true);
	unknown = insert(make_node(2), "power", true, "never", "dead", "{\"target\": \"rebooting\"}");
	leave_corpse(unknown, true);
	never_accepted = insert(make_node(3), "power", true, "never", "dead", "{\"target\": \"rebooting\"}");
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
	test_end();
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
	node = make_node(1);
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
	test_end();
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
	node = make_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	one.is_draining = true; /* starts nothing by itself */
	power = insert_power(node, "one", "power on");
	memcpy(instance, one.instance, sizeof(instance));
	fiber_spawn("rename", rename_instance, &one);
	MUST(task_open_exclusive(&one, node, &job, &is_started, &err) == 0 && is_started);
	MUST(!job.operation && !one.jobs); /* no job of the new instance, whose lease is not the old one's */
	MUST(strcmp(query("SELECT instance FROM actions WHERE id = %" PRId64, power), instance) == 0);
	MUST_BE(state_of(power), "running");
	one.is_draining = false;
	wait_for_state(10, power, "done"); /* the old instance falls silent and is swept */
	MUST_BE(query("SELECT attempt FROM actions WHERE id = %" PRId64, power), "2");
	check_nothing_held();
	stop(&one);
	test_end();
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
	node = make_node(1);
	MUST(conductor_start(&one, db, "one", &err) == 0);
	power = insert_power(node, "one", "power on");
	wait_for(5, "t", "SELECT accepted_at IS NOT NULL FROM actions WHERE id = %" PRId64, power);
	query("UPDATE actions SET state = 'unknown', finished_at = now()");
	query("UPDATE nodes SET reservation = NULL, lock_token = NULL, lock_action = NULL");
	fiber_sleep(1500);
	MUST(journal_lines(path) == 0);
	MUST_BE(query("SELECT power_state FROM nodes"), "power off");
	MUST_BE(state_of(power), "unknown");
	stop(&one);
	gate_journal_open(NULL, NULL);
	unlink(path);
	test_end();
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
	node = make_node(1);
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
	test_end();
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
	node = make_node(1);
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
	test_end();
}

static void test_database__crashed_in_between__loses_nothing(void **state)
{
	(void)state;
	pg_run(restart_database, NULL);
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
		make_node(i + 1);
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
	test_end();
}

static void test_storm__of_cancellations_and_fences__every_action_ends(void **state)
{
	(void)state;
	pg_run(storm, NULL);
}

/* ---- what nobody asked for ---- */

static void orphans(void *arg)
{
	(void)arg;
	begin_test();
	set("conductor", "check_orphans_interval", "1");
	make_node(1);
	make_node(2);
	query("UPDATE nodes SET provision_state = 'cleaning', target_provision_state = 'available' WHERE id "
	      "= 1");
	query("UPDATE nodes SET target_power_state = 'power on' WHERE id = 2");
	MUST(conductor_start(&one, db, "one", &err) == 0);
	wait_for(5, "clean failed", "SELECT provision_state FROM nodes WHERE id = 1");
	wait_for(5, "null", "SELECT target_power_state FROM nodes WHERE id = 2");
	MUST_BE(query("SELECT count(*) FROM nodes WHERE last_error IS NULL"), "0");
	stop(&one);
	check_nothing_held();
	test_end();
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
	make_node(1);
	make_node(2);
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
	test_end();
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
		cmocka_unit_test(test_takeover__repeats_or_tells_that_it_is_unknown),
		cmocka_unit_test(test_declared_dead__fences_and_registers_anew),
		cmocka_unit_test(test_start__answered_to_another_instance__is_no_job),
		cmocka_unit_test(test_lock__broken__nothing_more_is_sent),
		cmocka_unit_test(test_row_without_a_fiber__goes_back_in_line),
		cmocka_unit_test(test_database__crashed_in_between__loses_nothing),
		cmocka_unit_test(test_storm__of_cancellations_and_fences__every_action_ends),
		cmocka_unit_test(test_orphans__are_ended),
		cmocka_unit_test(test_power_sync__gives_up_and_recovers_without_locks),
	};
	int rc;

	common_options_register();
	db_config_register();
	conductor_options_register();
	drivers_config_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
