#include "lib/http_server.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <uv.h>

#include "lib/error.h"
#include "lib/http_conn.h"
#include "lib/http_reply.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

#define BACKLOG 1024
/* Exchanges kept for the next request. */
#define POOL_MAX 64
/* Replies that wait for the socket: heads, small bodies, chunks. */
#define MAX_OUT    ((size_t)4 * 1024 * 1024)
#define MAX_BIG    ((size_t)1 << 30)
#define KEEP_BYTES ((size_t)16 * 1024)

/* ---- exchanges ---- */

struct http_exchange *http_server_take_exchange(struct http_server *server)
{
	struct http_exchange *exchange = server->pool;

	if (exchange != NULL) {
		server->pool = exchange->next;
		server->pool_count--;
		return exchange;
	}
	exchange = xcalloc(1, sizeof(*exchange));
	arena_init(&exchange->arena);
	http_parser_init(&exchange->parser, &server->options, &exchange->arena);
	buf_init(&exchange->response.headers, 0);
	buf_init(&exchange->response.body, 0);
	buf_init(&exchange->out, MAX_OUT);
	buf_init(&exchange->big, MAX_BIG);
	return exchange;
}

static void free_exchange(struct http_exchange *exchange)
{
	arena_release(&exchange->arena);
	http_parser_release(&exchange->parser);
	http_response_release(&exchange->response);
	buf_release(&exchange->out);
	buf_release(&exchange->big);
	xfree(exchange);
}

void http_server_give_exchange(struct http_server *server, struct http_exchange *exchange)
{
	bool is_clean = http_parser_is_idle(&exchange->parser) && exchange->out.len == 0;

	server->buffered -= exchange->held;
	exchange->held = 0;
	if (!is_clean || server->is_closed || server->pool_count >= POOL_MAX) {
		free_exchange(exchange);
		return;
	}
	http_parser_trim(&exchange->parser);
	http_response_reset(&exchange->response);
	if (exchange->out.size > KEEP_BYTES)
		buf_release(&exchange->out);
	exchange->next = server->pool;
	server->pool = exchange;
	server->pool_count++;
}

/* ---- life ---- */

static void unref(struct http_server *server)
{
	if (--server->refs > 0)
		return;
	while (server->pool != NULL) {
		struct http_exchange *exchange = server->pool;

		server->pool = exchange->next;
		free_exchange(exchange);
	}
	xfree((char *)server->options.address);
	xfree(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
	unref(handle->data);
}

/* No new connections. The sweep goes on for those that exist. */
static void close_listener(struct http_server *server)
{
	if (!uv_is_closing((uv_handle_t *)&server->listener))
		uv_close((uv_handle_t *)&server->listener, on_handle_closed);
}

static void close_handles(struct http_server *server)
{
	server->is_closed = true;
	close_listener(server);
	uv_close((uv_handle_t *)&server->sweep, on_handle_closed);
}

/* ---- connections ---- */

static void on_sweep(uv_timer_t *timer)
{
	struct http_server *server = timer->data;
	int64_t now_ms = (int64_t)uv_now(timer->loop);

	for (struct http_conn *conn = server->conns, *next; conn != NULL; conn = next) {
		next = conn->next;
		http_conn_sweep(conn, now_ms);
	}
}

void http_server_add(struct http_server *server, struct http_conn *conn)
{
	conn->next = server->conns;
	if (conn->next != NULL)
		conn->next->prev = conn;
	server->conns = conn;
	server->refs++;
	if (server->conn_count++ == 0 && !server->is_closed)
		uv_timer_start(&server->sweep, on_sweep, server->sweep_ms, server->sweep_ms);
}

/* Makes room: whoever has been idle for longest can connect again, as with any kept-alive connection. */
static void close_longest_idle(struct http_server *server)
{
	struct http_conn *longest = NULL;

	for (struct http_conn *conn = server->conns; conn != NULL; conn = conn->next) {
		if (conn->exchange == NULL && !conn->is_writing && !conn->is_dead &&
		    (longest == NULL || conn->deadline_ms <= longest->deadline_ms))
			longest = conn;
	}
	if (longest != NULL)
		http_conn_close(longest, false);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct http_server *server = listener->data;

	if (status < 0)
		return;
	if (server->conn_count < server->options.max_connections) {
		http_conn_accept(server);
		return;
	}
	/* Not accepting makes libuv stop listening until the waiting connection is taken. */
	server->is_accept_paused = true;
	close_longest_idle(server);
}

void http_server_remove(struct http_server *server, struct http_conn *conn)
{
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		server->conns = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	server->conn_count--;
	if (server->is_accept_paused && !server->is_draining && !server->is_closed) {
		server->is_accept_paused = false;
		http_conn_accept(server);
	}
	if (server->conn_count == 0) {
		if (!server->is_closed)
			uv_timer_stop(&server->sweep);
		cond_broadcast(&server->empty);
	}
	unref(server);
}

/* ---- public ---- */

static void set_default_int(int *value, int preset)
{
	if (*value == 0)
		*value = preset;
}

static void take_options(struct http_server *server, const struct http_server_options *given)
{
	struct http_server_options *options = &server->options;
	int shortest;

	*options = *given;
	options->address = xstrdup(given->address);
	if (options->max_header_bytes == 0)
		options->max_header_bytes = (size_t)64 * 1024;
	if (options->max_header_count == 0)
		options->max_header_count = 100;
	if (options->max_buffered_bytes == 0)
		options->max_buffered_bytes = (size_t)256 * 1024 * 1024;
	if (options->max_connections == 0)
		options->max_connections = 4096;
	set_default_int(&options->request_timeout_ms, 60 * 1000);
	set_default_int(&options->idle_timeout_ms, 75 * 1000);
	set_default_int(&options->write_timeout_ms, 60 * 1000);
	shortest = options->request_timeout_ms;
	if (options->idle_timeout_ms < shortest)
		shortest = options->idle_timeout_ms;
	if (options->write_timeout_ms < shortest)
		shortest = options->write_timeout_ms;
	/* Late by a quarter at most, and never more often than twenty times a second. */
	server->sweep_ms = shortest / 4 > 1000 ? 1000 : shortest / 4 < 50 ? 50 : (uint64_t)(shortest / 4);
}

static int listen_failed(const struct http_server_options *options, int rc, struct error *err)
{
	if (rc == UV_EADDRINUSE) {
		return fail(err, ERR_CONFLICT, "Cannot listen on %s port %d: the address is already in use",
			    options->address, options->port);
	}
	return fail(err, ERR_INVALID, "Cannot listen on %s port %d: %s", options->address, options->port,
		    uv_strerror(rc));
}

static int read_port(const uv_tcp_t *listener)
{
	struct sockaddr_storage address;
	int len = sizeof(address);

	if (uv_tcp_getsockname(listener, (struct sockaddr *)&address, &len) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int start_listening(struct http_server *server)
{
	const struct http_server_options *options = &server->options;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	int rc = UV_EINVAL;

	if (options->port >= 0 && options->port <= 65535) {
		rc = uv_ip4_addr(options->address, options->port, &address.v4);
		if (rc != 0)
			rc = uv_ip6_addr(options->address, options->port, &address.v6);
	}
	if (rc == 0)
		rc = uv_tcp_bind(&server->listener, &address.any, 0); /* sets SO_REUSEADDR */
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
	return rc;
}

int http_server_new(const struct http_server_options *options, struct http_server **ret, struct error *err)
{
	struct http_server *server = xcalloc(1, sizeof(*server));
	int rc;

	take_options(server, options);
	server->refs = 3;
	uv_tcp_init(loop_uv(), &server->listener);
	uv_timer_init(loop_uv(), &server->sweep);
	server->listener.data = server;
	server->sweep.data = server;
	rc = start_listening(server);
	if (rc != 0) {
		rc = listen_failed(&server->options, rc, err);
		http_server_free(server);
		return rc;
	}
	server->port = read_port(&server->listener);
	*ret = server;
	return 0;
}

int http_server_port(const struct http_server *server)
{
	return server->port;
}

void http_server_drain(struct http_server *server, int64_t deadline_ms)
{
	server->is_draining = true;
	close_listener(server);
	for (struct http_conn *conn = server->conns; conn != NULL; conn = conn->next) {
		if (conn->exchange == NULL && !conn->is_writing && !conn->is_lingering)
			http_conn_close(conn, false);
	}
	while (server->conn_count > 0) {
		if (cond_wait(&server->empty, deadline_ms) < 0)
			return;
	}
}

void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	server->is_draining = true;
	for (struct http_conn *conn = server->conns; conn != NULL; conn = conn->next) {
		if (conn->fiber != NULL)
			fiber_cancel(conn->fiber);
		http_conn_close(conn, false);
	}
	close_handles(server);
	unref(server);
}
