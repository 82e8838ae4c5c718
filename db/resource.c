#include "db/resource.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Fields that are not columns of their own name. The row is "r". */
struct special {
	const struct resource *resource;
	const char *field;
	const char *read;   /* SQL in answers; NULL: no column at all */
	const char *column; /* written; NULL: never */
	const char *write;  /* SQL around the parameter */
};

/* clang-format off */
static const struct special specials[] = {
	{ &port_resource, "node_uuid", "(SELECT n.uuid FROM nodes n WHERE n.id = r.node_id)",
	  "node_id", "(SELECT n.id FROM nodes n WHERE n.uuid = $?::uuid)" },
	{ &port_resource, "portgroup_uuid", "NULL::uuid", NULL, NULL },
	{ &port_resource, "links", NULL, NULL, NULL },
	{ &chassis_resource, "links", NULL, NULL, NULL },
	{ &chassis_resource, "nodes", NULL, NULL, NULL },
};

#define NODE_IS_FREE \
	" AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = ports.node_id AND n.reservation IS NOT NULL)"

static const struct {
	const struct resource *resource;
	const char *from;   /* with the alias */
	const char *table;
	const char *guard;  /* more conditions of UPDATE and DELETE */
} tables[] = {
	{ &port_resource, "ports r", "ports", NODE_IS_FREE },
	{ &chassis_resource, "chassis r", "chassis", "" },
};

static const struct {
	const struct resource *resource;
	const char *name;
	const char *sql;
} filters[] = {
	{ &port_resource, "node_id", "r.node_id = $?::bigint" },
	{ &port_resource, "address", "r.address = lower($?)" },
	{ &port_resource, "description_contains", "strpos(lower(r.description), lower($?)) > 0" },
	{ &port_resource, "shard",
	  "r.node_id IN (SELECT n.id FROM nodes n WHERE n.shard = ANY (string_to_array($?, ',')))" },
	{ &port_resource, "conductor_groups",
	  "r.node_id IN (SELECT n.id FROM nodes n"
	  " WHERE n.conductor_group = ANY (string_to_array(lower($?), ',')))" },
};
/* clang-format on */

static const struct special *find_special(const struct resource *resource, size_t field)
{
	for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
		if (specials[i].resource == resource &&
		    strcmp(specials[i].field, resource->fields[field].name) == 0)
			return &specials[i];
	}
	return NULL;
}

static size_t table_of(const struct resource *resource)
{
	size_t i = 0;

	while (tables[i].resource != resource)
		i++;
	return i;
}

void resource_list_init(struct list *list, const struct resource *resource)
{
	list_init(list, tables[table_of(resource)].from, "r.id");
}

static bool add_column(struct buf *columns, const struct resource *resource, size_t field)
{
	const struct special *special = find_special(resource, field);

	if (special && !special->read)
		return false;
	buf_puts(columns, special ? ", " : ", r.");
	buf_puts(columns, special ? special->read : resource->fields[field].name);
	return true;
}

void resource_select(struct list *list, const struct resource *resource, const bool *wanted, int *column)
{
	int next = LIST_COLUMNS;

	for (size_t field = 0; field < resource->field_count; field++) {
		column[field] = -1;
		if ((field == 0 || wanted[field]) && add_column(&list->columns, resource, field))
			column[field] = next++;
	}
}

bool resource_filter(struct list *list, const struct resource *resource, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		if (filters[i].resource == resource && strcmp(filters[i].name, name) == 0) {
			list_where(list, filters[i].sql, value);
			return true;
		}
	}
	return false;
}

void resource_sort(struct list *list, const struct resource *resource, size_t field)
{
	static const char *const types[] = {
		[FIELD_TEXT] = "text",        [FIELD_UUID] = "uuid",   [FIELD_BOOL] = "boolean",
		[FIELD_TIME] = "timestamptz", [FIELD_OBJECT] = "text", [FIELD_LIST] = "text",
		[FIELD_LINKS] = "text",
	};

	snprintf(list->sort_text, sizeof list->sort_text, "r.%s", resource->fields[field].name);
	list->sort = list->sort_text;
	list->sort_type = types[resource->fields[field].type];
}

struct change resource_change(const struct resource *resource, size_t field, const char *value)
{
	const struct special *special = find_special(resource, field);

	if (!special)
		return (struct change){ .column = resource->fields[field].name, .value = value };
	return (struct change){ .column = special->column, .value = value, .as = special->write };
}

int resource_read(struct db *db, const struct resource *resource, const char *uuid, const char *name,
		  int *column, struct db_rows **ret, struct error *err)
{
	bool wanted[RESOURCE_FIELD_MAX];
	struct list list;

	assert(resource->field_count <= RESOURCE_FIELD_MAX);
	memset(wanted, true, sizeof wanted);
	resource_list_init(&list, resource);
	resource_select(&list, resource, wanted, column);
	if (uuid)
		list_where(&list, "r.uuid = $?::uuid", uuid);
	else
		list_where(&list, "r.name = $?", name);
	int rc = list_next(&list, db, 1, ret, err);
	list_release(&list);
	if (rc == 0 && db_rows_count(*ret) == 0) {
		db_rows_release(*ret);
		*ret = NULL;
		return -ERR_NOT_FOUND;
	}
	return rc;
}

int resource_insert(struct db *db, const struct resource *resource, const struct change *changes,
		    size_t count, struct error *err)
{
	return change_insert(db, tables[table_of(resource)].table, changes, count, err);
}

int resource_update(struct db *db, const struct resource *resource, int64_t id, const struct change *changes,
		    size_t count, bool *ret_done, struct error *err)
{
	size_t table = table_of(resource);

	return change_update(db, tables[table].table, id, tables[table].guard, NULL, changes, count, ret_done,
			     err);
}

int resource_delete(struct db *db, const struct resource *resource, int64_t id, bool *ret_done,
		    struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;
	char id_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	made_init(&made);
	made_add(&made, "DELETE FROM ");
	made_add(&made, tables[table_of(resource)].table);
	made_add(&made, " WHERE id = $?::bigint", id_text);
	made_add(&made, tables[table_of(resource)].guard);
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc == 0)
		*ret_done = db_affected(rows) > 0;
	db_rows_release(rows);
	return rc;
}
