#include "lib/utf8.h"

static int is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The table 3-7 of the Unicode standard: only the second byte's range depends on the first. */
static size_t sequence(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_length(const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned char low, high;

	if (bytes[0] < 0x80)
		return 1;
	size_t length = sequence(bytes[0], &low, &high);
	if (!length || length > len || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_tail(bytes[i]))
			return 0;
	return length;
}

bool utf8_is_valid(const char *text, size_t len)
{
	for (size_t at = 0, length; at < len; at += length) {
		length = utf8_length(text + at, len - at);
		if (length == 0)
			return false;
	}
	return true;
}

uint32_t utf8_decode(const char *text, size_t length)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *bytes = (const unsigned char *)text;

	uint32_t point = bytes[0] & masks[length];
	for (size_t i = 1; i < length; i++)
		point = point << 6 | (bytes[i] & 0x3f);
	return point;
}

size_t utf8_encode(uint32_t point, char *text)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = length; i-- > 1; point >>= 6)
		text[i] = (char)(0x80 | (point & 0x3f));
	text[0] = (char)(leads[length] | point);
	return length;
}
