#include "api/etag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/route.h"

#define TAG_MAX 64 /* three numbers in hexadecimal, dashes and quotes */

/* FNV-1a over words of 8 bytes, the upper half folded in: a tag tells versions of one row apart, it keeps no
 * secret. */
static uint64_t print_of(const char *text, size_t len)
{
	uint64_t hash = 14695981039346656037u;

	while (len > 0) {
		uint64_t word = 0;
		size_t step = len < sizeof word ? len : sizeof word;

		memcpy(&word, text, step);
		hash = (hash ^ word) * 1099511628211u;
		hash ^= hash >> 32;
		text += step;
		len -= step;
	}
	return hash;
}

/* Walks the tags of all header lines of one name. */
struct tags {
	const struct http_request *http;
	const char *name;
	size_t next_header;
	const char *at; /* rest of the present line; NULL: none */
};

/* The next entity tag with its quotes, weak mark included, or "*". False: no more; what is no tag is skipped,
 * and so matches nothing. */
static bool next_tag(struct tags *tags, const char **ret, size_t *ret_len)
{
	for (;;) {
		while (!tags->at || !*tags->at) {
			if (tags->next_header == tags->http->header_count)
				return false;
			const struct http_header *header = &tags->http->headers[tags->next_header++];
			tags->at = strcasecmp(header->name, tags->name) == 0 ? header->value : NULL;
		}
		const char *begin = tags->at + strspn(tags->at, " \t,");
		const char *quote = begin + (strncmp(begin, "W/", 2) == 0 ? 2 : 0);
		const char *end = *quote == '"' ? strchr(quote + 1, '"') : NULL;

		*ret = begin;
		*ret_len = end ? (size_t)(end + 1 - begin) : strcspn(begin, " \t,");
		tags->at = begin + *ret_len;
		if (*ret_len > 0)
			return true;
	}
}

static bool is_any(const char *tag, size_t len)
{
	return len == 1 && tag[0] == '*';
}

bool etag_is_expected(const struct api_request *request)
{
	return http_request_header(request->http, "If-Match") != NULL;
}

int etag_check(const struct api_request *request, const struct etag_row *row, struct error *err)
{
	struct tags tags = { .http = request->http, .name = "If-Match" };
	char state[TAG_MAX];
	const char *tag;
	size_t len;

	if (!etag_is_expected(request))
		return 0;
	size_t state_len =
		(size_t)snprintf(state, sizeof state, "\"%" PRIx64 "-%" PRIx64 "-", row->id, row->version);
	while (next_tag(&tags, &tag, &len)) {
		bool is_of_state =
			len > state_len && memcmp(tag, state, state_len) == 0 && tag[len - 1] == '"';

		if (is_any(tag, len) || is_of_state)
			return 0;
	}
	return fail(
		err, ERR_PRECONDITION,
		"%s %s is not in a state that If-Match names: it has changed since it was read. Please read "
		"it again.",
		row->title, row->uuid);
}

/* If-None-Match compares weakly: a mark that a proxy has put before the tag does not count. */
static bool is_known(const struct api_request *request, const char *mine, size_t mine_len)
{
	struct tags tags = { .http = request->http, .name = "If-None-Match" };
	const char *tag;
	size_t len;

	while (next_tag(&tags, &tag, &len)) {
		size_t mark = len > 2 && tag[0] == 'W' ? 2 : 0;

		if (is_any(tag, len) || (len - mark == mine_len && memcmp(tag + mark, mine, mine_len) == 0))
			return true;
	}
	return false;
}

void etag_reply(struct api_request *request, int64_t id, int64_t version)
{
	struct buf *body = &request->out->body;
	char tag[TAG_MAX];

	size_t len = (size_t)snprintf(tag, sizeof tag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", id, version,
				      print_of(body->data, body->len));
	http_response_header(request->out, "ETag", "%s", tag);
	if (strcmp(request->http->method, "GET") == 0 && is_known(request, tag, len)) {
		buf_clear(body);
		request->out->status = 304;
	}
}

bool etag_refuse(struct api_request *request)
{
	const char *method = request->http->method;

	if (!etag_is_expected(request) || route_has_condition(request->route) || strcmp(method, "GET") == 0 ||
	    strcmp(method, "HEAD") == 0)
		return false;
	reply_fault(request, 412,
		    "If-Match is not supported for this request: nothing here has an entity tag.");
	return true;
}
