#pragma once
/*
 * http_server: HTTP/1.1 listeners on the loop (llhttp; TLS by OpenSSL). Connections are explicit
 * callback state machines confined to http_conn.c: accept, TLS, parsing, keep-alive, pipelining
 * (requests of one connection are answered in order, one at a time), chunked bodies, limits and
 * timeouts. A complete request runs its handler in a fiber of its own; the reply is written by the
 * loop. Slow clients hold a connection, never a worker or a database connection.
 *
 * Used by ferrule-api, bmcsim (Redfish and control port) and metrics listeners.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "lib/fiber.h"

struct http_header {
	const char *name;  /* as received */
	const char *value; /* trimmed */
};

struct http_request {
	const char *method; /* "GET", ...: upper case token as received */
	const char *target; /* as received */
	const char *path;   /* target up to '?', still percent-encoded */
	const char *query;  /* after '?'; "" when none */
	const struct http_header *headers;
	size_t header_count;
	const char *body; /* NUL-terminated beyond len; "" when none */
	size_t body_len;
	bool is_tls;
	const char *peer;    /* "127.0.0.1" */
	struct arena *arena; /* lives until the reply is queued */
};

/* The handler's answer. Zero status at return is a 500. */
struct http_response {
	int status;
	struct buf headers; /* "Name: value\r\n" lines; Content-Length, Connection and Date are added */
	struct buf body;
	bool is_close; /* close after this reply */
	/* faults, for simulators: */
	bool is_reset;              /* RST instead of an answer */
	int64_t truncate_at;        /* send only that many body bytes, then close; -1: whole */
	struct http_stream *stream; /* private: set by http_stream_begin */
	void *conn;                 /* private */
};

struct http_server_options {
	const char *address;       /* "127.0.0.1", "::1", "0.0.0.0" */
	int port;                  /* 0: any, read back with http_server_port */
	void *tls;                 /* SSL_CTX of http_tls_server_context, or NULL for plain */
	size_t max_header_bytes;   /* request line + headers; beyond: 431. 0: 64 KiB */
	unsigned max_header_count; /* 0: 100 */
	size_t max_body_bytes;     /* used when body_limit is NULL; beyond: 413 */
	size_t max_buffered_bytes; /* of all requests being received together; beyond: 503. 0: 256 MiB */
	unsigned max_connections;  /* beyond: the longest idle goes, else accepting pauses. 0: 4096 */
	int request_timeout_ms;    /* first byte to last byte of a request; beyond: 408 and close. 0: 60 s */
	int idle_timeout_ms;       /* between requests. 0: 75 s */
	int write_timeout_ms;      /* no progress in sending. 0: 60 s */
	bool is_keepalive_off;     /* Connection: close on each reply, for simulators */
	/* The largest body that this request may have; path is raw. May be NULL. */
	size_t (*body_limit)(const char *method, const char *path, void *arg);
	/* Runs in a fiber. */
	void (*handle)(struct http_request *request, struct http_response *response, void *arg);
	/* Fills the reply to what never reaches handle: malformed (400), slow (408), too large (413, 431),
	 * expectations, codings and versions not understood (417, 501, 505); and for a handler without an
	 * answer (500). The connection closes after it, but for the last. Must not suspend. NULL: plain
	 * text. */
	void (*refuse)(int status, const char *sentence, struct http_response *response, void *arg);
	void *arg;
};

struct http_server;
/* Listens. -ERR_CONFLICT with address and port named when in use. options is copied. */
int http_server_new(const struct http_server_options *options, struct http_server **ret, struct error *err);
int http_server_port(const struct http_server *server);
/* Stops accepting, lets running requests end until deadline, closes idle connections. */
SUSPENDS void http_server_drain(struct http_server *server, int64_t deadline_ms);
/* Closes all at once. Handlers still at work are cancelled and end in the next ticks; they may use arg until
 * then. NULL is fine. */
void http_server_free(struct http_server *server);

/* Value of the first header of that name (case-insensitive), or NULL. */
const char *http_request_header(const struct http_request *request, const char *name);

void http_response_header(struct http_response *response, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Streaming, for long documents: sends status and headers now and the body in chunks (HTTP/1.0: until
 * close; HEAD: nothing). write waits while more than 16 KiB are unsent, and lets others run now and then.
 * -ERR_CLOSED when the client has gone, -ERR_TIMEOUT past write_timeout. After a failed write just return
 * from the handler. A handler that cannot complete its stream sets is_reset, so that the client notices. */
SUSPENDS int http_stream_begin(struct http_response *response);
SUSPENDS int http_stream_write(struct http_response *response, const void *data, size_t len);
/* The same with what stands in response->body, which is empty then, for handlers that hold much: it does not
 * wait. 1: the socket did not take it all, and only the rest is kept; call http_stream_wait before the next.
 */
int http_stream_body(struct http_response *response);
SUSPENDS int http_stream_wait(struct http_response *response);

/* True once the client has closed its side (a half-close counts; a reply may still reach it). A client that
 * has pipelined more than 64 KiB behind its request is not watched. */
bool http_response_is_gone(const struct http_response *response);

/* SSL_CTX from PEM files, or a self-signed certificate made in memory when both are NULL (simulators). */
int http_tls_server_context(const char *cert_path, const char *key_path, void **ret, struct error *err);
/* Offers no session to resume, as BMCs that forget. */
void http_tls_refuse_resumption(void *context);
void http_tls_context_free(void *context);
