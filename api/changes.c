#include "api/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/metrics.h"
#include "api/node.h"
#include "api/server.h"
#include "db/changes.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/log.h"

#define POLL_MS      50
#define HEARTBEAT_MS 15000
#define GONE_MS      1000 /* how late it may be noticed that a client has gone */
#define PAGE_ROWS    200
#define PAGE_BYTES   ((size_t)4 * 1024 * 1024)
#define READERS_MAX  200
#define NODES_MAX    100
#define RETRY_MS     1000 /* after which a client is asked to come again */

static struct {
	struct db *db;
	struct cond news; /* also when stopping */
	uint64_t round;   /* raised with each news */
	struct cond readers_came;
	unsigned readers;
	bool is_running, is_stopping;
} hub;

/* ---- is there news? ---- */

static void watch(void *arg)
{
	struct changes_cursor cursor = { 0, 0 };
	struct error err;

	(void)arg;
	while (!hub.is_stopping) {
		bool is_news = false;

		if (hub.readers == 0) {
			cond_wait(&hub.readers_came, DEADLINE_NEVER);
			continue;
		}
		if (db_is_up(hub.db) && changes_poll(hub.db, &cursor, &is_news, &err) == 0 && is_news) {
			hub.round++;
			cond_broadcast(&hub.news);
		}
		fiber_sleep(POLL_MS);
	}
	hub.is_running = false;
	cond_broadcast(&hub.readers_came);
}

void changes_start(struct db *db)
{
	hub.db = db;
	hub.is_running = true;
	fiber_spawn("changes", watch, NULL);
}

void changes_stop(void)
{
	hub.is_stopping = true;
	cond_broadcast(&hub.news);
	cond_broadcast(&hub.readers_came);
	while (hub.is_running)
		cond_wait(&hub.readers_came, DEADLINE_NEVER);
}

/* ---- one reader ---- */

struct reader {
	struct api_request *request;
	struct changes_cursor cursor;
	const char *node_uuids; /* array literal; NULL: all nodes */
	int64_t said_ms;        /* when something was last written */
};

/* "<xid>-<id>", as in the id of an event. */
static int parse_cursor(const char *text, struct changes_cursor *ret, struct error *err)
{
	size_t first = strspn(text, "0123456789");
	size_t second = text[first] == '-' ? strspn(text + first + 1, "0123456789") : 0;

	if (first == 0 || first > 19 || second == 0 || second > 18 || text[first + 1 + second] != '\0')
		return fail(err, ERR_INVALID, "Expected the id of an event of this stream: %.60s", text);
	*ret = (struct changes_cursor){ strtoull(text, NULL, 10), strtoll(text + first + 1, NULL, 10) };
	return 0;
}

static int find_nodes(struct reader *reader, const char *idents, struct error *err)
{
	struct api_request *request = reader->request;
	struct buf uuids;
	size_t count = 0;
	int rc = 0;

	buf_init(&uuids, (size_t)NODES_MAX * 48);
	for (const char *p = idents; rc == 0 && *p; p += *p == ',') {
		size_t len = strcspn(p, ",");
		struct node node;

		if (++count > NODES_MAX)
			rc = fail(err, ERR_INVALID, "At most %d nodes can be watched by name", NODES_MAX);
		node_init(&node);
		if (rc == 0)
			rc = node_find_brief(request, arena_strndup(request->arena, p, len), &node, err);
		if (rc == 0)
			buf_printf(&uuids, "%c%s", count == 1 ? '{' : ',', node_uuid(&node));
		node_release(&node);
		p += len;
	}
	if (rc == 0 && count > 0) {
		buf_putc(&uuids, '}');
		reader->node_uuids = arena_strndup(request->arena, uuids.data, uuids.len);
	}
	buf_release(&uuids);
	return rc;
}

/* Where the client left off; without that, at the present. */
static int find_start(struct reader *reader, struct error *err)
{
	const char *last = http_request_header(reader->request->http, "Last-Event-ID");
	bool is_news;

	if (!last || !*last)
		last = query_text(&reader->request->query, "after");
	if (last && *last)
		return parse_cursor(last, &reader->cursor, err);
	return changes_poll(reader->request->db, &reader->cursor, &is_news, err);
}

static void write_text(struct buf *out, const struct db_rows *rows, int row, enum changes_column column,
		       const char *name)
{
	json_out_key(out, name);
	json_out_text(out, db_value(rows, row, (int)column), db_value_len(rows, row, (int)column));
}

static void write_event(struct buf *out, const struct db_rows *rows, int row)
{
	buf_printf(out, "id: %s-%s\nevent: node\ndata: {", db_value(rows, row, CHANGES_XID),
		   db_value(rows, row, CHANGES_ID));
	write_text(out, rows, row, CHANGES_NODE_UUID, "uuid");
	write_text(out, rows, row, CHANGES_CHANGE, "change");
	json_out_key(out, "at");
	json_out_time(out, db_value(rows, row, CHANGES_AT), db_value_len(rows, row, CHANGES_AT));
	json_out_key(out, "version");
	buf_puts(out, db_value(rows, row, CHANGES_VERSION));
	write_text(out, rows, row, CHANGES_NAME, "name");
	write_text(out, rows, row, CHANGES_POWER_STATE, "power_state");
	write_text(out, rows, row, CHANGES_TARGET_POWER_STATE, "target_power_state");
	write_text(out, rows, row, CHANGES_PROVISION_STATE, "provision_state");
	write_text(out, rows, row, CHANGES_TARGET_PROVISION_STATE, "target_provision_state");
	json_out_key(out, "maintenance");
	json_out_bool(out, db_value(rows, row, CHANGES_MAINTENANCE));
	write_text(out, rows, row, CHANGES_FAULT, "fault");
	write_text(out, rows, row, CHANGES_LAST_ERROR, "last_error");
	buf_puts(out, "}\n\n");
}

static int say(struct reader *reader, const struct buf *text)
{
	reader->said_ms = clock_ms();
	return http_stream_write(reader->request->out, text->data, text->len);
}

/* An event without data moves the client's Last-Event-ID and tells it nothing. */
static void write_place(struct buf *out, const struct changes_cursor *cursor)
{
	buf_printf(out, ":\nid: %" PRIu64 "-%" PRId64 "\n\n", cursor->xid, cursor->id);
}

/* One page. The database's memory is given back before anything is written. */
static int pass_on(struct reader *reader, bool *ret_more)
{
	struct changes_page page;
	struct error err;
	struct buf text;

	*ret_more = false;
	if (changes_read(reader->request->db, &reader->cursor, reader->node_uuids, PAGE_ROWS, &page, &err) <
	    0)
		return 0; /* it stays where it is, and reads again */
	buf_init(&text, PAGE_BYTES);
	if (page.is_lost) {
		buf_puts(&text,
			 "event: reset\ndata: {\"reason\":\"Changes in between have been removed: list the "
			 "nodes anew.\"}\n");
		buf_printf(&text, "id: %" PRIu64 "-%" PRId64 "\n\n", page.next.xid, page.next.id);
	}
	for (int row = 0; !page.is_lost && row < db_rows_count(page.rows); row++)
		write_event(&text, page.rows, row);
	db_rows_release(page.rows);
	reader->cursor = page.next;
	*ret_more = page.is_full || page.is_lost;
	int rc = text.len > 0 ? say(reader, &text) : 0;
	buf_release(&text);
	return rc;
}

static int wait_for_news(struct reader *reader, uint64_t round)
{
	struct buf text;
	int rc = 0;

	while (rc == 0 && !hub.is_stopping && hub.round == round) {
		if (http_response_is_gone(reader->request->out))
			return -ERR_CLOSED;
		if (clock_ms() - reader->said_ms >= HEARTBEAT_MS) {
			buf_init(&text, 128);
			write_place(&text, &reader->cursor);
			rc = say(reader, &text);
			buf_release(&text);
			continue;
		}
		rc = cond_wait(&hub.news, clock_ms() + GONE_MS);
		if (rc == -ERR_TIMEOUT)
			rc = 0;
	}
	return rc;
}

static void stream(struct reader *reader)
{
	struct buf text;
	bool is_more;

	buf_init(&text, 256);
	buf_printf(&text, "retry: %d\n", RETRY_MS);
	write_place(&text, &reader->cursor);
	int rc = say(reader, &text);
	buf_release(&text);
	while (rc == 0 && !hub.is_stopping) {
		uint64_t round = hub.round;

		rc = pass_on(reader, &is_more);
		if (rc == 0 && !is_more)
			rc = wait_for_news(reader, round);
	}
}

int changes_stream(struct api_request *request, struct error *err)
{
	struct reader reader = { .request = request };
	const char *nodes = query_text(&request->query, "node");
	int rc = 0;

	if (hub.readers >= READERS_MAX)
		return fail(err, ERR_NO_WORKER, "%d clients read the changes already.", READERS_MAX);
	if (nodes)
		rc = find_nodes(&reader, nodes, err);
	if (rc == 0)
		rc = find_start(&reader, err);
	if (rc != 0)
		return rc;
	request->out->status = 200;
	http_response_header(request->out, "Content-Type", "text/event-stream");
	http_response_header(request->out, "Cache-Control", "no-store");
	http_response_header(request->out, "X-Accel-Buffering", "no"); /* nginx in between */
	server_finish_headers(request);
	if (http_stream_begin(request->out) < 0)
		return 0;
	hub.readers++;
	api_metrics_reader(1);
	cond_broadcast(&hub.readers_came);
	stream(&reader);
	hub.readers--;
	api_metrics_reader(-1);
	return 0;
}
