/* properties: see properties.h. */
#include "model/properties.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/json.h"

#define SHOWN_MAX 512

static bool is_count(const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value))
		return json_integer_value(value) >= 0;
	if (!text || !*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
	}
	return true;
}

int properties_check(const json_t *properties, const char *node_uuid, struct error *err)
{
	static const char *const names[] = { "cpus", "local_gb", "memory_mb" };
	struct buf shown;

	buf_init(&shown, SHOWN_MAX);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const json_t *value = json_object_get(properties, names[i]);

		if (!value || json_is_null(value) || is_count(value))
			continue;
		buf_printf(&shown, "%s%s=", shown.len ? ", " : "", names[i]);
		if (json_is_string(value))
			buf_puts(&shown, json_string_value(value));
		else
			json_repr(&shown, value);
	}
	int rc = 0;
	if (shown.len)
		rc = fail(err, ERR_INVALID,
			  "The following properties for node %s should be non-negative integers, but "
			  "provided values "
			  "are: %s",
			  node_uuid, shown.data);
	buf_release(&shown);
	return rc;
}

static bool is_named(const char *item, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	return len >= name_len && strncmp(item, name, name_len) == 0 &&
	       (len == name_len || item[name_len] == ':');
}

void properties_set_capability(json_t *properties, const char *name, const char *value)
{
	const char *list = json_string_value(json_object_get(properties, "capabilities"));
	struct buf text;

	if (!list && !value)
		return;
	buf_init(&text, SIZE_MAX / 2);
	for (list = list ? list : ""; *list;) {
		size_t len = strcspn(list, ",");

		if (len && !is_named(list, len, name))
			buf_printf(&text, "%s%.*s", text.len ? "," : "", (int)len, list);
		list += len;
		list += *list == ',';
	}
	if (value)
		buf_printf(&text, "%s%s:%s", text.len ? "," : "", name, value);
	json_object_set_new(properties, "capabilities", json_string(text.data ? text.data : ""));
	buf_release(&text);
}
