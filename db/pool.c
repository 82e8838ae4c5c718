/* pool: struct db, its options and the ways to run statements. */
#include "db/pool.h"

#include "db/batch.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/xalloc.h"

enum { DRAIN_MS = 3000 };

struct db_session {
	struct lane *lane;
};

/* ---- options ---- */

static char *option_connection, *option_listen_connection;
static long option_pool_size;
static bool option_prepared_statements, option_listen;
static struct db_options configured;

static const struct option option_table[] = {
	{ .section = "database",
	  .name = "connection",
	  .type = OPTION_SECRET,
	  .target = &option_connection,
	  .preset = "postgresql:///ferrule",
	  .help = "Where PostgreSQL is: a libpq URI or connection string." },
	{ .section = "database",
	  .name = "listen_connection",
	  .type = OPTION_SECRET,
	  .target = &option_listen_connection,
	  .help = "The same for LISTEN, past a proxy that pools transactions. Default: connection." },
	{ .section = "database",
	  .name = "max_pool_size",
	  .type = OPTION_INT,
	  .target = &option_pool_size,
	  .preset = "6",
	  .min = 1,
	  .max = LANE_CONNS_MAX,
	  .help = "Most connections that statements share, beside one for the lease and one for LISTEN." },
	{ .section = "database",
	  .name = "prepared_statements",
	  .type = OPTION_BOOL,
	  .target = &option_prepared_statements,
	  .preset = "true",
	  .help = "Prepare statements by name. Must be false behind pgbouncer older than 1.21 in transaction "
		  "mode." },
	{ .section = "database",
	  .name = "listen",
	  .type = OPTION_BOOL,
	  .target = &option_listen,
	  .preset = "true",
	  .help = "Wake up by LISTEN and NOTIFY. When false, tables are polled instead." },
	{ 0 },
};

void db_config_register(void)
{
	config_register(option_table);
}

const struct db_options *db_config(void)
{
	configured = (struct db_options){
		.connection = option_connection,
		.listen_connection = option_listen_connection,
		.pool_size = (unsigned)option_pool_size,
		.is_unprepared = !option_prepared_statements,
		.is_listen_off = !option_listen,
	};
	return &configured;
}

/* ---- life ---- */

static void on_up(void *arg)
{
	struct db *db = arg;

	cond_broadcast(&db->up);
}

struct db *db_new(const struct db_options *options)
{
	struct db *db = xcalloc(1, sizeof(*db));
	unsigned size = options->pool_size > 0 ? options->pool_size : 6;

	db->options = *options;
	db->options.connection = xstrdup(options->connection);
	db->options.listen_connection = xstrdup(
		options->listen_connection != NULL ? options->listen_connection : options->connection);
	db->options.application_name =
		xstrdup(options->application_name != NULL ? options->application_name : "ferrule");
	db->lane = lane_new(&(struct lane_options){
		.connection = db->options.connection,
		.application_name = db->options.application_name,
		.is_unprepared = options->is_unprepared,
		.size = size < LANE_CONNS_MAX ? size : LANE_CONNS_MAX,
		.up = on_up,
		.arg = db,
	});
	db->notifier = notifier_new(db);
	return db;
}

void db_free(struct db *db)
{
	int64_t deadline_ms = clock_ms() + DRAIN_MS;

	if (db == NULL)
		return;
	fiber_shield_begin();
	while ((!lane_is_idle(db->lane) || !notifier_is_idle(db->notifier)) && clock_ms() < deadline_ms)
		fiber_sleep(2);
	fiber_shield_end();
	if (db->listener != NULL)
		listener_free(db->listener);
	lane_free(db->lane);
	notifier_free(db->notifier);
	batchers_free(db->batchers);
	xfree_secret((char *)db->options.connection);
	xfree_secret((char *)db->options.listen_connection);
	xfree((char *)db->options.application_name);
	xfree(db);
}

bool db_is_up(const struct db *db)
{
	return lane_is_up(db->lane);
}

int db_wait_ready(struct db *db, int64_t deadline_ms, struct error *err)
{
	while (!lane_is_up(db->lane)) {
		lane_open(db->lane);
		int rc = cond_wait(&db->up, deadline_ms);
		if (rc == -ERR_TIMEOUT)
			return fail(err, ERR_DATABASE, "The database does not answer: %s",
				    lane_trouble(db->lane));
		if (rc < 0)
			return fail(err, ERR_CANCELLED, "The work was cancelled");
	}
	return 0;
}

/* ---- statements ---- */

int db_exec_exactly(struct db *db, struct db_step *steps, size_t count, struct error *err)
{
	return lane_exec(db->lane, steps, count, 0, err);
}

/* Who does not repeat need not know whether it was sent. */
SUSPENDS static int exec_lane(struct lane *lane, struct db_step *steps, size_t count, int64_t timeout_ms,
			      struct error *err)
{
	int rc = lane_exec(lane, steps, count, timeout_ms, err);

	if (rc != -ERR_UNKNOWN_OUTCOME)
		return rc;
	if (err != NULL)
		err->code = ERR_DATABASE;
	return -ERR_DATABASE;
}

int db_exec(struct db *db, const struct db_statement *statement, const char *const *values,
	    struct db_rows **ret_rows, struct error *err)
{
	struct db_step step = { .statement = statement, .values = values };
	int rc = exec_lane(db->lane, &step, 1, 0, err);

	if (rc < 0)
		return rc;
	if (ret_rows != NULL)
		*ret_rows = step.rows;
	else
		db_rows_release(step.rows);
	return 0;
}

int db_exec_all(struct db *db, struct db_step *steps, size_t count, struct error *err)
{
	return exec_lane(db->lane, steps, count, 0, err);
}

struct db_session *db_session_new(struct db *db)
{
	struct db_session *session = xcalloc(1, sizeof(*session));

	session->lane = lane_new(&(struct lane_options){
		.connection = db->options.connection,
		.application_name = db->options.application_name,
		.is_unprepared = db->options.is_unprepared,
		.size = 1,
	});
	return session;
}

void db_session_free(struct db_session *session)
{
	if (session == NULL)
		return;
	lane_free(session->lane);
	xfree(session);
}

int db_session_exec_all(struct db_session *session, struct db_step *steps, size_t count, struct error *err)
{
	return exec_lane(session->lane, steps, count, 0, err);
}

int db_session_exec_within(struct db_session *session, struct db_step *steps, size_t count,
			   int64_t timeout_ms, struct error *err)
{
	return exec_lane(session->lane, steps, count, timeout_ms, err);
}
