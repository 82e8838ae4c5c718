#pragma once
/*
 * conn: one libpq connection in pipeline mode. Units (one transaction each) go out in order and their
 * results come back in order. It connects once; who wants it again calls conn_open again. Everything but
 * the resolving of names runs in callbacks of the loop. Used by db/lane.c alone.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/fiber.h"

enum { STATEMENT_TIMEOUT_MS = 5000, CONNECT_TIMEOUT_MS = 5000 };

/* One statement of a unit and what came back for it. */
struct db_slot {
	const struct db_statement *statement;
	PGresult *result;
	bool is_preparing; /* this unit sends its PREPARE */
	bool is_prepared;  /* PREPARE answered well */
};

/* Statements that are one transaction. On the heap: it may outlive the fiber that asked. */
struct db_unit {
	struct db_unit *next;
	struct db_step *steps; /* borrowed: valid until sent, and until done unless is_abandoned */
	size_t count;
	/* May share its transaction with neighbours of the same: reads, answered as they come, or writes,
	 * answered when all of them are committed. */
	enum unit_group { GROUP_NONE, GROUP_READS, GROUP_WRITES } group;
	bool is_sync;    /* in flight: a Sync stands behind it */
	bool is_sent;
	bool is_done;
	bool is_abandoned;    /* nobody waits: dropped when done, never sent again */
	unsigned tries;       /* how often it was sent */
	int64_t timeout_ms;   /* longest wait for the answer, once at the head */
	size_t prepares_left; /* in flight: answers outstanding */
	size_t position;      /* in flight: next slot to be answered */
	int rc;
	struct error *err;                  /* when not abandoned; may be NULL */
	void (*done)(struct db_unit *unit); /* on the loop; frees or wakes */
	void *arg;
	struct cond cond;
	struct db_slot slots[];
};

struct conn;
struct conn_hooks {
	void (*up)(struct conn *conn, void *arg);
	/* It could not connect (was_up false) or broke. Its units have ended. */
	void (*down)(struct conn *conn, bool was_up, const char *sentence, void *arg);
	/* Answers came: there is room again. */
	void (*drained)(struct conn *conn, void *arg);
	/* This unit did not run at all, through no fault of its own: send it again. */
	void (*again)(struct db_unit *unit, void *arg);
	void (*notified)(const char *channel, const char *payload, void *arg); /* may be NULL */
};

enum conn_state { CONN_DOWN, CONN_OPENING, CONN_UP };

struct conn *conn_new(const char *connection, const char *application_name, bool is_unprepared,
		      const struct conn_hooks *hooks, void *arg);
void conn_free(struct conn *conn); /* not from a hook; units in flight end with -ERR_DATABASE */
void conn_open(struct conn *conn); /* when down; ends in hooks->up or hooks->down, later */
enum conn_state conn_state(const struct conn *conn);
unsigned conn_depth(const struct conn *conn); /* units in flight */
unsigned conn_write_groups(const struct conn *conn); /* in flight */
/* Queues the unit's bytes; with is_sync the transaction ends behind it. conn_flush sends. */
void conn_send(struct conn *conn, struct db_unit *unit, bool is_sync);
void conn_flush(struct conn *conn);
/* Closes the connection when the unit at the head has waited too long. */
void conn_check_deadline(struct conn *conn, int64_t now_ms);
