#include "lib/url.h"

#include <ctype.h>
#include <string.h>

#include "lib/error.h"
#include "lib/utf8.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static char *decode(struct arena *arena, const char *text, size_t len, bool is_plus_space)
{
	char *decoded = arena_alloc(arena, len + 1), *end = decoded;

	for (size_t at = 0; at < len; at++) {
		char c = text[at];

		if (c == '%') {
			int high = at + 1 < len ? hex_value(text[at + 1]) : -1;
			int low = at + 2 < len ? hex_value(text[at + 2]) : -1;

			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high * 16 + low);
			at += 2;
		} else if (c == '+' && is_plus_space) {
			c = ' ';
		}
		if (c == '\0')
			return NULL;
		*end++ = c;
	}
	*end = '\0';
	return utf8_is_valid(decoded, (size_t)(end - decoded)) ? decoded : NULL;
}

char *url_decode(struct arena *arena, const char *text, size_t len)
{
	return decode(arena, text, len, false);
}

int url_query_next(struct url_query *walk, struct arena *arena, struct url_param *param)
{
	const char *pair = walk->rest + strspn(walk->rest, "&"), *equals;
	size_t len = strcspn(pair, "&"), name_len = len;
	char *name, *value;

	walk->rest = pair + len;
	if (len == 0)
		return 0;
	equals = memchr(pair, '=', len);
	if (equals != NULL)
		name_len = (size_t)(equals - pair);
	name = decode(arena, pair, name_len, true);
	value = equals != NULL ? decode(arena, equals + 1, len - name_len - 1, true)
			       : arena_strdup(arena, "");
	if (name == NULL || value == NULL)
		return -ERR_INVALID;
	*param = (struct url_param){ .name = name, .value = value, .has_value = equals != NULL };
	return 1;
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

void url_encode(struct buf *buf, const char *text, const char *keep)
{
	for (; *text; text++) {
		if (is_unreserved(*text) || strchr(keep, *text))
			buf_putc(buf, *text);
		else
			buf_printf(buf, "%%%02X", (unsigned char)*text);
	}
}

bool url_is_absolute(const char *text)
{
	size_t scheme = strcspn(text, ":");
	const char *host = text + scheme + 3;

	if (!isalpha((unsigned char)text[0]) || strncmp(text + scheme, "://", 3) != 0)
		return false;
	for (size_t i = 0; i < scheme; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("+-.", text[i]))
			return false;
	for (const char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._~:/?#[]@!$&'()*+,;=%", *c))
			return false;
	return *host && !strchr("/?#:@", *host) && strlen(text) <= URL_BYTES_MAX;
}
