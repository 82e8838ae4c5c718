#include "db/node_changes.h"

#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "model/node.h"

static const char *const column_types[] = {
	[FIELD_TEXT] = "text",        [FIELD_UUID] = "uuid",   [FIELD_BOOL] = "boolean",
	[FIELD_TIME] = "timestamptz", [FIELD_OBJECT] = "json", [FIELD_LIST] = "json",
	[FIELD_LINKS] = "json",
};

static bool is_writable(enum node_field field)
{
	return (node_field_info(field)->flags & FIELD_BY_CONDUCTOR) != 0;
}

/* The bit of a writable field: its place among them. */
static uint64_t field_bit(enum node_field wanted)
{
	uint64_t bit = 1;

	for (enum node_field field = 0; field < wanted; field++)
		bit <<= is_writable(field);
	return bit;
}

int node_changes_mask(const char *changes, uint64_t *ret_mask, struct error *err)
{
	json_t *object = NULL, *value;
	const char *key;
	uint64_t mask = 0;
	int rc = 0;

	*ret_mask = 0;
	if (changes == NULL)
		return 0;
	rc = json_parse(changes, strlen(changes), 100, &object, err);
	if (rc < 0)
		return rc;
	json_object_foreach(object, key, value)
	{
		enum node_field field = node_field_find(key);
		if (field >= NODE_COLUMN_COUNT || !is_writable(field))
			rc = fail(err, ERR_INVALID, "A conductor does not write the node's field %s", key);
		else
			mask |= field_bit(field);
	}
	if (rc == 0 && !json_is_object(object))
		rc = fail(err, ERR_INVALID, "Changes of a node are not an object");
	json_decref(object);
	if (rc == 0)
		*ret_mask = mask;
	return rc;
}

void node_changes_join(struct buf *sql, const char *changes)
{
	const char *separator = "";

	buf_printf(sql, " LEFT JOIN LATERAL json_to_record(%s) AS c (", changes);
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);
		if (!is_writable(field))
			continue;
		buf_printf(sql, "%s%s %s", separator, info->name, column_types[info->type]);
		separator = ", ";
	}
	buf_puts(sql, ") ON true");
}

void node_changes_set(struct buf *sql, const char *mask)
{
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		const struct node_field_info *info = node_field_info(field);
		if (!is_writable(field))
			continue;
		buf_printf(sql, ", %s = CASE WHEN %s & %" PRIu64 " <> 0 THEN ", info->name, mask,
			   field_bit(field));
		if (info->type == FIELD_OBJECT)
			buf_printf(sql, "coalesce(c.%s, '{}')", info->name);
		else if (info->type == FIELD_BOOL && (info->flags & FIELD_NOT_NULL))
			buf_printf(sql, "coalesce(c.%s, false)", info->name);
		else
			buf_printf(sql, "c.%s", info->name);
		buf_printf(sql, " ELSE n.%s END", info->name);
	}
	buf_printf(sql, ", updated_at = CASE WHEN %s <> 0 THEN now() ELSE n.updated_at END", mask);
}
