/*
 * The bus under abuse, against a real PostgreSQL: two conductors and an API in one process do random things,
 * die, wake up again and lose connections; then the invariants of docs/locks.rst, section 8, must hold: (1)
 * per node takings and releases alternate, (2) a node is reserved exactly while its action runs with its
 * token, (5) each action of a dead instance ends, (7) what was cancelled never runs, (8) no attempt above 2.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/action.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"
#include "tests/support/lossy.h"
#include "tests/support/pg.h"

#include <cmocka.h> /* defines a macro "fail" */

enum { NODES = 12, OPERATIONS = 10000, CONDUCTORS = 2, WORKERS = 8, CLIENTS = 8, IDS_MAX = OPERATIONS };

struct conductor {
	struct db *db;
	char host[24];
	char instance[UUID_TEXT];
};

static struct {
	struct db *api;
	struct conductor conductors[CONDUCTORS];
	int64_t first_node;
	unsigned operations; /* left */
	unsigned fibers;
	int64_t cancelled[IDS_MAX];
	size_t cancelled_count;
	unsigned starts, finishes, fenced, takeovers;
} bus;

/* What happens to a node's lock and to an action is noted by triggers, in the order of the commits. */
static const char *const witnesses[] = {
	"CREATE TABLE lock_log (n bigserial, node_id bigint, reservation text, token uuid)",
	"CREATE FUNCTION note_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	" INSERT INTO lock_log (node_id, reservation, token)"
	" VALUES (NEW.id, NEW.reservation, NEW.lock_token); RETURN NULL; END $$",
	"CREATE TRIGGER note_lock AFTER UPDATE ON nodes FOR EACH ROW"
	" WHEN (OLD.lock_token IS DISTINCT FROM NEW.lock_token) EXECUTE FUNCTION note_lock()",
	"CREATE TABLE run_log (n bigserial, action_id bigint, attempt int)",
	"CREATE FUNCTION note_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	" INSERT INTO run_log (action_id, attempt) VALUES (NEW.id, NEW.attempt); RETURN NULL; END $$",
	"CREATE TRIGGER note_run AFTER UPDATE ON actions FOR EACH ROW"
	" WHEN (OLD.state <> 'running' AND NEW.state = 'running') EXECUTE FUNCTION note_run()",
};

static unsigned draw(unsigned below)
{
	return (unsigned)random() % below;
}

static bool more(void)
{
	return bus.operations > 0 && bus.operations-- > 0;
}

static void expect_none(const char *what, const char *sql)
{
	char *count = pg_query(bus.api, "SELECT count(*) FROM (%s) wrong", sql);

	if (strcmp(count, "0") != 0)
		fprintf(stderr, "%s: %s\n", what, count);
	assert_string_equal(count, "0");
	xfree(count);
}

static void check_now(void)
{
	expect_none(
		"reserved without its running action",
		"SELECT FROM nodes n LEFT JOIN actions a ON a.id = n.lock_action AND a.token = n.lock_token"
		" WHERE (n.reservation IS NOT NULL) IS DISTINCT FROM (coalesce(a.state, '') = 'running')"
		" OR (n.reservation IS NULL) <> (n.lock_token IS NULL) OR (n.lock_action IS NULL) <>"
		" (n.lock_token IS NULL)");
	expect_none("running without the lock",
		    "SELECT FROM actions a JOIN nodes n ON n.id = a.node_id WHERE a.state = 'running'"
		    " AND a.exclusive"
		    " AND (n.lock_token IS DISTINCT FROM a.token OR n.lock_action IS DISTINCT FROM a.id)");
	expect_none("more than four shared",
		    "SELECT node_id FROM actions WHERE state = 'running' AND NOT exclusive"
		    " AND node_id IS NOT NULL GROUP BY node_id HAVING count(*) > 4");
	expect_none("attempts", "SELECT FROM actions WHERE attempt > 2");
}

/* ---- the API ---- */

SUSPENDS static void client(void *arg)
{
	char uuid[UUID_TEXT];
	struct error err;

	(void)arg;
	while (more()) {
		int64_t id = 0;
		bool is_cancelled = false;
		uuid_new(uuid);
		int rc = action_insert(bus.api,
				       &(struct action_request){ .uuid = uuid,
								 .node_id = bus.first_node + draw(NODES),
								 .kind = "random",
								 .is_exclusive = draw(3) > 0,
								 .on_crash = draw(2) ? "repeat" : "never",
								 .pool = ":fake",
								 .target = "host-0",
								 .reply = "r",
								 .wait_ms = 200 + draw(3000),
								 .run_s = 5 },
				       &id, &err);
		assert_int_equal(rc, 0);
		if (draw(4) != 0)
			continue;
		fiber_sleep(draw(20));
		assert_int_equal(action_cancel(bus.api, id, uuid, &is_cancelled, &err), 0);
		if (is_cancelled)
			bus.cancelled[bus.cancelled_count++] = id;
	}
	bus.fibers--;
}

/* ---- the conductors ---- */

/* Runs a started action to some end; writes of one whose instance has died meanwhile must be refused. */
SUSPENDS static void work(const struct conductor *conductor, const char *instance, struct action *action)
{
	struct error err;
	int rc = 0;

	bus.starts++;
	if (draw(20) == 0) {
		assert_true((rc = action_requeue(conductor->db, action, &err)) == 0 || rc == -ERR_FENCED);
		action_release(action);
		return;
	}
	if (draw(3) > 0)
		rc = action_accept(conductor->db, action,
				   action->is_exclusive && draw(2) ? "{\"fault\": \"f\"}" : NULL, &err);
	fiber_sleep(draw(4));
	if (rc == 0 && action->is_exclusive && draw(4) == 0)
		rc = action_save(conductor->db, action, "{\"target_power_state\": \"power on\"}", &err);
	bool is_hanging = draw(50) == 0;
	if (is_hanging) /* until somebody takes over */
		fiber_sleep(300);
	int finish_rc = action_finish(
		conductor->db, action,
		&(struct action_outcome){ .state = draw(2) ? ACTION_DONE : ACTION_FAILED,
					  .error = "e",
					  .conductor = conductor->host,
					  .history_event = draw(8) ? NULL : "event",
					  .changes = draw(2) ? NULL : "{\"power_state\": \"power on\"}" },
		&err);
	assert_true(finish_rc == 0 || finish_rc == -ERR_FENCED);
	/* Fenced once is fenced for ever, and only the death of the instance fences. */
	assert_true(rc == 0 || finish_rc == -ERR_FENCED);
	if (finish_rc == -ERR_FENCED)
		assert_string_not_equal(conductor->instance, instance);
	bus.finishes += finish_rc == 0;
	bus.fenced += finish_rc == -ERR_FENCED;
	action_release(action);
}

SUSPENDS static void worker(void *arg)
{
	const struct conductor *conductor = arg;
	const char *pools[] = { ":fake" };
	struct action_ref refs[32];
	struct error err;

	while (more()) {
		char instance[UUID_TEXT];
		struct action action;
		bool is_started = false;
		size_t count = 0;

		assert_int_equal(action_poll(conductor->db, "host-0", pools, 1, 32, refs, &count, &err), 0);
		if (count == 0) {
			fiber_sleep(1);
			continue;
		}
		const struct action_ref *ref = &refs[draw((unsigned)count)];
		memcpy(instance, conductor->instance, sizeof(instance));
		int rc = ref->is_exclusive
				 ? action_start_exclusive(conductor->db, ref->node_id, conductor->host,
							  instance, &is_started, &action, NULL, &err)
				 : action_start_shared(conductor->db, ref->id, instance, &is_started, &action,
						       NULL, &err);
		assert_int_equal(rc, 0);
		if (is_started)
			work(conductor, instance, &action);
	}
	bus.fibers--;
}

static void be_born(struct conductor *conductor)
{
	uuid_new(conductor->instance);
	xfree(pg_query(
		bus.api,
		"INSERT INTO conductors (instance, hostname, pools, drivers) VALUES ('%s', '%s', '{}', '{}')",
		conductor->instance, conductor->host));
}

static void count_takeover(int64_t id, int64_t node_id, enum action_state state, void *arg)
{
	(void)id;
	(void)node_id;
	(void)arg;
	assert_true(state == ACTION_QUEUED || state == ACTION_UNKNOWN);
	bus.takeovers++;
}

SUSPENDS static void sweep(void)
{
	struct error err;
	size_t count;

	assert_int_equal(lease_sweep(bus.api, "host-x", count_takeover, NULL, &count, &err), 0);
}

/* Declares conductors dead in the middle of their work; their fibers do not know it. */
SUSPENDS static void reaper(void *arg)
{
	struct error err;

	(void)arg;
	while (bus.operations > 0) {
		struct conductor *victim = &bus.conductors[draw(CONDUCTORS)];
		char instance[UUID_TEXT];
		bool is_declared = false;

		fiber_sleep(60 + draw(60));
		memcpy(instance, victim->instance, sizeof(instance));
		be_born(victim);
		assert_int_equal(lease_declare_dead(bus.api, instance, 0, &is_declared, &err), 0);
		assert_true(is_declared);
		sweep();
		check_now();
	}
	bus.fibers--;
}

static void start_fibers(void)
{
	for (int i = 0; i < CLIENTS; i++)
		fiber_spawn("client", client, NULL);
	for (int i = 0; i < WORKERS; i++)
		fiber_spawn("worker", worker, &bus.conductors[i % CONDUCTORS]);
	fiber_spawn("reaper", reaper, NULL);
	bus.fibers = CLIENTS + WORKERS + 1;
}

static void check_cancelled(void)
{
	for (size_t i = 0; i < bus.cancelled_count; i++) {
		char *state =
			pg_query(bus.api,
				 "SELECT state || (SELECT count(*) FROM run_log WHERE action_id = actions.id)"
				 " FROM actions WHERE id = %" PRId64,
				 bus.cancelled[i]);
		/* It may have run, lost its conductor and stood in line again, never accepted. */
		assert_int_equal(strncmp(state, "cancelled", 9), 0);
		xfree(state);
	}
	expect_none("ran after it was cancelled", "SELECT FROM actions WHERE state = 'cancelled' AND"
						  " (accepted_at IS NOT NULL OR started_at > finished_at)");
}

SUSPENDS static void random_operations(void *arg)
{
	unsigned seed = (unsigned)clock_ns();

	(void)arg;
	memset(&bus, 0, sizeof(bus));
	srandom(seed);
	bus.api = pg_open_migrated();
	for (size_t i = 0; i < sizeof(witnesses) / sizeof(witnesses[0]); i++)
		xfree(pg_query(bus.api, "%s", witnesses[i]));
	xfree(pg_query(
		bus.api,
		"INSERT INTO nodes (uuid, driver) SELECT gen_random_uuid(), 'x' FROM generate_series(1, %d)",
		NODES));
	char *first = pg_query(bus.api, "SELECT min(id) FROM nodes");
	bus.first_node = strtoll(first, NULL, 10);
	xfree(first);
	for (int i = 0; i < CONDUCTORS; i++) {
		struct conductor *conductor = &bus.conductors[i];
		conductor->db =
			db_new(&(struct db_options){ .connection = pg_last_database(), .pool_size = 3 });
		snprintf(conductor->host, sizeof(conductor->host), "host-%d", i);
		be_born(conductor);
	}
	bus.operations = OPERATIONS;
	start_fibers();
	while (bus.fibers > 0)
		fiber_sleep(5);

	/* Both die for good: everything that they ran ends. */
	xfree(pg_query(bus.api, "UPDATE conductors SET state = 'dead'"));
	for (int i = 0; i < 10; i++)
		sweep();
	check_now();
	expect_none("still running", "SELECT FROM actions WHERE state = 'running'");
	expect_none("taken twice or released twice",
		    "SELECT FROM (SELECT reservation IS NULL AS now, lag(reservation IS NULL, 1, true)"
		    " OVER (PARTITION BY node_id ORDER BY n) AS before FROM lock_log) l WHERE now = before");
	expect_none("ended badly",
		    "SELECT FROM actions WHERE (state IN ('done', 'failed', 'unknown', 'cancelled'))"
		    " <> (finished_at IS NOT NULL) OR (finished_at IS NOT NULL AND args IS NOT NULL)");
	expect_none("a never action accepted twice",
		    "SELECT FROM actions WHERE on_crash = 'never' AND accepted_at IS NOT NULL"
		    " AND started_at > accepted_at");
	check_cancelled();
	print_message("seed %u: %u starts, %u finished, %u fenced, %u taken over, %zu cancelled\n", seed,
		      bus.starts, bus.finishes, bus.fenced, bus.takeovers, bus.cancelled_count);
	assert_true(bus.finishes > OPERATIONS / 20);
	assert_true(bus.takeovers > 0 && bus.fenced > 0 && bus.cancelled_count > 0);
	for (int i = 0; i < CONDUCTORS; i++)
		db_free(bus.conductors[i].db);
	db_free(bus.api);
}

static void test_bus__10000_random_operations__invariants_hold(void **state)
{
	(void)state;
	pg_run(random_operations, NULL);
}

/* ---- parallel starters ---- */

struct starter {
	struct db *db;
	int64_t node_id;
	bool is_started;
	struct action action;
	unsigned *left;
};

static void starter_run(void *arg)
{
	struct starter *starter = arg;
	struct error err;

	assert_int_equal(action_start_exclusive(starter->db, starter->node_id, "h",
						"aaaaaaaa-0000-4000-8000-000000000001", &starter->is_started,
						&starter->action, NULL, &err),
			 0);
	--*starter->left;
}

SUSPENDS static void parallel_starters(void *arg)
{
	enum { STARTERS = 4, LINES = 20 };
	static struct starter starters[STARTERS][LINES];
	struct db *dbs[STARTERS];
	char uuid[UUID_TEXT];
	struct error err;
	int64_t id;

	(void)arg;
	dbs[0] = pg_open_migrated();
	for (int i = 1; i < STARTERS; i++)
		dbs[i] = db_new(&(struct db_options){ .connection = pg_last_database(), .pool_size = 1 });
	for (int round = 0; round < 25; round++) {
		unsigned left = STARTERS * LINES;
		for (int line = 0; line < LINES; line++) {
			if (round == 0)
				xfree(pg_query(
					dbs[0],
					"INSERT INTO nodes (uuid, driver) VALUES (gen_random_uuid(), 'x')"));
			for (int i = 0; i < 2; i++) {
				uuid_new(uuid);
				assert_int_equal(action_insert(dbs[0],
							       &(struct action_request){ .uuid = uuid,
											 .node_id = line + 1,
											 .kind = "k",
											 .is_exclusive = true,
											 .on_crash = "never",
											 .pool = "p",
											 .target = "t",
											 .wait_ms = 60000,
											 .run_s = 1 },
							       &id, &err),
						 0);
			}
		}
		for (int i = 0; i < STARTERS; i++) {
			for (int line = 0; line < LINES; line++) {
				starters[i][line] =
					(struct starter){ .db = dbs[i], .node_id = line + 1, .left = &left };
				fiber_spawn("starter", starter_run, &starters[i][line]);
			}
		}
		while (left > 0)
			fiber_sleep(1);
		for (int line = 0; line < LINES; line++) {
			unsigned holders = 0;
			for (int i = 0; i < STARTERS; i++) {
				struct starter *starter = &starters[i][line];
				holders += starter->is_started;
				if (!starter->is_started)
					continue;
				assert_int_equal(
					action_finish(dbs[i], &starter->action,
						      &(struct action_outcome){ .state = ACTION_DONE }, &err),
					0);
				action_release(&starter->action);
			}
			assert_int_equal(holders, 1);
		}
	}
	for (int i = 0; i < STARTERS; i++)
		db_free(dbs[i]);
}

static void test_action_start__four_processes_at_once__one_holder(void **state)
{
	(void)state;
	pg_run(parallel_starters, NULL);
}

/* ---- replies that are lost ---- */

static struct {
	struct db *db, *safe;
	unsigned fibers, calls, doubts;
} lost;

SUSPENDS static void lost_caller(void *arg)
{
	int64_t node_id = (int64_t)(intptr_t)arg;
	const char *instance = "aaaaaaaa-0000-4000-8000-000000000001";

	for (int i = 0; i < 20; i++) {
		char uuid[UUID_TEXT];
		struct action action;
		struct error err;
		int64_t id = 0;
		bool is_started = false;

		uuid_new(uuid);
		assert_int_equal(action_insert(lost.db,
					       &(struct action_request){ .uuid = uuid,
									 .node_id = node_id,
									 .kind = "k",
									 .is_exclusive = true,
									 .on_crash = "never",
									 .pool = "p",
									 .target = "t",
									 .wait_ms = 60000,
									 .run_s = 1 },
					       &id, &err),
				 0);
		/* A start in doubt is found by its row, as a renewal does, and put back. */
		while (!is_started) {
			int rc = action_start_exclusive(lost.db, node_id, "h", instance, &is_started, &action,
							NULL, &err);
			if (rc == 0)
				continue;
			assert_int_equal(rc, -ERR_DATABASE);
			lost.doubts++;
			fiber_sleep(20); /* it may still be at work */
			char *token =
				pg_query(lost.safe, "SELECT token FROM actions WHERE id = %" PRId64, id);
			struct action row = { .id = id };
			snprintf(row.token, sizeof(row.token), "%s", token != NULL ? token : "");
			if (token != NULL)
				assert_int_equal(action_requeue(lost.db, &row, &err), 0);
			xfree(token);
		}
		assert_int_equal(action.id, id);
		assert_int_equal(action.attempt, 1);
		assert_int_equal(action_accept(lost.db, &action, "{\"fault\": \"x\"}", &err), 0);
		assert_int_equal(action_finish(lost.db, &action,
					       &(struct action_outcome){ .state = ACTION_DONE,
									 .changes = "{\"fault\": null}",
									 .history_event = "once" },
					       &err),
				 0);
		action_release(&action);
		lost.calls++;
	}
	lost.fibers--;
}

SUSPENDS static void lost_replies(void *arg)
{
	enum { CALLERS = 10 };

	(void)arg;
	memset(&lost, 0, sizeof(lost));
	lost.safe = pg_open_migrated();
	struct lossy *lossy = lossy_new(pg_last_database());
	lost.db = db_new(&(struct db_options){ .connection = lossy_connection(lossy), .pool_size = 3 });
	xfree(pg_query(
		lost.safe,
		"INSERT INTO nodes (uuid, driver) SELECT gen_random_uuid(), 'x' FROM generate_series(1, %d)",
		CALLERS));
	lost.fibers = CALLERS;
	for (int i = 0; i < CALLERS; i++)
		fiber_spawn("caller", lost_caller, (void *)(intptr_t)(i + 1));
	lossy_set(lossy, 8);
	while (lost.fibers > 0)
		fiber_sleep(5);
	unsigned broken = lossy_set(lossy, 0);
	char *counts =
		pg_query(lost.safe, "SELECT concat_ws('|', count(*), count(*) FILTER (WHERE state = 'done'),"
				    " (SELECT count(*) FROM node_history), (SELECT count(*)"
				    " FROM nodes WHERE reservation IS NOT NULL))"
				    " FROM actions");
	print_message("%u calls, %u connections broken, %u starts in doubt\n", lost.calls, broken,
		      lost.doubts);
	assert_string_equal(counts, "200|200|200|0");
	assert_true(broken > 5);
	xfree(counts);
	db_free(lost.db);
	lossy_free(lossy);
	db_free(lost.safe);
}

static void test_bus__replies_lost_all_the_time__each_call_once(void **state)
{
	(void)state;
	if (!pg_is_private())
		skip();
	pg_run(lost_replies, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action_start__four_processes_at_once__one_holder),
		cmocka_unit_test(test_bus__10000_random_operations__invariants_hold),
		cmocka_unit_test(test_bus__replies_lost_all_the_time__each_call_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
