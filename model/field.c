#include "model/field.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "lib/json.h"
#include "lib/uuid.h"

#define SHOWN_MAX    900
#define DOCUMENT_MAX (64 * 1024 * 1024)

int parse_bool(const char *name, const char *text, bool *ret, struct error *err)
{
	static const char *const words[2][6] = { { "0", "f", "false", "off", "n", "no" },
						 { "1", "t", "true", "on", "y", "yes" } };

	for (int value = 0; value < 2; value++) {
		for (int i = 0; i < 6; i++) {
			if (strcasecmp(text, words[value][i]) == 0) {
				*ret = value;
				return 0;
			}
		}
	}
	return fail(err, ERR_INVALID,
		    "Invalid %s: Unrecognized value '%s', acceptable values are: '0', '1', 'f', 'false', "
		    "'n', 'no', "
		    "'off', 'on', 't', 'true', 'y', 'yes'",
		    name, text);
}

/* Ironic's sentence, and the name of the field, which it does not say. */
static int schema_error(const struct node_field_info *info, const json_t *value, const char *what,
			const char *rest, struct error *err)
{
	struct buf shown;

	buf_init(&shown, SHOWN_MAX);
	json_repr(&shown, value);
	fail(err, ERR_INVALID, "Schema error for %s: %s%s (%s)", what, shown.data ? shown.data : "", rest,
	     info->name);
	buf_release(&shown);
	return -ERR_INVALID;
}

int field_unknown(const char *what, const char *name, struct error *err)
{
	return fail(err, ERR_INVALID,
		    "Schema error for %s: Additional properties are not allowed ('%s' was unexpected)", what,
		    name);
}

static size_t character_count(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static int check_text(const struct node_field_info *info, const json_t *value, const char *what,
		      struct error *err)
{
	const char *text = json_string_value(value);

	if (!text)
		return schema_error(info, value, what,
				    info->flags & FIELD_NOT_NULL ? " is not of type 'string'"
								 : " is not of type 'string', 'null'",
				    err);
	if ((info->flags & FIELD_NOT_EMPTY) && !text[0])
		return schema_error(info, value, what, " is too short", err);
	if (info->max_len && character_count(text) > (size_t)info->max_len)
		return schema_error(info, value, what, " is too long", err);
	return 0;
}

static int check_int(const struct node_field_info *info, const json_t *value, const char *what,
		     struct error *err)
{
	if (!json_is_integer(value))
		return schema_error(info, value, what, " is not of type 'integer'", err);
	if (json_integer_value(value) < 0)
		return schema_error(info, value, what, " is less than the minimum of 0", err);
	return json_integer_value(value) <= INT32_MAX
		       ? 0
		       : fail(err, ERR_INVALID, "Schema error for %s: %s is too large", what, info->name);
}

int field_check(const struct node_field_info *info, const json_t *value, const char *what, struct error *err)
{
	const char *text = json_string_value(value);
	bool as_bool;

	if (json_is_null(value) && (!(info->flags & FIELD_NOT_NULL) || (info->flags & FIELD_MADE)))
		return 0;
	switch (info->type) {
	case FIELD_TEXT:
	case FIELD_TIME:
		return check_text(info, value, what, err);
	case FIELD_UUID:
		if (!text || (info->flags & FIELD_BY_NAME))
			return check_text(info, value, what, err);
		return uuid_is_valid(text)
			       ? 0
			       : fail(err, ERR_INVALID, "Expected UUID for %s: %.256s", info->name, text);
	case FIELD_BOOL:
		if (text && !(info->flags & FIELD_NO_WORDS))
			return parse_bool(info->name, text, &as_bool, err);
		return json_is_boolean(value) || json_is_null(value)
			       ? 0
			       : schema_error(info, value, what,
					      info->flags & FIELD_NO_WORDS
						      ? " is not of type 'boolean', 'null'"
						      : " is not of type 'string', 'boolean', 'null'",
					      err);
	case FIELD_OBJECT:
		return json_is_object(value)
			       ? 0
			       : schema_error(info, value, what, " is not of type 'object', 'null'", err);
	case FIELD_LIST:
		return json_is_array(value)
			       ? 0
			       : schema_error(info, value, what,
					      info->flags & FIELD_NOT_NULL
						      ? " is not of type 'array'"
						      : " is not of type 'array', 'null'",
					      err);
	case FIELD_INT:
		return check_int(info, value, what, err);
	case FIELD_LINKS:
		break;
	}
	return field_unknown(what, info->name, err);
}

static const char *document_text(const json_t *value, struct arena *arena)
{
	struct buf text;

	buf_init(&text, DOCUMENT_MAX);
	json_write(&text, value);
	const char *copy = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	return copy;
}

const char *field_text(const struct node_field_info *info, const json_t *value, struct arena *arena)
{
	bool as_bool = json_is_true(value);

	if (info->type == FIELD_OBJECT)
		return json_is_object(value) ? document_text(value, arena) : "{}";
	if (info->type == FIELD_LIST)
		return json_is_array(value) ? document_text(value, arena) : "[]";
	if (!value || json_is_null(value))
		return info->type == FIELD_BOOL && (info->flags & FIELD_NOT_NULL) ? "f" : NULL;
	if (info->type == FIELD_BOOL) {
		if (json_is_string(value))
			parse_bool(info->name, json_string_value(value), &as_bool, NULL);
		return as_bool ? "t" : "f";
	}
	if (info->type == FIELD_INT)
		return arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return arena_strdup(arena, json_string_value(value));
}

json_t *field_value(const struct node_field_info *info, const char *text, size_t len)
{
	json_t *value = NULL;

	if (info->type == FIELD_OBJECT) {
		if (!text || json_parse(text, len, JSON_VALUE_DEPTH_MAX, &value, NULL) < 0)
			value = json_object();
		return value;
	}
	if (info->type == FIELD_LIST) {
		if (!text || json_parse(text, len, JSON_VALUE_DEPTH_MAX, &value, NULL) < 0)
			value = json_array();
		return value;
	}
	if (!text)
		return json_null();
	if (info->type == FIELD_BOOL)
		return json_boolean(text[0] == 't');
	if (info->type == FIELD_INT)
		return json_integer(strtol(text, NULL, 10));
	value = json_stringn(text, len);
	return value ? value : json_null();
}
