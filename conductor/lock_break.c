/*
 * lock_break: DELETE /v1/nodes/{id}/lock. The holder is asked to stop, learns it at its next renewal and ends
 * its action itself. One that has not within `watch`, by the clock of this conductor, is dead or stuck: its
 * action is ended as unknown and the lock freed, which fences whoever still believes to hold it. Runs beside
 * the holder as a shared action; after a crash of this conductor another begins the watch anew. Source:
 * docs/locks.rst, section 5.
 */
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/operation.h"
#include "conductor/options.h"
#include "conductor/recover.h"
#include "db/lock.h"
#include "lib/clock.h"
#include "lib/log.h"

#define LOOK_MS  250
#define WHO_TEXT 80

/* The lock that the caller saw is gone when the epoch differs. */
static bool is_there(const struct job *job, const struct lock_view *view)
{
	return view->reservation && view->epoch == json_integer_value(json_object_get(job->args, "epoch"));
}

static const char *who_of(const struct job *job)
{
	const char *who = job_text(job, "who");

	return who ? who : "an operator";
}

/* Asks the holder and watches it. *ret_free: the lock was freed meanwhile. */
static int watch(struct job *job, struct lock_view *view, bool *ret_free, struct error *err)
{
	struct db *db = job->conductor->db;
	int64_t end_ms = clock_ms() + seconds_ms(conductor_options.watch_s);
	struct arena arena;
	bool is_running;
	int rc = 0;

	if (view->holder)
		rc = action_ask_stop(
			db, view->holder->id,
			arena_printf(&job->task.arena, "the lock was broken by %.*s", WHO_TEXT, who_of(job)),
			&is_running, err);
	*ret_free = false;
	while (rc == 0 && !*ret_free && clock_ms() < end_ms) {
		struct lock_view now;

		rc = fiber_sleep(LOOK_MS);
		if (rc < 0)
			return fail(err, (enum errcode) - rc, "The watch was cancelled");
		arena_init(&arena);
		rc = lock_read(db, job->node.id, &arena, &now, err);
		if (rc == 0)
			*ret_free = !is_there(job, &now);
		else if (rc == -ERR_DATABASE)
			rc = 0; /* it is looked at again until the end */
		arena_release(&arena);
	}
	return rc;
}

static int report(struct job *job, const struct lock_view *view, const char *outcome, struct error *err)
{
	const struct lock_action *holder = view->holder;
	char *event = arena_printf(&job->task.arena,
				   "The lock that host %s held for %s (action %s) was broken by %s: %s.",
				   view->reservation, holder ? holder->kind : "nothing known",
				   holder ? holder->uuid : "none", who_of(job), outcome);
	int rc = lock_note(job->conductor->db, job->node.id, event, job->conductor->hostname, err);

	log_warning("%s", event);
	if (rc < 0)
		return rc;
	return task_result_json(job,
				json_pack("{s:s, s:s*, s:s}", "holder", view->reservation, "action",
					  holder ? holder->uuid : NULL, "outcome", outcome),
				err);
}

static int run(struct job *job, struct error *err)
{
	struct conductor *conductor = job->conductor;
	bool is_free = false, is_forced = false;
	struct lock_view view;
	int rc = lock_read(conductor->db, job->node.id, &job->task.arena, &view, err);

	if (rc < 0)
		return rc;
	if (!is_there(job, &view))
		return task_result_json(job, json_pack("{s:s}", "outcome", "the lock was already free"), err);
	rc = watch(job, &view, &is_free, err);
	if (rc < 0)
		return rc;
	if (is_free)
		return report(job, &view, "its holder has stopped", err);
	rc = lock_force(
		conductor->db, job->node.id, &view,
		arena_printf(
			&job->task.arena,
			"The lock was broken by %s; whether the work of its holder took place is not known.",
			who_of(job)),
		&is_forced, err);
	if (rc < 0)
		return rc;
	if (is_forced)
		recover_node(conductor, job->node.id);
	return report(job, &view,
		      is_forced ? "its holder did not stop, the outcome is unknown"
				: "its holder has stopped",
		      err);
}

/* clang-format off */
const struct operation lock_operations[] = {
	{ .kind = "lock_break", .lock = LOCK_SHARED, .is_async = true, .run = run },
	{ 0 }
};
/* clang-format on */
