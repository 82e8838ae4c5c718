#pragma once
/*
 * http_conn: one accepted connection as a callback state machine, and the structures that the server's
 * files share. Private to http_server.c, http_conn.c, http_send.c and http_stream.c.
 *
 * An idle connection holds its socket and this struct only. The first byte of a request takes an
 * exchange (parser, buffers, arena) from the server's pool, which goes back when the last byte of the
 * reply has gone out. One request is answered at a time: bytes that come meanwhile are kept up to
 * HTTP_READ_AHEAD, then reading stops. Pipelined requests that are already there are answered by the
 * same fiber, and their replies leave in one write.
 *
 *   idle -> reading -> answering (fiber) -> writing -> idle, or lingering -> closed
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/fiber.h"
#include "lib/http_parse.h"
#include "lib/http_server.h"
#include "lib/loop.h"

struct tls;

/* The state of a streamed reply; private part of http_response. */
struct http_stream {
	bool is_begun;
	bool is_chunked; /* else the bytes run until the connection closes */
	bool has_chunk;  /* one whose end has not been composed */
	bool is_mute;    /* HEAD and bodiless statuses: writes are dropped */
	bool is_broken;  /* a write failed: the reply cannot be completed */
	size_t turn_len; /* bytes written since the writer last waited */
};

/* What a request in progress needs. */
struct http_exchange {
	struct http_exchange *next; /* in the server's pool */
	struct arena arena;
	struct http_parser parser;
	enum http_parse_result result; /* the parser's latest word */
	bool is_answered;              /* parser.request has its reply: the next may begin */
	size_t held;                   /* of the parser's memory, as counted in server->buffered */
	struct http_response response;
	struct http_stream stream;
	struct buf out; /* replies not yet given to the socket */
	struct buf big; /* a large body that follows `out`, not copied into it */
};

struct http_conn {
	uv_tcp_t tcp;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct http_server *server;
	struct http_conn *prev, *next;    /* server->conns */
	struct http_exchange *exchange;   /* NULL when idle */
	struct tls *tls;                  /* NULL on plain connections */
	struct fiber *fiber;              /* answering, or NULL */
	unsigned refs;                    /* the open socket, the fiber */
	int64_t deadline_ms;              /* loop time: idle, reading or lingering for too long */
	int64_t write_deadline_ms;        /* while is_writing: no progress until then */
	size_t write_left;                /* bytes queued in libuv at the last look */
	struct buf sending, sending_body; /* given to libuv by `write` */
	struct deferred flush;            /* sends what the fiber has composed before it went to wait */
	struct cond drained;              /* bytes have left, or the connection is dead */
	size_t linger_left;               /* bytes still read and dropped after the last reply */
	int failure;                      /* ERR_CLOSED, or ERR_TIMEOUT when writing stalled */
	bool is_reading, is_writing;
	bool is_eof;    /* the client sends no more */
	bool is_last;   /* close when everything has been sent */
	bool is_polite; /* the client did not ask for the close: linger */
	bool is_lingering;
	bool is_dead; /* the socket is being closed */
	char peer[46];
};

struct http_server {
	struct http_server_options options;
	uv_tcp_t listener;
	uv_timer_t sweep; /* runs while there are connections */
	uint64_t sweep_ms;
	unsigned refs; /* owner, listener, timer, each connection */
	struct http_conn *conns;
	unsigned conn_count;
	struct http_exchange *pool;
	unsigned pool_count;
	size_t buffered;       /* memory of all requests being received */
	struct cond empty;     /* conn_count fell to 0 */
	bool is_accept_paused; /* max_connections reached: one waits in libuv */
	bool is_draining;
	bool is_closed; /* listener and timer are closed or closing */
	int port;
};

/* http_server.c */
struct http_exchange *http_server_take_exchange(struct http_server *server);
void http_server_give_exchange(struct http_server *server, struct http_exchange *exchange);
void http_server_add(struct http_server *server, struct http_conn *conn);
void http_server_remove(struct http_server *server, struct http_conn *conn); /* drops conn's reference */

/* http_conn.c */
/* Accepts what the listener offers. */
void http_conn_accept(struct http_server *server);
/* Closes at once; a fiber at work finds out by is_dead and the conditions. with_reset: RST, not FIN. */
void http_conn_close(struct http_conn *conn, bool with_reset);
/* Looks at the deadlines. now_ms: loop time. */
void http_conn_sweep(struct http_conn *conn, int64_t now_ms);
/* Moves the connection on as far as it goes; harmless at any time. */
void http_conn_settle(struct http_conn *conn);
/* True when the connection must close after this reply; remembers it. */
bool http_conn_decide_close(struct http_conn *conn, const struct http_response *response);

/* http_send.c */
void http_send_init(struct http_conn *conn);
/* Gives to the socket what it takes. True when nothing is left to send. */
bool http_send_flush(struct http_conn *conn);
/* Bytes composed or queued and not yet taken by the socket. */
size_t http_send_unsent(const struct http_conn *conn);
/* Resets a connection whose client takes nothing. Only while is_writing. */
void http_send_sweep(struct http_conn *conn, int64_t now_ms);

/* http_stream.c: completes a streamed reply when the handler has returned. False: it cannot be. */
bool http_stream_end(struct http_conn *conn, struct http_response *response);
