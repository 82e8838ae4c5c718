/*
 * http_send: what a connection sends. At most one write is queued in libuv; while it is on its way, replies
 * collect in the exchange and no further request begins. Declared in http_conn.h.
 */
#include "lib/http_conn.h"

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/http_tls.h"

/* A client that takes less than this per write timeout makes no progress. */
#define PROGRESS_BYTES 4096

size_t http_send_unsent(const struct http_conn *conn)
{
	size_t queued =
		conn->is_writing ? uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp) : 0;

	return queued + (conn->exchange != NULL ? conn->exchange->out.len + conn->exchange->big.len : 0);
}

static void on_written(uv_write_t *write, int status)
{
	struct http_conn *conn = write->data;

	conn->is_writing = false;
	buf_release(&conn->sending);
	buf_release(&conn->sending_body);
	if (status < 0) {
		http_conn_close(conn, false);
		return;
	}
	if (http_send_flush(conn))
		http_conn_settle(conn);
	cond_broadcast(&conn->drained);
}

/* Tries the socket with both pieces. Returns bytes taken, or -1 after closing the connection. */
static ssize_t try_write(struct http_conn *conn, const uv_buf_t pieces[2])
{
	int rc = uv_try_write((uv_stream_t *)&conn->tcp, pieces, pieces[1].len > 0 ? 2 : 1);

	if (rc == UV_EAGAIN)
		return 0;
	if (rc < 0)
		http_conn_close(conn, false);
	return rc < 0 ? -1 : rc;
}

/* Moves what the socket has not taken of a piece to `rest`, with no more memory than that needs: it may stay
 * for long. *taken: bytes that the socket took from here on. */
static void take_rest(struct buf *rest, struct buf *piece, size_t *taken)
{
	size_t skip = *taken < piece->len ? *taken : piece->len;

	*taken -= skip;
	*rest = *piece;
	buf_init(piece, rest->max);
	buf_consume(rest, skip);
	buf_shrink(rest);
}

/* Queues `sending` and `sending_body`. */
static void queue_write(struct http_conn *conn)
{
	uv_buf_t pieces[2] = {
		uv_buf_init(conn->sending.data, (unsigned)conn->sending.len),
		uv_buf_init(conn->sending_body.data, (unsigned)conn->sending_body.len),
	};
	unsigned at = pieces[0].len == 0 ? 1 : 0, count = pieces[1].len == 0 ? 1 : 2;

	conn->write.data = conn;
	if (uv_write(&conn->write, (uv_stream_t *)&conn->tcp, pieces + at, count - at, on_written) != 0) {
		http_conn_close(conn, false);
		return;
	}
	conn->is_writing = true;
	conn->write_left = uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp);
	conn->write_deadline_ms = (int64_t)uv_now(conn->tcp.loop) + conn->server->options.write_timeout_ms;
}

static bool flush_plain(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;
	size_t len = exchange->out.len + exchange->big.len;
	uv_buf_t pieces[2] = {
		uv_buf_init(exchange->out.data, (unsigned)exchange->out.len),
		uv_buf_init(exchange->big.data, (unsigned)exchange->big.len),
	};
	ssize_t sent = try_write(conn, pieces);
	size_t taken = (size_t)sent;

	if (sent < 0)
		return false;
	if (taken == len) {
		buf_clear(&exchange->out);
		buf_release(&exchange->big);
		return true;
	}
	take_rest(&conn->sending, &exchange->out, &taken);
	take_rest(&conn->sending_body, &exchange->big, &taken);
	queue_write(conn);
	return false;
}

/* Encrypts what is composed; then sends what OpenSSL wants to send, also without a reply. */
static bool flush_tls(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;
	uv_buf_t pieces[2] = { { 0 }, { 0 } };
	const char *data;
	ssize_t taken;
	size_t len;

	if (exchange != NULL && exchange->out.len + exchange->big.len > 0) {
		if (tls_write(conn->tls, exchange->out.data, exchange->out.len) < 0 ||
		    tls_write(conn->tls, exchange->big.data, exchange->big.len) < 0) {
			http_conn_close(conn, false);
			return false;
		}
		buf_clear(&exchange->out);
		buf_release(&exchange->big);
	}
	len = tls_unsent(conn->tls, &data);
	if (len == 0)
		return true;
	pieces[0] = uv_buf_init((char *)data, (unsigned)len);
	taken = try_write(conn, pieces);
	if (taken < 0)
		return false;
	if ((size_t)taken < len) {
		buf_init(&conn->sending, len);
		buf_append(&conn->sending, data + taken, len - (size_t)taken);
	}
	tls_sent(conn->tls);
	if ((size_t)taken == len)
		return true;
	queue_write(conn);
	return false;
}

bool http_send_flush(struct http_conn *conn)
{
	if (conn->is_dead || conn->is_writing)
		return false;
	loop_defer_cancel(&conn->flush);
	if (conn->tls != NULL)
		return flush_tls(conn);
	if (conn->exchange == NULL || conn->exchange->out.len + conn->exchange->big.len == 0)
		return true;
	return flush_plain(conn);
}

static void on_deferred_flush(struct deferred *flush)
{
	http_send_flush((struct http_conn *)((char *)flush - offsetof(struct http_conn, flush)));
}

void http_send_init(struct http_conn *conn)
{
	conn->flush.fn = on_deferred_flush;
}

void http_send_sweep(struct http_conn *conn, int64_t now)
{
	size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp);

	if (left + PROGRESS_BYTES <= conn->write_left) {
		conn->write_left = left;
		conn->write_deadline_ms = now + conn->server->options.write_timeout_ms;
	} else if (now >= conn->write_deadline_ms) {
		conn->failure = ERR_TIMEOUT;
		http_conn_close(conn, true);
	}
}
