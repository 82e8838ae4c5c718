#pragma once
/*
 * http_link: one connection of the HTTP client and the request that it carries: connect, TLS, send, receive
 * as a state machine in the loop's callbacks; the fiber of the transfer only waits for the end. Also the
 * peers (one for each host and its TLS wishes) with their idle connections and the TLS session to resume.
 * Private to http_client.c.
 */
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/deadline.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/http_answer.h"
#include "lib/http_client.h"
#include "lib/http_place.h"
#include "lib/http_trust.h"
#include "lib/loop.h"
#include "lib/resolve.h"

/* Where connections lead, with the same trust. Lives while it has connections or a session worth keeping. */
struct http_peer {
	int64_t hash; /* the key in the map of peers */
	char *key;               /* owned: where and wishes */
	char *host;              /* owned: name that the certificate must have */
	bool is_ip;              /* the host is an address */
	struct http_link *idle;  /* newest first */
	SSL_SESSION *session;    /* owned; to resume; NULL: none */
	uint64_t session_serial; /* of the context that it was made with: another trusts otherwise */
	unsigned users;          /* connections, and transfers that have looked it up */
	struct http_peer *next;  /* of the same hash */
	struct http_peer *older, *newer;
};

/* One http_fetch. */
struct http_transfer {
	struct http_fetch *fetch;
	struct http_place place;
	struct http_answer answer;
	char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];
	int address_count, address_next;
	struct buf out;   /* the request */
	unsigned attempt; /* how often it was about to leave */
	int timeout_ms, connect_timeout_ms;
	int64_t connect_end_ms, end_ms;
	struct http_link *link; /* that carries it; NULL: none, or no longer */
	struct cond done;
	bool is_done;
	bool is_leaving; /* may_send has agreed */
	bool is_stale;   /* a reused connection ended before the first byte of an answer */
	int rc;
	struct error err; /* of rc */
};

enum http_link_state { LINK_CONNECTING, LINK_SHAKING, LINK_SENDING, LINK_RECEIVING, LINK_IDLE };

struct http_link {
	enum http_link_state state;
	struct http_peer *peer;         /* counted among its users */
	int fd;                         /* -1: none yet */
	struct fd_watch *watch;         /* NULL: none */
	SSL *ssl;                       /* owned; NULL: plain */
	struct http_transfer *transfer; /* borrowed; NULL when idle */
	size_t sent;                    /* bytes of the request */
	unsigned requests;              /* carried so far */
	bool was_resumed;               /* the TLS session was */
	struct deadline deadline;
	struct deferred step;
	struct http_link *next;          /* idle at the same peer */
	struct http_link *older, *newer; /* idle, of all peers */
};

/* The peer of a place with these wishes, made when new; held until given back. */
struct http_peer *http_peer_take(const struct http_place *place, const struct http_wishes *wishes);
void http_peer_give(struct http_peer *peer);
/* The idle connection used last, or NULL. */
struct http_link *http_peer_idle(struct http_peer *peer);

/* A connection to be made. context: NULL: plain. */
struct http_link *http_link_new(struct http_peer *peer, SSL_CTX *context);
/* Carries the transfer from the next tick on; signals transfer->done. */
void http_link_start(struct http_link *link, struct http_transfer *transfer);
/* Closes at once and frees; a transfer on it is over with its rc untouched. */
void http_link_close(struct http_link *link);

/* Idle connections kept at most, of all peers together: the longest idle go first. */
void http_links_keep(unsigned max);
/* Puts an idle connection among those kept; takes one out again. */
void http_links_put(struct http_link *link);
void http_links_take(struct http_link *link);
/* Closes all idle connections and forgets all peers. */
void http_links_release(void);
