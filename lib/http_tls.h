#pragma once
/*
 * http_tls: server contexts, and TLS over memory BIOs: the connection moves cipher bytes to and from
 * the socket, this turns them into plain bytes and back. Nothing here does I/O or suspends. TLS 1.2
 * and 1.3; no renegotiation, no compression. The public functions of http_server.h on contexts are
 * implemented here too. Used by http_conn.c.
 */
#include <stddef.h>

struct tls;

/* A server session of that SSL_CTX. NULL when OpenSSL refuses (out of memory). */
struct tls *tls_new(void *context);
void tls_free(struct tls *tls);

/* Cipher bytes from the peer. */
void tls_feed(struct tls *tls, const char *data, size_t len);
/* Plain bytes: > 0 so many, 0 when more cipher bytes are needed, -ERR_CLOSED at the end of the
 * session and after an error. May leave bytes to send. Repeat until it is not > 0. */
int tls_read(struct tls *tls, char *data, size_t size);
/* Encrypts all of it. 0, or -ERR_CLOSED before the handshake or after an error. */
int tls_write(struct tls *tls, const char *data, size_t len);
/* Says goodbye (close_notify). */
void tls_shutdown(struct tls *tls);
/* Cipher bytes for the peer, borrowed until the next call; tls_sent drops them all. */
size_t tls_unsent(struct tls *tls, const char **ret_data);
void tls_sent(struct tls *tls);
