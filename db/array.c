/* array: see array.h. Source: PostgreSQL documentation, 8.15.6 (array input syntax), 8.4.1 (bytea hex). */
#include "db/array.h"

#include <string.h>

#include "lib/utf8.h"
#include "lib/xalloc.h"

enum { ARRAY_MAX = 64 << 20 };

void array_init(struct array *array)
{
	buf_init(&array->text, ARRAY_MAX);
}

void array_release(struct array *array)
{
	buf_release(&array->text);
}

static void separate(struct array *array)
{
	buf_putc(&array->text, array->text.len == 0 ? '{' : ',');
}

void array_int(struct array *array, int64_t value)
{
	separate(array);
	buf_put_int(&array->text, value);
}

void array_bool(struct array *array, bool value)
{
	separate(array);
	buf_putc(&array->text, value ? 't' : 'f');
}

void array_word(struct array *array, const char *word)
{
	separate(array);
	if (word == NULL)
		buf_puts(&array->text, "NULL");
	else if (word[0] == '\0')
		buf_puts(&array->text, "\"\"");
	else
		buf_puts(&array->text, word);
}

static void put_escaped(struct buf *text, char c)
{
	if (c == '"' || c == '\\')
		buf_putc(text, '\\');
	buf_putc(text, c);
}

void array_text(struct array *array, const char *text)
{
	if (text == NULL) {
		array_word(array, NULL);
		return;
	}
	separate(array);
	buf_putc(&array->text, '"');
	for (size_t left = strlen(text), len; left > 0; text += len, left -= len) {
		len = utf8_length(text, left);
		if (len == 0) {
			buf_puts(&array->text, "\xef\xbf\xbd");
			len = 1;
		} else if (len == 1) {
			put_escaped(&array->text, *text);
		} else {
			buf_append(&array->text, text, len);
		}
	}
	buf_putc(&array->text, '"');
}

void array_bytes(struct array *array, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;
	struct buf *text = &array->text;

	if (data == NULL) {
		array_word(array, NULL);
		return;
	}
	separate(array);
	buf_puts(text, "\"\\\\x");
	buf_reserve(text, 2 * len + 2);
	for (size_t i = 0; i < len; i++) {
		char pair[2] = { digits[bytes[i] >> 4], digits[bytes[i] & 15] };
		buf_append(text, pair, 2);
	}
	buf_putc(text, '"');
}

const char *array_end(struct array *array)
{
	if (array->text.len == 0)
		buf_putc(&array->text, '{');
	buf_putc(&array->text, '}');
	return array->text.data;
}

static unsigned digit(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0') & 15;
}

char *bytea_decode(const char *text, size_t len, size_t *ret_len)
{
	*ret_len = 0;
	if (text == NULL || len < 2 || text[0] != '\\' || text[1] != 'x')
		return NULL;
	size_t count = (len - 2) / 2;
	char *bytes = xmalloc(count + 1);
	for (size_t i = 0; i < count; i++)
		bytes[i] = (char)(digit(text[2 + 2 * i]) << 4 | digit(text[3 + 2 * i]));
	bytes[count] = '\0';
	*ret_len = count;
	return bytes;
}
