#include "lib/json.h"

#include <string.h>

#include "lib/json_number.h"
#include "lib/utf8.h"

struct range {
	uint32_t first, last;
};

/* What str.isprintable() refuses: the Unicode categories Cc, Cf, Co, Zl, Zp and Zs but for the space, and
 * the noncharacters. Code points that no version of Unicode has assigned are taken as printable. */
/* clang-format off */
static const struct range unprintable[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x00a0 }, { 0x00ad, 0x00ad }, { 0x0600, 0x0605 }, { 0x061c, 0x061c },
	{ 0x06dd, 0x06dd }, { 0x070f, 0x070f }, { 0x0890, 0x0891 }, { 0x08e2, 0x08e2 }, { 0x1680, 0x1680 },
	{ 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 },
	{ 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff },
	{ 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0001, 0xe007f }, { 0xf0000, 0x10ffff },
};
/* clang-format on */

static bool is_printable(uint32_t point)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (point <= unprintable[i].last)
			return point < unprintable[i].first;
	return true;
}

static void put_point(struct buf *buf, uint32_t point)
{
	if (point == '\n')
		buf_puts(buf, "\\n");
	else if (point == '\r')
		buf_puts(buf, "\\r");
	else if (point == '\t')
		buf_puts(buf, "\\t");
	else
		buf_printf(buf, point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
}

static void repr_string(struct buf *buf, const char *text, size_t len)
{
	bool has_single = memchr(text, '\'', len), has_double = memchr(text, '"', len);
	char quote = has_single && !has_double ? '"' : '\'';

	buf_putc(buf, quote);
	while (len) {
		size_t length = utf8_length(text, len);
		uint32_t point = length ? utf8_decode(text, length) : 0xfffd;
		length = length ? length : 1;
		if (*text == quote || *text == '\\')
			buf_putc(buf, '\\');
		if (is_printable(point))
			buf_append(buf, text, length);
		else
			put_point(buf, point);
		text += length;
		len -= length;
	}
	buf_putc(buf, quote);
}

/* NOLINTBEGIN(misc-no-recursion): the depth is bounded. */
static void repr_value(struct buf *buf, const json_t *value, unsigned depth);

static void repr_object(struct buf *buf, json_t *object, unsigned depth)
{
	const char *separator = "{";

	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		const char *key = json_object_iter_key(at);
		buf_puts(buf, separator);
		repr_string(buf, key, strlen(key));
		buf_puts(buf, ": ");
		repr_value(buf, json_object_iter_value(at), depth);
		separator = ", ";
	}
	buf_puts(buf, json_object_size(object) ? "}" : "{}");
}

static void repr_array(struct buf *buf, const json_t *array, unsigned depth)
{
	buf_putc(buf, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i)
			buf_puts(buf, ", ");
		repr_value(buf, json_array_get(array, i), depth);
	}
	buf_putc(buf, ']');
}

static void repr_value(struct buf *buf, const json_t *value, unsigned depth)
{
	if ((json_is_object(value) || json_is_array(value)) && !depth) {
		buf_puts(buf, "..."); /* as Python shows what it does not follow */
		return;
	}
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		repr_object(buf, (json_t *)value, depth - 1);
		break;
	case JSON_ARRAY:
		repr_array(buf, value, depth - 1);
		break;
	case JSON_STRING:
		repr_string(buf, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		buf_put_int(buf, json_integer_value(value));
		break;
	case JSON_REAL:
		json_put_real(buf, json_real_value(value));
		break;
	case JSON_TRUE:
		buf_puts(buf, "True");
		break;
	case JSON_FALSE:
		buf_puts(buf, "False");
		break;
	case JSON_NULL:
		buf_puts(buf, "None");
		break;
	}
}

/* NOLINTEND(misc-no-recursion) */

void json_repr(struct buf *buf, const json_t *value)
{
	repr_value(buf, value, JSON_VALUE_DEPTH_MAX);
}
