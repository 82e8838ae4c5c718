/* text: see text.h. */
#include "drivers/ipmi/text.h"

#include <string.h>

#include "lib/utf8.h"

/* Text under construction; what does not fit is left out whole. */
struct writer {
	char *out;
	size_t len;
};

static void put_char(struct writer *writer, unsigned code)
{
	char utf8[4];

	if (code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000))
		code = '?';

	size_t count = utf8_encode(code, utf8);
	if (writer->len + count >= IPMI_TEXT_MAX)
		return;
	memcpy(writer->out + writer->len, utf8, count);
	writer->len += count;
}

static void put_nibbles(struct writer *writer, const char digits[17], const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		put_char(writer, (unsigned char)digits[data[i] >> 4]);
		put_char(writer, (unsigned char)digits[data[i] & 0x0f]);
	}
}

/* Four characters in three bytes, the first in the lowest bits. */
static void put_six_bit(struct writer *writer, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len * 8 / 6; i++) {
		size_t bit = i * 6, byte = bit / 8;
		unsigned pair = data[byte] | (byte + 1 < len ? (unsigned)data[byte + 1] << 8 : 0);
		put_char(writer, 0x20 + (pair >> bit % 8 & 0x3f));
	}
}

/* Up to the first NUL: BMCs fill the field with zeros. */
static void put_latin(struct writer *writer, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && data[i] != 0; i++)
		put_char(writer, data[i]);
}

static void put_unicode(struct writer *writer, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2) {
		unsigned code = data[i] | (unsigned)data[i + 1] << 8;
		if (code == 0)
			break;
		put_char(writer, code);
	}
}

void ipmi_text_decode(enum ipmi_text_type type, enum ipmi_text_special special, const uint8_t *data,
		      size_t len, char ret[IPMI_TEXT_MAX])
{
	struct writer writer = { .out = ret };

	if (len > IPMI_TEXT_LEN_MAX)
		len = IPMI_TEXT_LEN_MAX;
	switch (type) {
	case IPMI_TEXT_SPECIAL:
		if (special == IPMI_TEXT_UNICODE)
			put_unicode(&writer, data, len);
		else
			put_nibbles(&writer, "0123456789abcdef", data, len);
		break;
	case IPMI_TEXT_BCD:
		put_nibbles(&writer, "0123456789 -.:,_", data, len);
		break;
	case IPMI_TEXT_SIX_BIT:
		put_six_bit(&writer, data, len);
		break;
	case IPMI_TEXT_LATIN:
		put_latin(&writer, data, len);
		break;
	}
	while (writer.len > 0 && ret[writer.len - 1] == ' ')
		writer.len--;
	ret[writer.len] = '\0';
}

size_t ipmi_text_encode(const char *text, size_t len_max, uint8_t *out)
{
	size_t len = strlen(text);

	if (len > len_max)
		len = len_max;
	memcpy(out + 1, text, len);
	if (len == 1)
		out[1 + len++] = ' ';
	out[0] = (uint8_t)(IPMI_TEXT_LATIN << 6 | len);
	return 1 + len;
}
