#pragma once
/*
 * task: an action in the making, as a job: the task that drivers see, the node, the action's row. task_open
 * and task_close are the only two that take and release locks. A job lives on its fiber's stack.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/action.h"
#include "drivers/task.h"
#include "lib/buf.h"
#include "model/node.h"

struct conductor;
struct operation;

/* Largest result of an action. */
#define RESULT_MAX ((size_t)1024 * 1024)

struct job {
	struct task task;
	struct node node; /* task.node points here, or is NULL at driver level */
	struct action action;
	struct conductor *conductor; /* borrowed */
	struct fiber *fiber;
	struct job *previous, *next; /* in conductor->jobs */

	struct fiber_labels labels;

	const struct operation *operation;
	json_t *args;  /* owned; an object */
	void *state;   /* of the operation, in the task's arena */
	bool is_async; /* answered on acceptance: set by begin */

	bool is_accepted;
	bool is_accepting;        /* task_accept_ahead is on its way */
	struct cond accept_ended; /* ... and no longer */
	bool is_fenced;           /* the lock or the lease is lost: nothing may be written any more */
	bool is_leaving;          /* cancelled because the conductor stops, and to be done by another */
	bool is_finishing;        /* the finish statement is on its way */
	bool was_missed;          /* the last renewal did not list it */
	int64_t started_ms;       /* when the reply to its start was here */
	int64_t confirmed_ms;     /* when the database was last asked and said that (id, token) runs */
	unsigned writes;          /* that passed the gate */
	char stop_asked[128];     /* who or what cancelled it; "": nobody */

	const char *event; /* for the history of the node although the action is done; NULL: none */
	struct buf result;
	const char *result_type; /* NULL: no result */
};

/* Takes the lock of the node and starts the head of its line; or starts a shared action by its id.
 * *ret_started false: nothing to do now. On success the job is listed, its node read and its arguments
 * parsed. An action that cannot be opened (node gone, arguments unreadable) is ended here, and reported as
 * started with job->operation NULL: then the job is closed already. */
SUSPENDS int task_open_exclusive(struct conductor *conductor, int64_t node_id, struct job *job,
				 bool *ret_started, struct error *err);
SUSPENDS int task_open_shared(struct conductor *conductor, int64_t action_id, struct job *job,
			      bool *ret_started, struct error *err);

/* Accepts: the promise, with the node's changes so far, in one commit that waits for the disk. Repeats while
 * the database is away, until the task's deadline. -ERR_FENCED. */
SUSPENDS int task_accept(struct job *job, struct error *err);
/* Begins to accept, and lets the caller read its BMC meanwhile. Whoever needs the acceptance calls
 * task_accept, which waits for it; what went wrong with it is tried again there. */
void task_accept_ahead(struct job *job);
/* Writes the node's changes so far. Same errors. */
SUSPENDS int task_save(struct job *job, struct error *err);

/* Ends the action with what failure says (NULL: done), writes the node's changes, releases the lock, and
 * frees the job. history: also a row of the node's history with the failure's text, under that event type;
 * NULL: none. */
SUSPENDS void task_close(struct job *job, const struct error *failure, const char *history);

/* Should a database call that gave rc be repeated, after a pause? Its connection was lost, and nothing else
 * speaks against it. */
SUSPENDS bool task_again(const struct job *job, int rc);

/* The lock is lost: cancels the fiber. */
void task_fence(struct job *job);
/* Cancels the fiber because of a request or a deadline; who: for last_error. */
void task_stop(struct job *job, const char *who);

/* The conductor stops: cancels the fiber. What is accepted and may be repeated is handed over by
 * task_return. */
void task_leave(struct job *job);
/* Instead of task_close: puts the action back in line for another conductor, releases the lock, frees the
 * job. */
SUSPENDS void task_return(struct job *job);

/* A JSON value as the job's result; the value is consumed. -ERR_INTERNAL when larger than RESULT_MAX. */
int task_result_json(struct job *job, json_t *take_value, struct error *err);
