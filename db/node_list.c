#include "db/node_list.h"

#include <stdio.h>
#include <string.h>

struct filter {
	const char *name;
	const char *sql;
	const char *otherwise; /* of a boolean filter: `sql` when true, this when false */
};

/* clang-format off */
static const struct filter filters[] = {
	{ "associated",           "n.instance_uuid IS NOT NULL", "n.instance_uuid IS NULL" },
	{ "instance_uuid",        "n.instance_uuid = $?::uuid", NULL },
	{ "chassis_uuid",
	  "n.chassis_id = (SELECT c.id FROM chassis c WHERE c.uuid = $?::uuid)", NULL },
	{ "maintenance",          "n.maintenance", "NOT n.maintenance" },
	{ "provision_state",      "n.provision_state = $?", NULL },
	{ "driver",               "n.driver = $?", NULL },
	{ "resource_class",       "n.resource_class = $?", NULL },
	{ "fault",                "n.fault = $?", NULL },
	{ "conductor_group",      "n.conductor_group = lower($?)", NULL },
	{ "owner",                "n.owner = $?", NULL },
	{ "lessee",               "n.lessee = $?", NULL },
	{ "project",
	  "n.id = ANY (ARRAY(SELECT o.id FROM nodes o WHERE o.owner = $?"
	  " UNION SELECT l.id FROM nodes l WHERE l.lessee = $?))", NULL },
	{ "description_contains", "strpos(lower(n.description), lower($?)) > 0", NULL },
	{ "retired",              "n.retired", "NOT n.retired" },
	{ "shard",                "n.shard = ANY (string_to_array($?, ','))", NULL },
	{ "sharded",              "n.shard IS NOT NULL", "n.shard IS NULL" },
	{ "parent_node",          "n.parent_node = $?::uuid", NULL },
	{ "instance_name",        "n.instance_name = $?", NULL },
};

static const struct {
	enum node_field field;
	const char *sql;
} computed[] = {
	{ NODE_TRAITS,          "array_to_json(ARRAY(SELECT t.trait FROM node_traits t WHERE t.node_id = n.id"
				" ORDER BY t.trait))" },
	{ NODE_CHASSIS_UUID,    "CASE WHEN n.chassis_id IS NOT NULL THEN"
				" (SELECT c.uuid FROM chassis c WHERE c.id = n.chassis_id) END" },
	{ NODE_ALLOCATION_UUID, "CASE WHEN n.allocation_id IS NOT NULL THEN"
				" (SELECT a.uuid FROM allocations a WHERE a.id = n.allocation_id) END" },
};
/* clang-format on */

void node_list_init(struct list *list)
{
	list_init(list, "nodes n", "n.id");
}

static const struct filter *find_filter(const char *name)
{
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		if (strcmp(filters[i].name, name) == 0)
			return &filters[i];
	}
	return NULL;
}

bool node_list_filter_is_bool(const char *name)
{
	const struct filter *filter = find_filter(name);

	return filter && filter->otherwise;
}

bool node_list_filter(struct list *list, const char *name, const char *value)
{
	const struct filter *filter = find_filter(name);

	if (!filter)
		return false;
	if (strcmp(name, "fault") == 0 && strcmp(value, "none") == 0)
		list_where(list, "n.fault IS NULL", NULL);
	else if (filter->otherwise)
		list_where(list, value[0] == 't' ? filter->sql : filter->otherwise, NULL);
	else
		list_where(list, filter->sql, value);
	return true;
}

void node_list_hide_children(struct list *list)
{
	list_where(list, "n.parent_node IS NULL", NULL);
}

static const char *computed_sql(enum node_field field)
{
	for (size_t i = 0; i < sizeof computed / sizeof computed[0]; i++) {
		if (computed[i].field == field)
			return computed[i].sql;
	}
	return NULL;
}

void node_list_select(struct list *list, const bool wanted[NODE_FIELD_COUNT], int column[NODE_FIELD_COUNT])
{
	int next = LIST_COLUMNS;

	for (enum node_field field = 0; field < NODE_FIELD_COUNT; field++) {
		const char *sql = computed_sql(field);

		if (field != NODE_UUID && (!wanted[field] || (field >= NODE_COLUMN_COUNT && !sql)))
			continue;
		buf_puts(&list->columns, sql ? ", " : ", n.");
		buf_puts(&list->columns, sql ? sql : node_field_info(field)->name);
		column[field] = next++;
	}
}

static const char *sql_type(enum field_type type)
{
	switch (type) {
	case FIELD_UUID:
		return "uuid";
	case FIELD_BOOL:
		return "boolean";
	case FIELD_TIME:
		return "timestamptz";
	case FIELD_TEXT:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_LINKS:
	case FIELD_INT:
		break;
	}
	return "text";
}

/* What has an index: not what power actions and PATCH write on their way, see the migrations. */
static const enum list_order orders[NODE_FIELD_COUNT] = {
	[NODE_UUID] = LIST_INDEXED_NOT_NULL,
	[NODE_NAME] = LIST_INDEXED,
	[NODE_CREATED_AT] = LIST_INDEXED_NOT_NULL,
	[NODE_PROVISION_STATE] = LIST_INDEXED_NOT_NULL,
	[NODE_DRIVER] = LIST_INDEXED_NOT_NULL,
	[NODE_CONDUCTOR_GROUP] = LIST_INDEXED_NOT_NULL,
	[NODE_RESOURCE_CLASS] = LIST_INDEXED,
	[NODE_INSTANCE_UUID] = LIST_INDEXED,
	[NODE_INSTANCE_NAME] = LIST_INDEXED,
	[NODE_OWNER] = LIST_INDEXED,
	[NODE_LESSEE] = LIST_INDEXED,
	[NODE_SHARD] = LIST_INDEXED,
};

void node_list_sort(struct list *list, enum node_field field)
{
	const struct node_field_info *info = node_field_info(field);

	snprintf(list->sort_text, sizeof list->sort_text, "n.%s", info->name);
	list->sort = list->sort_text;
	list->sort_type = sql_type(info->type);
	list->order = orders[field];
}
