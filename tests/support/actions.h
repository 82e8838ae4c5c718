#pragma once
/*
 * actions: rows of nodes and actions in a fresh database, and how a conductor would start and finish them.
 * All assert that it works.
 */
#include "db/action.h"
#include "tests/support/pg.h"

/* Instances of two conductors. */
extern const char *const me, *const other;

/* The first value as text, "(null)" without one; valid until the next call. sql: with one PRId64 for the id.
 */
const char *ask(struct db *db, const char *sql, int64_t id);
/* Of the action with that id. */
const char *state_of(struct db *db, int64_t id);
/* The reservation of the node. */
const char *holder_of(struct db *db, int64_t node_id);
/* Of the action. */
const char *uuid_of(struct db *db, int64_t id);
/* Its id. */
int64_t make_node(struct db *db);
/* A live conductor. */
void make_instance(struct db *db, const char *instance, const char *host);
/* Queues an action for host-1; its id. */
int64_t put_row(struct db *db, int64_t node_id, bool is_exclusive, const char *on_crash, int64_t wait_ms);
/* An exclusive one that is not repeated, for a minute. */
int64_t put(struct db *db, int64_t node_id);
/* Starts the first in the node's line as host-1; false: there was none to start. */
bool start_as(struct db *db, int64_t node_id, const char *instance, struct action *ret);
bool start(struct db *db, int64_t node_id, struct action *ret);
int finish_as(struct db *db, const struct action *action, enum action_state state, struct error *err);
/* As done, and releases it. */
void finish(struct db *db, struct action *action);

/* Runs body on a fresh database; see DB_TEST. */
void actions_test(void (*body)(struct db *db));

/* A test whose body runs in a fiber, with `db` a fresh database. */
#define DB_TEST(name)                                                                                        \
	static void name##_body(struct db *db);                                                              \
	static void name##_fiber(void *arg)                                                                  \
	{                                                                                                    \
		(void)arg;                                                                                   \
		actions_test(name##_body);                                                                   \
	}                                                                                                    \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		(void)state;                                                                                 \
		pg_run(name##_fiber, NULL);                                                                  \
	}                                                                                                    \
	static void name##_body(struct db *db)
