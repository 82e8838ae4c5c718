#include "lib/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/utf8.h"
#include "lib/xalloc.h"

#define SMALLEST_BYTES 64

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){ .max = max };
}

void buf_release(struct buf *buf)
{
	xfree(buf->data);
	buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for len + more bytes and the NUL; more is known to fit below max. */
static void grow(struct buf *buf, size_t more)
{
	size_t need = buf->len + more + 1;

	if (need <= buf->size)
		return;
	size_t size = buf->size < SMALLEST_BYTES / 2 ? SMALLEST_BYTES : buf->size * 2;
	if (size > buf->max)
		size = buf->max + 1;
	if (size < need)
		size = need;
	buf->data = xrealloc(buf->data, size);
	buf->size = size;
	buf->data[buf->len] = '\0';
}

static bool fits(struct buf *buf, size_t more)
{
	if (more <= buf->max - buf->len)
		return true;
	buf->overflow = true;
	return false;
}

void buf_reserve(struct buf *buf, size_t more)
{
	size_t room = buf->max - buf->len;

	grow(buf, more < room ? more : room);
}

void buf_shrink(struct buf *buf)
{
	if (!buf->len) {
		buf_release(buf);
	} else if (buf->len + 1 < buf->size) {
		buf->size = buf->len + 1;
		buf->data = xrealloc(buf->data, buf->size);
	}
}

void buf_append_slowly(struct buf *buf, const void *data, size_t len)
{
	if (!len || !fits(buf, len))
		return;
	grow(buf, len);
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	if (buf->len + 1 < buf->size && buf->len < buf->max) {
		buf->data[buf->len++] = c;
		buf->data[buf->len] = '\0';
		return;
	}
	buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	size_t room = buf->size - buf->len;
	va_list args;

	va_start(args, format);
	int len = vsnprintf(buf->data ? buf->data + buf->len : NULL, buf->data ? room : 0, format, args);
	va_end(args);
	if (len <= 0 || !fits(buf, (size_t)len)) {
		if (buf->data)
			buf->data[buf->len] = '\0';
		return;
	}
	if (!buf->data || (size_t)len >= room) {
		grow(buf, (size_t)len);
		va_start(args, format);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
		va_end(args);
	}
	buf->len += (size_t)len;
}

void buf_put_int(struct buf *buf, int64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	buf_append(buf, digits + at, sizeof(digits) - at);
}

void buf_consume(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		len = buf->len;
		if (!len)
			return;
	}
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len + 1);
}

/* What a byte of a JSON string needs: 0 nothing, 1 a look at the UTF-8, 'u' \u00XX, else the letter after
 * '\'. */
/* clang-format off */
static const unsigned char json_escapes[256] = {
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	['"'] = '"', ['\\'] = '\\', [0x80 ... 0xff] = 1,
};
/* clang-format on */

/* Non-zero when one of the 8 bytes is a control character, '"', '\\' or above 0x7f. */
static uint64_t special_bytes(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

	return (word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops;
}

/* How many bytes from `at` on go out as they are. */
static size_t plain_run(const char *text, size_t len)
{
	size_t at = 0;

	for (uint64_t word; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (special_bytes(word))
			break;
	}
	while (at < len && !json_escapes[(unsigned char)text[at]])
		at++;
	return at;
}

/* Writes what stands at text in its escaped form; returns the bytes read. */
static size_t put_special(struct buf *buf, const char *text, size_t len)
{
	unsigned char kind = json_escapes[(unsigned char)*text];

	if (kind == 1) {
		size_t length = utf8_length(text, len);
		if (length)
			buf_append(buf, text, length);
		else
			buf_append(buf, "\xef\xbf\xbd", 3);
		return length ? length : 1;
	}
	if (kind == 'u') {
		static const char hex[] = "0123456789abcdef";
		char escaped[] = { '\\', 'u', '0', '0', hex[*text >> 4 & 0xf], hex[*text & 0xf] };
		buf_append(buf, escaped, sizeof(escaped));
	} else {
		char escaped[] = { '\\', (char)kind };
		buf_append(buf, escaped, sizeof(escaped));
	}
	return 1;
}

void buf_json_string(struct buf *buf, const char *text, size_t len)
{
	if (len < buf->max - buf->len)
		buf_reserve(buf, len + 2);
	buf_putc(buf, '"');
	while (len) {
		size_t run = plain_run(text, len);
		buf_append(buf, text, run);
		if (run < len)
			run += put_special(buf, text + run, len - run);
		text += run;
		len -= run;
	}
	buf_putc(buf, '"');
}

void buf_pg_element(struct buf *buf, const char *text, size_t len)
{
	buf_putc(buf, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			buf_putc(buf, '\\');
		buf_putc(buf, text[i]);
	}
	buf_putc(buf, '"');
}

char *buf_take(struct buf *buf)
{
	char *data = buf->data ? buf->data : xstrdup("");

	buf_init(buf, buf->max);
	return data;
}
