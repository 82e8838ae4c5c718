/* lane: a queue of units, the connections that serve it, and when these are opened and opened again. */
#include "db/lane.h"

#include <assert.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

enum {
	DEPTH_MAX = 64, /* units in flight on one connection */
	DEPTH_BUSY = 4, /* when all have as many, another connection is opened */
	READS_MAX = 16, /* units that share one Sync */
	WRITES_MAX = 32,
	/* Groups of writes in flight. What comes meanwhile waits and goes together, so that the groups, and
	 * with them the writes that a commit serves, grow with the load. */
	WRITE_GROUPS_MAX = 2,
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 2000,
	QUEUE_WAIT_MS = 10000, /* longest wait for a connection */
	WATCH_MS = 250
};

struct queue {
	struct db_unit *first, *last;
	size_t count;
};

struct lane {
	struct lane_options options;
	struct queue queue;  /* not sent yet */
	struct queue writes; /* the same, until fewer groups of writes are in flight */
	struct conn *conns[LANE_CONNS_MAX];
	unsigned conn_count;
	struct deferred flush;
	struct loop_timer *retry; /* the next attempt to connect */
	struct loop_timer *watch; /* runs while units are in flight */
	bool is_watching;
	bool is_waiting; /* for retry */
	int64_t backoff_ms;
	char trouble[256];
};

/* ---- units ---- */

struct db_unit *unit_new(struct db_step *steps, size_t count, void (*done)(struct db_unit *unit), void *arg)
{
	struct db_unit *unit = xcalloc(1, sizeof(*unit) + count * sizeof(unit->slots[0]));

	unit->steps = steps;
	unit->count = count;
	unit->done = done;
	unit->arg = arg;
	unit->timeout_ms = STATEMENT_TIMEOUT_MS + 1000;
	for (size_t i = 0; i < count; i++)
		unit->slots[i].statement = steps[i].statement;
	return unit;
}

void unit_free(struct db_unit *unit)
{
	for (size_t i = 0; i < unit->count; i++)
		PQclear(unit->slots[i].result);
	xfree(unit);
}

static void queue_put(struct queue *queue, struct db_unit *unit)
{
	unit->next = NULL;
	if (queue->last != NULL)
		queue->last->next = unit;
	else
		queue->first = unit;
	queue->last = unit;
	queue->count++;
}

static void queue_put_first(struct queue *queue, struct db_unit *unit)
{
	unit->next = queue->first;
	queue->first = unit;
	if (queue->last == NULL)
		queue->last = unit;
	queue->count++;
}

static struct db_unit *queue_take(struct queue *queue)
{
	struct db_unit *unit = queue->first;

	queue->first = unit->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->count--;
	return unit;
}

static void queue_remove(struct queue *queue, struct db_unit *unit)
{
	struct db_unit *before = NULL;

	for (struct db_unit *at = queue->first; at != NULL; before = at, at = at->next) {
		if (at != unit)
			continue;
		if (before == NULL)
			queue->first = unit->next;
		else
			before->next = unit->next;
		if (queue->last == unit)
			queue->last = before;
		queue->count--;
		return;
	}
}

/* Puts all of `front` before the queue. */
static void queue_join(struct queue *front, struct queue *queue)
{
	if (front->first == NULL)
		return;
	front->last->next = queue->first;
	if (queue->last == NULL)
		queue->last = front->last;
	queue->first = front->first;
	queue->count += front->count;
	*front = (struct queue){ 0 };
}

static size_t lane_queued(const struct lane *lane)
{
	return lane->queue.count + lane->writes.count;
}

static void unit_refuse(struct db_unit *unit, const char *sentence)
{
	unit->rc = fail(unit->is_abandoned ? NULL : unit->err, ERR_DATABASE, "%s", sentence);
	unit->is_done = true;
	unit->done(unit);
}

static void queue_fail(struct lane *lane, const char *sentence)
{
	queue_join(&lane->writes, &lane->queue);
	while (lane->queue.first != NULL)
		unit_refuse(queue_take(&lane->queue), sentence);
}

/* ---- connections ---- */

bool lane_is_up(const struct lane *lane)
{
	for (unsigned i = 0; i < lane->conn_count; i++) {
		if (conn_state(lane->conns[i]) == CONN_UP)
			return true;
	}
	return false;
}

static bool is_opening(const struct lane *lane)
{
	for (unsigned i = 0; i < lane->conn_count; i++) {
		if (conn_state(lane->conns[i]) == CONN_OPENING)
			return true;
	}
	return false;
}

const char *lane_trouble(const struct lane *lane)
{
	return lane->trouble;
}

bool lane_is_idle(const struct lane *lane)
{
	for (unsigned i = 0; i < lane->conn_count; i++) {
		if (conn_depth(lane->conns[i]) > 0)
			return false;
	}
	return lane_queued(lane) == 0;
}

void lane_load(const struct lane *lane, struct lane_load *ret)
{
	*ret = (struct lane_load){ .connections_max = lane->options.size, .queued = lane_queued(lane) };
	for (unsigned i = 0; i < lane->conn_count; i++) {
		ret->connections += conn_state(lane->conns[i]) == CONN_UP;
		ret->in_flight += conn_depth(lane->conns[i]);
	}
}

static void conn_came_up(struct conn *conn, void *arg)
{
	struct lane *lane = arg;

	(void)conn;
	if (lane->trouble[0] != '\0')
		log_info("The database answers again");
	lane->trouble[0] = '\0';
	lane->backoff_ms = 0;
	loop_defer(&lane->flush);
	if (lane->options.up != NULL)
		lane->options.up(lane->options.arg);
}

static void retry_later(struct lane *lane)
{
	lane->backoff_ms = lane->backoff_ms == 0 ? BACKOFF_FIRST_MS : lane->backoff_ms * 2;
	if (lane->backoff_ms > BACKOFF_MAX_MS)
		lane->backoff_ms = BACKOFF_MAX_MS;
	lane->is_waiting = true;
	loop_timer_set(lane->retry, lane->backoff_ms);
}

static void conn_went_down(struct conn *conn, bool was_up, const char *sentence, void *arg)
{
	struct lane *lane = arg;

	(void)conn;
	if (lane->trouble[0] == '\0')
		log_warning("A connection to the database %s: %s", was_up ? "was lost" : "failed", sentence);
	snprintf(lane->trouble, sizeof(lane->trouble), "%s", sentence);
	retry_later(lane);
	if (!was_up && !lane_is_up(lane))
		queue_fail(lane, "The database does not answer");
}

static void conn_has_room(struct conn *conn, void *arg)
{
	struct lane *lane = arg;

	(void)conn;
	if (lane_queued(lane) > 0)
		loop_defer(&lane->flush);
}

static void unit_again(struct db_unit *unit, void *arg)
{
	struct lane *lane = arg;

	queue_put_first(&lane->queue, unit);
	loop_defer(&lane->flush);
}

static void conn_notified(const char *channel, const char *payload, void *arg)
{
	struct lane *lane = arg;

	if (lane->options.notified != NULL)
		lane->options.notified(channel, payload, lane->options.arg);
}

static const struct conn_hooks hooks = {
	.up = conn_came_up,
	.down = conn_went_down,
	.drained = conn_has_room,
	.again = unit_again,
	.notified = conn_notified,
};

/* Opens one connection more, one at a time, unless a failure is too fresh. */
static void grow(struct lane *lane)
{
	if (is_opening(lane) || lane->is_waiting)
		return;
	for (unsigned i = 0; i < lane->conn_count; i++) {
		if (conn_state(lane->conns[i]) == CONN_DOWN) {
			conn_open(lane->conns[i]);
			return;
		}
	}
	if (lane->conn_count == lane->options.size)
		return;
	struct conn *conn = conn_new(lane->options.connection, lane->options.application_name,
				     lane->options.is_unprepared, &hooks, lane);
	lane->conns[lane->conn_count++] = conn;
	conn_open(conn);
}

static void retry_now(void *arg)
{
	struct lane *lane = arg;

	lane->is_waiting = false;
	if (!lane_is_up(lane) || lane_queued(lane) > 0)
		grow(lane);
}

void lane_open(struct lane *lane)
{
	if (!lane_is_up(lane))
		grow(lane);
}

/* ---- sending ---- */

static struct conn *least_busy(const struct lane *lane)
{
	struct conn *best = NULL;

	for (unsigned i = 0; i < lane->conn_count; i++) {
		struct conn *conn = lane->conns[i];
		if (conn_state(conn) == CONN_UP && conn_depth(conn) < DEPTH_MAX &&
		    (best == NULL || conn_depth(conn) < conn_depth(best)))
			best = conn;
	}
	return best;
}

/* Sends the next unit and, when it is a grouped one, those behind it that are too, under one Sync. */
static void send_group(struct lane *lane, struct conn *conn)
{
	for (unsigned sent = 1;; sent++) {
		struct db_unit *unit = queue_take(&lane->queue);
		bool is_last = unit->group == GROUP_NONE ||
			       sent == (unit->group == GROUP_WRITES ? WRITES_MAX : READS_MAX) ||
			       lane->queue.first == NULL || lane->queue.first->group != unit->group;
		conn_send(conn, unit, is_last);
		if (is_last)
			return;
	}
}

static bool may_send_writes(const struct lane *lane)
{
	unsigned count = 0;

	for (unsigned i = 0; i < lane->conn_count; i++)
		count += conn_write_groups(lane->conns[i]);
	return count < WRITE_GROUPS_MAX;
}

static void send_queue(struct lane *lane)
{
	struct conn *conn = least_busy(lane);

	if (may_send_writes(lane))
		queue_join(&lane->writes, &lane->queue);
	while (lane->queue.first != NULL && conn != NULL) {
		if (lane->queue.first->group == GROUP_WRITES && !may_send_writes(lane)) {
			queue_put(&lane->writes, queue_take(&lane->queue));
			continue;
		}
		send_group(lane, conn);
		conn = least_busy(lane);
	}
}

static void watch_now(void *arg)
{
	struct lane *lane = arg;
	int64_t now_ms = clock_ms();

	for (unsigned i = 0; i < lane->conn_count; i++)
		conn_check_deadline(lane->conns[i], now_ms);
	lane->is_watching = !lane_is_idle(lane);
	if (lane->is_watching)
		loop_timer_set(lane->watch, WATCH_MS);
}

static void watch_start(struct lane *lane)
{
	if (lane->is_watching)
		return;
	lane->is_watching = true;
	loop_timer_set(lane->watch, WATCH_MS);
}

static void lane_flush(struct deferred *self)
{
	struct lane *lane = (struct lane *)((char *)self - offsetof(struct lane, flush));
	struct conn *conn;

	send_queue(lane);
	for (unsigned i = 0; i < lane->conn_count; i++)
		conn_flush(lane->conns[i]);
	conn = least_busy(lane);
	if (conn == NULL || conn_depth(conn) >= DEPTH_BUSY)
		grow(lane);
	if (!lane_is_idle(lane))
		watch_start(lane);
}

void lane_submit(struct lane *lane, struct db_unit *unit)
{
	if (lane_queued(lane) >= LANE_QUEUE_MAX) {
		unit_refuse(unit, "Too many statements wait for the database");
		return;
	}
	queue_put(&lane->queue, unit);
	loop_defer(&lane->flush);
}

/* ---- waiting ---- */

static void wake(struct db_unit *unit)
{
	cond_signal(&unit->cond);
}

/* The fiber leaves. What was sent runs on, and its answer is dropped. */
static void unit_abandon(struct lane *lane, struct db_unit *unit)
{
	if (unit->is_sent) {
		unit->is_abandoned = true;
		unit->done = unit_free;
		return;
	}
	queue_remove(&lane->queue, unit);
	queue_remove(&lane->writes, unit);
	unit_free(unit);
}

static int unit_collect(struct db_unit *unit, struct db_step *steps)
{
	int rc = unit->rc;

	for (size_t i = 0; i < unit->count && rc == 0; i++) {
		steps[i].rows = (struct db_rows *)unit->slots[i].result;
		unit->slots[i].result = NULL;
	}
	unit_free(unit);
	return rc;
}

/* Only single statements share a transaction. */
static enum unit_group group_of(const struct db_step *steps, size_t count)
{
	const struct db_statement *statement = steps[0].statement;

	if (count > 1)
		return GROUP_NONE;
	return statement->is_together ? GROUP_WRITES : statement->is_grouped ? GROUP_READS : GROUP_NONE;
}

int lane_exec(struct lane *lane, struct db_step *steps, size_t count, int64_t timeout_ms, struct error *err)
{
	struct db_unit *unit = unit_new(steps, count, wake, NULL);
	int64_t deadline_ms = clock_ms() + QUEUE_WAIT_MS;

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		steps[i].rows = NULL;
	unit->err = err;
	unit->group = group_of(steps, count);
	if (timeout_ms > 0)
		unit->timeout_ms = timeout_ms;
	lane_submit(lane, unit);
	while (!unit->is_done) {
		/* Once it is sent, the connection's own deadline ends the wait. */
		int rc = cond_wait(&unit->cond, unit->is_sent ? DEADLINE_NEVER : deadline_ms);
		if (unit->is_done)
			break;
		if (rc == -ERR_CANCELLED) {
			unit_abandon(lane, unit);
			return fail(err, ERR_CANCELLED, "The work was cancelled");
		}
		if (rc == -ERR_TIMEOUT && !unit->is_sent) {
			unit_abandon(lane, unit);
			return fail(err, ERR_DATABASE, "The database is too busy");
		}
	}
	return unit_collect(unit, steps);
}

/* ---- life ---- */

struct lane *lane_new(const struct lane_options *options)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));

	assert(options->size >= 1 && options->size <= LANE_CONNS_MAX);
	lane->options = *options;
	lane->flush.fn = lane_flush;
	lane->retry = loop_timer_new(retry_now, lane);
	lane->watch = loop_timer_new(watch_now, lane);
	return lane;
}

void lane_free(struct lane *lane)
{
	loop_defer_cancel(&lane->flush);
	for (unsigned i = 0; i < lane->conn_count; i++)
		conn_free(lane->conns[i]);
	queue_fail(lane, "The connection to the database was closed");
	loop_defer_cancel(&lane->flush);
	loop_timer_free(lane->retry);
	loop_timer_free(lane->watch);
	xfree(lane);
}
