#pragma once
/*
 * lane: connections that share one queue of units. The pool is a lane of several, a session and the
 * listener are lanes of one. Units wait in the queue until a connection is up, go to the one with the
 * fewest in flight, and are flushed once a tick. A lane keeps one connection alive once it was used,
 * and opens more only when all are busy.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/conn.h"

enum { LANE_CONNS_MAX = 16, LANE_QUEUE_MAX = 20000 };

struct lane;
struct lane_options {
	const char *connection, *application_name; /* borrowed, longer lived than the lane */
	bool is_unprepared;
	unsigned size;         /* connections, 1 .. LANE_CONNS_MAX */
	void (*up)(void *arg); /* a connection came up; may be NULL */
	void (*notified)(const char *channel, const char *payload, void *arg); /* may be NULL */
	void *arg;
};

struct lane *lane_new(const struct lane_options *options);
void lane_free(struct lane *lane); /* units not done end with -ERR_DATABASE; the lane's texts may go after */
/* Opens the first connection without waiting for work. */
void lane_open(struct lane *lane);
bool lane_is_up(const struct lane *lane);
bool lane_is_idle(const struct lane *lane); /* nothing queued or in flight */
/* How busy it is. */
struct lane_load {
	unsigned connections, connections_max;
	size_t queued, in_flight; /* units */
};
void lane_load(const struct lane *lane, struct lane_load *ret);
/* The sentence of the last failure to connect; "" when none. */
const char *lane_trouble(const struct lane *lane);

/* A unit for these steps; is_done and results are filled when `done` is called. */
struct db_unit *unit_new(struct db_step *steps, size_t count, void (*done)(struct db_unit *unit), void *arg);
void unit_free(struct db_unit *unit); /* and its results */
void lane_submit(struct lane *lane, struct db_unit *unit);

/* Submits and waits: db_exec_all for any lane. timeout_ms 0: statement_timeout and 1 s.
 * -ERR_UNKNOWN_OUTCOME when it was sent and the connection broke; -ERR_DATABASE: nothing was done. */
SUSPENDS int lane_exec(struct lane *lane, struct db_step *steps, size_t count, int64_t timeout_ms,
		       struct error *err);
