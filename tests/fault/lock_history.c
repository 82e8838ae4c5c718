/*
 * lock_history: takes and releases the locks of nodes by the real statements of db/action.c, from many
 *fibers, and writes down what each call was told and when. history.py judges it.
 *
 *	lock_history CONNECTION INSTANCE FIRST_NODE NODES FIBERS PAIRS SEED OUTPUT [broken]
 *
 * Lines of OUTPUT, times in nanoseconds of CLOCK_BOOTTIME, one write(2) each so that a kill loses only what
 *was not told yet: "T node action token epoch invoked returned" a lock was taken (started and accepted:
 *before its acceptance nobody holds anything); "R node action token invoked" a release begins; "r action
 *token returned ok|fenced|error" it ended; "S node action invoked returned" a sweep took the lock of a dead
 *instance away. "broken" looks whether the lock is free and takes it by two statements: the checker must
 *notice.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/action.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/uuid.h"

enum { LINE_MAX_BYTES = 256, SWEEP_MS = 200, RETRY_MS = 20, HOLD_MAX_MS = 3, WAIT_MS = 3600 * 1000 };

static struct {
	struct db *db;
	const char *instance;
	int64_t first_node;
	long nodes, pairs;
	int output;
	bool is_broken;
	bool is_over;
	unsigned fibers;
} history;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "lock_history: %s: %s\n", what, why);
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(history.output, line, (size_t)len) != len)
		die("write", "the history is not whole");
}

/* ---- the lock ---- */

SUSPENDS static void insert(int64_t node)
{
	char uuid[UUID_TEXT], node_uuid[UUID_TEXT];
	struct action_request request = { .uuid = uuid,
					  .node_id = node,
					  .node_uuid = node_uuid,
					  .kind = "fault",
					  .is_exclusive = true,
					  .on_crash = "never",
					  .pool = ":fault",
					  .target = "nobody",
					  .wait_ms = WAIT_MS,
					  .run_s = 60 };
	struct error err;
	int64_t id;

	uuid_new(uuid);
	uuid_new(node_uuid);
	while (action_insert(history.db, &request, &id, &err) < 0)
		fiber_sleep(RETRY_MS);
}

SUSPENDS static bool take(int64_t node, struct action *action)
{
	int64_t invoked = clock_ns();
	bool is_started = false;
	struct error err;

	if (action_start_exclusive(history.db, node, "history", history.instance, &is_started, action, NULL,
				   &err) <
		    0 ||
	    !is_started)
		return false;
	if (action_accept(history.db, action, NULL, &err) < 0) {
		action_release(action);
		return false;
	}
	note("T %" PRId64 " %" PRId64 " %s %" PRId64 " %" PRId64 " %" PRId64 "\n", node, action->id,
	     action->token, action->epoch, invoked, clock_ns());
	return true;
}

SUSPENDS static const char *release(struct action *action)
{
	const struct action_outcome outcome = { .state = ACTION_DONE };
	struct error err;
	int rc = action_finish(history.db, action, &outcome, &err);

	action_release(action);
	return rc == 0 ? "ok" : rc == -ERR_FENCED ? "fenced" : "error";
}

/* ---- a broken one: to look and to take are two ---- */

static const struct db_statement look_statement = {
	.name = "broken_look",
	.sql = "SELECT 1 FROM nodes WHERE id = $1 AND lock_token IS NULL",
	.param_count = 1
};
static const struct db_statement take_statement = {
	.name = "broken_take",
	.sql = "UPDATE nodes SET lock_token = $2, lock_epoch = lock_epoch + 1 WHERE id = $1 RETURNING "
	       "lock_epoch",
	.param_count = 2
};
static const struct db_statement release_statement = {
	.name = "broken_release", .sql = "UPDATE nodes SET lock_token = NULL WHERE id = $1", .param_count = 1
};

SUSPENDS static bool take_broken(int64_t node, struct action *action)
{
	static int64_t last;
	int64_t invoked = clock_ns();
	char id[24];
	struct db_rows *rows = NULL;
	struct error err;
	bool is_free;

	snprintf(id, sizeof(id), "%" PRId64, node);
	if (db_exec(history.db, &look_statement, (const char *[]){ id }, &rows, &err) < 0)
		return false;
	is_free = db_rows_count(rows) == 1;
	db_rows_release(rows);
	if (!is_free)
		return false;
	uuid_new(action->token);
	if (db_exec(history.db, &take_statement, (const char *[]){ id, action->token }, &rows, &err) < 0)
		return false;
	action->epoch = db_value_int(rows, 0, 0);
	db_rows_release(rows);
	action->id = (int64_t)getpid() * 1000000 + ++last;
	action->node_id = node;
	note("T %" PRId64 " %" PRId64 " %s %" PRId64 " %" PRId64 " %" PRId64 "\n", node, action->id,
	     action->token, action->epoch, invoked, clock_ns());
	return true;
}

SUSPENDS static const char *release_broken(struct action *action)
{
	struct error err;
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, action->node_id);
	return db_exec(history.db, &release_statement, (const char *[]){ id }, NULL, &err) == 0 ? "ok"
												: "error";
}

/* ---- fibers ---- */

SUSPENDS static void hold(struct action *action, int64_t node)
{
	int pause_ms = (int)(random() % (HOLD_MAX_MS + 1));

	if (pause_ms > 0)
		fiber_sleep(pause_ms);
	note("R %" PRId64 " %" PRId64 " %s %" PRId64 "\n", node, action->id, action->token, clock_ns());
	char token[UUID_TEXT];
	int64_t id = action->id;
	memcpy(token, action->token, sizeof(token));
	const char *result = history.is_broken ? release_broken(action) : release(action);
	note("r %" PRId64 " %s %" PRId64 " %s\n", id, token, clock_ns(), result);
}

SUSPENDS static void work(void *arg)
{
	bool is_waiting = false; /* a row of ours is still in line */
	int64_t node = 0;

	(void)arg;
	while (history.pairs > 0) {
		struct action action = { 0 };
		if (!is_waiting) {
			node = history.first_node + random() % history.nodes;
			if (!history.is_broken)
				insert(node);
			is_waiting = true;
		}
		if (history.is_broken ? take_broken(node, &action) : take(node, &action)) {
			history.pairs--;
			hold(&action, node);
			is_waiting = false;
		} else {
			fiber_sleep(1 + random() % 3);
			/* Others may have started it for us. */
			is_waiting = random() % 8 != 0;
		}
	}
	if (--history.fibers == 0)
		history.is_over = true;
}

static void on_swept(int64_t action, int64_t node, enum action_state state, void *arg)
{
	const int64_t *invoked = arg;

	(void)state;
	note("S %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", node, action, *invoked, clock_ns());
}

SUSPENDS static void sweep(void *arg)
{
	struct error err;
	size_t count;

	(void)arg;
	while (!history.is_over) {
		int64_t invoked = clock_ns();
		lease_sweep(history.db, "history", on_swept, &invoked, &count, &err);
		fiber_sleep(SWEEP_MS);
	}
	db_free(history.db);
	loop_stop();
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0')
		die("not a number", text);
	return value;
}

int main(int argc, char **argv)
{
	if (argc < 9)
		die("usage", "CONNECTION INSTANCE FIRST_NODE NODES FIBERS PAIRS SEED OUTPUT [broken]");
	history.instance = argv[2];
	history.first_node = number(argv[3]);
	history.nodes = number(argv[4]);
	history.fibers = (unsigned)number(argv[5]);
	history.pairs = number(argv[6]);
	srandom((unsigned)number(argv[7]));
	history.output = open(argv[8], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (history.output < 0)
		die("cannot write", argv[8]);
	history.is_broken = argc > 9 && strcmp(argv[9], "broken") == 0;
	log_init("lock_history", LOG_ERROR, false);
	loop_init();
	history.db =
		db_new(&(struct db_options){ .connection = argv[1], .application_name = "ferrule-history" });
	for (unsigned left = history.fibers; left > 0; left--)
		fiber_spawn("work", work, NULL);
	fiber_spawn("sweep", sweep, NULL);
	loop_run();
	loop_release();
	return 0;
}
