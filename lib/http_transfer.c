#include "lib/http_transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/resolve.h"

#define CONNECT_TIMEOUT_MS 30000
#define TIMEOUT_MS         60000
#define MAX_BODY           ((size_t)16 * 1024 * 1024)
#define MAX_HEADERS        ((size_t)256 * 1024)

void http_transfer_init(struct http_transfer *transfer, struct http_fetch *fetch)
{
	memset(transfer, 0, offsetof(struct http_transfer, refusal_err));
	transfer->where[0] = transfer->curl_text[0] = '\0';
	transfer->fetch = fetch;
	transfer->connect_timeout_ms =
		fetch->connect_timeout_ms > 0 ? fetch->connect_timeout_ms : CONNECT_TIMEOUT_MS;
	transfer->timeout_ms = fetch->timeout_ms > 0 ? fetch->timeout_ms : TIMEOUT_MS;
	if (fetch->max_body_bytes == 0)
		fetch->max_body_bytes = MAX_BODY;
	http_fetch_release(fetch);
	buf_init(&fetch->answer, fetch->max_body_bytes);
	buf_init(&fetch->header_text, MAX_HEADERS);
	fetch->status = 0;
	fetch->is_reused = fetch->is_sent = fetch->is_untrusted = false;
}

void http_transfer_release(struct http_transfer *transfer)
{
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->resolved);
}

/* ---- where it goes ---- */

struct place {
	char *scheme, *host, *port; /* curl_free */
};

static int split_url(const char *url, struct place *place, struct error *err)
{
	CURLU *parsed = curl_url();
	CURLUcode rc = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS);

	*place = (struct place){ 0 };
	if (rc == CURLUE_OK)
		rc = curl_url_get(parsed, CURLUPART_SCHEME, &place->scheme, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(parsed, CURLUPART_HOST, &place->host, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(parsed, CURLUPART_PORT, &place->port, CURLU_DEFAULT_PORT);
	if (rc == CURLUE_OK && place->host == NULL)
		rc = CURLUE_NO_HOST;
	curl_url_cleanup(parsed);
	/* The URL itself is not quoted: it may hold what looks like, or is, a password. */
	if (rc != CURLUE_OK)
		return fail(err, ERR_INVALID, "The URL is not a valid http or https URL: %s",
			    curl_url_strerror(rc));
	if (strcasecmp(place->scheme, "http") != 0 && strcasecmp(place->scheme, "https") != 0)
		return fail(err, ERR_INVALID, "The URL scheme %s is neither http nor https", place->scheme);
	return 0;
}

static void free_place(struct place *place)
{
	curl_free(place->scheme);
	curl_free(place->host);
	curl_free(place->port);
}

/* Tells libcurl the addresses of a name, until the next fetch for that name replaces them. */
static int resolve(struct http_transfer *transfer, const struct place *place, struct error *err)
{
	char addresses[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];
	char entry[300 + RESOLVE_COUNT_MAX * (RESOLVE_ADDRESS_MAX + 3)];
	int count, len;

	if (place->host[0] == '[')
		return 0;
	count = resolve_all(place->host, clock_ms() + transfer->connect_timeout_ms, addresses, err);
	if (count < 0)
		return count;
	if (count == 1 && strcmp(addresses[0], place->host) == 0)
		return 0;
	len = snprintf(entry, sizeof(entry), "+%.255s:%s:", place->host, place->port);
	for (int i = 0; i < count; i++) {
		bool is_v6 = strchr(addresses[i], ':') != NULL;

		len += snprintf(entry + len, sizeof(entry) - (size_t)len, "%s%s%s%s", i > 0 ? "," : "",
				is_v6 ? "[" : "", addresses[i], is_v6 ? "]" : "");
	}
	transfer->resolved = curl_slist_append(NULL, entry);
	return 0;
}

int http_transfer_locate(struct http_transfer *transfer, struct error *err)
{
	struct place place;
	int rc = split_url(transfer->fetch->url, &place, err);

	if (rc == 0) {
		snprintf(transfer->where, sizeof(transfer->where), "%s://%.255s:%s", place.scheme, place.host,
			 place.port);
		rc = resolve(transfer, &place, err);
	}
	free_place(&place);
	return rc;
}

/* ---- callbacks ---- */

/* Each status line begins a new head: after 100 Continue, and on a second try. */
static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
	struct http_transfer *transfer = arg;
	struct http_fetch *fetch = transfer->fetch;

	(void)one;
	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_clear(&fetch->header_text);
	buf_append(&fetch->header_text, data, len);
	return fetch->header_text.overflow ? 0 : len;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct http_transfer *transfer = arg;
	struct http_fetch *fetch = transfer->fetch;

	(void)one;
	buf_append(&fetch->answer, data, len);
	return fetch->answer.overflow ? 0 : len;
}

/* The request leaves as soon as this returns. libcurl sends again, without a word, what a kept-alive
 * connection did not answer: then this runs a second time. */
static int on_leaving(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct http_transfer *transfer = arg;
	struct http_fetch *fetch = transfer->fetch;
	unsigned attempt = transfer->attempts++;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	if (fetch->may_send != NULL) {
		transfer->refusal_err.code = ERR_NONE;
		transfer->refusal_err.text[0] = '\0';
		transfer->refusal = fetch->may_send(fetch->may_send_arg, attempt, &transfer->refusal_err);
		if (transfer->refusal != 0)
			return CURL_PREREQFUNC_ABORT;
	}
	fetch->is_sent = true;
	return CURL_PREREQFUNC_OK;
}

static int on_socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	const struct http_transfer *transfer = arg;
	unsigned timeout_ms = (unsigned)transfer->fetch->tcp_user_timeout_ms;

	if (purpose == CURLSOCKTYPE_IPCXN && timeout_ms > 0)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* ---- options ---- */

static void set_manners(struct http_transfer *transfer)
{
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "Ferrule/" FERRULE_VERSION);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, transfer);
}

static void set_limits(struct http_transfer *transfer)
{
	const struct http_fetch *fetch = transfer->fetch;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)fetch->max_body_bytes);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)fetch->is_fresh);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)fetch->is_last);
}

static bool has_header(const struct http_fetch *fetch, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *header = fetch->headers; header != NULL && *header != NULL; header++) {
		if (strncasecmp(*header, name, len) == 0 && (*header)[len] == ':')
			return true;
	}
	return false;
}

static void add_header(struct http_transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	if (longer == NULL)
		abort();
	transfer->headers = longer;
}

static void set_headers(struct http_transfer *transfer)
{
	const struct http_fetch *fetch = transfer->fetch;

	for (const char *const *header = fetch->headers; header != NULL && *header != NULL; header++)
		add_header(transfer, *header);
	/* Without a value, libcurl leaves its own out: BMCs stumble over Expect, and a form is never sent. */
	add_header(transfer, "Expect:");
	if (!has_header(fetch, "Content-Type"))
		add_header(transfer, "Content-Type:");
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void set_request(struct http_transfer *transfer)
{
	const struct http_fetch *fetch = transfer->fetch;
	CURL *easy = transfer->easy;
	bool has_body = fetch->body != NULL || strcmp(fetch->method, "POST") == 0 ||
			strcmp(fetch->method, "PUT") == 0 || strcmp(fetch->method, "PATCH") == 0;

	curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->resolved);
	if (has_body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, fetch->body != NULL ? fetch->body : "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(fetch->body != NULL ? fetch->body_len : 0));
	}
	if (strcmp(fetch->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, fetch->method);
	if (fetch->user != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, fetch->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, fetch->password != NULL ? fetch->password : "");
	}
	set_headers(transfer);
}

static long tls_version(const char *minimum)
{
	/* clang-format off */
	static const struct {
		const char *name;
		long version;
	} versions[] = {
		{"1.0", CURL_SSLVERSION_TLSv1_0}, {"1.1", CURL_SSLVERSION_TLSv1_1},
		{"1.2", CURL_SSLVERSION_TLSv1_2}, {"1.3", CURL_SSLVERSION_TLSv1_3},
	};
	/* clang-format on */

	for (size_t i = 0; minimum != NULL && i < sizeof(versions) / sizeof(*versions); i++) {
		if (strcmp(versions[i].name, minimum) == 0)
			return versions[i].version;
	}
	return CURL_SSLVERSION_TLSv1_2;
}

static void set_tls(struct http_transfer *transfer)
{
	const struct http_fetch *fetch = transfer->fetch;
	CURL *easy = transfer->easy;
	struct stat info;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls_version(fetch->tls_minimum));
	if (fetch->tls_ciphers != NULL)
		curl_easy_setopt(easy, CURLOPT_SSL_CIPHER_LIST, fetch->tls_ciphers);
	if (fetch->is_tls_unverified) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	} else if (fetch->ca_path != NULL) {
		bool is_folder = stat(fetch->ca_path, &info) == 0 && S_ISDIR(info.st_mode);

		/* The other source is switched off, or libcurl would add the system's. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, is_folder ? fetch->ca_path : NULL);
		curl_easy_setopt(easy, CURLOPT_CAINFO, is_folder ? NULL : fetch->ca_path);
	} else if (curl_version_info(CURLVERSION_NOW)->cainfo != NULL) {
		/* With a folder beside the file libcurl does not keep the parsed store, and reads some 140
		 * certificates for each connection. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

void http_transfer_set_options(struct http_transfer *transfer)
{
	set_manners(transfer);
	set_limits(transfer);
	set_request(transfer);
	set_tls(transfer);
}
