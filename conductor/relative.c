/* relative: see relative.h. */
#include "conductor/relative.h"

#include <string.h>

#include "conductor/action.h"
#include "conductor/conductor.h"
#include "conductor/operation.h"
#include "conductor/provision_options.h"
#include "conductor/step_private.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "model/options.h"

#define LOOK_FIRST_MS 50
#define LOOK_LAST_MS  1000
/* A row that its host has not started is anybody's after a second. */
#define START_SLACK_MS 3000
/* A request that waits for its acceptance gives up after ten seconds. */
#define POWER_WAIT_MAX_MS 5000

static struct job *job_of(const struct task *task)
{
	return task->owner;
}

/* ---- asking ---- */

/* One action in flight. */
struct asked {
	struct job *job;
	const struct relative *relative;
	enum relation relation;
	int64_t id;
	char uuid[UUID_TEXT];
	int64_t start_by_ms;
};

static int fail_locked(const struct asked *asked, struct error *err)
{
	return fail(err, ERR_NODE_LOCKED,
		    "Node %s %s %s is presently locked and we are unable to perform any action on it at this "
		    "time. Please retry after the current operation is completed.",
		    node_uuid(&asked->job->node),
		    asked->relation == RELATION_POWERING_PARENT ? "parent_node" : "child_node",
		    asked->relative->uuid);
}

static int insert(struct asked *asked, const struct step_phase *phase, const json_t *step, struct error *err)
{
	struct job *job = asked->job;
	const struct relative *relative = asked->relative;
	json_auto_t *args =
		json_pack("{s:s*, s:{s:O?, s:O?, s:O?}, s:I, s:s}", "phase", phase ? phase->word : NULL,
			  "step", "interface", json_object_get(step, "interface"), "step",
			  json_object_get(step, "step"), "args", json_object_get(step, "args"), "for",
			  (json_int_t)job->action.id, "for_uuid", job->action.uuid);
	struct buf text;
	int rc;

	buf_init(&text, SIZE_MAX / 2);
	json_write(&text, args);
	uuid_new(asked->uuid);
	asked->start_by_ms = clock_ms() + common_lock_wait_ms() + START_SLACK_MS;

	struct action_request request = {
		.uuid = asked->uuid,
		.node_id = relative->id,
		.node_uuid = relative->uuid,
		.kind = "related_step",
		.is_exclusive = true,
		.on_crash = "never",
		.pool = arena_printf(&job->task.arena, "%s:%s", relative->group, relative->driver),
		.target = relative->host,
		.args = text.data,
		.wait_ms = common_lock_wait_ms() + START_SLACK_MS,
		.run_s = job->action.run_s,
		.request_id = job->action.request_id,
	};

	rc = action_insert(job->conductor->db, &request, &asked->id, err);
	buf_release(&text);
	return rc;
}

/* Nobody waits for it any more: out of the line with it, or its holder is told to stop. */
static void abandon(const struct asked *asked)
{
	struct db *db = asked->job->conductor->db;
	bool is_cancelled = false, is_running;
	struct error err;

	fiber_shield_begin();
	if (action_cancel(db, asked->id, asked->uuid, &is_cancelled, &err) == 0 && !is_cancelled)
		action_ask_stop(db, asked->id, "the work that it was done for has ended", &is_running, &err);
	fiber_shield_end();
}

static int take_end(const struct action_view *view, struct error *err)
{
	if (view->state == ACTION_DONE)
		return 0;
	return fail(err, ERR_INTERNAL, "%s", view->error ? view->error : "It failed without a reason.");
}

/* 1: it is not over. */
static int look(const struct asked *asked, struct error *err)
{
	struct action_view view = { 0 };
	bool is_cancelled = false;
	int rc = action_read(asked->job->conductor->db, asked->id, &view, err);

	if (rc == -ERR_DATABASE)
		return 1;
	if (rc == -ERR_NOT_FOUND || (rc == 0 && strcmp(view.uuid, asked->uuid) != 0))
		rc = fail(err, ERR_INTERNAL, "The database has lost the action %s.", asked->uuid);
	else if (rc == 0 && view.state != ACTION_QUEUED && view.state != ACTION_RUNNING)
		rc = take_end(&view, err);
	else if (rc == 0)
		rc = 1;
	if (rc == 1 && view.state == ACTION_QUEUED && clock_ms() >= asked->start_by_ms &&
	    action_cancel(asked->job->conductor->db, asked->id, asked->uuid, &is_cancelled, err) == 0 &&
	    is_cancelled)
		rc = fail_locked(asked, err);
	action_view_release(&view);
	return rc;
}

/* The slot is lent to others, or conductors full of parents would wait for children that find none. */
static int await(const struct asked *asked, struct error *err)
{
	struct conductor *conductor = asked->job->conductor;
	int64_t pause_ms = LOOK_FIRST_MS;
	int rc = 1;

	conductor->lent_slots++;
	action_pump(conductor);
	while (rc == 1) {
		if (fiber_sleep(pause_ms) < 0) {
			abandon(asked);
			rc = fail(err, ERR_CANCELLED, "The wait for node %s was cancelled",
				  asked->relative->uuid);
			break;
		}
		pause_ms = pause_ms * 2 < LOOK_LAST_MS ? pause_ms * 2 : LOOK_LAST_MS;
		rc = look(asked, err);
	}
	conductor->lent_slots--;
	return rc;
}

static int run_on(struct asked *asked, const struct step_phase *phase, const json_t *step, struct error *err)
{
	int rc;

	if (!asked->relative->host)
		rc = fail(err, ERR_NO_WORKER, "No conductor serves driver %s and conductor group \"%s\".",
			  asked->relative->driver, asked->relative->group);
	else
		rc = insert(asked, phase, step, err);
	if (rc == 0 && asked->relative->host)
		rc = await(asked, err);
	if (rc < 0 && rc != -ERR_CANCELLED)
		return fail_prefix(err, "While executing step %s.%s on %s node %s",
				   json_string_value(json_object_get(step, "interface")),
				   json_string_value(json_object_get(step, "step")),
				   asked->relation == RELATION_POWERING_PARENT ? "parent" : "child",
				   asked->relative->uuid);
	return rc;
}

int relatives_run(struct task *task, const struct step_phase *phase, enum relation relation,
		  const json_t *only, const json_t *step, struct error *err)
{
	struct job *job = job_of(task);
	struct relative *relatives;
	size_t count = 0;
	int rc = 0;

	if (job)
		rc = relatives_read(job->conductor->db, job->node.id, relation, only,
				    job->conductor->hostname, &task->arena, &relatives, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct asked asked = { .job = job, .relative = &relatives[i], .relation = relation };

		rc = run_on(&asked, phase, step, err);
	}
	return rc;
}

/* ---- power ---- */

/* The relation whose nodes are switched before a node, and to what. */
static const struct {
	enum power_state target;
	enum relation relation;
	const char *step;
} followers[] = {
	{ POWER_OFF, RELATION_POWERED_CHILDREN, "power_off" },
	{ POWER_ON, RELATION_POWERING_PARENT, "power_on" },
};
#define FOLLOWER_COUNT (sizeof(followers) / sizeof(followers[0]))

static size_t follower_of(const struct task *task, enum power_state target)
{
	size_t i = 0;

	while (i < FOLLOWER_COUNT && followers[i].target != target)
		i++;
	if (!task->owner || (target == POWER_ON && !node_text(task->node, NODE_PARENT_NODE)))
		return FOLLOWER_COUNT;
	return i;
}

/* *ret: one that is locked and, as far as is known, in another state; NULL: none. */
static int find_locked(struct job *job, size_t which, struct relative **ret, struct error *err)
{
	struct relative *relatives;
	size_t count = 0;
	int rc = relatives_read(job->conductor->db, job->node.id, followers[which].relation, NULL,
				job->conductor->hostname, &job->task.arena, &relatives, &count, err);

	*ret = NULL;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (relatives[i].reservation &&
		    power_state_find(relatives[i].power_state) != followers[which].target)
			*ret = &relatives[i];
	}
	return rc;
}

int relatives_await_power(struct task *task, enum power_state target, struct error *err)
{
	size_t which = follower_of(task, target);
	int64_t wait_ms = common_lock_wait_ms();
	int64_t until_ms = clock_ms() + (wait_ms < POWER_WAIT_MAX_MS ? wait_ms : POWER_WAIT_MAX_MS);
	struct relative *locked = NULL;
	struct job *job = job_of(task);
	int rc = which < FOLLOWER_COUNT ? find_locked(job, which, &locked, err) : 0;

	while (rc == 0 && locked && clock_ms() < until_ms) {
		if (fiber_sleep(LOOK_LAST_MS / 5) < 0)
			return fail(err, ERR_CANCELLED, "The wait for node %s was cancelled", locked->uuid);
		rc = find_locked(job, which, &locked, err);
	}
	if (rc == 0 && locked) {
		struct asked asked = { .job = job,
				       .relative = locked,
				       .relation = followers[which].relation };

		return fail_locked(&asked, err);
	}
	return rc;
}

int relatives_power(struct task *task, enum power_state target, struct error *err)
{
	size_t which = follower_of(task, target);

	if (which == FOLLOWER_COUNT)
		return 0;
	json_auto_t *step =
		json_pack("{s:s, s:s, s:{}}", "interface", "power", "step", followers[which].step, "args");
	return relatives_run(task, NULL, followers[which].relation, NULL, step, err);
}

/* ---- the action ---- */

/* An action that died took its promise along, so what it has asked for is not begun. */
static int check_asker(struct job *job, struct error *err)
{
	const char *uuid = job_text(job, "for_uuid");
	struct action_view view = { 0 };
	int rc = action_read(job->conductor->db, json_integer_value(json_object_get(job->args, "for")), &view,
			     err);
	bool is_there = rc == 0 && uuid && strcmp(view.uuid, uuid) == 0 && view.state == ACTION_RUNNING;

	action_view_release(&view);
	if (is_there || (rc < 0 && rc != -ERR_NOT_FOUND))
		return rc;
	return fail(err, ERR_CONFLICT, "The work that the step was for has ended.");
}

static const struct step_phase *phase_of(const struct job *job)
{
	static const struct step_phase *const phases[] = { &clean_phase, &deploy_phase, &service_phase };
	const char *word = job_text(job, "phase");

	for (size_t i = 0; word && i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (strcmp(phases[i]->word, word) == 0)
			return phases[i];
	}
	return &clean_phase;
}

static int begin(struct job *job, struct error *err)
{
	json_auto_t *list = NULL;
	json_auto_t *asked = json_pack("[O?]", json_object_get(job->args, "step"));
	int rc = check_asker(job, err);

	return rc == 0 ? steps_check(&job->task, phase_of(job), asked, &list, err) : rc;
}

static int run(struct job *job, struct error *err)
{
	const struct step_phase *phase = phase_of(job);
	int rc = step_run(&job->task, phase, json_object_get(job->args, "step"), err);

	if (rc <= 0 || (rc == STEP_WAITS && provision_options.is_child_wait_permitted))
		return rc < 0 ? rc : 0;
	return fail(err, ERR_INVALID, "step returned invalid value: %s",
		    provision_state_info(rc == STEP_HOLDS ? phase->holding : phase->waiting)->name);
}

/* It is the other node's failure, and is told there; here the history knows. */
static void undo(struct job *job, const struct error *failure)
{
	(void)job;
	(void)failure;
}

/* clang-format off */
const struct operation relative_operations[] = {
	{ .kind = "related_step", .lock = LOCK_EXCLUSIVE, .is_async = true, .begin = begin, .run = run,
	  .undo = undo, .history = "provision" },
	{ 0 }
};
/* clang-format on */
