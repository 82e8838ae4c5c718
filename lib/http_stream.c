/* http_stream: replies sent in pieces while the handler runs. Declared in http_server.h. */
#include "lib/http_server.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/http_conn.h"
#include "lib/http_reply.h"

/* http_stream_write waits while more than this is unsent. */
#define UNSENT_MAX ((size_t)16 * 1024)
/* Its chunks carry at most this much, and so much is collected before the socket is tried. */
#define CHUNK_BYTES   ((size_t)16 * 1024)
#define COLLECT_BYTES ((size_t)16 * 1024)
/* A reader that keeps up would never make the writer wait: after so much, others get their turn. */
#define TURN_BYTES ((size_t)512 * 1024)
/* The sweep ends stalled writes; this is only the longest that it may be late. */
#define SWEEP_SLACK_MS 5000

int http_stream_begin(struct http_response *response)
{
	struct http_conn *conn = response->conn;
	struct http_exchange *exchange = conn->exchange;
	struct http_stream *stream = &exchange->stream;
	struct http_reply_form form = { .is_http10 = exchange->parser.is_http10 };

	if (conn->is_dead)
		return -conn->failure;
	stream->is_begun = true;
	stream->is_chunked = !form.is_http10;
	stream->is_mute = strcmp(exchange->parser.request.method, "HEAD") == 0 ||
			  !http_reply_has_body(response->status);
	response->stream = stream;
	form.framing = stream->is_chunked ? HTTP_REPLY_CHUNKED : HTTP_REPLY_TO_CLOSE;
	if (form.is_http10)
		response->is_close = true;
	form.is_close = http_conn_decide_close(conn, response);
	http_reply_head(&exchange->out, response, form);
	loop_defer(&conn->flush);
	return 0;
}

static int wait_for_room(struct http_conn *conn, size_t unsent_max)
{
	struct http_stream *stream = &conn->exchange->stream;

	if (stream->turn_len >= TURN_BYTES) {
		int rc = fiber_yield();

		stream->turn_len = 0;
		if (rc < 0)
			return rc;
	}
	while (http_send_unsent(conn) > unsent_max) {
		int64_t deadline =
			clock_ms() + 2 * (int64_t)conn->server->options.write_timeout_ms + SWEEP_SLACK_MS;
		int rc;

		http_send_flush(conn);
		if (conn->is_dead)
			break;
		if (!conn->is_writing)
			continue;
		rc = cond_wait(&conn->drained, deadline);
		if (rc < 0)
			return rc;
	}
	return conn->is_dead ? -conn->failure : 0;
}

/* The head of a chunk, behind the end of the one before. */
static void append_head(struct http_exchange *exchange, size_t len)
{
	struct http_stream *stream = &exchange->stream;

	stream->turn_len += len;
	if (!stream->is_chunked)
		return;
	buf_printf(&exchange->out, stream->has_chunk ? "\r\n%zx\r\n" : "%zx\r\n", len);
	stream->has_chunk = true;
}

static int ended(struct http_stream *stream, int rc)
{
	stream->is_broken = stream->is_broken || rc < 0;
	return rc;
}

int http_stream_write(struct http_response *response, const void *data, size_t len)
{
	struct http_conn *conn = response->conn;
	struct http_exchange *exchange = conn->exchange;
	const char *next = data;
	int rc = conn->is_dead ? -conn->failure : 0;

	while (rc == 0 && len > 0 && !exchange->stream.is_mute) {
		size_t piece = len < CHUNK_BYTES ? len : CHUNK_BYTES;

		append_head(exchange, piece);
		buf_append(&exchange->out, next, piece);
		next += piece;
		len -= piece;
		if (exchange->out.len >= COLLECT_BYTES)
			http_send_flush(conn);
		else
			loop_defer(&conn->flush);
		rc = wait_for_room(conn, UNSENT_MAX);
	}
	return ended(&exchange->stream, rc);
}

int http_stream_body(struct http_response *response)
{
	struct http_conn *conn = response->conn;
	struct http_exchange *exchange = conn->exchange;
	struct buf *body = &response->body;

	if (!conn->is_dead && body->len > 0 && !exchange->stream.is_mute) {
		append_head(exchange, body->len);
		exchange->big = *body;
		buf_init(body, exchange->big.max);
		http_send_flush(conn);
	}
	buf_clear(body);
	return ended(&exchange->stream, conn->is_dead ? -conn->failure : http_send_unsent(conn) > 0);
}

int http_stream_wait(struct http_response *response)
{
	struct http_conn *conn = response->conn;

	return ended(&conn->exchange->stream, wait_for_room(conn, 0));
}

bool http_stream_end(struct http_conn *conn, struct http_response *response)
{
	struct http_stream *stream = &conn->exchange->stream;

	if (stream->is_broken)
		return false;
	if (response->is_close)
		http_conn_decide_close(conn, response);
	if (stream->is_chunked && !stream->is_mute)
		buf_puts(&conn->exchange->out, stream->has_chunk ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
	return true;
}

bool http_response_is_gone(const struct http_response *response)
{
	const struct http_conn *conn = response->conn;

	return conn->is_eof || conn->is_dead;
}
