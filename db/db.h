#pragma once
/*
 * db: PostgreSQL for fibers. A pool of libpq connections in pipeline mode: statements of many fibers
 * share a connection, each with its own Sync, flushed once a tick; results come back in order. So a
 * fiber never "holds" a connection, and a slow reader holds nothing. Only db/ includes libpq.
 *
 * Statements are const rows at the top of db/<entity>.c (or live as long as the process), prepared per
 * connection on first use under their name ([database] prepared_statements = false sends them unnamed, for
 * pgbouncer < 1.21). Values are parameters in text format. A statement or a flush is its own transaction;
 * none waits for its client. db_exec's deadline is statement_timeout plus 1 s.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/fiber.h"

struct arena;
struct db;
struct db_rows; /* a result; opaque */

struct db_statement {
	const char *name; /* unique, a C identifier; NULL: never prepared */
	const char *sql;
	int param_count;
	bool is_grouped; /* a quick read: may share a transaction with others of its kind */
	/* A write that waits for no row of others: may share a transaction with others of its kind, and is
	 * answered when that is committed. */
	bool is_together;
};

struct db_options {
	const char *connection; /* libpq URI or key=value; hostaddr is resolved by us, never by libpq */
	const char *listen_connection; /* DSN for LISTEN that bypasses a proxy; NULL: connection */
	unsigned pool_size;            /* connections, opened on demand */
	bool is_unprepared;            /* no named statements */
	bool is_listen_off;            /* no LISTEN: callers fall back to polling */
	const char *application_name;
};

/* Connects lazily; never fails. Reconnects by itself with back-off 0.1 .. 2 s. */
struct db *db_new(const struct db_options *options);
SUSPENDS void db_free(struct db *db); /* waits for what is in flight */
/* The options of [database], registered by db_config_register. */
void db_config_register(void);
const struct db_options *db_config(void);

/* Runs one statement; values[i] NULL is SQL NULL. *ret_rows (may be NULL) is released by the caller.
 * Errors, mapped from SQLSTATE in one place: -ERR_DATABASE (connection lost: whether a write took
 * place is unknown; 57P01, 25006, refused), -ERR_CONFLICT with the constraint's name as text (23505),
 * -ERR_INVALID (22xxx, 23xxx), -ERR_CANCELLED, -ERR_TIMEOUT, -ERR_INTERNAL (anything else). Not repeated
 * here. */
SUSPENDS int db_exec(struct db *db, const struct db_statement *statement, const char *const *values,
		     struct db_rows **ret_rows, struct error *err);

/* Several statements as one transaction in one flush. rows: count entries, each may be filled; all
 * released by the caller. The first failing one fails all. */
struct db_step {
	const struct db_statement *statement;
	const char *const *values;
	struct db_rows *rows; /* out */
};
SUSPENDS int db_exec_all(struct db *db, struct db_step *steps, size_t count, struct error *err);

/* The same on a connection of its own (leases): never queued behind others. */
struct db_session;
struct db_session *db_session_new(struct db *db); /* connects lazily, reconnects */
void db_session_free(struct db_session *session);
SUSPENDS int db_session_exec_all(struct db_session *session, struct db_step *steps, size_t count,
				 struct error *err);

/* True while at least one connection works; cond in db_wait_ready wakes at the first. */
bool db_is_up(const struct db *db);
SUSPENDS int db_wait_ready(struct db *db, int64_t deadline_ms, struct error *err);

/* Rows. Values are borrowed until db_rows_release. Text format; NULL for SQL NULL. */
int db_rows_count(const struct db_rows *rows);
int db_columns(const struct db_rows *rows);
const char *db_value(const struct db_rows *rows, int row, int column);
size_t db_value_len(const struct db_rows *rows, int row, int column);
/* Both at once, for long lists. */
const char *db_cell(const struct db_rows *rows, int row, int column, size_t *ret_len);
int64_t db_value_int(const struct db_rows *rows, int row, int column);   /* NULL: 0 */
double db_value_double(const struct db_rows *rows, int row, int column); /* NULL: 0 */
bool db_value_bool(const struct db_rows *rows, int row, int column);     /* NULL: false */
/* The value as the caller's own (xfree); NULL: NULL. */
char *db_value_dup(const struct db_rows *rows, int row, int column);
/* The same with the life of the arena. */
const char *db_value_copy(struct arena *arena, const struct db_rows *rows, int row, int column);
int db_affected(const struct db_rows *rows);                             /* of UPDATE, DELETE, INSERT */
void db_rows_release(struct db_rows *rows);                              /* NULL is fine */

/* LISTEN: fn on the loop for each notification of the channel; and once with payload NULL after each
 * (re)connection, because notifications may have been missed: then poll. */
typedef void db_notify_fn(const char *payload, void *arg);
void db_listen(struct db *db, const char *channel, db_notify_fn *fn, void *arg);
/* NOTIFY, coalesced: payloads for one channel collected in a tick are joined by ',' (each at most 1,200
 * bytes; one notification at most 7,900) and sent by a statement of its own with
 * synchronous_commit = off; at most one notifying transaction in flight. Never suspends, never fails. */
void db_notify(struct db *db, const char *channel, const char *payload);

/* Migrations: db/migrations/NNNN_*.sql, embedded at build, applied in order in one transaction each
 * under an advisory lock. */
SUSPENDS int db_migrate(struct db *db, int *ret_from, int *ret_to, struct error *err);
/* 0 when the schema serves this program: it is at its version, or newer and no later migration is named
 * NNNN_..._breaking, as those are that take away what older programs need. -ERR_INVALID with what to run
 * otherwise; -ERR_DATABASE when the database went away. */
SUSPENDS int db_check_schema(struct db *db, struct error *err);
