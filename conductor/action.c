/* action: see action.h. Source: docs/locks.rst, section 3; docs/actions.rst. */
#include "conductor/action.h"

#include "conductor/conductor.h"
#include "conductor/operation.h"
#include "conductor/task.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define POLL_MS      1000
#define POLL_DEAF_MS 200 /* without LISTEN */
#define POLL_ROWS    512
/* Hints kept in memory; past it they are dropped, and the poll finds the rows. */
#define READY_MAX 8192

/* Something to start: a node's line, or a shared action. In conductor->lines or ->shared until nothing is
 * left. */
struct ready {
	struct conductor *conductor;
	int64_t id; /* of the node, or of the shared action */
	bool is_shared;
	bool is_busy;     /* a fiber works on it */
	bool is_listed;   /* waits for a slot, or starves */
	unsigned waiting; /* rows believed to wait */
	unsigned polled;  /* of these, counted in poll_round */
	uint64_t poll_round;
	struct ready *next; /* while listed or starved */
};

/* A shared action that could not start may be one too many beside four on its node: the end of others lets it
 * try again. Each end wakes so many. */
#define STARVED_WAKE 2

static struct map *map_of(const struct ready *ready)
{
	return ready->is_shared ? &ready->conductor->shared : &ready->conductor->lines;
}

static void append(struct ready_list *list, struct ready *ready)
{
	ready->is_listed = true;
	ready->next = NULL;
	if (list->first)
		list->last->next = ready;
	else
		list->first = ready;
	list->last = ready;
}

static struct ready *pop(struct ready_list *list)
{
	struct ready *ready = list->first;

	list->first = ready->next;
	ready->is_listed = false;
	return ready;
}

static void push(struct ready *ready)
{
	if (!ready->is_listed && !ready->is_busy)
		append(&ready->conductor->ready, ready);
}

/* NULL when there is no room for another hint. */
static struct ready *hint(struct conductor *conductor, int64_t id, bool is_shared)
{
	struct map *map = is_shared ? &conductor->shared : &conductor->lines;
	struct ready *ready = map_get(map, id);

	if (ready || map->count >= READY_MAX)
		return ready;
	ready = xcalloc(1, sizeof(*ready));
	ready->conductor = conductor;
	ready->id = id;
	ready->is_shared = is_shared;
	map_put(map, id, ready);
	return ready;
}

static void forget(struct ready *ready)
{
	map_take(map_of(ready), ready->id);
	xfree(ready);
}

/* ---- starting ---- */

/* Opens and runs one action; true when there was one. */
static bool run_one(struct ready *ready)
{
	struct job job;
	struct error err;
	bool is_started = false;
	int rc;

	if (ready->is_shared)
		rc = task_open_shared(ready->conductor, ready->id, &job, &is_started, &err);
	else
		rc = task_open_exclusive(ready->conductor, ready->id, &job, &is_started, &err);
	if (rc < 0 && rc != -ERR_DATABASE && rc != -ERR_CANCELLED)
		log_error("an action could not be started: %s", err.text);
	if (rc < 0 || !is_started)
		return false;
	if (ready->waiting > 0)
		ready->waiting--;
	if (job.operation)
		operation_run(&job);
	return true;
}

static bool may_start(const struct conductor *conductor)
{
	return !conductor->is_draining && clock_ms() < conductor->trusted_until_ms;
}

static void feed_starved(struct conductor *conductor)
{
	for (int i = 0; i < STARVED_WAKE && conductor->starved.first; i++) {
		struct ready *ready = pop(&conductor->starved);

		ready->waiting = 1;
		push(ready);
	}
}

/* Runs a line until nothing is believed to wait. A row that arrives during a start that finds nothing raises
 * `waiting` again. A cancelled fiber cannot wait any more, so the rest of its line gets another. */
static void run_ready(void *arg)
{
	struct ready *ready = arg;
	struct conductor *conductor = ready->conductor;
	bool is_left = false, has_run = false;

	while (ready->waiting > 0 && may_start(conductor)) {
		unsigned believed = ready->waiting;

		if (fiber_is_cancelled(fiber_self())) {
			is_left = true;
			break;
		}
		if (run_one(ready))
			has_run = true;
		else
			ready->waiting -= ready->waiting < believed ? ready->waiting : believed;
	}
	ready->is_busy = false;
	conductor->free_slots++;
	cond_broadcast(&conductor->job_ended);
	if (is_left && ready->waiting > 0)
		push(ready);
	else if (ready->is_shared && !has_run && may_start(conductor))
		append(&conductor->starved, ready);
	else
		forget(ready);
	if (has_run)
		feed_starved(conductor);
	action_pump(conductor);
}

void action_pump(struct conductor *conductor)
{
	while (conductor->ready.first && conductor->free_slots + conductor->lent_slots > 0 &&
	       may_start(conductor)) {
		struct ready *ready = pop(&conductor->ready);

		ready->is_busy = true;
		conductor->free_slots--;
		fiber_spawn("action", run_ready, ready);
	}
}

/* ---- hearing of work ---- */

static void wake(struct conductor *conductor, int64_t id, bool is_shared)
{
	struct ready *ready = id > 0 ? hint(conductor, id, is_shared) : NULL;

	if (!ready || (is_shared && ready->waiting > 0))
		return;
	ready->waiting++;
	push(ready);
}

void action_wake_node(struct conductor *conductor, int64_t node_id)
{
	wake(conductor, node_id, false);
	action_pump(conductor);
}

static void on_notify(const char *payload, void *arg)
{
	struct conductor *conductor = arg;
	struct action_news news;

	if (!payload)
		cond_signal(&conductor->poll_asked); /* notifications may have been missed */
	while (action_news_next(&payload, &news)) {
		if (news.what == 'x' || news.what == 's')
			wake(conductor, news.id, news.what == 's');
	}
	action_pump(conductor);
}

/* A polled row: as many wait in a line as this round has counted, at least. */
static void note_polled(struct conductor *conductor, const struct action_ref *ref)
{
	bool is_shared = !ref->is_exclusive;
	struct ready *ready = hint(conductor, is_shared ? ref->id : ref->node_id, is_shared);

	if (!ready)
		return;
	if (ready->poll_round != conductor->poll_round)
		ready->polled = 0;
	ready->poll_round = conductor->poll_round;
	ready->polled++;
	if (ready->waiting < ready->polled)
		ready->waiting = ready->polled;
	push(ready);
}

static void poll_once(struct conductor *conductor, struct action_ref *refs)
{
	struct error err;
	size_t count;

	if (action_poll(conductor->db, conductor->hostname, (const char *const *)conductor->pools,
			conductor->driver_count, POLL_ROWS, refs, &count, &err) < 0)
		return; /* the database is away; the lease says so in the log */
	while (conductor->starved.first)
		forget(pop(&conductor->starved)); /* those that still wait are in the answer */
	conductor->poll_round++;
	for (size_t i = 0; i < count; i++)
		note_polled(conductor, &refs[i]);
	action_pump(conductor);
}

static void poll_loop(struct conductor *conductor)
{
	struct action_ref *refs = xcalloc(POLL_ROWS, sizeof(*refs));
	int64_t interval_ms = db_config()->is_listen_off ? POLL_DEAF_MS : POLL_MS;

	while (!conductor->is_stopping) {
		if (may_start(conductor))
			poll_once(conductor, refs);
		if (!conductor->is_stopping)
			cond_wait(&conductor->poll_asked, clock_ms() + interval_ms);
	}
	xfree(refs);
}

void action_start(struct conductor *conductor)
{
	char channel[ACTION_CHANNEL_MAX];

	action_channel(conductor->hostname, channel);
	db_listen(conductor->db, channel, on_notify, conductor);
	conductor_spawn(conductor, "poll", poll_loop);
}

void action_release_all(struct conductor *conductor)
{
	while (conductor->ready.first)
		forget(pop(&conductor->ready));
	while (conductor->starved.first)
		forget(pop(&conductor->starved));
	map_release(&conductor->lines);
	map_release(&conductor->shared);
}
