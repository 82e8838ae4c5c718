#pragma once
/*
 * http_client: HTTP/1.1 requests over TCP and TLS; a fiber waits. Connections are kept alive for each host
 * and trust, up to a number; TLS sessions are resumed when a connection is made anew. No redirects are
 * followed, no proxy of the environment is used, no compression is asked for or undone. Used by the redfish
 * and expether drivers.
 *
 * A kept connection that turns out dead before the first byte of an answer is replaced once by a new one, and
 * the request sent again if may_send agrees. A connection costs about 25 KB while it is idle.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "lib/resolve.h" /* resolve_host */

/* ---- ferrule/driver.h: from here ---- */
struct http_fetch {
	/* request; all borrowed until http_fetch returns */
	const char *method;         /* "GET", ... */
	const char *url;            /* absolute */
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	const char *body;           /* NULL: none */
	size_t body_len;
	const char *user, *password; /* Basic, when user is not NULL */
	bool is_tls_unverified;      /* redfish_verify_ca = False */
	const char *ca_path;         /* file or folder; NULL: the system's */
	const char *tls_minimum;     /* "1.1" "1.2" "1.3" or NULL */
	const char *tls_ciphers;     /* OpenSSL list or NULL */
	bool is_fresh;               /* never on a reused connection; idle ones to the host are closed */
	bool is_last;                /* close the connection afterwards */
	int connect_timeout_ms;      /* 0: 30 s */
	int timeout_ms;              /* whole exchange; 0: 60 s */
	int tcp_user_timeout_ms;     /* TCP_USER_TIMEOUT of the socket; 0: none */
	size_t max_body_bytes;       /* 0: 16 MiB */
	/* Called right before the bytes of the request leave, also on the second try on a new connection;
	 * must not suspend. Non-zero: nothing is sent and http_fetch returns that code with the sentence.
	 * `attempt` counts from 0. NULL: always. */
	int (*may_send)(void *arg, unsigned attempt, struct error *err);
	void *may_send_arg;

	/* answer; valid until http_fetch_release */
	int status;
	struct buf answer;      /* body bytes of the reply */
	struct buf header_text; /* all header lines, for http_fetch_header */
	bool is_reused;         /* went over a kept-alive connection */
	bool is_resumed;        /* went over a new one with a resumed TLS session */
	bool is_sent;           /* the request (or part of it) may have left */
	bool is_untrusted;      /* failed because the peer's certificate does not verify */
};
/* ---- ferrule/driver.h: to here ---- */

void http_client_init(void);    /* once, after loop_init */
void http_client_release(void); /* when no fetch is under way */
/* Idle connections kept at most, of all hosts together; those idle for longest go first. 1000 unless told. */
void http_client_keep(unsigned max);

/* ---- ferrule/driver.h: from here ---- */
/* Sends and waits. 0 with any HTTP status, or -ERR_BMC_UNREACHABLE (could not resolve, connect, no or
 * truncated answer; the sentence names host and cause), -ERR_TIMEOUT, -ERR_TOO_LARGE, -ERR_CANCELLED
 * or may_send's code. */
SUSPENDS int http_fetch(struct http_fetch *fetch, struct error *err);
/* First value of that header, trimmed, into text; false when absent or longer. */
bool http_fetch_header(const struct http_fetch *fetch, const char *name, char *text, size_t size);
void http_fetch_release(struct http_fetch *fetch);
/* ---- ferrule/driver.h: to here ---- */
