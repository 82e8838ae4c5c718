#include "lib/http_conn.h"

#include <stdint.h>
#include <string.h>

#include "lib/error.h"
#include "lib/http_reply.h"
#include "lib/http_tls.h"
#include "lib/xalloc.h"

/* Bodies up to this size are copied behind their head; larger ones leave from where they are. */
#define COPY_BYTES ((size_t)16 * 1024)
/* Pipelined replies are composed up to here before they must leave. */
#define COALESCE_BYTES ((size_t)64 * 1024)
/* So many pipelined requests are answered before others get their turn. */
#define BURST_MAX 32
/* After a refusal, so much and so long is read and dropped, lest an RST destroys the reply. */
#define LINGER_BYTES ((size_t)1024 * 1024)
#define LINGER_MS    2000

/* Reads go here and are consumed at once; there is one loop. */
static char wire[HTTP_READ_BYTES];
static char plain[HTTP_READ_BYTES];

static int64_t now_ms(const struct http_conn *conn)
{
	return (int64_t)uv_now(conn->tcp.loop);
}

static struct http_conn *conn_of(const void *handle)
{
	return ((const uv_handle_t *)handle)->data;
}

/* ---- life and death ---- */

static void release_exchange(struct http_conn *conn)
{
	if (conn->exchange != NULL)
		http_server_give_exchange(conn->server, conn->exchange);
	conn->exchange = NULL;
}

static void unref(struct http_conn *conn)
{
	if (--conn->refs > 0)
		return;
	release_exchange(conn);
	tls_free(conn->tls);
	buf_release(&conn->sending);
	buf_release(&conn->sending_body);
	http_server_remove(conn->server, conn);
	xfree(conn);
}

static void on_closed(uv_handle_t *handle)
{
	unref(conn_of(handle));
}

void http_conn_close(struct http_conn *conn, bool with_reset)
{
	if (conn->is_dead)
		return;
	conn->is_dead = true;
	conn->is_reading = false;
	if (conn->failure == 0)
		conn->failure = ERR_CLOSED;
	loop_defer_cancel(&conn->flush);
	cond_broadcast(&conn->drained);
	if (!with_reset || uv_tcp_close_reset(&conn->tcp, on_closed) != 0)
		uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

/* ---- answering ---- */

bool http_conn_decide_close(struct http_conn *conn, const struct http_response *response)
{
	bool is_wanted = !conn->exchange->parser.is_keep_alive;

	if (is_wanted || response->is_close || conn->server->options.is_keepalive_off ||
	    conn->server->is_draining || conn->server->is_accept_paused ||
	    conn->exchange->parser.phase == HTTP_PHASE_REFUSED) {
		conn->is_last = true;
		conn->is_polite = !is_wanted || http_parser_ahead(&conn->exchange->parser) > 0;
	}
	return conn->is_last;
}

static void compose(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;
	struct http_response *response = &exchange->response;
	struct buf *body = &response->body;
	bool is_head = exchange->parser.phase == HTTP_PHASE_DONE &&
		       strcmp(exchange->parser.request.method, "HEAD") == 0;

	if (response->truncate_at >= 0 && (uint64_t)response->truncate_at < body->len)
		response->is_close = true;
	http_reply_head(&exchange->out, response,
			(struct http_reply_form){
				.framing = HTTP_REPLY_WHOLE,
				.is_http10 = exchange->parser.is_http10,
				.is_close = http_conn_decide_close(conn, response),
			});
	if (is_head || !http_reply_has_body(response->status))
		return;
	if (response->truncate_at >= 0 && (uint64_t)response->truncate_at < body->len)
		body->len = (size_t)response->truncate_at;
	if (body->len <= COPY_BYTES) {
		buf_append(&exchange->out, body->data, body->len);
		return;
	}
	exchange->big = *body;
	buf_init(body, exchange->big.max);
}

/* Lets the owner word a refusal. */
static void compose_refusal(struct http_conn *conn, int status, const char *sentence)
{
	const struct http_server_options *options = &conn->server->options;
	struct http_response *response = &conn->exchange->response;

	http_response_reset(response);
	if (options->refuse != NULL) {
		options->refuse(status, sentence, response, options->arg);
	} else {
		http_response_header(response, "Content-Type", "text/plain; charset=utf-8");
		buf_printf(&response->body, "%s\n", sentence);
	}
	if (response->status == 0)
		response->status = status;
	compose(conn);
}

static void reply(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;
	struct http_response *response = &exchange->response;

	if (conn->is_dead)
		return;
	if (response->is_reset) {
		http_conn_close(conn, true);
	} else if (exchange->stream.is_begun) {
		if (!http_stream_end(conn, response))
			http_conn_close(conn, false);
	} else if (response->status == 0) {
		compose_refusal(conn, 500, "The request has no answer.");
	} else if (response->headers.overflow || response->body.overflow) {
		compose_refusal(conn, 500, "The answer is too large.");
	} else {
		compose(conn);
	}
}

static void answer(struct http_conn *conn)
{
	const struct http_server_options *options = &conn->server->options;
	struct http_exchange *exchange = conn->exchange;
	struct http_request *request = &exchange->parser.request;

	request->is_tls = conn->tls != NULL;
	request->peer = conn->peer;
	http_response_reset(&exchange->response);
	exchange->response.conn = conn;
	exchange->stream = (struct http_stream){ 0 };
	options->handle(request, &exchange->response, options->arg);
	reply(conn);
	arena_release(&exchange->arena);
	exchange->is_answered = true;
}

/* A pipelined request that is already whole is answered by the same fiber. */
static bool has_next(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;

	if (conn->is_dead || conn->is_last || conn->is_writing || exchange->big.len > 0 ||
	    exchange->out.len > COALESCE_BYTES || fiber_is_cancelled(conn->fiber) ||
	    http_parser_ahead(&exchange->parser) == 0)
		return false;
	exchange->is_answered = false;
	exchange->result = http_parser_next(&exchange->parser);
	conn->deadline_ms = now_ms(conn) + conn->server->options.request_timeout_ms;
	if (exchange->result != HTTP_PARSE_COMPLETE)
		return false;
	loop_defer(&conn->flush); /* should the handler wait */
	fiber_set_labels(NULL);
	return true;
}

static void run(void *arg)
{
	struct http_conn *conn = arg;
	unsigned answered = 0;

	do {
		answer(conn);
	} while (++answered < BURST_MAX && has_next(conn));
	fiber_set_labels(NULL);
	conn->fiber = NULL;
	http_conn_settle(conn);
	unref(conn);
}

static void start_fiber(struct http_conn *conn)
{
	conn->refs++;
	conn->fiber = fiber_spawn("http", run, conn);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(wire, sizeof(wire));
}

/* Everything is sent and nothing follows: closes, after letting the client read the last reply. */
static void part(struct http_conn *conn)
{
	if (conn->tls != NULL) {
		tls_shutdown(conn->tls);
		http_send_flush(conn);
	}
	if (conn->is_dead)
		return;
	if (!conn->is_polite || conn->is_eof ||
	    uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, NULL) != 0) {
		http_conn_close(conn, false);
		return;
	}
	conn->is_lingering = true;
	conn->linger_left = LINGER_BYTES;
	conn->deadline_ms = now_ms(conn) + LINGER_MS;
}

static void go_idle(struct http_conn *conn)
{
	release_exchange(conn);
	conn->deadline_ms = now_ms(conn) + conn->server->options.idle_timeout_ms;
	if (conn->is_eof || conn->server->is_draining || conn->server->is_accept_paused)
		http_conn_close(conn, false);
}

static void refuse(struct http_conn *conn)
{
	struct http_parser *parser = &conn->exchange->parser;

	compose_refusal(conn, parser->status, parser->sentence);
	if (http_send_flush(conn))
		part(conn);
}

/* A request is not whole yet. */
static void wait_for_more(struct http_conn *conn)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_exchange *exchange = conn->exchange;

	if (http_parser_is_idle(&exchange->parser)) {
		go_idle(conn);
	} else if (conn->is_eof) {
		exchange->result = http_parser_finish(&exchange->parser);
		refuse(conn);
	} else if (exchange->parser.is_continue_wanted) {
		exchange->parser.is_continue_wanted = false;
		buf_append(&exchange->out, go_on, sizeof(go_on) - 1);
		http_send_flush(conn);
	}
}

/* Moves the connection on as far as it goes; harmless at any time. */
static void move_on(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;

	if (!http_send_flush(conn))
		return; /* on_written comes back here */
	if (conn->is_last) {
		part(conn);
		return;
	}
	if (exchange == NULL) {
		if (conn->is_eof)
			http_conn_close(conn, false);
		return;
	}
	if (exchange->is_answered) {
		exchange->is_answered = false;
		exchange->result = http_parser_next(&exchange->parser);
		conn->deadline_ms = now_ms(conn) + conn->server->options.request_timeout_ms;
	}
	switch (exchange->result) {
	case HTTP_PARSE_MORE:
		wait_for_more(conn);
		break;
	case HTTP_PARSE_COMPLETE:
		start_fiber(conn);
		break;
	case HTTP_PARSE_REFUSED:
		refuse(conn);
		break;
	}
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);

static void update_reading(struct http_conn *conn)
{
	bool want = !conn->is_eof && (conn->exchange == NULL || conn->is_lingering ||
				      http_parser_ahead(&conn->exchange->parser) < HTTP_READ_AHEAD);

	if (conn->is_dead || want == conn->is_reading)
		return;
	conn->is_reading = want;
	if (!want)
		uv_read_stop((uv_stream_t *)&conn->tcp);
	else if (uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
		http_conn_close(conn, false);
}

void http_conn_settle(struct http_conn *conn)
{
	if (!conn->is_dead && conn->fiber == NULL && !conn->is_lingering)
		move_on(conn);
	update_reading(conn);
}

static void count_memory(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;
	size_t held = http_parser_held(&exchange->parser);

	conn->server->buffered += held - exchange->held;
	exchange->held = held;
}

/* Many large requests at once must not exhaust the machine. Whole ones pass: they end soon. */
static void limit_memory(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->exchange;

	count_memory(conn);
	if (exchange->result != HTTP_PARSE_MORE || http_parser_is_idle(&exchange->parser) ||
	    conn->server->buffered <= conn->server->options.max_buffered_bytes)
		return;
	exchange->result =
		http_parser_refuse(&exchange->parser, 503, "Too many large requests are being received.");
	count_memory(conn);
}

/* Plain bytes of the client. */
static void take_bytes(struct http_conn *conn, const char *data, size_t len)
{
	struct http_exchange *exchange = conn->exchange;
	bool is_busy;

	if (conn->is_lingering || conn->is_last) {
		if (len >= conn->linger_left && conn->is_lingering)
			http_conn_close(conn, false);
		else if (conn->is_lingering)
			conn->linger_left -= len;
		return;
	}
	if (exchange == NULL) {
		exchange = conn->exchange = http_server_take_exchange(conn->server);
		conn->deadline_ms = now_ms(conn) + conn->server->options.request_timeout_ms;
	}
	is_busy = exchange->parser.phase == HTTP_PHASE_DONE;
	exchange->result = http_parser_feed(&exchange->parser, data, len);
	limit_memory(conn);
	if (!is_busy)
		http_conn_settle(conn);
	else
		update_reading(conn);
}

static void take_cipher(struct http_conn *conn, const char *data, size_t len)
{
	int got;

	tls_feed(conn->tls, data, len);
	while ((got = tls_read(conn->tls, plain, sizeof(plain))) > 0 && !conn->is_dead)
		take_bytes(conn, plain, (size_t)got);
	if (conn->is_dead)
		return;
	http_send_flush(conn); /* handshake messages and alerts */
	if (got < 0 && !conn->is_dead) {
		conn->is_eof = true;
		http_conn_settle(conn);
	}
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct http_conn *conn = conn_of(stream);

	if (len == 0)
		return;
	if (len < 0) {
		conn->is_eof = true;
		if (len != UV_EOF || conn->is_lingering)
			http_conn_close(conn, false);
		http_conn_settle(conn);
		return;
	}
	if (conn->tls != NULL)
		take_cipher(conn, buf->base, (size_t)len);
	else
		take_bytes(conn, buf->base, (size_t)len);
}

/* ---- time ---- */

void http_conn_sweep(struct http_conn *conn, int64_t now)
{
	if (conn->is_dead)
		return;
	if (conn->is_writing) {
		http_send_sweep(conn, now);
		return;
	}
	if (conn->fiber != NULL || now < conn->deadline_ms)
		return;
	if (conn->exchange == NULL || conn->is_lingering || conn->is_last) {
		http_conn_close(conn, false);
		return;
	}
	conn->exchange->result = HTTP_PARSE_REFUSED;
	conn->exchange->parser.phase = HTTP_PHASE_REFUSED;
	compose_refusal(conn, 408, "The request did not arrive in time.");
	if (http_send_flush(conn))
		part(conn);
}

/* ---- accepting ---- */

static void name_peer(struct http_conn *conn)
{
	struct sockaddr_storage address;
	int len = sizeof(address);

	if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&address, &len) != 0)
		return;
	if (address.ss_family == AF_INET)
		uv_ip4_name((const struct sockaddr_in *)&address, conn->peer, sizeof(conn->peer));
	else if (address.ss_family == AF_INET6)
		uv_ip6_name((const struct sockaddr_in6 *)&address, conn->peer, sizeof(conn->peer));
}

void http_conn_accept(struct http_server *server)
{
	const struct http_server_options *options = &server->options;
	struct http_conn *conn = xcalloc(1, sizeof(*conn));

	conn->server = server;
	conn->refs = 1;
	conn->tcp.data = conn;
	http_send_init(conn);
	uv_tcp_init(server->listener.loop, &conn->tcp);
	http_server_add(server, conn);
	if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&conn->tcp) != 0) {
		http_conn_close(conn, false);
		return;
	}
	uv_tcp_nodelay(&conn->tcp, 1);
	name_peer(conn);
	conn->deadline_ms = now_ms(conn) +
			    (options->tls != NULL ? options->request_timeout_ms : options->idle_timeout_ms);
	if (options->tls != NULL && (conn->tls = tls_new(options->tls)) == NULL) {
		http_conn_close(conn, false);
		return;
	}
	update_reading(conn);
}
