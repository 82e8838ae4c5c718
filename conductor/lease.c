/* lease: see lease.h. */
#include "conductor/lease.h"

#include <string.h>

#include "conductor/action.h"
#include "conductor/conductor.h"
#include "conductor/metrics.h"
#include "conductor/options.h"
#include "conductor/recover.h"
#include "conductor/registration.h"
#include "conductor/task.h"
#include "conductor/watch.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define RETRY_MS 200
#define WATCH_MS 1000
/* A job may outlive its deadline by so much before it is cancelled: every wait in it has ended by then. */
#define OVERTIME_MS 5000
/* Rows of this instance that no fiber knows, seen at one renewal. */
#define STRAYS_MAX 64

/* ---- renewal ---- */

/* A row of ours without a fiber: the reply to its start was lost, or is late. Two renewals in a row decide.
 */
struct strays {
	int64_t ids[STRAYS_MAX];
	size_t count;
};

static bool was_stray(const struct strays *strays, int64_t id)
{
	for (size_t i = 0; i < strays->count; i++) {
		if (strays->ids[i] == id)
			return true;
	}
	return false;
}

static void requeue(struct conductor *conductor, const struct lease_running *row)
{
	struct action action = { .id = row->id };
	struct error err;

	memcpy(action.token, row->token, sizeof(action.token));
	if (action_requeue(conductor->db, &action, &err) == 0)
		log_warning("action %lld ran without anyone knowing it: it is back in line",
			    (long long)row->id);
}

static struct job *job_of(struct conductor *conductor, const struct lease_running *row)
{
	struct job *job = conductor->jobs;

	while (job && (job->action.id != row->id || strcmp(job->action.token, row->token) != 0))
		job = job->next;
	return job;
}

/* What the database says is running, against the jobs that there are. */
static void compare(struct conductor *conductor, const struct lease_answer *answer, int64_t asked_ms,
		    struct strays *strays)
{
	struct strays now = { .count = 0 };

	for (struct job *job = conductor->jobs; job; job = job->next)
		job->was_missed = job->started_ms < asked_ms && !job->is_finishing;
	for (size_t i = 0; i < answer->running_count; i++) {
		const struct lease_running *row = &answer->running[i];
		struct job *job = job_of(conductor, row);

		if (!job) {
			if (now.count < STRAYS_MAX)
				now.ids[now.count++] = row->id;
			continue;
		}
		job->was_missed = false;
		job->confirmed_ms = job->confirmed_ms > asked_ms ? job->confirmed_ms : asked_ms;
		if (row->is_stop_asked)
			task_stop(job, row->stop_asked);
	}
	for (struct job *job = conductor->jobs; job; job = job->next) {
		if (job->was_missed && !job->is_finishing)
			task_fence(job);
	}
	for (size_t i = 0; i < answer->running_count; i++) {
		if (!job_of(conductor, &answer->running[i]) && was_stray(strays, answer->running[i].id))
			requeue(conductor, &answer->running[i]);
	}
	*strays = now;
}

static void stop_overtime(struct conductor *conductor)
{
	int64_t now = clock_ms();

	for (struct job *job = conductor->jobs; job; job = job->next) {
		if (now > job->task.deadline_ms + OVERTIME_MS)
			task_stop(job, "it did not end in time");
	}
}

/* Others have declared this instance dead: its jobs may go on elsewhere. */
static void begin_anew(struct conductor *conductor)
{
	struct error err;
	int rc;

	log_error("this conductor was declared dead by others; it registers anew");
	conductor->trusted_until_ms = 0;
	for (struct job *job = conductor->jobs; job; job = job->next)
		task_fence(job);
	cond_broadcast(&conductor->lease_changed);
	while (!conductor->is_stopping) {
		rc = registration_register(conductor, &err);
		if (rc == 0)
			return;
		log_error("registering failed: %s", err.text);
		conductor_pause(conductor, 1000);
	}
}

/* True after a renewal. */
static bool renew(struct conductor *conductor, struct strays *strays, bool *was_away)
{
	struct lease_answer answer = { 0 };
	struct error err;
	int64_t asked_ms = clock_ms();
	int rc = lease_renew(conductor->session, conductor->instance, &answer, &err);

	if (rc < 0) {
		if (!*was_away)
			log_warning("the lease could not be renewed: %s", err.text);
		*was_away = true;
		return false;
	}
	if (*was_away)
		log_info("the lease is renewed again");
	*was_away = false;
	if (answer.is_live) {
		conductor->trusted_until_ms = asked_ms + seconds_ms(conductor_options.hold_s);
		cond_broadcast(&conductor->lease_changed);
		compare(conductor, &answer, asked_ms, strays);
		action_pump(conductor);
	} else if (!conductor->is_stopping) {
		begin_anew(conductor);
		strays->count = 0;
	}
	xfree(answer.running);
	return answer.is_live;
}

static void renew_loop(struct conductor *conductor)
{
	struct strays strays = { .count = 0 };
	bool was_away = false;

	while (!conductor->is_stopping) {
		int64_t begun_ms = clock_ms();
		int64_t beat_ms = seconds_ms(conductor_options.beat_s);
		bool is_renewed = renew(conductor, &strays, &was_away);

		stop_overtime(conductor);
		if (is_renewed && clock_ms() < begun_ms + beat_ms)
			conductor_pause(conductor, begun_ms + beat_ms - clock_ms());
		else if (!is_renewed)
			conductor_pause(conductor, RETRY_MS);
	}
}

/* ---- watching others ---- */

static void on_swept(int64_t action_id, int64_t node_id, enum action_state state, void *arg)
{
	log_warning("action %lld of a dead conductor: %s", (long long)action_id,
		    state == ACTION_QUEUED ? "back in line" : "its outcome is unknown");
	conductor_metrics_taken_over(state);
	if (node_id == 0)
		return;
	if (state == ACTION_QUEUED)
		action_wake_node(arg, node_id);
	else
		recover_node(arg, node_id);
}

static void sweep(struct conductor *conductor)
{
	struct error err;
	size_t count = 0;

	lease_sweep(conductor->db, conductor->hostname, on_swept, conductor, &count,
		    &err); /* again in a second */
}

static void watch_once(struct conductor *conductor, struct watch *watch)
{
	struct lease_beat *beats = xcalloc(WATCH_MAX, sizeof(*beats));
	char timeline[9];
	struct error err;
	size_t count;

	if (lease_read(conductor->db, beats, WATCH_MAX, &count, timeline, &err) == 0) {
		watch_note(watch, beats, count, timeline, clock_ms());
		for (size_t i;
		     (i = watch_silent(watch, seconds_ms(conductor_options.watch_s))) < WATCH_MAX;) {
			bool is_declared;

			if (strcmp(watch->seen[i].instance, conductor->instance) != 0 &&
			    lease_declare_dead(conductor->db, watch->seen[i].instance, watch->seen[i].beat,
					       &is_declared, &err) == 0 &&
			    is_declared)
				log_warning("conductor instance %s is silent: declared dead",
					    watch->seen[i].instance);
			watch_forget(watch, i);
		}
		sweep(conductor);
	}
	xfree(beats);
}

static void watch_loop(struct conductor *conductor)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	while (!conductor->is_stopping) {
		watch_once(conductor, watch);
		conductor_pause(conductor, WATCH_MS);
	}
	xfree(watch);
}

void lease_start(struct conductor *conductor)
{
	conductor_spawn(conductor, "lease", renew_loop);
	conductor_spawn(conductor, "watch", watch_loop);
}
