/*
 * conn: the state machine of one connection: down, opening (resolve in a fiber, PQconnectPoll in
 * callbacks), up. In pipeline mode libpq gives, in order, each statement's result followed by NULL, and
 * PGRES_PIPELINE_SYNC for each Sync; an error skips everything up to the next Sync.
 * Source: PostgreSQL documentation, section 34.5, Pipeline Mode.
 */
#include "db/conn.h"

#include <assert.h>
#include <string.h>

#include "db/address.h"
#include "db/prepared.h"
#include "db/sqlstate.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

struct conn {
	enum conn_state state;
	const char *connection, *application_name; /* borrowed from the db */
	bool is_unprepared;
	bool is_broken;    /* libpq refused a statement: conn_flush closes */
	bool is_resolving; /* the fiber of conn_open is alive */
	bool is_freed;     /* ... and frees this when it ends */
	const struct conn_hooks *hooks;
	void *arg;
	PGconn *pg;
	struct fd_watch *watch;
	struct loop_timer *timer;     /* CONNECT_TIMEOUT_MS */
	struct db_unit *first, *last; /* in flight */
	struct db_unit *held;         /* of the group at the head: done, not yet committed; last first */
	unsigned depth;
	unsigned write_groups; /* of depth */
	int64_t head_since_ms; /* since when the first unit is the first */
	struct prepared prepared;
};

/* Plans: arrays of a batch and tables that were never analysed make PostgreSQL prefer whole-table scans,
 * whose plan then stays; the index is right for every statement here. A disabled scan that is used after all
 * costs so much on paper that jit would compile for it. */
static const struct db_statement settings_statement = {
	.sql = "SELECT set_config('statement_timeout', '5s', false),"
	       " set_config('idle_in_transaction_session_timeout', '5s', false),"
	       " set_config('plan_cache_mode', 'force_generic_plan', false),"
	       " set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),"
	       " set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),"
	       " set_config('jit', 'off', false), set_config('bytea_output', 'hex', false),"
	       " set_config('DateStyle', 'ISO', false), set_config('TimeZone', 'UTC', false)",
};

/* ---- ending units ---- */

static void unit_end(struct db_unit *unit, int rc)
{
	unit->rc = rc;
	unit->is_done = true;
	unit->done(unit);
}

static int unit_fail(struct db_unit *unit, enum errcode code, const char *sentence)
{
	return fail(unit->is_abandoned ? NULL : unit->err, code, "%s", sentence);
}

static void unit_reset(struct db_unit *unit)
{
	for (size_t i = 0; i < unit->count; i++) {
		PQclear(unit->slots[i].result);
		unit->slots[i].result = NULL;
		unit->slots[i].is_preparing = unit->slots[i].is_prepared = false;
	}
	unit->is_sent = false;
}

static bool is_failure(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

/* The result that failed the unit; an aborted one only tells that something before it failed. */
static const PGresult *unit_failure(const struct db_unit *unit)
{
	const PGresult *aborted = NULL;

	for (size_t i = 0; i < unit->count; i++) {
		const PGresult *result = unit->slots[i].result;
		if (result == NULL || !is_failure(result))
			continue;
		if (PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
			return result;
		aborted = result;
	}
	return aborted;
}

/* A PREPARE that did not come to pass, or that the server has forgotten, must be sent again. */
static void forget_unprepared(struct conn *conn, const struct db_unit *unit, const PGresult *failure)
{
	bool is_forgotten = sqlstate_is_unprepared(failure);

	for (size_t i = 0; i < unit->count; i++) {
		const struct db_slot *slot = &unit->slots[i];
		if ((slot->is_preparing && !slot->is_prepared) || (is_forgotten && !slot->is_preparing))
			prepared_remove(&conn->prepared, slot->statement);
	}
}

static void unit_again(struct conn *conn, struct db_unit *unit)
{
	unit_reset(unit);
	unit->group = GROUP_NONE; /* not to be dragged along again */
	conn->hooks->again(unit, conn->arg);
}

/* All answers of the unit have come. True when the connection is of no more use. */
static bool unit_finish(struct conn *conn, struct db_unit *unit)
{
	const PGresult *failure = unit_failure(unit);

	if (failure == NULL) {
		unit_end(unit, 0);
		return false;
	}
	forget_unprepared(conn, unit, failure);
	bool is_innocent = PQresultStatus(failure) == PGRES_PIPELINE_ABORTED ||
			   sqlstate_is_unprepared(failure) ||
			   (unit->group == GROUP_WRITES && sqlstate_is_deadlock(failure));
	if (is_innocent && !unit->is_abandoned && unit->tries < 3) {
		unit_again(conn, unit);
		return false;
	}
	bool is_lost = sqlstate_is_lost(failure);
	int rc = sqlstate_fail(failure, unit->is_abandoned ? NULL : unit->err);
	/* A server that goes down may say so after the commit. */
	unit_end(unit, is_lost ? -ERR_UNKNOWN_OUTCOME : rc);
	return is_lost;
}

/* The Sync behind a group has come; last is its last unit. One failure has undone them all: those that had
 * none run again, each alone. */
static bool group_finish(struct conn *conn, struct db_unit *last)
{
	bool is_undone = unit_failure(last) != NULL, is_lost = false;
	struct db_unit *units = conn->held;

	for (const struct db_unit *unit = units; unit != NULL; unit = unit->next)
		is_undone = is_undone || unit_failure(unit) != NULL;
	conn->held = NULL;
	conn->write_groups--;
	last->next = units;
	for (struct db_unit *unit = last, *next; unit != NULL; unit = next) {
		next = unit->next;
		if (is_undone && unit_failure(unit) == NULL && !unit->is_abandoned)
			unit_again(conn, unit);
		else
			is_lost = unit_finish(conn, unit) || is_lost;
	}
	return is_lost;
}

/* ---- losing the connection ---- */

static void conn_close(struct conn *conn)
{
	fd_watch_free(conn->watch);
	conn->watch = NULL;
	loop_timer_set(conn->timer, -1);
	PQfinish(conn->pg);
	conn->pg = NULL;
	prepared_clear(&conn->prepared);
	conn->is_broken = false;
	conn->state = CONN_DOWN;
}

static void fail_units(struct db_unit *unit, const char *sentence)
{
	while (unit != NULL) {
		struct db_unit *next = unit->next;
		unit_reset(unit);
		unit_end(unit, unit_fail(unit, ERR_UNKNOWN_OUTCOME, sentence));
		unit = next;
	}
}

static void conn_fail_units(struct conn *conn, const char *sentence)
{
	struct db_unit *held = conn->held, *unit = conn->first;

	conn->first = conn->last = conn->held = NULL;
	conn->depth = conn->write_groups = 0;
	fail_units(held, sentence);
	fail_units(unit, sentence);
}

static void conn_lost(struct conn *conn, const char *sentence)
{
	bool was_up = conn->state == CONN_UP;

	conn_close(conn);
	conn_fail_units(conn, "The connection to the database was lost");
	conn->hooks->down(conn, was_up, sentence, conn->arg);
}

static void conn_lost_by_libpq(struct conn *conn)
{
	char sentence[256];

	sqlstate_connection_sentence(conn->pg, sentence, sizeof(sentence));
	conn_lost(conn, sentence);
}

/* ---- sending ---- */

/* Sent under its name, and so prepared before. */
static bool is_named(const struct conn *conn, const struct db_statement *statement)
{
	return !conn->is_unprepared && statement->name != NULL &&
	       (prepared_has_room(&conn->prepared) || prepared_has(&conn->prepared, statement));
}

static int send_prepares(struct conn *conn, struct db_unit *unit)
{
	for (size_t i = 0; i < unit->count; i++) {
		struct db_slot *slot = &unit->slots[i];
		const struct db_statement *statement = slot->statement;
		if (!is_named(conn, statement) || prepared_has(&conn->prepared, statement))
			continue;
		if (!PQsendPrepare(conn->pg, statement->name, statement->sql, statement->param_count, NULL))
			return -1;
		prepared_add(&conn->prepared, statement);
		slot->is_preparing = true;
		unit->prepares_left++;
	}
	return 0;
}

static int send_steps(struct conn *conn, struct db_unit *unit)
{
	for (size_t i = 0; i < unit->count; i++) {
		const struct db_statement *statement = unit->slots[i].statement;
		const char *const *values = unit->steps[i].values;
		int ok = is_named(conn, statement)
				 ? PQsendQueryPrepared(conn->pg, statement->name, statement->param_count,
						       values, NULL, NULL, 0)
				 : PQsendQueryParams(conn->pg, statement->sql, statement->param_count, NULL,
						     values, NULL, NULL, 0);
		if (!ok)
			return -1;
	}
	return 0;
}

static int send_sync(struct conn *conn)
{
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
	return PQsendPipelineSync(conn->pg) ? 0 : -1;
#else
	return PQpipelineSync(conn->pg) ? 0 : -1;
#endif
}

void conn_send(struct conn *conn, struct db_unit *unit, bool is_sync)
{
	assert(conn->state == CONN_UP);
	unit->next = NULL;
	unit->is_sent = true;
	unit->is_sync = is_sync;
	unit->position = unit->prepares_left = 0;
	unit->tries++;
	if (conn->last != NULL)
		conn->last->next = unit;
	else
		conn->first = unit;
	if (conn->first == unit)
		conn->head_since_ms = clock_ms();
	conn->last = unit;
	conn->depth++;
	conn->write_groups += unit->group == GROUP_WRITES && is_sync;
	if (send_prepares(conn, unit) < 0 || send_steps(conn, unit) < 0 || (is_sync && send_sync(conn) < 0))
		conn->is_broken = true;
}

void conn_flush(struct conn *conn)
{
	if (conn->state != CONN_UP)
		return;
	int rc = conn->is_broken ? -1 : PQflush(conn->pg);
	if (rc < 0)
		conn_lost_by_libpq(conn);
	else
		fd_watch_set(conn->watch, rc > 0 ? FD_READ | FD_WRITE : FD_READ);
}

/* ---- answers ---- */

static void take_prepared(struct db_unit *unit, PGresult *result)
{
	struct db_slot *slot = unit->slots;

	while (!slot->is_preparing || slot->is_prepared || slot->result != NULL)
		slot++;
	unit->prepares_left--;
	if (is_failure(result)) {
		slot->result = result;
	} else {
		slot->is_prepared = true;
		PQclear(result);
	}
}

static void take_answer(struct db_unit *unit, PGresult *result)
{
	/* Past the last statement only a COMMIT that failed can speak. */
	struct db_slot *slot = &unit->slots[unit->position < unit->count ? unit->position : unit->count - 1];

	if (unit->position < unit->count)
		unit->position++;
	if (slot->result != NULL && is_failure(slot->result)) {
		PQclear(result); /* the PREPARE's error says more than "aborted" */
		return;
	}
	PQclear(slot->result);
	slot->result = result;
}

/* Stores one result. True when it completes the unit at the head. */
static bool take_result(struct db_unit *unit, PGresult *result)
{
	if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
		PQclear(result);
		return true;
	}
	if (unit->prepares_left > 0)
		take_prepared(unit, result);
	else
		take_answer(unit, result);
	return unit->position == unit->count && !unit->is_sync;
}

static struct db_unit *pop_unit(struct conn *conn)
{
	struct db_unit *unit = conn->first;

	conn->first = unit->next;
	if (conn->first == NULL)
		conn->last = NULL;
	conn->depth--;
	conn->head_since_ms = clock_ms();
	return unit;
}

/* True when the connection is of no more use. */
static bool complete(struct conn *conn, struct db_unit *unit)
{
	if (unit->group != GROUP_WRITES)
		return unit_finish(conn, unit);
	if (unit->is_sync)
		return group_finish(conn, unit);
	unit->next = conn->held;
	conn->held = unit;
	return false;
}

/* Takes all results that are here. True when the connection must be closed. */
static bool drain_results(struct conn *conn)
{
	bool is_lost = false;
	unsigned nulls = 0;

	while (conn->first != NULL && nulls < 3 && !PQisBusy(conn->pg)) {
		PGresult *result = PQgetResult(conn->pg);
		if (result == NULL) {
			nulls++;
			continue;
		}
		nulls = 0;
		if (PQstatus(conn->pg) == CONNECTION_BAD &&
		    PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL) {
			PQclear(result);
			return true;
		}
		if (take_result(conn->first, result))
			is_lost = complete(conn, pop_unit(conn)) || is_lost;
	}
	return is_lost || PQstatus(conn->pg) == CONNECTION_BAD;
}

static void drain_notifies(struct conn *conn)
{
	PGnotify *notify;

	while ((notify = PQnotifies(conn->pg)) != NULL) {
		if (conn->hooks->notified != NULL)
			conn->hooks->notified(notify->relname, notify->extra, conn->arg);
		PQfreemem(notify);
	}
}

static void conn_ready_up(struct conn *conn, int events)
{
	bool is_lost = (events & FD_READ) && !PQconsumeInput(conn->pg);

	is_lost = drain_results(conn) || is_lost;
	drain_notifies(conn);
	if (is_lost)
		conn_lost_by_libpq(conn);
	else if (events & FD_WRITE)
		conn_flush(conn);
	if (conn->state == CONN_UP)
		conn->hooks->drained(conn, conn->arg);
}

/* ---- connecting ---- */

static void settings_done(struct db_unit *unit)
{
	unit_reset(unit);
	xfree(unit);
}

static void send_settings(struct conn *conn)
{
	static struct db_step step = { .statement = &settings_statement };
	struct db_unit *unit = xcalloc(1, sizeof(*unit) + sizeof(unit->slots[0]));

	unit->steps = &step;
	unit->count = 1;
	unit->timeout_ms = STATEMENT_TIMEOUT_MS + 1000;
	unit->is_abandoned = true;
	unit->done = settings_done;
	unit->slots[0].statement = &settings_statement;
	conn_send(conn, unit, true);
}

static void ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static void conn_is_up(struct conn *conn)
{
	loop_timer_set(conn->timer, -1);
	conn->state = CONN_UP;
	PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
	if (PQsetnonblocking(conn->pg, 1) < 0 || !PQenterPipelineMode(conn->pg)) {
		conn_lost_by_libpq(conn);
		return;
	}
	/* A proxy hands server connections to anyone: what is set on one leaks. There, the role is set up. */
	if (!conn->is_unprepared)
		send_settings(conn);
	conn->hooks->up(conn, conn->arg);
	conn_flush(conn);
}

static void conn_ready(int events, void *arg);

/* libpq may change sockets from one call to the next, so the watch is made anew around each. */
static void conn_poll(struct conn *conn)
{
	fd_watch_free(conn->watch);
	conn->watch = NULL;
	PostgresPollingStatusType status = PQconnectPoll(conn->pg);
	if (status == PGRES_POLLING_FAILED) {
		conn_lost_by_libpq(conn);
		return;
	}
	conn->watch = fd_watch_new(PQsocket(conn->pg), conn_ready, conn);
	fd_watch_set(conn->watch, status == PGRES_POLLING_WRITING ? FD_WRITE : FD_READ);
	if (status == PGRES_POLLING_OK)
		conn_is_up(conn);
}

static void conn_ready(int events, void *arg)
{
	struct conn *conn = arg;

	if (conn->state == CONN_OPENING)
		conn_poll(conn);
	else if (conn->state == CONN_UP)
		conn_ready_up(conn, events);
}

static void conn_start(struct conn *conn, const struct db_address *address)
{
	conn->pg = PQconnectStartParams((const char *const *)address->keywords,
					(const char *const *)address->values, 0);
	if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD) {
		conn_lost_by_libpq(conn);
		return;
	}
	loop_timer_set(conn->timer, CONNECT_TIMEOUT_MS);
	conn->watch = fd_watch_new(PQsocket(conn->pg), conn_ready, conn);
	fd_watch_set(conn->watch, FD_WRITE);
}

SUSPENDS static void conn_opener(void *arg)
{
	struct conn *conn = arg;
	struct db_address address;
	struct error err;
	/* Freed before this fiber ran: the owner's texts are gone too. */
	int rc = conn->is_freed ? -ERR_CANCELLED
				: db_address_init(&address, conn->connection, conn->application_name, &err);

	conn->is_resolving = false;
	if (conn->is_freed)
		conn_free(conn);
	else if (rc < 0)
		conn_lost(conn, err.text);
	else
		conn_start(conn, &address);
	if (rc == 0)
		db_address_release(&address);
}

static void conn_timed_out(void *arg)
{
	struct conn *conn = arg;

	if (conn->state == CONN_OPENING)
		conn_lost(conn, "timed out");
}

void conn_open(struct conn *conn)
{
	assert(conn->state == CONN_DOWN);
	conn->state = CONN_OPENING;
	conn->is_resolving = true;
	fiber_spawn("db connect", conn_opener, conn);
}

void conn_check_deadline(struct conn *conn, int64_t now_ms)
{
	if (conn->state == CONN_UP && conn->first != NULL &&
	    now_ms - conn->head_since_ms > conn->first->timeout_ms)
		conn_lost(conn, "a statement was not answered in time");
}

enum conn_state conn_state(const struct conn *conn)
{
	return conn->state;
}

unsigned conn_depth(const struct conn *conn)
{
	return conn->depth;
}

unsigned conn_write_groups(const struct conn *conn)
{
	return conn->write_groups;
}

struct conn *conn_new(const char *connection, const char *application_name, bool is_unprepared,
		      const struct conn_hooks *hooks, void *arg)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));

	conn->connection = connection;
	conn->application_name = application_name;
	conn->is_unprepared = is_unprepared;
	conn->hooks = hooks;
	conn->arg = arg;
	conn->timer = loop_timer_new(conn_timed_out, conn);
	return conn;
}

void conn_free(struct conn *conn)
{
	if (conn->is_resolving) {
		conn->is_freed = true;
		return;
	}
	conn_close(conn);
	conn_fail_units(conn, "The connection to the database was closed");
	loop_timer_free(conn->timer);
	xfree(conn);
}
