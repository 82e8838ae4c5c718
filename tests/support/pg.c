#include "tests/support/pg.h"

#include <assert.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fiber.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

extern char **environ;

static char folder[256];
static char connection[1024];
static pid_t owner;
static unsigned database_count;

static void die(const char *what)
{
	fprintf(stderr, "pg: %s\n", what);
	exit(1);
}

static void control(const char *action)
{
	static const char script[] = SUPPORT_FOLDER "/pg.sh";
	char own_pid[16];
	const char *argv[] = { script, action, folder, own_pid, NULL };
	pid_t pid;
	int status;

	snprintf(own_pid, sizeof(own_pid), "%d", (int)getpid());
	if (posix_spawn(&pid, script, NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
		die("pg.sh cannot be run");
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("pg.sh failed");
}

static void remove_cluster(void)
{
	if (getpid() == owner)
		control("remove");
}

bool pg_is_private(void)
{
	return getenv("FERRULE_TEST_DB") == NULL;
}

void pg_control(const char *action)
{
	assert(pg_is_private());
	control(action);
}

static void start_cluster(void)
{
	const char *parent = getenv("TMPDIR");

	/* The path of a socket is limited to 107 bytes. */
	snprintf(folder, sizeof(folder), "%s/ferrule-pg-XXXXXX",
		 parent != NULL && strlen(parent) < 60 ? parent : "/tmp");
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		die("no temporary folder");
	owner = getpid();
	atexit(remove_cluster);
	control("start");
}

static void base_connection(char *text, size_t size)
{
	if (pg_is_private())
		snprintf(text, size, "host=%s user=ferrule dbname=postgres", folder);
	else
		snprintf(text, size, "%s", getenv("FERRULE_TEST_DB"));
}

struct creation {
	const char *connection;
	char name[64];
};

SUSPENDS static void create_database(void *arg)
{
	struct creation *creation = arg;
	struct db *db = db_new(&(struct db_options){ .connection = creation->connection, .pool_size = 1 });

	xfree(pg_query(db, "DROP DATABASE IF EXISTS %s", creation->name));
	xfree(pg_query(db, "CREATE DATABASE %s", creation->name));
	db_free(db);
}

const char *pg_fresh_database(void)
{
	char base[512];
	struct creation creation = { .connection = base };

	if (pg_is_private() && folder[0] == '\0')
		start_cluster();
	base_connection(base, sizeof(base));
	snprintf(creation.name, sizeof(creation.name), "ferrule_test_%d_%u", (int)getpid(), database_count++);
	if (fiber_self() != NULL)
		create_database(&creation);
	else
		pg_run(create_database, &creation);
	/* A later dbname wins in both forms of connection string. */
	snprintf(connection, sizeof(connection), "%s%cdbname=%s", base,
		 strstr(base, "://") == NULL ? ' '
		 : strchr(base, '?') != NULL ? '&'
					     : '?',
		 creation.name);
	return connection;
}

const char *pg_last_database(void)
{
	return connection;
}

const char *pg_bouncer(void)
{
	static char through[1024];

	if (access("/usr/sbin/pgbouncer", X_OK) != 0 && access("/usr/bin/pgbouncer", X_OK) != 0)
		return NULL;
	pg_control("bouncer");
	snprintf(through, sizeof(through), "host=%s/bouncer %s", folder,
		 connection + strcspn(connection, " ") + 1);
	return through;
}

struct run {
	void (*fn)(void *arg);
	void *arg;
};

static void run_fiber(void *arg)
{
	struct run *run = arg;

	run->fn(run->arg);
	loop_stop();
}

void pg_run(void (*fn)(void *arg), void *arg)
{
	struct run run = { fn, arg };

	/* The cluster's start blocks for longer than the watchdog likes. */
	if (pg_is_private() && folder[0] == '\0')
		start_cluster();
	log_init("test", LOG_ERROR, 0);
	loop_init();
	fiber_spawn("test", run_fiber, &run);
	loop_run();
	loop_release();
}

struct db *pg_open_migrated(void)
{
	struct db *db = db_new(&(struct db_options){ .connection = pg_fresh_database(), .pool_size = 4 });
	struct error err;
	int from, to;

	if (db_migrate(db, &from, &to, &err) < 0)
		die(err.text);
	return db;
}

char *pg_query(struct db *db, const char *format, ...)
{
	va_list args;
	char *sql = NULL;
	struct db_rows *rows = NULL;
	struct error err;

	va_start(args, format);
	if (vasprintf(&sql, format, args) < 0)
		die("out of memory");
	va_end(args);
	const struct db_statement statement = { .sql = sql };
	if (db_exec(db, &statement, NULL, &rows, &err) < 0) {
		fprintf(stderr, "%s\n", sql);
		die(err.text);
	}
	const char *value = db_rows_count(rows) > 0 ? db_value(rows, 0, 0) : NULL;
	char *copy = xstrdup_or_null(value);
	db_rows_release(rows);
	free(sql);
	return copy;
}
