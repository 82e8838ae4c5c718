#include "lib/json.h"

#include <ctype.h>
#include <string.h>

#include "lib/utf8.h"

struct scanner {
	const char *at, *end;
};

static void skip_space(struct scanner *scanner)
{
	while (scanner->at < scanner->end &&
	       (*scanner->at == ' ' || *scanner->at == '\n' || *scanner->at == '\r' || *scanner->at == '\t'))
		scanner->at++;
}

static bool skip_char(struct scanner *scanner, char c)
{
	skip_space(scanner);
	if (scanner->at == scanner->end || *scanner->at != c)
		return false;
	scanner->at++;
	return true;
}

static bool skip_escape(struct scanner *scanner)
{
	if (scanner->at == scanner->end)
		return false;
	char c = *scanner->at++;
	if (c != 'u')
		return c && strchr("\"\\/bfnrt", c);
	for (int i = 0; i < 4; i++, scanner->at++)
		if (scanner->at == scanner->end || !isxdigit((unsigned char)*scanner->at))
			return false;
	return true;
}

static bool skip_string(struct scanner *scanner)
{
	if (!skip_char(scanner, '"'))
		return false;
	while (scanner->at < scanner->end) {
		unsigned char c = (unsigned char)*scanner->at++;
		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !skip_escape(scanner)))
			return false;
	}
	return false;
}

static bool skip_digits(struct scanner *scanner)
{
	const char *begin = scanner->at;

	while (scanner->at < scanner->end && isdigit((unsigned char)*scanner->at))
		scanner->at++;
	return scanner->at > begin;
}

static bool skip_one_of(struct scanner *scanner, char a, char b)
{
	if (scanner->at == scanner->end || (*scanner->at != a && *scanner->at != b))
		return false;
	scanner->at++;
	return true;
}

static bool skip_number(struct scanner *scanner)
{
	skip_one_of(scanner, '-', '-');
	if (!skip_one_of(scanner, '0', '0') && !skip_digits(scanner))
		return false;
	if (skip_one_of(scanner, '.', '.') && !skip_digits(scanner))
		return false;
	if (!skip_one_of(scanner, 'e', 'E'))
		return true;
	skip_one_of(scanner, '+', '-');
	return skip_digits(scanner);
}

static bool skip_word(struct scanner *scanner, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scanner->end - scanner->at) < len || memcmp(scanner->at, word, len) != 0)
		return false;
	scanner->at += len;
	return true;
}

static bool skip_scalar(struct scanner *scanner)
{
	switch (*scanner->at) {
	case '"':
		return skip_string(scanner);
	case 't':
		return skip_word(scanner, "true");
	case 'f':
		return skip_word(scanner, "false");
	case 'n':
		return skip_word(scanner, "null");
	default:
		return skip_number(scanner);
	}
}

static bool skip_key(struct scanner *scanner)
{
	return skip_string(scanner) && skip_char(scanner, ':');
}

/* Skips the start of a value: a scalar, or brackets down to the first scalar or empty bracket. The
 * closing brackets that are due are pushed on the stack. */
static bool open_value(struct scanner *scanner, char *closers, unsigned *depth)
{
	for (;;) {
		skip_space(scanner);
		if (scanner->at == scanner->end)
			return false;
		char c = *scanner->at;
		if (c != '{' && c != '[')
			return skip_scalar(scanner);
		if (*depth == JSON_VALUE_DEPTH_MAX)
			return false;
		scanner->at++;
		char closer = c == '{' ? '}' : ']';
		if (skip_char(scanner, closer))
			return true;
		closers[(*depth)++] = closer;
		if (c == '{' && !skip_key(scanner))
			return false;
	}
}

static bool skip_value(struct scanner *scanner)
{
	char closers[JSON_VALUE_DEPTH_MAX];
	unsigned depth = 0;

	if (!open_value(scanner, closers, &depth))
		return false;
	while (depth) {
		if (skip_char(scanner, closers[depth - 1])) {
			depth--;
			continue;
		}
		if (!skip_char(scanner, ','))
			return false;
		if (closers[depth - 1] == '}' && !skip_key(scanner))
			return false;
		if (!open_value(scanner, closers, &depth))
			return false;
	}
	return true;
}

static uint32_t hex4(const char *text)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)text[i];
		value = value << 4 | (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* Decodes the \uXXXX at raw (behind the 'u'), and the second half of a pair. 0: half of a pair alone. */
static uint32_t unescape_point(const char **raw, const char *end)
{
	uint32_t point = hex4(*raw);

	*raw += 4;
	if (point < 0xd800 || point > 0xdfff)
		return point;
	if (point > 0xdbff || end - *raw < 6 || (*raw)[0] != '\\' || (*raw)[1] != 'u')
		return 0;
	uint32_t low = hex4(*raw + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*raw += 6;
	return 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
}

/* Decodes the next character of a string that skip_string has passed; 0 when it has no text form. */
static size_t next_char(const char **raw, const char *end, char text[4])
{
	static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";

	if (**raw != '\\') {
		size_t length = utf8_length(*raw, (size_t)(end - *raw));
		memcpy(text, *raw, length);
		*raw += length;
		return length;
	}
	char c = (*raw)[1];
	*raw += 2;
	if (c == 'u') {
		uint32_t point = unescape_point(raw, end);
		return point ? utf8_encode(point, text) : 0;
	}
	const char *letter = strchr(letters, c);
	text[0] = letter ? values[letter - letters] : c;
	return 1;
}

/* raw: between the quotes. */
static bool key_is(const char *raw, const char *end, const char *name)
{
	size_t len = strlen(name);

	if (!memchr(raw, '\\', (size_t)(end - raw)))
		return (size_t)(end - raw) == len && memcmp(raw, name, len) == 0;
	while (raw < end) {
		char text[4];
		size_t length = next_char(&raw, end, text);
		if (!length || length > len || memcmp(text, name, length) != 0)
			return false;
		name += length;
		len -= length;
	}
	return !len;
}

/* Moves to the value of the object's member of that name. */
static bool enter_member(struct scanner *scanner, const char *name)
{
	if (!skip_char(scanner, '{'))
		return false;
	do {
		skip_space(scanner);
		const char *key = scanner->at + 1;
		if (!skip_string(scanner))
			return false;
		const char *end = scanner->at - 1;
		if (!skip_char(scanner, ':'))
			return false;
		if (key_is(key, end, name))
			return true;
		if (!skip_value(scanner))
			return false;
	} while (skip_char(scanner, ','));
	return false;
}

bool json_scan(const char *text, size_t len, const char *const *path, const char **ret_value, size_t *ret_len)
{
	struct scanner scanner = { text, text + len };

	for (; *path; path++)
		if (!enter_member(&scanner, *path))
			return false;
	skip_space(&scanner);
	const char *value = scanner.at;
	if (!skip_value(&scanner))
		return false;
	*ret_value = value;
	*ret_len = (size_t)(scanner.at - value);
	return true;
}

bool json_unquote(const char *raw, size_t len, char *text, size_t size)
{
	struct scanner scanner = { raw, raw + len };

	if (!len || *raw != '"' || !skip_string(&scanner) || scanner.at != raw + len)
		return false;
	const char *end = raw + len - 1;
	for (raw++; raw < end;) {
		char decoded[4];
		size_t length = next_char(&raw, end, decoded);
		if (!length || !decoded[0] || length >= size)
			return false;
		memcpy(text, decoded, length);
		text += length;
		size -= length;
	}
	if (!size)
		return false;
	*text = '\0';
	return true;
}
