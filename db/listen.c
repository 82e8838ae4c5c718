/*
 * listen: LISTEN on a connection of its own that always reconnects. After each (re)connection every
 * channel hears NULL, because what was said in between is lost.
 */
#include <libpq-fe.h>
#include <string.h>

#include "db/pool.h"
#include "lib/log.h"
#include "lib/xalloc.h"

struct channel {
	struct channel *next;
	char *name, *sql; /* owned */
	struct db_statement statement;
	struct db_step step;
	db_notify_fn *fn;
	void *arg;
};

struct listener {
	struct lane *lane;
	struct channel *channels;
};

static void listen_done(struct db_unit *unit)
{
	struct channel *channel = unit->arg;
	int rc = unit->rc;

	unit_free(unit);
	if (rc == 0)
		channel->fn(NULL, channel->arg);
	else if (rc != -ERR_DATABASE &&
		 rc != -ERR_UNKNOWN_OUTCOME) /* else the next connection listens again */
		log_warning("The database refuses LISTEN; tables are polled");
}

static void channel_listen(struct listener *listener, struct channel *channel)
{
	lane_submit(listener->lane, unit_new(&channel->step, 1, listen_done, channel));
}

static void listener_up(void *arg)
{
	struct listener *listener = arg;

	for (struct channel *channel = listener->channels; channel != NULL; channel = channel->next)
		channel_listen(listener, channel);
}

static void listener_notified(const char *name, const char *payload, void *arg)
{
	struct listener *listener = arg;

	for (struct channel *channel = listener->channels; channel != NULL; channel = channel->next) {
		if (strcmp(channel->name, name) == 0)
			channel->fn(payload, channel->arg);
	}
}

static struct listener *listener_new(const struct db *db)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	listener->lane = lane_new(&(struct lane_options){
		.connection = db->options.listen_connection,
		.application_name = db->options.application_name,
		.size = 1,
		.up = listener_up,
		.notified = listener_notified,
		.arg = listener,
	});
	return listener;
}

/* A quoted identifier; names longer than PostgreSQL's limit would be cut there, so they must not occur. */
static char *listen_sql(const char *name)
{
	char quoted[2 * 64 + 3];
	size_t len = 0;

	quoted[len++] = '"';
	for (; *name != '\0' && len < sizeof(quoted) - 3; name++) {
		if (*name == '"')
			quoted[len++] = '"';
		quoted[len++] = *name;
	}
	quoted[len++] = '"';
	quoted[len] = '\0';
	return xasprintf("LISTEN %s", quoted);
}

void db_listen(struct db *db, const char *channel, db_notify_fn *fn, void *arg)
{
	struct channel *added;

	if (db->options.is_listen_off)
		return;
	if (db->listener == NULL)
		db->listener = listener_new(db);
	added = xcalloc(1, sizeof(*added));
	added->name = xstrdup(channel);
	added->sql = listen_sql(channel);
	added->statement.sql = added->sql;
	added->step.statement = &added->statement;
	added->fn = fn;
	added->arg = arg;
	added->next = db->listener->channels;
	db->listener->channels = added;
	if (lane_is_up(db->listener->lane))
		channel_listen(db->listener, added);
	else
		lane_open(db->listener->lane);
}

void listener_free(struct listener *listener)
{
	lane_free(listener->lane);
	while (listener->channels != NULL) {
		struct channel *channel = listener->channels;
		listener->channels = channel->next;
		xfree(channel->name);
		xfree(channel->sql);
		xfree(channel);
	}
	xfree(listener);
}
