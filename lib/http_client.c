#include "lib/http_client.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "lib/http_link.h"
#include "lib/xalloc.h"

#define CONNECT_TIMEOUT_MS 30000
#define TIMEOUT_MS         60000
#define MAX_BODY           ((size_t)16 * 1024 * 1024)
#define MAX_HEADERS        ((size_t)256 * 1024)
#define MAX_REQUEST        ((size_t)64 * 1024 * 1024)
/* Deadlines end a transfer in time; this is the longest that the loop may be late. */
#define LATE_MS 10000

static bool is_initialised;

void http_client_init(void)
{
	assert(!is_initialised);
	is_initialised = true;
}

void http_client_release(void)
{
	http_links_release();
	http_trust_release();
	is_initialised = false;
}

void http_client_keep(unsigned max)
{
	http_links_keep(max);
}

/* ---- the request as bytes ---- */

static bool has_header(const struct http_fetch *fetch, const char *name)
{
	size_t len = strlen(name);

	for (const char *const *header = fetch->headers; header && *header; header++)
		if (!strncasecmp(*header, name, len) && (*header)[len] == ':')
			return true;
	return false;
}

static void put_basic(struct buf *out, const char *user, const char *password)
{
	char *pair = xasprintf("%s:%s", user, password ? password : "");
	size_t len = strlen(pair);
	char *encoded = xmalloc(len / 3 * 4 + 5);

	EVP_EncodeBlock((unsigned char *)encoded, (unsigned char *)pair, (int)len);
	buf_printf(out, "Authorization: Basic %s\r\n", encoded);
	xfree_secret(encoded);
	xfree_secret(pair);
}

static bool is_body_method(const char *method)
{
	return !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

static int put_headers(struct buf *out, const struct http_fetch *fetch, const struct http_place *place,
		       struct error *err)
{
	if (!has_header(fetch, "User-Agent"))
		buf_puts(out, "User-Agent: Ferrule/" FERRULE_VERSION "\r\n");
	if (!has_header(fetch, "Accept"))
		buf_puts(out, "Accept: */*\r\n");
	for (const char *const *header = fetch->headers; header && *header; header++) {
		if (strpbrk(*header, "\r\n"))
			return fail(err, ERR_INVALID, "A header field of the request to %s has a line break",
				    place->where);
		buf_puts(out, *header);
		buf_puts(out, "\r\n");
	}
	if (fetch->is_last)
		buf_puts(out, "Connection: close\r\n");
	if (fetch->body || is_body_method(fetch->method))
		buf_printf(out, "Content-Length: %zu\r\n", fetch->body ? fetch->body_len : 0);
	return 0;
}

static int compose(struct http_transfer *transfer, struct error *err)
{
	const struct http_fetch *fetch = transfer->fetch;
	const struct http_place *place = &transfer->place;
	bool is_rooted = place->target_len && place->target[0] == '/';
	struct buf *out = &transfer->out;
	int rc;

	buf_printf(out, "%s %s%.*s HTTP/1.1\r\nHost: ", fetch->method, is_rooted ? "" : "/",
		   (int)place->target_len, place->target);
	buf_printf(out, place->is_ip6 ? "[%s]" : "%s", place->host);
	if (place->port != (place->is_tls ? 443 : 80))
		buf_printf(out, ":%d", place->port);
	buf_puts(out, "\r\n");
	if (fetch->user)
		put_basic(out, fetch->user, fetch->password);
	rc = put_headers(out, fetch, place, err);
	if (rc < 0)
		return rc;
	buf_puts(out, "\r\n");
	if (fetch->body)
		buf_append(out, fetch->body, fetch->body_len);
	return out->overflow ? fail(err, ERR_TOO_LARGE, "The request to %s is too large", place->where) : 0;
}

/* ---- one fetch ---- */

static int transfer_init(struct http_transfer *transfer, struct http_fetch *fetch, struct error *err)
{
	int64_t now_ms = clock_ms();
	int rc;

	memset(transfer, 0, offsetof(struct http_transfer, err));
	transfer->fetch = fetch;
	transfer->connect_timeout_ms =
		fetch->connect_timeout_ms > 0 ? fetch->connect_timeout_ms : CONNECT_TIMEOUT_MS;
	transfer->timeout_ms = fetch->timeout_ms > 0 ? fetch->timeout_ms : TIMEOUT_MS;
	transfer->end_ms = now_ms + transfer->timeout_ms;
	if (fetch->max_body_bytes == 0)
		fetch->max_body_bytes = MAX_BODY;
	http_fetch_release(fetch);
	buf_init(&fetch->answer, fetch->max_body_bytes);
	buf_init(&fetch->header_text, MAX_HEADERS);
	fetch->status = 0;
	fetch->is_reused = fetch->is_resumed = fetch->is_sent = fetch->is_untrusted = false;
	buf_init(&transfer->out, MAX_REQUEST);
	rc = http_place_parse(fetch->url, &transfer->place, err);
	return rc < 0 ? rc : compose(transfer, err);
}

/* A connection to be made: name and trust are looked up before, as they may wait. */
SUSPENDS static int link_new(struct http_transfer *transfer, struct http_peer *peer,
			     const struct http_wishes *wishes, struct error *err)
{
	const struct http_place *place = &transfer->place;
	SSL_CTX *context = NULL;
	int rc;

	if (!transfer->address_count) {
		rc = resolve_all(place->host, transfer->connect_end_ms, transfer->addresses, err);
		if (rc < 0)
			return rc;
		transfer->address_count = rc;
	}
	transfer->address_next = 0;
	rc = place->is_tls ? http_trust_context(wishes, place->where, &context, err) : 0;
	if (rc == 0)
		transfer->link = http_link_new(peer, context);
	return rc;
}

/* One sending. */
SUSPENDS static int run(struct http_transfer *transfer, struct http_peer *peer,
			const struct http_wishes *wishes, bool is_fresh, struct error *err)
{
	struct http_fetch *fetch = transfer->fetch;
	int64_t now_ms = clock_ms();
	int rc = 0;

	transfer->connect_end_ms = now_ms + transfer->connect_timeout_ms;
	if (transfer->connect_end_ms > transfer->end_ms)
		transfer->connect_end_ms = transfer->end_ms;
	transfer->is_done = transfer->is_leaving = transfer->is_stale = false;
	http_answer_init(&transfer->answer, &fetch->header_text, &fetch->answer,
			 !strcmp(fetch->method, "HEAD"));
	/* who does not trust the kept ones wants them gone: a host has one idle connection, not many */
	while (is_fresh && http_peer_idle(peer))
		http_link_close(http_peer_idle(peer));
	transfer->link = http_peer_idle(peer);
	if (!transfer->link)
		rc = link_new(transfer, peer, wishes, err);
	if (rc < 0)
		return rc;
	http_link_start(transfer->link, transfer);
	while (!transfer->is_done && rc == 0)
		rc = cond_wait(&transfer->done, transfer->end_ms + LATE_MS);
	if (transfer->is_done)
		return transfer->rc;
	http_link_close(transfer->link);
	if (rc == -ERR_CANCELLED)
		return fail(&transfer->err, ERR_CANCELLED, "The request to %s was cancelled",
			    transfer->place.where);
	return fail(&transfer->err, ERR_TIMEOUT, "Request to %s failed: no complete answer within %d ms",
		    transfer->place.where, transfer->timeout_ms);
}

int http_fetch(struct http_fetch *fetch, struct error *err)
{
	const struct http_wishes wishes = {
		.is_unverified = fetch->is_tls_unverified,
		.ca_path = fetch->is_tls_unverified ? NULL : fetch->ca_path,
		.minimum = fetch->tls_minimum,
		.ciphers = fetch->tls_ciphers,
	};
	struct http_transfer transfer;
	struct http_peer *peer;
	int rc;

	assert(is_initialised);
	rc = transfer_init(&transfer, fetch, err);
	if (rc == 0) {
		peer = http_peer_take(&transfer.place, &wishes);
		rc = run(&transfer, peer, &wishes, fetch->is_fresh, &transfer.err);
		/* A kept connection that was dead: once more on a new one, if may_send agrees. */
		if (rc < 0 && transfer.is_stale)
			rc = run(&transfer, peer, &wishes, true, &transfer.err);
		http_peer_give(peer);
		if (rc < 0 && err)
			*err = transfer.err;
	}
	if (transfer.out.data)
		explicit_bzero(transfer.out.data, transfer.out.len); /* it holds credentials */
	buf_release(&transfer.out);
	return rc;
}

/* ---- the answer ---- */

static bool copy_value(const char *value, const char *end, char *text, size_t size)
{
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	if ((size_t)(end - value) >= size)
		return false;
	memcpy(text, value, (size_t)(end - value));
	text[end - value] = '\0';
	return true;
}

bool http_fetch_header(const struct http_fetch *fetch, const char *name, char *text, size_t size)
{
	const char *line = fetch->header_text.data;
	size_t name_len = strlen(name);

	while (line != NULL && *line != '\0') {
		const char *end = strchr(line, '\n');

		if (end == NULL)
			end = line + strlen(line);
		if ((size_t)(end - line) > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0)
			return copy_value(line + name_len + 1, end, text, size);
		line = *end == '\n' ? end + 1 : end;
	}
	return false;
}

void http_fetch_release(struct http_fetch *fetch)
{
	buf_release(&fetch->answer);
	buf_release(&fetch->header_text);
}
