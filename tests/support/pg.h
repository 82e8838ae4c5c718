#pragma once
/*
 * pg: a real PostgreSQL for tests. The first call makes a private cluster in a temporary folder, which goes
 * at exit. With FERRULE_TEST_DB (a libpq URI that may create databases) that server is used instead.
 */
#include <stdbool.h>

#include "db/db.h"

/* A connection string of a fresh database, valid until the next call. */
const char *pg_fresh_database(void);
/* The same string once more. */
const char *pg_last_database(void);
/* Restarts the private cluster: "restart" (fast) or "crash" (immediate). Blocks. */
void pg_control(const char *action);
/* Puts pgbouncer in transaction mode before the private cluster; the last database through it. NULL when it
 * is not installed. */
const char *pg_bouncer(void);
/* False with FERRULE_TEST_DB: the server is not ours to restart. */
bool pg_is_private(void);

/* Runs fn(arg) in a fiber on a loop of its own, until it returns. */
void pg_run(void (*fn)(void *arg), void *arg);
/* A db on a fresh, migrated database; asserts. In a fiber. */
struct db *pg_open_migrated(void);
/* One statement with text parameters written into its SQL; asserts that it works. Returns the first value
 * (xfree), NULL when there is none. */
char *pg_query(struct db *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
