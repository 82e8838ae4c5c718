/* task: see task.h. */
#include "conductor/task.h"

#include <stdio.h>
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/metrics.h"
#include "conductor/observation.h"
#include "conductor/operation.h"
#include "conductor/provision_options.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define DATABASE_RETRY_MS 100

static void job_init(struct job *job, struct conductor *conductor)
{
	memset(job, 0, sizeof(*job));
	job->conductor = conductor;
	job->fiber = fiber_self();
	job->confirmed_ms = clock_ms();
	arena_init(&job->task.arena);
	node_init(&job->node);
	buf_init(&job->result, RESULT_MAX);
}

static void job_release(struct job *job)
{
	fiber_set_labels(NULL);
	json_decref(job->args);
	buf_release(&job->result);
	node_release(&job->node);
	task_release(&job->task);
	action_release(&job->action);
}

static void list(struct job *job)
{
	struct conductor *conductor = job->conductor;

	job->started_ms = clock_ms();
	job->next = conductor->jobs;
	if (job->next)
		job->next->previous = job;
	conductor->jobs = job;
}

static void unlist(struct job *job)
{
	if (job->next)
		job->next->previous = job->previous;
	if (job->previous)
		job->previous->next = job->next;
	else
		job->conductor->jobs = job->next;
	cond_broadcast(&job->conductor->job_ended);
}

bool task_again(const struct job *job, int rc)
{
	return rc == -ERR_DATABASE && !job->is_fenced && clock_ms() < job->task.deadline_ms &&
	       fiber_sleep(DATABASE_RETRY_MS) == 0;
}

/* The node was read with the start. */
static int take_node(struct job *job, struct error *err)
{
	const char *driver;

	if (!job->node.id)
		return fail(err, ERR_NOT_FOUND, "The node of action %s could not be found.",
			    job->action.uuid);
	job->task.node = &job->node;
	job->labels.node_uuid = node_uuid(&job->node);
	driver = node_text(&job->node, NODE_DRIVER);
	job->task.hardware = hardware_type_find(driver);
	if (!hardware_type_is_enabled(job->task.hardware))
		return fail(err, ERR_INTERFACE,
			    "Could not find the following driver(s) or hardware type(s): %s.", driver);
	return 0;
}

static int read_args(struct job *job, struct error *err)
{
	int rc = 0;

	if (job->action.args)
		rc = json_parse(job->action.args, strlen(job->action.args), JSON_DEPTH_MAX + 2, &job->args,
				err);
	else
		job->args = json_object();
	if (rc == 0 && !json_is_object(job->args))
		rc = fail(err, ERR_INVALID, "The arguments of action %s are not an object", job->action.uuid);
	return rc;
}

/* The caller's If-Match, which the API has compared before the action stood in line. A repeat goes on with
 * what was promised. */
static int check_version(struct job *job, struct error *err)
{
	const json_t *wanted = json_object_get(job->args, "if_version");

	if (!wanted || job->is_accepted || json_integer_value(wanted) == job->node.version)
		return 0;
	return fail(err, ERR_PRECONDITION,
		    "Node %s is not in a state that If-Match names: it has changed since it was read. Please "
		    "read it again.",
		    node_uuid(&job->node));
}

static int check_kind(const struct action *action, const struct operation *operation, struct error *err)
{
	if (!operation)
		return fail(err, ERR_UNSUPPORTED, "This conductor does not know actions of kind %s.",
			    action->kind);
	if (operation->is_nodeless != !action->node_id ||
	    (operation->lock == LOCK_EXCLUSIVE && !action->is_exclusive))
		return fail(err, ERR_INTERNAL,
			    "Action %s was stored with a node or lock that kind %s does not have.",
			    action->uuid, action->kind);
	return 0;
}

/* The action is started and ours: makes it a job. */
static int open_started(struct job *job, struct error *err)
{
	const struct action *action = &job->action;
	const struct operation *operation = operation_find(action->kind);
	int rc;

	job->is_accepted = action->is_accepted;
	job->task.is_exclusive = action->is_exclusive;
	job->task.is_repeatable = action->is_repeatable;
	job->task.deadline_ms = job->started_ms + (int64_t)(action->run_s > 0 ? action->run_s : 60) * 1000;
	job->task.ops = &gate_ops;
	job->task.owner = job;
	job->labels.request_id = action->request_id;
	fiber_set_labels(&job->labels);
	conductor_metrics_started(action);
	rc = read_args(job, err);
	if (rc == 0 && action->node_id)
		rc = take_node(job, err);
	if (rc == 0 && action->node_id)
		rc = check_version(job, err);
	if (rc == 0)
		rc = check_kind(action, operation, err);
	if (rc == 0)
		job->operation = operation;
	return rc;
}

/* Started under an instance that was declared dead before the answer came: others are about to end it, so it
 * is no job of the new instance, whose lease says nothing about it. */
static int check_instance(struct job *job, const char *instance, struct error *err)
{
	if (strcmp(instance, job->conductor->instance) == 0)
		return 0;
	job->is_fenced = true;
	return fail(err, ERR_FENCED, "Action %s was started by an instance that is dead.", job->action.uuid);
}

static void open_or_refuse(struct job *job, const char *instance)
{
	struct error refusal;

	list(job);
	if (check_instance(job, instance, &refusal) < 0 || open_started(job, &refusal) < 0)
		task_close(job, &refusal, NULL);
}

int task_open_exclusive(struct conductor *conductor, int64_t node_id, struct job *job, bool *ret_started,
			struct error *err)
{
	char instance[UUID_TEXT];
	int rc;

	job_init(job, conductor);
	memcpy(instance, conductor->instance, sizeof(instance));
	rc = action_start_exclusive(conductor->db, node_id, conductor->hostname, instance, ret_started,
				    &job->action, &job->node, err);
	if (rc < 0 || !*ret_started) {
		job_release(job);
		return rc;
	}
	open_or_refuse(job, instance);
	return 0;
}

int task_open_shared(struct conductor *conductor, int64_t action_id, struct job *job, bool *ret_started,
		     struct error *err)
{
	char instance[UUID_TEXT];
	int rc;

	job_init(job, conductor);
	memcpy(instance, conductor->instance, sizeof(instance));
	rc = action_start_shared(conductor->db, action_id, instance, ret_started, &job->action, &job->node,
				 err);
	if (rc < 0 || !*ret_started) {
		job_release(job);
		return rc;
	}
	open_or_refuse(job, instance);
	return 0;
}

/* The node's changes as JSON text in the task's arena; NULL: none, or not ours to write. */
static const char *take_changes(struct job *job)
{
	json_t *changes = job->task.node && job->task.is_exclusive ? node_take_changes(&job->node) : NULL;
	struct buf text;
	char *copy;

	if (!changes)
		return NULL;
	if (json_is_string(json_object_get(changes, "power_state")))
		observation_read(job->conductor, job->action.node_id, "action");
	buf_init(&text, SIZE_MAX / 2);
	json_write(&text, changes);
	copy = arena_strndup(&job->task.arena, text.data, text.len);
	buf_release(&text);
	json_decref(changes);
	return copy;
}

/* Accept or save: asked_ms is read before the statement leaves, because that is what it confirms. */
static int write_through(struct job *job,
			 int (*write)(struct db *, const struct action *, const char *, struct error *),
			 struct error *err)
{
	const char *changes = take_changes(job);
	int64_t asked_ms;
	int rc;

	do {
		asked_ms = clock_ms();
		rc = write(job->conductor->db, &job->action, changes, err);
	} while (task_again(job, rc));
	if (rc == 0 && (changes || write == action_accept)) /* saving nothing asks nobody */
		job->confirmed_ms = asked_ms;
	else if (rc == -ERR_FENCED)
		task_fence(job);
	return rc;
}

/* A job does not end before the fiber that accepts it. */
static void await_acceptance(struct job *job)
{
	fiber_shield_begin();
	while (job->is_accepting)
		cond_wait(&job->accept_ended, DEADLINE_NEVER);
	fiber_shield_end();
}

static void accept_ahead(void *arg)
{
	struct job *job = arg;
	struct error err;

	fiber_set_labels(&job->labels);
	if (write_through(job, action_accept, &err) == 0)
		job->is_accepted = true;
	fiber_set_labels(NULL);
	job->is_accepting = false;
	cond_broadcast(&job->accept_ended);
}

void task_accept_ahead(struct job *job)
{
	if (job->is_accepted || job->is_accepting)
		return;
	job->is_accepting = true;
	fiber_spawn("accept", accept_ahead, job);
}

int task_accept(struct job *job, struct error *err)
{
	await_acceptance(job);

	int rc = job->is_accepted ? task_save(job, err) : write_through(job, action_accept, err);

	if (rc == 0)
		job->is_accepted = true;
	return rc;
}

int task_save(struct job *job, struct error *err)
{
	await_acceptance(job);
	return write_through(job, action_save, err);
}

static bool is_outcome_unknown(const struct job *job, const struct error *failure)
{
	if (failure->code == ERR_UNKNOWN_OUTCOME)
		return true;
	return job->stop_asked[0] && job->writes > 0 && !job->task.is_repeatable;
}

static void finish(struct job *job, const struct action_outcome *outcome)
{
	struct error err;

	if (action_finish(job->conductor->db, &job->action, outcome, &err) < 0)
		log_error("action %s: its end was not stored: %s", job->action.uuid, err.text);
}

void task_close(struct job *job, const struct error *failure, const char *history)
{
	struct action_outcome outcome = {
		.state = ACTION_DONE,
		.is_kept = job->is_async,
		.conductor = job->conductor->hostname,
	};

	if (failure) {
		outcome.state = is_outcome_unknown(job, failure) ? ACTION_UNKNOWN : ACTION_FAILED;
		outcome.error_code = error_info(failure->code)->http_status;
		outcome.error = failure->text;
		if (history && job->task.is_exclusive) {
			outcome.history_event = failure->text;
			outcome.history_type = history;
		}
	} else if (job->event) {
		outcome.history_event = job->event;
		outcome.history_type = job->operation->history;
	}
	if (!failure && job->result_type) {
		outcome.result = job->result.data ? job->result.data : "";
		outcome.result_len = job->result.len;
		outcome.result_type = job->result_type;
	}
	if (!provision_options.is_history_kept)
		outcome.history_event = NULL;
	await_acceptance(job);
	fiber_shield_begin();
	job->is_finishing = true;
	outcome.changes = take_changes(job);
	if (!job->is_fenced)
		finish(job, &outcome);
	fiber_shield_end();
	if (!job->is_fenced)
		conductor_metrics_ended(&job->action, outcome.state, job->started_ms);
	unlist(job);
	job_release(job);
	job->operation = NULL;
}

void task_fence(struct job *job)
{
	if (job->is_fenced)
		return;
	job->is_fenced = true;
	conductor_metrics_fenced();
	log_warning("action %s: the lock is lost; nothing more is sent", job->action.uuid);
	fiber_cancel(job->fiber);
}

void task_stop(struct job *job, const char *who)
{
	if (job->stop_asked[0] || job->is_finishing)
		return;
	snprintf(job->stop_asked, sizeof(job->stop_asked), "%s", who);
	fiber_cancel(job->fiber);
}

void task_leave(struct job *job)
{
	if (!job->stop_asked[0] && !job->is_finishing)
		job->is_leaving = (job->is_accepted || job->is_accepting) && job->task.is_repeatable;
	task_stop(job, "the conductor was told to stop");
}

void task_return(struct job *job)
{
	struct error err;

	await_acceptance(job);
	fiber_shield_begin();
	job->is_finishing = true;
	if (!job->is_fenced && action_requeue(job->conductor->db, &job->action, &err) < 0)
		log_error("action %s: it could not be handed over: %s", job->action.uuid, err.text);
	else if (!job->is_fenced)
		log_info("action %s is handed over", job->action.uuid);
	fiber_shield_end();
	unlist(job);
	job_release(job);
	job->operation = NULL;
}

int task_result_json(struct job *job, json_t *take_value, struct error *err)
{
	json_write(&job->result, take_value);
	json_decref(take_value);
	if (job->result.overflow)
		return fail(err, ERR_INTERNAL, "The result is larger than %zu bytes.", RESULT_MAX);
	job->result_type = "application/json";
	return 0;
}
