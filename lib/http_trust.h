#pragma once
/*
 * http_trust: client TLS contexts: whom a connection trusts and which versions and ciphers it takes. One
 * context is shared by all connections with the same wishes: making one for each costs more than the
 * handshake. Private to http_client.c and http_link.c.
 */
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/fiber.h"

struct http_wishes {
	bool is_unverified;
	const char *ca_path; /* file or folder; NULL: the system's */
	const char *minimum; /* "1.0" to "1.3"; NULL: 1.2 */
	const char *ciphers; /* OpenSSL list; NULL: its own */
};

/* The context for these wishes, borrowed until the next call (an SSL of it holds a reference). A CA file that
 * has changed since is read again. where: for the sentence. -ERR_INVALID when the file or the list cannot be
 * used. */
SUSPENDS int http_trust_context(const struct http_wishes *wishes, const char *where, SSL_CTX **ret,
				struct error *err);
void http_trust_release(void);
/* A number that no other context has had. */
uint64_t http_trust_serial(const SSL_CTX *context);

/* What is wrong with the certificate of a session that failed, as a sentence's end. */
const char *http_trust_problem(const SSL *ssl);

/* Called with each session that a server offers for resumption; takes the reference. */
extern void (*http_trust_on_session)(SSL *ssl, SSL_SESSION *take_session);
