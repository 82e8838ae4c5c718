#include "lib/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_number.h"

/* The end of the string whose opening quote is before `at`: behind its closing quote, or `end`. */
static const char *string_end(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

unsigned json_depth(const char *text, size_t len)
{
	const char *end = text + len;
	unsigned depth = 0, deepest = 0;

	for (const char *at = text; at < end;) {
		char c = *at++;
		if (c == '"')
			at = string_end(at, end);
		else if ((c == '[' || c == '{') && ++depth > deepest)
			deepest = depth;
		else if ((c == ']' || c == '}') && depth)
			depth--;
	}
	return deepest;
}

/* jansson's sentences end by quoting the text, which is not ours to show, or by naming its flags. */
static int parse_failed(struct error *err, const json_error_t *cause)
{
	static const char *const tails[] = { " near '", " without JSON_" };
	size_t len = strlen(cause->text);

	for (size_t i = 0; i < 2; i++) {
		const char *tail = strstr(cause->text, tails[i]);
		if (tail && (size_t)(tail - cause->text) < len)
			len = (size_t)(tail - cause->text);
	}
	return fail(err, ERR_INVALID, "line %d, column %d: %.*s", cause->line, cause->column, (int)len,
		    cause->text);
}

/* jansson takes a NUL byte between tokens for the end of the text. */
static int nul_found(struct error *err, const char *text, const char *nul)
{
	int line = 1;
	const char *begin = text;

	for (; text < nul; text++) {
		if (*text == '\n') {
			line++;
			begin = text + 1;
		}
	}
	return fail(err, ERR_INVALID, "line %d, column %d: a NUL byte", line, (int)(nul - begin) + 1);
}

/* Integers that do not fit become reals, and with them all others of the text, if they may. */
static int parse(const char *text, size_t len, unsigned max_depth, bool may_be_large, json_t **ret_value,
		 struct error *err)
{
	json_error_t cause;

	if (json_depth(text, len) > max_depth)
		return fail(err, ERR_INVALID, "nested deeper than %u levels", max_depth);
	const char *nul = len ? memchr(text, '\0', len) : NULL;
	if (nul)
		return nul_found(err, text, nul);
	json_t *value = json_loadb(text, len, JSON_DECODE_ANY, &cause);
	if (!value && may_be_large && json_error_code(&cause) == json_error_numeric_overflow)
		value = json_loadb(text, len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &cause);
	if (!value)
		return parse_failed(err, &cause);
	*ret_value = value;
	return 0;
}

int json_parse(const char *text, size_t len, unsigned max_depth, json_t **ret_value, struct error *err)
{
	return parse(text, len, max_depth, false, ret_value, err);
}

int json_parse_large(const char *text, size_t len, unsigned max_depth, json_t **ret_value, struct error *err)
{
	return parse(text, len, max_depth, true, ret_value, err);
}

/* NOLINTBEGIN(misc-no-recursion): the depth is bounded. */
static unsigned deepest_below(const json_t *value, unsigned limit)
{
	unsigned deepest = 0;

	if (json_is_object(value)) {
		json_t *object = (json_t *)value;
		for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
			unsigned depth = json_value_depth(json_object_iter_value(at), limit);
			deepest = depth > deepest ? depth : deepest;
		}
	} else {
		for (size_t i = 0; i < json_array_size(value); i++) {
			unsigned depth = json_value_depth(json_array_get(value, i), limit);
			deepest = depth > deepest ? depth : deepest;
		}
	}
	return deepest;
}

unsigned json_value_depth(const json_t *value, unsigned limit)
{
	if (!json_is_object(value) && !json_is_array(value))
		return 0;
	if (!limit)
		return 1;
	return 1 + deepest_below(value, limit - 1);
}
/* NOLINTEND(misc-no-recursion) */

/* The digits of %.{n}e that read back as the value, n as small as can be. */
static void shortest(double value, char text[32])
{
	for (int digits = 0; digits <= 16; digits++) {
		snprintf(text, 32, "%.*e", digits, value);
		if (strtod(text, NULL) == value)
			return;
	}
}

void json_put_real(struct buf *buf, double value)
{
	char text[32];

	if (!isfinite(value)) {
		buf_puts(buf, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
		return;
	}
	shortest(value, text);
	char *mark = strchr(text, 'e');
	int exponent = (int)strtol(mark + 1, NULL, 10);
	if (exponent < -4 || exponent >= 16) {
		buf_append(buf, text, (size_t)(mark - text));
		buf_printf(buf, "e%+03d", exponent);
		return;
	}
	int digits = (int)(mark - text) - (text[0] == '-') - 1; /* after the first, less the point */
	int decimals = digits - 1 > exponent ? digits - 1 - exponent : 1;
	if (digits <= 0)
		decimals = exponent < 0 ? -exponent : 1;
	buf_printf(buf, "%.*f", decimals, value);
}

/* NOLINTBEGIN(misc-no-recursion): the depth is bounded. */
static void write_value(struct buf *buf, const json_t *value, unsigned depth);

static void write_object(struct buf *buf, json_t *object, unsigned depth)
{
	char separator = '{';

	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		const char *key = json_object_iter_key(at);
		buf_putc(buf, separator);
		buf_json_string(buf, key, strlen(key));
		buf_putc(buf, ':');
		write_value(buf, json_object_iter_value(at), depth);
		separator = ',';
	}
	buf_puts(buf, separator == '{' ? "{}" : "}");
}

static void write_array(struct buf *buf, const json_t *array, unsigned depth)
{
	buf_putc(buf, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i)
			buf_putc(buf, ',');
		write_value(buf, json_array_get(array, i), depth);
	}
	buf_putc(buf, ']');
}

/* depth: levels that may still be opened. */
static void write_value(struct buf *buf, const json_t *value, unsigned depth)
{
	if ((json_is_object(value) || json_is_array(value)) && !depth) {
		buf->overflow = true;
		value = NULL;
	}
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		write_object(buf, (json_t *)value, depth - 1);
		break;
	case JSON_ARRAY:
		write_array(buf, value, depth - 1);
		break;
	case JSON_STRING:
		buf_json_string(buf, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		buf_put_int(buf, json_integer_value(value));
		break;
	case JSON_REAL:
		json_put_real(buf, json_real_value(value));
		break;
	case JSON_TRUE:
		buf_puts(buf, "true");
		break;
	case JSON_FALSE:
		buf_puts(buf, "false");
		break;
	case JSON_NULL:
		buf_puts(buf, "null");
		break;
	}
}

/* NOLINTEND(misc-no-recursion) */

void json_write(struct buf *buf, const json_t *value)
{
	write_value(buf, value, JSON_VALUE_DEPTH_MAX);
}

bool json_list_has(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *item = json_string_value(json_array_get(list, i));

		if (item != NULL && strcmp(item, text) == 0)
			return true;
	}
	return false;
}
