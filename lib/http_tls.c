#include "lib/http_tls.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/http_server.h"
#include "lib/xalloc.h"

struct tls {
	SSL *ssl; /* owns both BIOs */
	BIO *from_peer;
	BIO *to_peer;
	bool is_broken; /* an error ended the session: not even close_notify may follow */
};

/* ---- sessions ---- */

struct tls *tls_new(void *context)
{
	struct tls *tls = xcalloc(1, sizeof(*tls));

	tls->ssl = SSL_new(context);
	tls->from_peer = BIO_new(BIO_s_mem());
	tls->to_peer = BIO_new(BIO_s_mem());
	if (tls->ssl == NULL || tls->from_peer == NULL || tls->to_peer == NULL) {
		SSL_free(tls->ssl);
		BIO_free(tls->from_peer);
		BIO_free(tls->to_peer);
		xfree(tls);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_bio(tls->ssl, tls->from_peer, tls->to_peer);
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	xfree(tls);
}

void tls_feed(struct tls *tls, const char *data, size_t len)
{
	size_t written;

	BIO_write_ex(tls->from_peer, data, len, &written); /* memory BIOs take all */
}

/* One place maps OpenSSL's results: 0 to come back with more bytes, -ERR_CLOSED when it is over. */
static int tls_result(struct tls *tls, int rc)
{
	int reason = SSL_get_error(tls->ssl, rc);

	ERR_clear_error();
	if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
		return 0;
	if (reason != SSL_ERROR_ZERO_RETURN)
		tls->is_broken = true;
	return -ERR_CLOSED;
}

int tls_read(struct tls *tls, char *data, size_t size)
{
	int rc;

	if (tls->is_broken)
		return -ERR_CLOSED;
	rc = SSL_read(tls->ssl, data, size > INT_MAX ? INT_MAX : (int)size);
	return rc > 0 ? rc : tls_result(tls, rc);
}

int tls_write(struct tls *tls, const char *data, size_t len)
{
	while (len > 0) {
		size_t written = 0;

		if (tls->is_broken)
			return -ERR_CLOSED;
		if (SSL_write_ex(tls->ssl, data, len, &written) != 1) {
			tls_result(tls, 0);
			return -ERR_CLOSED;
		}
		data += written;
		len -= written;
	}
	return 0;
}

void tls_shutdown(struct tls *tls)
{
	if (!tls->is_broken && SSL_is_init_finished(tls->ssl))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

size_t tls_unsent(struct tls *tls, const char **ret_data)
{
	char *data;
	long len = BIO_get_mem_data(tls->to_peer, &data);

	*ret_data = data;
	return len > 0 ? (size_t)len : 0;
}

void tls_sent(struct tls *tls)
{
	(void)BIO_reset(tls->to_peer);
}

/* ---- contexts ---- */

/* OpenSSL's reason for the last failure, for a sentence. */
static const char *tls_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason != NULL ? reason : "unknown error";
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return ok;
}

/* Names and times. The serial is random: clients refuse two certificates of one issuer with the same one. */
static bool describe_self(X509 *cert)
{
	static const unsigned char name[] = "localhost";
	const long validity_s = 10L * 365 * 24 * 3600;
	X509_NAME *subject = X509_get_subject_name(cert);
	uint64_t serial;

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), validity_s) != NULL &&
	       X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC, name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1 &&
	       add_extension(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
}

static int use_self_signed(SSL_CTX *context, struct error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	int rc = 0;

	if (key == NULL || cert == NULL || !describe_self(cert) || X509_set_pubkey(cert, key) != 1 ||
	    X509_sign(cert, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(context, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key) != 1)
		rc = fail(err, ERR_INTERNAL, "Cannot make a self-signed certificate: %s", tls_reason());
	X509_free(cert); /* the context holds references of its own */
	EVP_PKEY_free(key);
	return rc;
}

static int use_files(SSL_CTX *context, const char *cert_path, const char *key_path, struct error *err)
{
	if (SSL_CTX_use_certificate_chain_file(context, cert_path) != 1) {
		return fail(err, ERR_INVALID, "Cannot use the TLS certificate file %s: %s", cert_path,
			    tls_reason());
	}
	if (SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1) {
		return fail(err, ERR_INVALID, "Cannot use the TLS key file %s with the certificate %s: %s",
			    key_path, cert_path, tls_reason());
	}
	return 0;
}

int http_tls_server_context(const char *cert_path, const char *key_path, void **ret, struct error *err)
{
	SSL_CTX *context;
	int rc;

	if ((cert_path == NULL) != (key_path == NULL))
		return fail(err, ERR_MISSING,
			    "A TLS certificate file needs a key file, and a key file a certificate");
	context = SSL_CTX_new(TLS_server_method());
	if (context == NULL)
		return fail(err, ERR_INTERNAL, "Cannot make a TLS context: %s", tls_reason());
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
	rc = cert_path != NULL ? use_files(context, cert_path, key_path, err) : use_self_signed(context, err);
	if (rc < 0) {
		SSL_CTX_free(context);
		return rc;
	}
	*ret = context;
	return 0;
}

void http_tls_refuse_resumption(void *context)
{
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

void http_tls_context_free(void *context)
{
	SSL_CTX_free(context);
}
