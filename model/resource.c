#include "model/resource.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PE           (FIELD_IN_POST | FIELD_IN_PATCH)
#define NOSORT       FIELD_UNSORTABLE

/* clang-format off */
/* Source: Ironic's API reference, "Ports". */
static const struct node_field_info port_fields[] = {
	{ "uuid",                  FIELD_UUID,    1, FIELD_IN_POST | FIELD_IN_LIST | FIELD_NOT_NULL, 0 },
	{ "created_at",            FIELD_TIME,    1, 0, 0 },
	{ "updated_at",            FIELD_TIME,    1, 0, 0 },
	{ "address",               FIELD_TEXT,    1, PE | FIELD_IN_LIST | FIELD_NOT_NULL, 0 },
	{ "extra",                 FIELD_OBJECT,  1, PE | NOSORT, 0 },
	{ "internal_info",         FIELD_OBJECT, 18, NOSORT, 0 },
	{ "is_smartnic",           FIELD_BOOL,   53, PE, 0 },
	{ "local_link_connection", FIELD_OBJECT, 19, PE | NOSORT, 0 },
	{ "node_uuid",             FIELD_UUID,    1, FIELD_IN_POST | NOSORT, 0 },
	{ "physical_network",      FIELD_TEXT,   34, PE, 64 },
	{ "portgroup_uuid",        FIELD_UUID,   24, PE | NOSORT, 0 },
	{ "pxe_enabled",           FIELD_BOOL,   19, PE, 0 },
	{ "name",                  FIELD_TEXT,   88, PE, 255 },
	{ "description",           FIELD_TEXT,   97, PE, 255 },
	{ "vendor",                FIELD_TEXT,  100, PE, 32 },
	{ "category",              FIELD_TEXT,  101, PE, 80 },
	{ "available_for_dynamic_portgroup", FIELD_BOOL, 111, PE, 0 },
	{ "links",                 FIELD_LINKS,   1, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Chassis". */
static const struct node_field_info chassis_fields[] = {
	{ "uuid",        FIELD_UUID,   1, FIELD_IN_POST | FIELD_IN_LIST | FIELD_NOT_NULL, 0 },
	{ "created_at",  FIELD_TIME,   1, 0, 0 },
	{ "updated_at",  FIELD_TIME,   1, 0, 0 },
	{ "description", FIELD_TEXT,   1, PE | FIELD_IN_LIST, 255 },
	{ "extra",       FIELD_OBJECT, 1, PE | NOSORT, 0 },
	{ "links",       FIELD_LINKS,  1, NOSORT, 0 },
	{ "nodes",       FIELD_LIST,   1, NOSORT, 0 },
};
/* clang-format on */

const struct resource port_resource = {
	.name = "port",
	.title = "Port",
	.collection = "ports",
	.fields = port_fields,
	.field_count = COUNT(port_fields),
};

const struct resource chassis_resource = {
	.name = "chassis",
	.title = "Chassis",
	.collection = "chassis",
	.fields = chassis_fields,
	.field_count = COUNT(chassis_fields),
};

size_t resource_field_find(const struct resource *resource, const char *name)
{
	size_t i = 0;

	while (i < resource->field_count && strcmp(resource->fields[i].name, name) != 0)
		i++;
	return i;
}
