/*
 * notify: NOTIFY, coalesced. A notifying transaction holds a lock of the whole cluster while it commits,
 * so there is one at a time, for all that was said meanwhile, and it does not wait for the disk.
 */
#include <string.h>

#include "db/pool.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

enum {
	PAYLOAD_MAX = 7900, /* PostgreSQL refuses 8000 */
	ITEM_MAX = 1200,
	CHANNEL_MAX = 64,
	CHUNKS_MAX = 512, /* unsent notifications; more are dropped, readers poll */
	TRIES_MAX = 5
};

/* One notification to be. */
struct chunk {
	struct chunk *next;
	char channel[CHANNEL_MAX];
	unsigned tries;
	struct buf payload;
};

struct notifier {
	struct db *db;
	struct deferred flush;
	struct chunk *pending; /* newest first */
	struct chunk *in_flight;
	size_t count;                  /* pending */
	struct buf channels, payloads; /* array literals of what is in flight */
	const char *values[2];
	struct db_step step;
};

static const struct db_statement notify_statement = {
	.name = "notify",
	.sql = "SELECT pg_notify(channel, payload), set_config('synchronous_commit', 'off', true)"
	       " FROM unnest($1::text[], $2::text[]) AS said (channel, payload)",
	.param_count = 2,
};

static void chunk_free(struct chunk *chunk)
{
	buf_release(&chunk->payload);
	xfree(chunk);
}

static void chunks_free(struct chunk *chunk)
{
	while (chunk != NULL) {
		struct chunk *next = chunk->next;
		chunk_free(chunk);
		chunk = next;
	}
}

/* The connection was lost: say it again, ahead of what is newer. */
static void put_back(struct notifier *notifier, struct chunk *chunks)
{
	struct chunk **end = &notifier->pending;

	while (*end != NULL)
		end = &(*end)->next;
	while (chunks != NULL) {
		struct chunk *chunk = chunks;
		chunks = chunk->next;
		chunk->next = NULL;
		if (++chunk->tries > TRIES_MAX || notifier->count == CHUNKS_MAX) {
			chunk_free(chunk);
			continue;
		}
		*end = chunk;
		end = &chunk->next;
		notifier->count++;
	}
}

static void notify_done(struct db_unit *unit)
{
	struct notifier *notifier = unit->arg;
	struct chunk *said = notifier->in_flight;
	int rc = unit->rc;

	unit_free(unit);
	notifier->in_flight = NULL;
	if (rc == -ERR_DATABASE || rc == -ERR_UNKNOWN_OUTCOME || rc == -ERR_TIMEOUT) {
		put_back(notifier, said);
	} else {
		if (rc < 0)
			log_warning("The database refused a notification");
		chunks_free(said);
	}
	if (notifier->pending != NULL)
		loop_defer(&notifier->flush);
}

static void array_put(struct buf *array, const char *text, size_t len)
{
	buf_putc(array, array->len == 0 ? '{' : ',');
	buf_pg_element(array, text, len);
}

static void notifier_flush(struct deferred *self)
{
	struct notifier *notifier = (struct notifier *)((char *)self - offsetof(struct notifier, flush));

	if (notifier->in_flight != NULL || notifier->pending == NULL)
		return;
	buf_clear(&notifier->channels);
	buf_clear(&notifier->payloads);
	/* Oldest first. */
	while (notifier->pending != NULL) {
		struct chunk *chunk = notifier->pending;
		notifier->pending = chunk->next;
		chunk->next = notifier->in_flight;
		notifier->in_flight = chunk;
	}
	notifier->count = 0;
	for (struct chunk *chunk = notifier->in_flight; chunk != NULL; chunk = chunk->next) {
		array_put(&notifier->channels, chunk->channel, strlen(chunk->channel));
		array_put(&notifier->payloads, chunk->payload.data, chunk->payload.len);
	}
	buf_putc(&notifier->channels, '}');
	buf_putc(&notifier->payloads, '}');
	notifier->values[0] = notifier->channels.data;
	notifier->values[1] = notifier->payloads.data;
	notifier->step = (struct db_step){ .statement = &notify_statement, .values = notifier->values };
	lane_submit(notifier->db->lane, unit_new(&notifier->step, 1, notify_done, notifier));
}

static struct chunk *chunk_for(struct notifier *notifier, const char *channel, size_t len)
{
	struct chunk *chunk = notifier->pending;

	while (chunk != NULL &&
	       (strcmp(chunk->channel, channel) != 0 || chunk->payload.len + 1 + len > PAYLOAD_MAX))
		chunk = chunk->next;
	if (chunk != NULL || notifier->count == CHUNKS_MAX)
		return chunk;
	chunk = xcalloc(1, sizeof(*chunk));
	memcpy(chunk->channel, channel, strlen(channel) + 1);
	buf_init(&chunk->payload, PAYLOAD_MAX);
	chunk->next = notifier->pending;
	notifier->pending = chunk;
	notifier->count++;
	return chunk;
}

void db_notify(struct db *db, const char *channel, const char *payload)
{
	struct notifier *notifier = db->notifier;
	size_t len = strlen(payload);

	if (len > ITEM_MAX || strlen(channel) >= CHANNEL_MAX)
		return;
	struct chunk *chunk = chunk_for(notifier, channel, len);
	if (chunk == NULL)
		return;
	if (chunk->payload.len > 0)
		buf_putc(&chunk->payload, ',');
	buf_append(&chunk->payload, payload, len);
	loop_defer(&notifier->flush);
}

struct notifier *notifier_new(struct db *db)
{
	struct notifier *notifier = xcalloc(1, sizeof(*notifier));

	notifier->db = db;
	notifier->flush.fn = notifier_flush;
	buf_init(&notifier->channels, (size_t)CHUNKS_MAX * (2 * CHANNEL_MAX + 3) + 2);
	buf_init(&notifier->payloads, (size_t)CHUNKS_MAX * (2 * PAYLOAD_MAX + 3) + 2);
	return notifier;
}

bool notifier_is_idle(const struct notifier *notifier)
{
	return notifier->pending == NULL && notifier->in_flight == NULL;
}

void notifier_free(struct notifier *notifier)
{
	loop_defer_cancel(&notifier->flush);
	chunks_free(notifier->pending);
	chunks_free(notifier->in_flight);
	buf_release(&notifier->channels);
	buf_release(&notifier->payloads);
	xfree(notifier);
}
