#include "lib/http_place.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int malformed(struct error *err, const char *what)
{
	return fail(err, ERR_INVALID, "The URL is not a valid http or https URL: %s", what);
}

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._~", text[i]))
			return false;
	return len > 0;
}

/* "host", "host:port", "[v6]:port"; ret->port keeps its preset without one. */
static int parse_authority(const char *text, size_t len, struct http_place *ret, struct error *err)
{
	struct in6_addr ignored;
	size_t host_len, rest;

	ret->is_ip6 = text[0] == '[';
	if (ret->is_ip6) {
		const char *end = memchr(text, ']', len);
		if (!end)
			return malformed(err, "a bracket is not closed");
		host_len = (size_t)(end - ++text);
		rest = len - host_len - 2;
	} else {
		const char *colon = memchr(text, ':', len);
		host_len = colon ? (size_t)(colon - text) : len;
		rest = len - host_len;
	}
	if (host_len >= sizeof(ret->host))
		return malformed(err, "the host name is too long");
	snprintf(ret->host, sizeof(ret->host), "%.*s", (int)host_len, text);
	if (ret->is_ip6 ? inet_pton(AF_INET6, ret->host, &ignored) != 1 : !is_name(text, host_len))
		return malformed(err, "it has no usable host");
	text += host_len + ret->is_ip6;
	if (!rest)
		return 0;
	ret->port = 0;
	if (text[0] != ':' || rest > 6)
		return malformed(err, "the port is not a number from 1 to 65535");
	for (size_t i = 1; i < rest; i++) {
		if (!isdigit((unsigned char)text[i]))
			return malformed(err, "the port is not a number from 1 to 65535");
		ret->port = ret->port * 10 + (text[i] - '0');
	}
	return ret->port > 0 && ret->port <= 65535
		       ? 0
		       : malformed(err, "the port is not a number from 1 to 65535");
}

int http_place_parse(const char *url, struct http_place *ret, struct error *err)
{
	const char *scheme_end = strstr(url, "://");
	size_t scheme_len = scheme_end ? (size_t)(scheme_end - url) : 0;
	const char *authority = scheme_end + 3;
	size_t authority_len;
	int rc;

	if (!scheme_len || scheme_len > 10 || !is_name(url, scheme_len))
		return malformed(err, "it has no scheme");
	ret->is_tls = scheme_len == 5 && !strncasecmp(url, "https", 5);
	if (!ret->is_tls && (scheme_len != 4 || strncasecmp(url, "http", 4) != 0))
		return fail(err, ERR_INVALID, "The URL scheme %.*s is neither http nor https",
			    (int)scheme_len, url);
	authority_len = strcspn(authority, "/?#");
	if (memchr(authority, '@', authority_len))
		return malformed(err, "it has user information");
	ret->port = ret->is_tls ? 443 : 80;
	rc = parse_authority(authority, authority_len, ret, err);
	if (rc < 0)
		return rc;
	ret->target = authority + authority_len;
	ret->target_len = strcspn(ret->target, "#");
	for (size_t i = 0; i < ret->target_len; i++)
		if (!isgraph((unsigned char)ret->target[i]))
			return malformed(err, "its path has a character that must be encoded");
	snprintf(ret->where, sizeof(ret->where), ret->is_ip6 ? "%s://[%s]:%d" : "%s://%s:%d",
		 ret->is_tls ? "https" : "http", ret->host, ret->port);
	return 0;
}
