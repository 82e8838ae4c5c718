/* The pool against a real PostgreSQL: pipelining, isolation of errors, lost connections, cancelled fibers. */
#include "db/db.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

static const struct db_statement echo = { .name = "echo", .sql = "SELECT $1::int + 1", .param_count = 1 };
static const struct db_statement echo_grouped = {
	.name = "echo_grouped", .sql = "SELECT 100 / $1::int", .param_count = 1, .is_grouped = true
};
static const struct db_statement nonsense = { .name = "nonsense", .sql = "SELECT nothing FROM nowhere" };
static const struct db_statement slow = { .name = "slow",
					  .sql = "SELECT pg_sleep($1::float8)",
					  .param_count = 1 };
static const struct db_statement backend = { .name = "backend", .sql = "SELECT pg_backend_pid()" };

static struct db *open_db(unsigned pool_size)
{
	return db_new(&(struct db_options){ .connection = pg_fresh_database(), .pool_size = pool_size });
}

/* ---- many fibers ---- */

struct job {
	struct db *db;
	int number, rc, answer;
	const struct db_statement *statement;
	struct cond *done;
	unsigned *left;
	struct error err;
};

static void job_run(void *arg)
{
	struct job *job = arg;
	char text[16];
	const char *values[] = { text };
	struct db_rows *rows = NULL;

	snprintf(text, sizeof(text), "%d", job->number);
	job->rc = db_exec(job->db, job->statement, job->statement->param_count > 0 ? values : NULL, &rows,
			  &job->err);
	job->answer = job->rc == 0 ? (int)db_value_int(rows, 0, 0) : 0;
	db_rows_release(rows);
	if (--*job->left == 0)
		cond_signal(job->done);
}

static void run_jobs(struct job *jobs, unsigned count)
{
	struct cond done = { 0 };
	unsigned left = count;

	for (unsigned i = 0; i < count; i++) {
		jobs[i].done = &done;
		jobs[i].left = &left;
		fiber_spawn("job", job_run, &jobs[i]);
	}
	while (left > 0)
		assert_int_equal(cond_wait(&done, clock_ms() + 20000), 0);
}

static void many_fibers(void *arg)
{
	enum { COUNT = 500 };
	struct db *db = open_db(3);
	struct job *jobs = xcalloc(COUNT, sizeof(*jobs));

	(void)arg;
	for (int i = 0; i < COUNT; i++)
		jobs[i] = (struct job){ .db = db, .number = i, .statement = &echo };
	run_jobs(jobs, COUNT);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(jobs[i].rc, 0);
		assert_int_equal(jobs[i].answer, i + 1);
	}
	xfree(jobs);
	db_free(db);
}

static void test_db_exec__many_fibers__each_gets_its_answer(void **state)
{
	(void)state;
	pg_run(many_fibers, NULL);
}

/* Every third unit fails; the others, in the same flush, must not notice. */
static void failing_neighbours(void *arg)
{
	enum { COUNT = 60 };
	const struct db_statement *kinds[] = { &echo, &nonsense, &echo_grouped };
	struct db *db = open_db(1);
	struct job *jobs = xcalloc(COUNT, sizeof(*jobs));

	(void)arg;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COUNT; i++)
			jobs[i] = (struct job){ .db = db,
						.number = i % 9 == 2 ? 0 : 10,
						.statement = kinds[i % 3] };
		run_jobs(jobs, COUNT);
		for (int i = 0; i < COUNT; i++) {
			int expected = i % 3 == 1 ? -ERR_INTERNAL : i % 9 == 2 ? -ERR_INVALID : 0;
			assert_int_equal(jobs[i].rc, expected);
			if (expected == 0)
				assert_int_equal(jobs[i].answer, i % 3 == 0 ? 11 : 10);
		}
		assert_non_null(strstr(jobs[1].err.text, "nowhere"));
	}
	/* Reads that share a transaction: what one aborts runs again. */
	for (int i = 0; i < COUNT; i++)
		jobs[i] = (struct job){ .db = db, .number = i % 7 == 2 ? 0 : 10, .statement = &echo_grouped };
	run_jobs(jobs, COUNT);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(jobs[i].rc, i % 7 == 2 ? -ERR_INVALID : 0);
		assert_int_equal(jobs[i].answer, i % 7 == 2 ? 0 : 10);
	}
	assert_string_equal(jobs[2].err.text, "The database refused a value (22012)");
	xfree(jobs);
	db_free(db);
}

static void test_db_exec__neighbour_fails__others_succeed(void **state)
{
	(void)state;
	pg_run(failing_neighbours, NULL);
}

/* ---- writes that share a commit ---- */

static const struct db_statement put = {
	.name = "put",
	.sql = "INSERT INTO kept (n) VALUES ($1::int) RETURNING pg_current_xact_id()::text::bigint",
	.param_count = 1,
	.is_together = true,
};
static const struct db_statement put_slowly = {
	.name = "put_slowly",
	.sql = "INSERT INTO kept (n) SELECT $1::int FROM pg_sleep(0.3) RETURNING n",
	.param_count = 1,
	.is_together = true,
};

static void assert_kept(struct db *db, const char *expected)
{
	char *kept = pg_query(db, "SELECT count(*) || '/' || count(DISTINCT n) FROM kept");

	assert_string_equal(kept, expected);
	xfree(kept);
}

static void writes_together(void *arg)
{
	enum { COUNT = 60 };
	struct db *db = open_db(3);
	struct job *jobs = xcalloc(COUNT, sizeof(*jobs));
	int transactions = 0;

	(void)arg;
	xfree(pg_query(db, "CREATE TABLE kept (n int PRIMARY KEY)"));
	for (int i = 0; i < COUNT; i++)
		jobs[i] = (struct job){ .db = db, .number = i, .statement = &put };
	run_jobs(jobs, COUNT);
	for (int i = 0; i < COUNT; i++) {
		bool is_new = true;

		assert_int_equal(jobs[i].rc, 0);
		for (int k = 0; k < i; k++)
			is_new = is_new && jobs[k].answer != jobs[i].answer;
		transactions += is_new;
	}
	assert_in_range(transactions, 1, COUNT / 4);
	assert_kept(db, "60/60");
	/* Every other one is there already, and undoes its group: the rest must not notice. Among them are
	 * pairs, of which one alone may win. */
	for (int i = 0; i < COUNT; i++)
		jobs[i] = (struct job){ .db = db, .number = i % 2 ? i : 100 + i / 4, .statement = &put };
	run_jobs(jobs, COUNT);
	for (int i = 0; i < COUNT; i += 4) {
		assert_int_equal(jobs[i + 1].rc, -ERR_CONFLICT);
		assert_int_equal(jobs[i + 3].rc, -ERR_CONFLICT);
		assert_int_equal(jobs[i].rc + jobs[i + 2].rc, -ERR_CONFLICT);
	}
	assert_kept(db, "75/75");
	xfree(jobs);
	db_free(db);
}

static void test_db_exec__writes_together__share_commits_and_fail_alone(void **state)
{
	(void)state;
	pg_run(writes_together, NULL);
}

/* Two processes write the same in opposite orders, so that their groups wait for each other in a circle. */
static void writes_in_a_circle(void *arg)
{
	enum { COUNT = 40 };
	const char *connection = pg_fresh_database();
	struct db *dbs[2];
	struct job *jobs = xcalloc(2 * COUNT, sizeof(*jobs));

	(void)arg;
	for (int i = 0; i < 2; i++)
		dbs[i] = db_new(&(struct db_options){ .connection = connection, .pool_size = 2 });
	xfree(pg_query(dbs[0], "CREATE TABLE kept (n int PRIMARY KEY)"));
	for (int i = 0; i < 2 * COUNT; i++)
		jobs[i] = (struct job){ .db = dbs[i % 2],
					.number = i % 2 ? i / 2 : COUNT - 1 - i / 2,
					.statement = &put };
	run_jobs(jobs, 2 * COUNT);
	for (int i = 0; i < 2 * COUNT; i += 2) {
		const struct job *twin = &jobs[2 * (COUNT - 1 - i / 2) + 1];

		assert_int_equal(jobs[i].number, twin->number);
		assert_int_equal(jobs[i].rc + twin->rc, -ERR_CONFLICT);
	}
	assert_kept(dbs[0], "40/40");
	xfree(jobs);
	db_free(dbs[0]);
	db_free(dbs[1]);
}

static void test_db_exec__writes_together_of_two__never_stick(void **state)
{
	(void)state;
	pg_run(writes_in_a_circle, NULL);
}

/* Some were executed, none was committed. */
static void writes_lost(void *arg)
{
	enum { COUNT = 6 };
	const char *connection = pg_fresh_database();
	struct db *db = db_new(&(struct db_options){ .connection = connection, .pool_size = 1 });
	struct db *other = db_new(&(struct db_options){ .connection = connection, .pool_size = 1 });
	struct job jobs[COUNT];
	struct cond done = { 0 };
	unsigned left = COUNT;

	(void)arg;
	xfree(pg_query(db, "CREATE TABLE kept (n int PRIMARY KEY)"));
	for (int i = 0; i < COUNT; i++) {
		jobs[i] = (struct job){
			.db = db, .number = i, .statement = &put_slowly, .done = &done, .left = &left
		};
		fiber_spawn("job", job_run, &jobs[i]);
	}
	assert_int_equal(fiber_sleep(700), 0);
	xfree(pg_query(other, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
			      " WHERE datname = current_database() AND pid <> pg_backend_pid()"));
	while (left > 0)
		assert_int_equal(cond_wait(&done, clock_ms() + 20000), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(jobs[i].rc, -ERR_DATABASE);
	assert_kept(other, "0/0");
	db_free(other);
	db_free(db);
}

static void test_db_exec__writes_together_lost__are_all_errors(void **state)
{
	(void)state;
	pg_run(writes_lost, NULL);
}

/* ---- transactions ---- */

static void transaction(void *arg)
{
	struct db *db = open_db(2);
	static const struct db_statement insert = { .name = "put",
						    .sql = "INSERT INTO t VALUES ($1::int)",
						    .param_count = 1 };
	const char *one[] = { "1" }, *two[] = { "2" };
	struct error err;

	(void)arg;
	xfree(pg_query(db, "CREATE TABLE t (n int CONSTRAINT t_n UNIQUE)"));
	struct db_step good[] = { { .statement = &insert, .values = one },
				  { .statement = &echo, .values = two } };
	assert_int_equal(db_exec_all(db, good, 2, &err), 0);
	assert_int_equal(db_affected(good[0].rows), 1);
	assert_int_equal(db_value_int(good[1].rows, 0, 0), 3);
	db_rows_release(good[0].rows);
	db_rows_release(good[1].rows);

	struct db_step bad[] = { { .statement = &insert, .values = two },
				 { .statement = &insert, .values = one } };
	assert_int_equal(db_exec_all(db, bad, 2, &err), -ERR_CONFLICT);
	assert_string_equal(err.text, "t_n");
	assert_null(bad[0].rows);
	char *count = pg_query(db, "SELECT count(*) FROM t");
	assert_string_equal(count, "1");
	xfree(count);
	db_free(db);
}

static void test_db_exec_all__second_step_fails__nothing_is_kept(void **state)
{
	(void)state;
	pg_run(transaction, NULL);
}

/* An error that only the commit finds: a deferred constraint. */
static void failing_commit(void *arg)
{
	struct db *db = open_db(1);
	struct error err;
	static const struct db_statement insert = { .name = "orphan", .sql = "INSERT INTO child VALUES (7)" };

	(void)arg;
	xfree(pg_query(db, "CREATE TABLE parent (n int PRIMARY KEY)"));
	xfree(pg_query(db, "CREATE TABLE child (n int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"));
	assert_int_equal(db_exec(db, &insert, NULL, NULL, &err), -ERR_INVALID);
	char *count = pg_query(db, "SELECT count(*) FROM child");
	assert_string_equal(count, "0");
	xfree(count);
	db_free(db);
}

static void test_db_exec__commit_fails__is_an_error(void **state)
{
	(void)state;
	pg_run(failing_commit, NULL);
}

/* A statement that could not be prepared the first time is prepared again later. */
static void prepared_later(void *arg)
{
	struct db *db = open_db(1);
	struct error err;
	static const struct db_statement late = { .name = "late", .sql = "SELECT n FROM late" };

	(void)arg;
	assert_int_equal(db_exec(db, &late, NULL, NULL, &err), -ERR_INTERNAL);
	xfree(pg_query(db, "CREATE TABLE late (n int)"));
	assert_int_equal(db_exec(db, &late, NULL, NULL, &err), 0);
	/* The server forgets it behind our back, as after DISCARD ALL by a proxy. */
	xfree(pg_query(db, "DEALLOCATE ALL"));
	assert_int_equal(db_exec(db, &late, NULL, NULL, &err), 0);
	db_free(db);
}

static void test_db_exec__prepare_failed_or_was_forgotten__is_prepared_again(void **state)
{
	(void)state;
	pg_run(prepared_later, NULL);
}

static void unprepared(void *arg)
{
	struct db *db = db_new(&(struct db_options){
		.connection = pg_fresh_database(), .pool_size = 1, .is_unprepared = true });
	static struct job jobs[20];

	(void)arg;
	for (int i = 0; i < 20; i++)
		jobs[i] = (struct job){ .db = db, .number = 5, .statement = i % 2 ? &echo : &echo_grouped };
	run_jobs(jobs, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal(jobs[i].answer, i % 2 ? 6 : 20);
	char *count = pg_query(db, "SELECT count(*) FROM pg_prepared_statements");
	assert_string_equal(count, "0");
	xfree(count);
	/* What is set on a connection of a proxy leaks to others. */
	char *timeout = pg_query(db, "SHOW statement_timeout");
	assert_string_equal(timeout, "0");
	xfree(timeout);
	db_free(db);
}

static void test_db_exec__unprepared__names_nothing_and_sets_nothing(void **state)
{
	(void)state;
	pg_run(unprepared, NULL);
}

/* ---- time ---- */

static void times_out(void *arg)
{
	struct db *db = open_db(1);
	const char *values[] = { "30" };
	struct error err;
	int64_t begin_ms = clock_ms();

	(void)arg;
	assert_int_equal(db_exec(db, &slow, values, NULL, &err), -ERR_TIMEOUT);
	int64_t took_ms = clock_ms() - begin_ms;
	assert_in_range(took_ms, 4900, 6500);
	db_free(db);
}

static void test_db_exec__slow_statement__times_out_after_5_s(void **state)
{
	(void)state;
	pg_run(times_out, NULL);
}

/* A server that is frozen, or a network that swallows: the answer never comes. */
static void frozen(void *arg)
{
	struct db *db = open_db(1);
	struct db_rows *rows;
	struct error err;

	(void)arg;
	assert_int_equal(db_exec(db, &backend, NULL, &rows, &err), 0);
	pid_t pid = (pid_t)db_value_int(rows, 0, 0);
	db_rows_release(rows);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	int64_t begin_ms = clock_ms();
	assert_int_equal(db_exec(db, &backend, NULL, NULL, &err), -ERR_DATABASE);
	int64_t took_ms = clock_ms() - begin_ms;
	assert_in_range(took_ms, 5500, 7500);
	assert_int_equal(db_exec(db, &backend, NULL, &rows, &err), 0);
	assert_int_not_equal(db_value_int(rows, 0, 0), pid);
	db_rows_release(rows);
	kill(pid, SIGCONT);
	db_free(db);
}

static void test_db_exec__server_frozen__fails_after_6_s_on_a_new_connection(void **state)
{
	(void)state;
	if (!pg_is_private())
		skip();
	pg_run(frozen, NULL);
}

struct cancelled {
	struct db *db;
	int rc;
	bool is_done;
};

static void cancelled_run(void *arg)
{
	struct cancelled *cancelled = arg;
	const char *values[] = { "0.3" };
	struct error err;

	cancelled->rc = db_exec(cancelled->db, &slow, values, NULL, &err);
	cancelled->is_done = true;
}

static void cancels(void *arg)
{
	struct db *db = open_db(1);
	struct cancelled cancelled = { .db = db };
	struct job job = { .db = db, .number = 1, .statement = &echo };

	(void)arg;
	run_jobs(&job, 1);
	struct fiber *fiber = fiber_spawn("cancelled", cancelled_run, &cancelled);
	fiber_sleep(50);
	int64_t begin_ms = clock_ms();
	fiber_cancel(fiber);
	while (!cancelled.is_done)
		fiber_yield();
	assert_int_equal(cancelled.rc, -ERR_CANCELLED);
	assert_true(clock_ms() - begin_ms < 100);
	/* The answer that nobody waits for is dropped, and the next one is ours. */
	run_jobs(&job, 1);
	assert_int_equal(job.answer, 2);

	cancelled.is_done = false;
	fiber = fiber_spawn("cancelled", cancelled_run, &cancelled);
	fiber_cancel(fiber); /* before it was sent */
	while (!cancelled.is_done)
		fiber_yield();
	assert_int_equal(cancelled.rc, -ERR_CANCELLED);
	db_free(db);
}

static void test_db_exec__fiber_cancelled__leaves_at_once_and_answer_is_dropped(void **state)
{
	(void)state;
	pg_run(cancels, NULL);
}

/* ---- lost connections ---- */

static void terminated(void *arg)
{
	struct db *db = open_db(1);
	struct db *other = NULL;
	struct error err;
	struct db_rows *rows;

	(void)arg;
	const char *connection = pg_fresh_database();
	db_free(db);
	db = db_new(&(struct db_options){ .connection = connection, .pool_size = 1 });
	other = db_new(&(struct db_options){ .connection = connection, .pool_size = 1 });
	assert_int_equal(db_exec(db, &backend, NULL, &rows, &err), 0);
	long pid = (long)db_value_int(rows, 0, 0);
	db_rows_release(rows);

	/* Idle: the next statement may fail or already find the new connection; then all is well. */
	xfree(pg_query(other, "SELECT pg_terminate_backend(%ld)", pid));
	assert_int_equal(db_wait_ready(db, clock_ms() + 5000, &err), 0);
	fiber_sleep(300);
	assert_int_equal(db_exec(db, &backend, NULL, &rows, &err), 0);
	assert_int_not_equal(db_value_int(rows, 0, 0), pid);
	pid = (long)db_value_int(rows, 0, 0);
	db_rows_release(rows);

	/* In flight: the statement fails with -ERR_DATABASE, those behind it too, none hangs. */
	struct cancelled victim = { .db = db };
	fiber_spawn("victim", cancelled_run, &victim);
	fiber_sleep(50);
	struct job job = { .db = db, .number = 1, .statement = &echo };
	xfree(pg_query(other, "SELECT pg_terminate_backend(%ld)", pid));
	run_jobs(&job, 1);
	while (!victim.is_done)
		fiber_sleep(5);
	assert_int_equal(victim.rc, -ERR_DATABASE);
	assert_true(job.rc == -ERR_DATABASE || job.rc == 0);
	fiber_sleep(300);
	run_jobs(&job, 1);
	assert_int_equal(job.rc, 0);
	db_free(db);
	db_free(other);
}

static void test_db_exec__backend_terminated__fails_then_reconnects(void **state)
{
	(void)state;
	pg_run(terminated, NULL);
}

static void restarted(void *arg)
{
	struct db *db = open_db(3);
	static struct job jobs[30];

	(void)arg;
	for (int i = 0; i < 30; i++)
		jobs[i] = (struct job){ .db = db, .number = i, .statement = &echo };
	run_jobs(jobs, 30);
	pg_control("crash");
	int64_t begin_ms = clock_ms();
	do {
		run_jobs(jobs, 30);
		for (int i = 0; i < 30; i++)
			assert_true(jobs[i].rc == 0 || jobs[i].rc == -ERR_DATABASE);
	} while (jobs[0].rc != 0 && clock_ms() - begin_ms < 5000);
	run_jobs(jobs, 30);
	for (int i = 0; i < 30; i++)
		assert_int_equal(jobs[i].rc, 0);
	assert_true(clock_ms() - begin_ms < 3000);
	db_free(db);
}

static void test_db_exec__server_restarted__errors_then_works(void **state)
{
	(void)state;
	if (!pg_is_private())
		skip();
	pg_run(restarted, NULL);
}

static void refused(void *arg)
{
	struct db *db =
		db_new(&(struct db_options){ .connection = "host=/nonexistent dbname=x password=geheim" });
	struct error err;
	int64_t begin_ms = clock_ms();

	(void)arg;
	assert_int_equal(db_exec(db, &backend, NULL, NULL, &err), -ERR_DATABASE);
	assert_true(clock_ms() - begin_ms < 1000);
	assert_null(strstr(err.text, "geheim"));
	assert_int_equal(db_wait_ready(db, clock_ms() + 300, &err), -ERR_DATABASE);
	assert_null(strstr(err.text, "geheim"));
	assert_false(db_is_up(db));
	db_free(db);

	db = db_new(&(struct db_options){ .connection = "postgresql://%zz" });
	assert_int_equal(db_exec(db, &backend, NULL, NULL, &err), -ERR_DATABASE);
	db_free(db);
}

static void test_db_exec__no_server__fails_soon_without_the_password(void **state)
{
	(void)state;
	pg_run(refused, NULL);
}

/* Freeing while connecting and with work queued. */
static void freed_early(void *arg)
{
	const char *connection = pg_fresh_database();

	(void)arg;
	for (int i = 0; i < 3; i++) {
		struct db *db = db_new(&(struct db_options){ .connection = connection });
		struct db_session *session = db_session_new(db);
		struct error err;
		struct db_step step = { .statement = &backend };

		if (i == 1)
			db_notify(db, "channel", "x1");
		if (i == 2) {
			assert_int_equal(db_session_exec_all(session, &step, 1, &err), 0);
			db_rows_release(step.rows);
		}
		db_session_free(session);
		db_free(db);
	}
}

static void test_db_free__before_and_while_connecting__leaves_nothing(void **state)
{
	(void)state;
	pg_run(freed_early, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_db_exec__many_fibers__each_gets_its_answer),
		cmocka_unit_test(test_db_exec__neighbour_fails__others_succeed),
		cmocka_unit_test(test_db_exec__writes_together__share_commits_and_fail_alone),
		cmocka_unit_test(test_db_exec__writes_together_of_two__never_stick),
		cmocka_unit_test(test_db_exec__writes_together_lost__are_all_errors),
		cmocka_unit_test(test_db_exec_all__second_step_fails__nothing_is_kept),
		cmocka_unit_test(test_db_exec__commit_fails__is_an_error),
		cmocka_unit_test(test_db_exec__prepare_failed_or_was_forgotten__is_prepared_again),
		cmocka_unit_test(test_db_exec__unprepared__names_nothing_and_sets_nothing),
		cmocka_unit_test(test_db_exec__slow_statement__times_out_after_5_s),
		cmocka_unit_test(test_db_exec__server_frozen__fails_after_6_s_on_a_new_connection),
		cmocka_unit_test(test_db_exec__fiber_cancelled__leaves_at_once_and_answer_is_dropped),
		cmocka_unit_test(test_db_exec__backend_terminated__fails_then_reconnects),
		cmocka_unit_test(test_db_exec__server_restarted__errors_then_works),
		cmocka_unit_test(test_db_exec__no_server__fails_soon_without_the_password),
		cmocka_unit_test(test_db_free__before_and_while_connecting__leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
