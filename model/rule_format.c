/*
 * rule_format: interpolation: the fields of Python's str.format() that rules use: {node.name},
 * {inventory[disks][0][size]}, {plugin_data[x]}, {item[y]}, "!s" and "!r", "{{" and "}}". What a ramdisk has
 * reported is put in as it is and never interpolated itself. See rule_private.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/rule_private.h"

enum { NAME_MAX_LEN = 255 };

/* What became of a field or a text. */
enum outcome { FORMATTED, IS_MISSING, IS_BAD };

/* ---- one field ---- */

/* A position in "inventory[cpu][count]". */
struct path {
	const char *at, *end;
};

/* Takes the text up to one of the stops. False: too long, or empty. */
static bool take_name(struct path *path, const char *stops, char name[NAME_MAX_LEN + 1])
{
	size_t len = 0;

	while (path->at + len < path->end && !strchr(stops, path->at[len]))
		len++;
	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	memcpy(name, path->at, len);
	name[len] = '\0';
	path->at += len;
	return true;
}

static enum outcome take_item(const char *key, const json_t **value)
{
	char *end;
	unsigned long index;

	if (json_is_object(*value)) {
		*value = json_object_get(*value, key);
		return *value ? FORMATTED : IS_MISSING;
	}
	errno = 0;
	index = strtoul(key, &end, 10);
	if (!json_is_array(*value) || *end || errno || key[0] < '0' || key[0] > '9')
		return IS_BAD;
	*value = json_array_get(*value, index);
	return *value ? FORMATTED : IS_BAD;
}

/* The [key] parts that follow. *is_secret: a key on the way names a secret. */
static enum outcome follow(struct path *path, const json_t **value, bool *is_secret)
{
	char key[NAME_MAX_LEN + 1];
	enum outcome outcome = FORMATTED;

	while (outcome == FORMATTED && path->at < path->end) {
		if (*path->at++ != '[' || !take_name(path, "]", key) || path->at == path->end)
			return IS_BAD;
		path->at++;
		*is_secret = *is_secret || json_key_is_secret(key);
		outcome = take_item(key, value);
	}
	return outcome;
}

/* What a field may begin with. */
static enum outcome find_root(const struct rule_run *run, struct path *path, const json_t **value,
			      bool *is_masked)
{
	char name[NAME_MAX_LEN + 1];

	if (!take_name(path, ".[", name))
		return IS_BAD;
	*is_masked = run->rule->is_masked;
	if (strcmp(name, "item") == 0 && run->item) {
		*value = run->item;
		*is_masked = false; /* the rule's own */
	} else if (strcmp(name, "inventory") == 0) {
		*value = run->inspected->inventory;
	} else if (strcmp(name, "plugin_data") == 0) {
		*value = run->inspected->plugin_data;
	} else if (strcmp(name, "node") == 0) {
		*is_masked = true;
		if (path->at == path->end || *path->at++ != '.' || !take_name(path, ".[", name))
			return IS_BAD;
		*value = json_object_get(run->inspected->node, name);
		return *value ? FORMATTED : IS_BAD;
	} else {
		return IS_MISSING;
	}
	return *value ? FORMATTED : IS_MISSING;
}

static json_t *masked_copy(const json_t *value)
{
	json_t *copy = json_deep_copy(value);

	json_mask_secrets(copy);
	return copy;
}

/* NOLINTBEGIN(misc-no-recursion): an item's text is formatted without the item; JSON's depth is limited. */
static enum outcome format_text(const struct rule_run *run, const char *text, struct buf *out);

/* Items of a loop may hold fields themselves. */
static enum outcome put_item_text(const struct rule_run *run, const char *text, struct buf *out)
{
	struct rule_run inner = *run;

	inner.item = NULL;
	return format_text(&inner, text, out);
}

static void put_value(struct buf *out, const json_t *value, bool is_repr)
{
	if (json_is_string(value) && !is_repr)
		buf_append(out, json_string_value(value), json_string_length(value));
	else
		json_repr(out, value);
}

/* field: between the braces. */
static enum outcome format_field(const struct rule_run *run, const char *field, size_t len, struct buf *out)
{
	bool is_repr = len >= 2 && memcmp(field + len - 2, "!r", 2) == 0;
	bool is_plain = len >= 2 && memcmp(field + len - 2, "!s", 2) == 0;
	struct path path = { field, field + len - (is_repr || is_plain ? 2 : 0) };
	bool is_masked = false, is_secret = false;
	const json_t *value = NULL;
	enum outcome outcome = find_root(run, &path, &value, &is_masked);

	if (outcome == FORMATTED)
		outcome = follow(&path, &value, &is_secret);
	if (outcome != FORMATTED)
		return outcome;
	if (run->item && strncmp(field, "item", 4) == 0 && json_is_string(value) && !is_repr)
		return put_item_text(run, json_string_value(value), out);
	if (is_masked && is_secret) {
		buf_puts(out, "******");
	} else if (is_masked && (json_is_object(value) || json_is_array(value))) {
		json_t *copy = masked_copy(value);

		put_value(out, copy, is_repr);
		json_decref(copy);
	} else {
		put_value(out, value, is_repr);
	}
	return FORMATTED;
}

/* ---- texts ---- */

static enum outcome format_text(const struct rule_run *run, const char *text, struct buf *out)
{
	enum outcome outcome = FORMATTED;

	while (*text && outcome == FORMATTED) {
		size_t plain = strcspn(text, "{}");

		buf_append(out, text, plain);
		text += plain;
		if (!*text)
			break;
		if (text[1] == text[0]) { /* "{{" */
			buf_putc(out, *text);
			text += 2;
			continue;
		}
		size_t len = strcspn(text + 1, "{}");
		if (*text == '}' || text[1 + len] != '}')
			return IS_BAD;
		outcome = format_field(run, text + 1, len, out);
		text += len + 2;
	}
	return out->overflow ? IS_BAD : outcome;
}

static json_t *format_string(const struct rule_run *run, json_t *value, bool is_null_if_missing)
{
	const char *text = json_string_value(value);
	json_t *result = NULL;
	struct buf out;

	if (!strpbrk(text, "{}"))
		return json_incref(value);
	buf_init(&out, RULE_TEXT_MAX);
	enum outcome outcome = format_text(run, text, &out);
	if (outcome == FORMATTED)
		result = json_stringn(out.data ? out.data : "", out.len);
	else if (outcome == IS_MISSING && is_null_if_missing)
		result = json_null();
	buf_release(&out);
	if (result)
		return result;
	if (!run->rule->is_sensitive)
		log_warning(
			"inspection rule %s: a field of '%.200s' is not there or not usable; the text stays",
			run->rule->uuid, text);
	return json_incref(value);
}

static json_t *format_object(const struct rule_run *run, json_t *object, bool is_null_if_missing)
{
	json_t *result = json_object(), *value;
	const char *name;

	json_object_foreach(object, name, value)
	{
		json_t *key = json_string(name), *formatted = format_string(run, key, false);

		json_object_set_new(result, json_string_value(formatted),
				    rule_format(run, value, is_null_if_missing));
		json_decref(formatted);
		json_decref(key);
	}
	return result;
}

json_t *rule_format(const struct rule_run *run, json_t *value, bool is_null_if_missing)
{
	json_t *result, *item;
	size_t i;

	if (json_is_string(value))
		return format_string(run, value, is_null_if_missing);
	if (json_is_object(value))
		return format_object(run, value, is_null_if_missing);
	if (!json_is_array(value))
		return json_incref(value);
	result = json_array();
	json_array_foreach(value, i, item)
		json_array_append_new(result, rule_format(run, item, is_null_if_missing));
	return result;
}

/* NOLINTEND(misc-no-recursion) */

char *rule_text(const json_t *value)
{
	struct buf out;

	buf_init(&out, RULE_TEXT_MAX);
	put_value(&out, value, false);
	return buf_take(&out);
}
