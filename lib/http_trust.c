#include "lib/http_trust.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/xalloc.h"

/* Different wishes at once: a conductor has one or two. Past that the oldest is made anew when needed. */
#define CONTEXTS_MAX 64

/* What a CA file or folder was when it was read. */
struct stamp {
	int64_t mtime_ns;
	uint64_t inode, size;
};

struct trust {
	bool is_unverified;
	char *ca_path, *minimum, *ciphers; /* owned */
	struct stamp stamp;
	SSL_CTX *context;
	struct trust *next;
};

static struct trust *trusts; /* newest first */
static uint64_t serial;      /* of the latest context */

void (*http_trust_on_session)(SSL *ssl, SSL_SESSION *take_session);

static bool is_same(const char *one, const char *other)
{
	return one == other || (one && other && !strcmp(one, other));
}

static struct stamp stamp_of(const char *path)
{
	struct stat info;

	if (!path || stat(path, &info) < 0)
		return (struct stamp){ 0 };
	return (struct stamp){ .mtime_ns = info.st_mtim.tv_sec * INT64_C(1000000000) + info.st_mtim.tv_nsec,
			       .inode = info.st_ino,
			       .size = (uint64_t)info.st_size };
}

static void trust_free(struct trust *trust)
{
	SSL_CTX_free(trust->context);
	xfree(trust->ca_path);
	xfree(trust->minimum);
	xfree(trust->ciphers);
	xfree(trust);
}

static struct trust *find(const struct http_wishes *wishes)
{
	for (struct trust *trust = trusts; trust; trust = trust->next)
		if (trust->is_unverified == wishes->is_unverified &&
		    is_same(trust->ca_path, wishes->ca_path) && is_same(trust->minimum, wishes->minimum) &&
		    is_same(trust->ciphers, wishes->ciphers))
			return trust;
	return NULL;
}

static void unlist(struct trust *trust)
{
	struct trust **place = &trusts;

	while (*place != trust)
		place = &(*place)->next;
	*place = trust->next;
}

static void list(struct trust *trust)
{
	struct trust **place = &trusts;
	unsigned count = 0;

	trust->next = trusts;
	trusts = trust;
	while (*place && count++ < CONTEXTS_MAX)
		place = &(*place)->next;
	if (*place) {
		trust_free(*place);
		*place = NULL;
	}
}

/* ---- making one, in the thread pool: it reads files ---- */

struct making {
	const struct http_wishes *wishes;
	SSL_CTX *context;
	const char *problem; /* NULL: none */
	char reason[128];
};

static bool failed(struct making *making, const char *problem)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	making->problem = problem;
	snprintf(making->reason, sizeof(making->reason), "%s", reason ? reason : "unknown error");
	ERR_clear_error();
	return false;
}

static int version_of(const char *minimum)
{
	static const struct {
		const char *name;
		int version;
	} versions[] = { { "1.0", TLS1_VERSION },
			 { "1.1", TLS1_1_VERSION },
			 { "1.2", TLS1_2_VERSION },
			 { "1.3", TLS1_3_VERSION } };

	for (size_t i = 0; minimum && i < sizeof(versions) / sizeof(versions[0]); i++)
		if (!strcmp(versions[i].name, minimum))
			return versions[i].version;
	return TLS1_2_VERSION;
}

static bool load_authorities(struct making *making)
{
	const char *path = making->wishes->ca_path;
	struct stat info;
	int rc;

	if (!path)
		return SSL_CTX_set_default_verify_paths(making->context) == 1 ||
		       failed(making, "the system's CA certificates cannot be used");
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		rc = SSL_CTX_load_verify_dir(making->context, path);
	else
		rc = SSL_CTX_load_verify_file(making->context, path);
	return rc == 1 || failed(making, "the CA file cannot be used");
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	if (!http_trust_on_session)
		return 0;
	http_trust_on_session(ssl, session);
	return 1;
}

static bool fill(struct making *making)
{
	const struct http_wishes *wishes = making->wishes;
	SSL_CTX *context = making->context;
	int version = version_of(wishes->minimum);

	SSL_CTX_set_min_proto_version(context, version);
	/* Who asks for them gets the old versions; their signatures need the lowest level. */
	if (version < TLS1_2_VERSION)
		SSL_CTX_set_security_level(context, 0);
	/* BMCs close without a goodbye. */
	SSL_CTX_set_options(context,
			    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_new_session);
	SSL_CTX_set_verify(context, wishes->is_unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	/* A BMC's own certificate may stand in the file of those trusted. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	if (wishes->ciphers && SSL_CTX_set_cipher_list(context, wishes->ciphers) != 1)
		return failed(making, "the TLS cipher list cannot be used");
	return wishes->is_unverified || load_authorities(making);
}

static void make(void *arg)
{
	struct making *making = arg;

	making->context = SSL_CTX_new(TLS_client_method());
	if (!making->context)
		failed(making, "TLS cannot be used");
	else if (!fill(making)) {
		SSL_CTX_free(making->context);
		making->context = NULL;
	}
}

int http_trust_context(const struct http_wishes *wishes, const char *where, SSL_CTX **ret, struct error *err)
{
	struct stamp stamp = wishes->is_unverified ? (struct stamp){ 0 } : stamp_of(wishes->ca_path);
	struct making making = { .wishes = wishes };
	struct trust *trust = find(wishes);

	if (trust && !memcmp(&trust->stamp, &stamp, sizeof(stamp))) {
		*ret = trust->context;
		return 0;
	}
	offload(make, &making);
	if (making.problem)
		return fail(err, ERR_INVALID, "Request to %s failed: %s: %s", where, making.problem,
			    making.reason);
	trust = find(wishes); /* another fiber may have made one meanwhile */
	if (trust) {
		unlist(trust);
		trust_free(trust);
	}
	trust = xcalloc(1, sizeof(*trust));
	*trust = (struct trust){
		.is_unverified = wishes->is_unverified,
		.ca_path = xstrdup_or_null(wishes->ca_path),
		.minimum = xstrdup_or_null(wishes->minimum),
		.ciphers = xstrdup_or_null(wishes->ciphers),
		.stamp = stamp,
		.context = making.context,
	};
	SSL_CTX_set_app_data(trust->context, (void *)(uintptr_t)++serial);
	list(trust);
	*ret = trust->context;
	return 0;
}

uint64_t http_trust_serial(const SSL_CTX *context)
{
	return (uint64_t)(uintptr_t)SSL_CTX_get_app_data(context);
}

void http_trust_release(void)
{
	while (trusts) {
		struct trust *trust = trusts;
		trusts = trust->next;
		trust_free(trust);
	}
}

const char *http_trust_problem(const SSL *ssl)
{
	return X509_verify_cert_error_string(SSL_get_verify_result(ssl));
}
