/* gate: see gate.h. */
#include "conductor/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conductor/conductor.h"
#include "conductor/found.h"
#include "conductor/options.h"
#include "conductor/pool.h"
#include "conductor/power.h"
#include "conductor/task.h"
#include "db/confirm.h"
#include "lib/clock.h"

/* How long the database's word counts. gate_wait asks anew well before, so that the check that follows it
 * passes. */
#define CONFIRMED_MS      1000
#define CONFIRM_AGAIN_MS  500
#define DATABASE_RETRY_MS 100

static int journal_fd = -1;

int gate_journal_open(const char *path, struct error *err)
{
	if (journal_fd >= 0)
		close(journal_fd);
	journal_fd = -1;
	if (!path)
		return 0;
	journal_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (journal_fd < 0)
		return fail(err, ERR_INVALID, "[conductor] write_journal: %s: %s", path, strerror(errno));
	return 0;
}

/* One write(2) a line: lines of several processes on one file do not mix, and a kill loses none. */
static int journal_write(const struct job *job, const char *what, struct error *err)
{
	char line[512];
	int len =
		snprintf(line, sizeof(line), "%" PRId64 " %s %" PRId64 " %s %" PRId64 " %" PRId64 " %.200s\n",
			 clock_ns(), job->task.node ? node_uuid(job->task.node) : "-", job->action.epoch,
			 job->action.token, job->action.id, job->conductor->trusted_until_ms * 1000000, what);

	if (write(journal_fd, line, (size_t)len) != len)
		return fail(err, ERR_INTERNAL, "The journal of BMC writes cannot be written: %s",
			    strerror(errno));
	return 0;
}

#ifdef FERRULE_BROKEN_GATE
/* The conductor that the fault campaign must find guilty: it forgets to look at its lease. */
static bool lease_is_fresh(const struct job *job)
{
	(void)job;
	return true;
}
#else
static bool lease_is_fresh(const struct job *job)
{
	return clock_ms() + seconds_ms(conductor_options.flight_s) < job->conductor->trusted_until_ms;
}
#endif

static int fenced(struct error *err)
{
	return fail(err, ERR_FENCED, "The node's lock was lost; nothing more was sent.");
}

static int confirm(struct job *job, struct error *err)
{
	int64_t asked_ms = clock_ms();
	int rc = confirm_action(job->conductor->db, &job->action, err);

	if (rc == 0)
		job->confirmed_ms = asked_ms;
	else if (rc == -ERR_FENCED)
		task_fence(job);
	else if (rc == -ERR_DATABASE)
		rc = fiber_sleep(DATABASE_RETRY_MS);
	return rc;
}

/* One step towards an open gate. */
static int approach(struct job *job, struct error *err)
{
	if (!job->is_accepted)
		return task_accept(job, err);
	if (!lease_is_fresh(job)) {
		int rc = cond_wait(&job->conductor->lease_changed, job->task.deadline_ms);

		return rc == -ERR_CANCELLED ? rc : 0;
	}
	return confirm(job, err);
}

static int gate_wait(struct task *task, struct error *err)
{
	struct job *job = task->owner;
	int rc = 0;

	while (!job->is_fenced && rc == 0) {
		if (job->is_accepted && lease_is_fresh(job) &&
		    clock_ms() - job->confirmed_ms < CONFIRM_AGAIN_MS)
			return 0;
		if (clock_ms() >= task->deadline_ms)
			return fail(err, ERR_TIMEOUT,
				    "The lease on the node's lock could not be renewed in time; "
				    "nothing more was sent.");
		rc = approach(job, err);
	}
	if (job->is_fenced)
		return fenced(err);
	if (rc == -ERR_CANCELLED)
		return fail(err, ERR_CANCELLED, "The action was cancelled before anything more was sent.");
	return rc;
}

static int gate_check(struct task *task, const char *what, struct error *err)
{
	struct job *job = task->owner;
	int rc;

	if (job->is_fenced)
		return fenced(err);
	if (!job->is_accepted || !lease_is_fresh(job) || clock_ms() - job->confirmed_ms >= CONFIRMED_MS)
		return fail(err, ERR_TIMEOUT,
			    "The lease on the node's lock has grown old; nothing was sent.");
	rc = journal_fd >= 0 ? journal_write(job, what, err) : 0;
	if (rc == 0)
		job->writes++;
	return rc;
}

static int save(struct task *task, struct error *err)
{
	return task_save(task->owner, err);
}

const struct task_ops gate_ops = { .gate_wait = gate_wait,
				   .gate_check = gate_check,
				   .save = save,
				   .refresh = found_refresh,
				   .power = power_bring,
				   .pool = &pool_records };

static int closed_wait(struct task *task, struct error *err)
{
	(void)task;
	return fail(err, ERR_FENCED, "Polling reads; it writes nothing.");
}

static int closed_check(struct task *task, const char *what, struct error *err)
{
	(void)what;
	return closed_wait(task, err);
}

const struct task_ops gate_closed_ops = { .gate_wait = closed_wait, .gate_check = closed_check };
