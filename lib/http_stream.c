/* http_stream: replies sent in pieces while the handler runs. Declared in http_server.h. */
#include "lib/http_server.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/http_conn.h"
#include "lib/http_reply.h"

/* write waits while more than this is unsent: the socket's own buffer keeps a fast reader busy, and each slow
 * one costs this much. */
#define UNSENT_MAX ((size_t)16 * 1024)
/* A chunk carries at most this much, and so much is collected before the socket is tried. */
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

static int wait_for_room(struct http_conn *conn)
{
	struct http_stream *stream = &conn->exchange->stream;

	if (stream->turn_len >= TURN_BYTES) {
		int rc = fiber_yield();

		stream->turn_len = 0;
		if (rc < 0)
			return rc;
	}
	while (http_send_unsent(conn) > UNSENT_MAX) {
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

static void append_piece(struct http_exchange *exchange, const char *data, size_t len)
{
	struct buf *out = &exchange->out;

	if (exchange->stream.is_chunked)
		buf_printf(out, "%zx\r\n", len);
	buf_append(out, data, len);
	if (exchange->stream.is_chunked)
		buf_append(out, "\r\n", 2);
}

int http_stream_write(struct http_response *response, const void *data, size_t len)
{
	struct http_conn *conn = response->conn;
	struct http_exchange *exchange = conn->exchange;
	const char *next = data;
	int rc = conn->is_dead ? -conn->failure : 0;

	while (rc == 0 && len > 0 && !exchange->stream.is_mute) {
		size_t piece = len < CHUNK_BYTES ? len : CHUNK_BYTES;

		append_piece(exchange, next, piece);
		exchange->stream.turn_len += piece;
		next += piece;
		len -= piece;
		if (exchange->out.len >= COLLECT_BYTES)
			http_send_flush(conn);
		else
			loop_defer(&conn->flush);
		rc = wait_for_room(conn);
	}
	if (rc < 0)
		exchange->stream.is_broken = true;
	return rc;
}

bool http_stream_end(struct http_conn *conn, struct http_response *response)
{
	struct http_stream *stream = &conn->exchange->stream;

	if (stream->is_broken)
		return false;
	if (response->is_close)
		http_conn_decide_close(conn, response);
	if (stream->is_chunked && !stream->is_mute)
		buf_append(&conn->exchange->out, "0\r\n\r\n", 5);
	return true;
}

bool http_response_is_gone(const struct http_response *response)
{
	const struct http_conn *conn = response->conn;

	return conn->is_gone;
}

struct cond *http_response_gone_cond(const struct http_response *response)
{
	struct http_conn *conn = response->conn;

	return &conn->gone;
}
