#include "api/argument.h"

#include <string.h>

#include "api/query.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "lib/uuid.h"
#include "model/field.h"

#define SHOWN_MAX 512 /* of a wrong value in a sentence */

static const struct argument *find_row(const struct argument *table, const char *name)
{
	while (table && table->name && strcmp(table->name, name) != 0)
		table++;
	return table && table->name ? table : NULL;
}

static int wrong_type(const struct argument *row, const char *expected, const json_t *value,
		      struct error *err)
{
	struct buf shown;

	buf_init(&shown, SHOWN_MAX);
	if (json_is_string(value))
		buf_append(&shown, json_string_value(value), strnlen(json_string_value(value), SHOWN_MAX));
	else
		json_repr(&shown, value);
	fail(err, ERR_INVALID, "Expected %s for %s: %s", expected, row->name, shown.data ? shown.data : "");
	buf_release(&shown);
	return -ERR_INVALID;
}

static int check_value(const struct argument *row, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	bool as_bool;
	long as_int;

	if (json_is_null(value))
		return 0;
	switch (row->type) {
	case BODY_TEXT:
		return text ? 0 : wrong_type(row, "string", value, err);
	case BODY_BOOL:
		if (text)
			return parse_bool(row->name, text, &as_bool, err);
		return json_is_boolean(value) ? 0 : wrong_type(row, "a boolean", value, err);
	case BODY_INT:
		if (text)
			return parse_int(row->name, text, &as_int, err);
		return json_is_integer(value) ? 0 : wrong_type(row, "an integer", value, err);
	case BODY_UUID:
		return text && uuid_is_valid(text) ? 0 : wrong_type(row, "UUID", value, err);
	case BODY_OBJECT:
		return json_is_object(value) ? 0 : wrong_type(row, "an object", value, err);
	case BODY_LIST:
		return json_is_array(value) ? 0 : wrong_type(row, "a list", value, err);
	case BODY_ANY:
		break;
	}
	return 0;
}

int argument_check(json_t *body, const struct argument *table, int version, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(body, name, value)
	{
		if (!find_row(table, name))
			return fail(err, ERR_INVALID, "Unexpected arguments: %s", name);
	}
	for (const struct argument *row = table; row && row->name; row++) {
		value = json_object_get(body, row->name);
		if (!value && row->is_required)
			return fail(err, ERR_MISSING, "Missing mandatory parameter: %s", row->name);
		if (value && version < row->since)
			return fail(err, ERR_NOT_ACCEPTABLE, "Request not acceptable.");
		int rc = value ? check_value(row, value, err) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

const char *argument_text(const json_t *body, const char *name)
{
	return json_string_value(json_object_get(body, name));
}

int argument_bool(const json_t *body, const char *name)
{
	const json_t *value = json_object_get(body, name);
	bool as_bool = false;

	if (!value || json_is_null(value))
		return -1;
	if (json_is_string(value))
		parse_bool(name, json_string_value(value), &as_bool, NULL);
	else
		as_bool = json_is_true(value);
	return as_bool;
}

long argument_int(const json_t *body, const char *name, long absent)
{
	const json_t *value = json_object_get(body, name);
	long as_int = absent;

	if (json_is_string(value))
		parse_int(name, json_string_value(value), &as_int, NULL);
	else if (json_is_integer(value))
		as_int = (long)json_integer_value(value);
	return as_int;
}
