#include "db/resource.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Fields that are not columns of their own name. The row is "r". */
struct special {
	const struct resource *resource; /* NULL: of each that has the field */
	const char *field;
	const char *read;   /* SQL in answers; NULL: no column at all */
	const char *column; /* written; NULL: never */
	const char *write;  /* SQL around the parameter */
};

/* clang-format off */
static const struct special specials[] = {
	{ NULL, "node_uuid", "(SELECT n.uuid FROM nodes n WHERE n.id = r.node_id)",
	  "node_id", "(SELECT n.id FROM nodes n WHERE n.uuid = $?::uuid)" },
	{ NULL, "links", NULL, NULL, NULL },
	{ &port_resource, "portgroup_uuid", "(SELECT g.uuid FROM portgroups g WHERE g.id = r.portgroup_id)",
	  "portgroup_id", "(SELECT g.id FROM portgroups g WHERE g.uuid = $?::uuid)" },
	{ &chassis_resource, "nodes", NULL, NULL, NULL },
	{ &portgroup_resource, "ports", NULL, NULL, NULL },
	{ &allocation_resource, "node", NULL, NULL, NULL },
	{ &inspection_rule_resource, "actions", "CASE WHEN r.sensitive THEN NULL ELSE r.actions END",
	  "actions", NULL },
	{ &inspection_rule_resource, "conditions", "CASE WHEN r.sensitive THEN NULL ELSE r.conditions END",
	  "conditions", NULL },
};

#define SAME_VERSION " AND version = $?::bigint"
#define NODE_IS_FREE(table) \
	SAME_VERSION " AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = " table ".node_id" \
	" AND n.reservation IS NOT NULL)"

static const struct {
	const struct resource *resource;
	const char *from;   /* with the alias */
	const char *table;
	const char *guard;  /* more conditions of UPDATE and DELETE */
} tables[] = {
	{ &port_resource, "ports r", "ports", NODE_IS_FREE("ports") },
	{ &chassis_resource, "chassis r", "chassis", SAME_VERSION },
	{ &portgroup_resource, "portgroups r", "portgroups", NODE_IS_FREE("portgroups") },
	{ &volume_connector_resource, "volume_connectors r", "volume_connectors",
	  NODE_IS_FREE("volume_connectors") },
	{ &volume_target_resource, "volume_targets r", "volume_targets", NODE_IS_FREE("volume_targets") },
	{ &allocation_resource, "allocations r", "allocations", SAME_VERSION },
	{ &deploy_template_resource, "deploy_templates r", "deploy_templates", SAME_VERSION },
	{ &runbook_resource, "runbooks r", "runbooks", SAME_VERSION },
	{ &inspection_rule_resource, "inspection_rules r", "inspection_rules", SAME_VERSION },
};

static const struct {
	const struct resource *resource;
	const char *name;
	const char *sql;
} filters[] = {
	{ NULL, "node_id", "r.node_id = $?::bigint" },
	{ NULL, "address", "r.address = lower($?)" },
	{ NULL, "resource_class", "r.resource_class = $?" },
	{ NULL, "state", "r.state = $?" },
	{ NULL, "owner", "r.owner = $?" },
	{ NULL, "phase", "r.phase = $?" },
	{ &port_resource, "portgroup_id", "r.portgroup_id = $?::bigint" },
	{ &port_resource, "description_contains", "strpos(lower(r.description), lower($?)) > 0" },
	{ NULL, "shard",
	  "r.node_id IN (SELECT n.id FROM nodes n WHERE n.shard = ANY (string_to_array($?, ',')))" },
	{ NULL, "conductor_groups",
	  "r.node_id IN (SELECT n.id FROM nodes n"
	  " WHERE n.conductor_group = ANY (string_to_array(lower($?), ',')))" },
};

/* What lists may be sorted by with an index, beside the uuid. */
static const struct {
	const struct resource *resource;
	const char *field;
	enum list_order order;
} orders[] = {
	{ &port_resource,             "address",    LIST_INDEXED_NOT_NULL },
	{ &port_resource,             "name",       LIST_INDEXED },
	{ &port_resource,             "created_at", LIST_INDEXED_NOT_NULL },
	{ &portgroup_resource,        "address",    LIST_INDEXED },
	{ &portgroup_resource,        "name",       LIST_INDEXED },
	{ &portgroup_resource,        "created_at", LIST_INDEXED_NOT_NULL },
	{ &chassis_resource,          "created_at", LIST_INDEXED_NOT_NULL },
	{ &volume_connector_resource, "created_at", LIST_INDEXED_NOT_NULL },
	{ &volume_target_resource,    "created_at", LIST_INDEXED_NOT_NULL },
	{ &allocation_resource,       "name",       LIST_INDEXED },
	{ &allocation_resource,       "created_at", LIST_INDEXED_NOT_NULL },
	{ &deploy_template_resource,  "name",       LIST_INDEXED_NOT_NULL },
	{ &runbook_resource,          "name",       LIST_INDEXED_NOT_NULL },
};
/* clang-format on */

static const struct special *find_special(const struct resource *resource, size_t field)
{
	for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
		if ((!specials[i].resource || specials[i].resource == resource) &&
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
		if ((!filters[i].resource || filters[i].resource == resource) &&
		    strcmp(filters[i].name, name) == 0) {
			list_where(list, filters[i].sql, value);
			return true;
		}
	}
	return false;
}

static enum list_order order_by(const struct resource *resource, size_t field)
{
	if (field == 0)
		return LIST_INDEXED_NOT_NULL;
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		if (orders[i].resource == resource &&
		    strcmp(orders[i].field, resource->fields[field].name) == 0)
			return orders[i].order;
	}
	return LIST_SORTED;
}

void resource_sort(struct list *list, const struct resource *resource, size_t field)
{
	static const char *const types[] = {
		[FIELD_TEXT] = "text",        [FIELD_UUID] = "uuid",   [FIELD_BOOL] = "boolean",
		[FIELD_TIME] = "timestamptz", [FIELD_OBJECT] = "text", [FIELD_LIST] = "text",
		[FIELD_LINKS] = "text",       [FIELD_INT] = "int",
	};

	snprintf(list->sort_text, sizeof list->sort_text, "r.%s", resource->fields[field].name);
	list->sort = list->sort_text;
	list->sort_type = types[resource->fields[field].type];
	list->order = order_by(resource, field);
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
	buf_puts(&list.columns, ", r.version");
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

int64_t resource_version(const struct db_rows *rows)
{
	return db_value_int(rows, 0, db_columns(rows) - 1);
}

int resource_insert(struct db *db, const struct resource *resource, const struct change *changes,
		    size_t count, struct error *err)
{
	return change_insert(db, tables[table_of(resource)].table, changes, count, err);
}

int resource_update(struct db *db, const struct resource *resource, int64_t id, int64_t version,
		    const struct change *changes, size_t count, bool *ret_done, struct error *err)
{
	size_t table = table_of(resource);
	char version_text[24];

	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	return change_update(db, tables[table].table, id, tables[table].guard, version_text, changes, count,
			     ret_done, err);
}

int resource_delete(struct db *db, const struct resource *resource, int64_t id, int64_t version,
		    bool *ret_done, struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;
	char id_text[24], version_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	snprintf(version_text, sizeof version_text, "%" PRId64, version);
	made_init(&made);
	made_add(&made, "DELETE FROM ");
	made_add(&made, tables[table_of(resource)].table);
	made_add(&made, " WHERE id = $?::bigint", id_text);
	made_add(&made, tables[table_of(resource)].guard, version_text);
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc == 0)
		*ret_done = db_affected(rows) > 0;
	db_rows_release(rows);
	return rc;
}

int resource_delete_all(struct db *db, const struct resource *resource, struct error *err)
{
	struct made made;

	made_init(&made);
	made_add(&made, "DELETE FROM ");
	made_add(&made, tables[table_of(resource)].table);
	int rc = made_exec(&made, db, NULL, err);
	made_release(&made);
	return rc;
}
