/* Tests of conductor/gate.c: each condition alone shuts it. No database: what it would be asked is fresh
 * here. */
#include "conductor/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conductor/conductor.h"
#include "conductor/options.h"
#include "conductor/task.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

static struct conductor conductor;
static struct job job;
static struct error err;

/* A job for which everything holds. */
static int set_up(void **state)
{
	(void)state;
	if (config_load(NULL, &err) < 0)
		return -1;
	memset(&conductor, 0, sizeof(conductor));
	memset(&job, 0, sizeof(job));
	conductor.trusted_until_ms = clock_ms() + 8000;
	job.conductor = &conductor;
	job.task.ops = &gate_ops;
	job.task.owner = &job;
	job.task.deadline_ms = clock_ms() + 400;
	job.is_accepted = true;
	job.confirmed_ms = clock_ms();
	return 0;
}

static int check(void)
{
	return task_gate_check(&job.task, "power on", &err);
}

static void test_check__all_holds__opens_and_counts(void **state)
{
	(void)state;
	assert_int_equal(check(), 0);
	assert_int_equal(check(), 0);
	assert_int_equal(job.writes, 2);
}

static void test_check__each_condition_alone__shuts(void **state)
{
	(void)state;
	job.is_accepted = false;
	assert_int_equal(check(), -ERR_TIMEOUT);
	job.is_accepted = true;
	conductor.trusted_until_ms = clock_ms() + 3000; /* flight */
	assert_int_equal(check(), -ERR_TIMEOUT);
	conductor.trusted_until_ms = 0;
	assert_int_equal(check(), -ERR_TIMEOUT);
	conductor.trusted_until_ms = clock_ms() + 8000;
	job.confirmed_ms = clock_ms() - 1000;
	assert_int_equal(check(), -ERR_TIMEOUT);
	job.confirmed_ms = clock_ms();
	job.is_fenced = true;
	assert_int_equal(check(), -ERR_FENCED);
	assert_int_equal(job.writes, 0);
}

static void test_polling__never_writes(void **state)
{
	(void)state;
	job.task.ops = &gate_closed_ops;
	assert_int_equal(task_gate_wait(&job.task, &err), -ERR_FENCED);
	assert_int_equal(check(), -ERR_FENCED);
}

/* ---- waiting ---- */

static void renew_soon(void *arg)
{
	(void)arg;
	fiber_sleep(100);
	conductor.trusted_until_ms = clock_ms() + 8000;
	cond_broadcast(&conductor.lease_changed);
}

static void renewal_body(void)
{
	int64_t begun_ms = clock_ms();

	conductor.trusted_until_ms = clock_ms() + 2000;
	fiber_spawn("renew", renew_soon, NULL);
	CHECK_INT(task_gate_wait(&job.task, &err), 0);
	CHECK(clock_ms() - begun_ms >= 90);
	CHECK_INT(check(), 0);
}

static void test_wait__old_lease__waits_for_the_renewal(void **state)
{
	(void)state;
	loop_test(renewal_body);
}

static void deadline_body(void)
{
	conductor.trusted_until_ms = 0;
	CHECK_INT(task_gate_wait(&job.task, &err), -ERR_TIMEOUT);
	CHECK(clock_ms() >= job.task.deadline_ms);
	CHECK_INT(job.writes, 0);
}

static void test_wait__no_renewal__ends_at_the_deadline(void **state)
{
	(void)state;
	loop_test(deadline_body);
}

static void fence_soon(void *arg)
{
	fiber_sleep(50);
	task_fence(arg);
}

static void fence_body(void)
{
	conductor.trusted_until_ms = 0;
	job.fiber = fiber_self();
	fiber_spawn("fence", fence_soon, &job);
	CHECK_INT(task_gate_wait(&job.task, &err), -ERR_FENCED);
	CHECK(clock_ms() < job.task.deadline_ms);
}

static void test_wait__fenced_meanwhile__ends_at_once(void **state)
{
	(void)state;
	loop_test(fence_body);
}

static void stop_soon(void *arg)
{
	fiber_sleep(50);
	task_stop(arg, "admin");
}

static void stop_body(void)
{
	conductor.trusted_until_ms = 0;
	job.fiber = fiber_self();
	fiber_spawn("stop", stop_soon, &job);
	CHECK_INT(task_gate_wait(&job.task, &err), -ERR_CANCELLED);
	CHECK_TEXT(job.stop_asked, "admin");
}

static void test_wait__stopped_meanwhile__is_cancelled(void **state)
{
	(void)state;
	loop_test(stop_body);
}

/* ---- the journal ---- */

static void test_journal__has_a_line_for_each_write(void **state)
{
	char path[] = "/tmp/ferrule-journal-XXXXXX", line[512], token[64], what[64];
	long long at_ns, epoch;
	int fd = mkstemp(path);
	FILE *file;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(gate_journal_open(path, &err), 0);
	snprintf(job.action.token, sizeof(job.action.token), "00000000-0000-4000-8000-00000000000a");
	job.action.epoch = 42;
	assert_int_equal(check(), 0);
	conductor.trusted_until_ms = 0;
	assert_int_equal(check(), -ERR_TIMEOUT);
	gate_journal_open(NULL, NULL);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(sscanf(line, "%lld - %lld %63s %*s %*s %63[^\n]", &at_ns, &epoch, token, what), 4);
	assert_int_equal(epoch, 42);
	assert_string_equal(token, job.action.token);
	assert_string_equal(what, "power on");
	assert_null(fgets(line, sizeof(line), file));
	fclose(file);
	unlink(path);
}

static void test_journal__that_cannot_be_opened__is_refused(void **state)
{
	(void)state;
	assert_int_equal(gate_journal_open("/nonexistent/journal", &err), -ERR_INVALID);
	assert_non_null(strstr(err.text, "write_journal"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_check__all_holds__opens_and_counts, set_up),
		cmocka_unit_test_setup(test_check__each_condition_alone__shuts, set_up),
		cmocka_unit_test_setup(test_polling__never_writes, set_up),
		cmocka_unit_test_setup(test_wait__old_lease__waits_for_the_renewal, set_up),
		cmocka_unit_test_setup(test_wait__no_renewal__ends_at_the_deadline, set_up),
		cmocka_unit_test_setup(test_wait__fenced_meanwhile__ends_at_once, set_up),
		cmocka_unit_test_setup(test_wait__stopped_meanwhile__is_cancelled, set_up),
		cmocka_unit_test_setup(test_journal__has_a_line_for_each_write, set_up),
		cmocka_unit_test_setup(test_journal__that_cannot_be_opened__is_refused, set_up),
	};
	int rc;

	conductor_options_register();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	config_release();
	return rc;
}
