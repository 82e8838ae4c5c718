#include "model/resource.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PE           (FIELD_IN_POST | FIELD_IN_PATCH)
#define P            FIELD_IN_POST
#define NN           FIELD_NOT_NULL
#define LIST         FIELD_IN_LIST
#define NOSORT       FIELD_UNSORTABLE
#define MADE         FIELD_MADE
#define NOWORD       FIELD_NO_WORDS
#define DEFAULT      FIELD_DEFAULT

/* clang-format off */
/* Source: Ironic's API reference, "Ports". */
static const struct node_field_info port_fields[] = {
	{ "uuid",                  FIELD_UUID,    1, P | LIST | NN | MADE, 0 },
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
	{ "pxe_enabled",           FIELD_BOOL,   19, PE | FIELD_TRUE, 0 },
	{ "name",                  FIELD_TEXT,   88, PE, 255 },
	{ "description",           FIELD_TEXT,   97, PE, 255 },
	{ "vendor",                FIELD_TEXT,  100, PE, 32 },
	{ "category",              FIELD_TEXT,  101, PE, 80 },
	{ "available_for_dynamic_portgroup", FIELD_BOOL, 111, PE | FIELD_TRUE | NOWORD, 0 },
	{ "links",                 FIELD_LINKS,   1, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Chassis". */
static const struct node_field_info chassis_fields[] = {
	{ "uuid",        FIELD_UUID,   1, P | LIST | NN | MADE, 0 },
	{ "created_at",  FIELD_TIME,   1, 0, 0 },
	{ "updated_at",  FIELD_TIME,   1, 0, 0 },
	{ "description", FIELD_TEXT,   1, PE | FIELD_IN_LIST, 255 },
	{ "extra",       FIELD_OBJECT, 1, PE | NOSORT, 0 },
	{ "links",       FIELD_LINKS,  1, NOSORT, 0 },
	{ "nodes",       FIELD_LIST,   1, NOSORT, 0 },
};
/* Source: Ironic's API reference, "Portgroups". */
static const struct node_field_info portgroup_fields[] = {
	{ "uuid",             FIELD_UUID,    1, P | LIST | NN | MADE, 0 },
	{ "created_at",       FIELD_TIME,    1, 0, 0 },
	{ "updated_at",       FIELD_TIME,    1, 0, 0 },
	{ "address",          FIELD_TEXT,    1, PE | LIST, 0 },
	{ "extra",            FIELD_OBJECT,  1, PE | NOSORT, 0 },
	{ "internal_info",    FIELD_OBJECT,  1, NOSORT, 0 },
	{ "mode",             FIELD_TEXT,   26, PE, 255 },
	{ "name",             FIELD_TEXT,    1, PE | LIST, 255 },
	{ "node_uuid",        FIELD_UUID,    1, PE | NN | NOSORT, 0 },
	{ "properties",       FIELD_OBJECT, 26, PE | NOSORT, 0 },
	{ "standalone_ports_supported", FIELD_BOOL, 1, PE | FIELD_TRUE, 0 },
	{ "physical_network", FIELD_TEXT,  102, PE, 64 },
	{ "category",         FIELD_TEXT,  103, PE, 80 },
	{ "dynamic_portgroup", FIELD_BOOL, 111, 0, 0 },
	{ "links",            FIELD_LINKS,   1, NOSORT, 0 },
	{ "ports",            FIELD_LINKS,  24, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Volume". */
static const struct node_field_info volume_connector_fields[] = {
	{ "uuid",         FIELD_UUID,   1, P | LIST | NN | MADE, 0 },
	{ "created_at",   FIELD_TIME,   1, 0, 0 },
	{ "updated_at",   FIELD_TIME,   1, 0, 0 },
	{ "connector_id", FIELD_TEXT,   1, PE | LIST | NN, 255 },
	{ "extra",        FIELD_OBJECT, 1, PE | NOSORT, 0 },
	{ "node_uuid",    FIELD_UUID,   1, PE | LIST | NN | NOSORT, 0 },
	{ "type",         FIELD_TEXT,   1, PE | LIST | NN, 32 },
	{ "links",        FIELD_LINKS,  1, NOSORT, 0 },
};
static const struct node_field_info volume_target_fields[] = {
	{ "uuid",        FIELD_UUID,   1, P | LIST | NN | MADE, 0 },
	{ "created_at",  FIELD_TIME,   1, 0, 0 },
	{ "updated_at",  FIELD_TIME,   1, 0, 0 },
	{ "boot_index",  FIELD_INT,    1, PE | LIST | NN, 0 },
	{ "extra",       FIELD_OBJECT, 1, PE | NOSORT, 0 },
	{ "node_uuid",   FIELD_UUID,   1, PE | LIST | NN | NOSORT, 0 },
	{ "properties",  FIELD_OBJECT, 1, PE | FIELD_MASKED | NOSORT, 0 },
	{ "volume_id",   FIELD_TEXT,   1, PE | LIST | NN, 255 },
	{ "volume_type", FIELD_TEXT,   1, PE | LIST | NN, 64 },
	{ "links",       FIELD_LINKS,  1, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Allocations". */
static const struct node_field_info allocation_fields[] = {
	{ "uuid",            FIELD_UUID,    1, P | LIST | NN | MADE, 0 },
	{ "created_at",      FIELD_TIME,    1, LIST, 0 },
	{ "updated_at",      FIELD_TIME,    1, LIST, 0 },
	{ "candidate_nodes", FIELD_LIST,    1, P | LIST | NOSORT, 0 },
	{ "extra",           FIELD_OBJECT,  1, PE | LIST | NOSORT, 0 },
	{ "last_error",      FIELD_TEXT,    1, LIST, 0 },
	{ "name",            FIELD_TEXT,    1, PE | LIST, 255 },
	{ "node",            FIELD_TEXT,   58, P | FIELD_HIDDEN | NOSORT, 0 },
	{ "node_uuid",       FIELD_UUID,    1, LIST | NOSORT, 0 },
	{ "owner",           FIELD_TEXT,   60, P | LIST, 255 },
	{ "resource_class",  FIELD_TEXT,    1, P | LIST, 80 },
	{ "state",           FIELD_TEXT,    1, LIST, 0 },
	{ "traits",          FIELD_LIST,    1, P | LIST | NOSORT, 0 },
	{ "links",           FIELD_LINKS,   1, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Deploy Templates". */
static const struct node_field_info deploy_template_fields[] = {
	{ "uuid",        FIELD_UUID,   1, P | LIST | NN | MADE, 0 },
	{ "created_at",  FIELD_TIME,   1, 0, 0 },
	{ "updated_at",  FIELD_TIME,   1, 0, 0 },
	{ "description", FIELD_TEXT,   1, PE, 255 },
	{ "extra",       FIELD_OBJECT, 1, PE | NOSORT, 0 },
	{ "name",        FIELD_TEXT,   1, PE | LIST | NN, 255 },
	{ "steps",       FIELD_LIST,   1, PE | NN | FIELD_MASKED | NOSORT, 0 },
	{ "links",       FIELD_LINKS,  1, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Runbooks". */
static const struct node_field_info runbook_fields[] = {
	{ "uuid",            FIELD_UUID,    1, P | LIST | NN | MADE, 0 },
	{ "created_at",      FIELD_TIME,    1, 0, 0 },
	{ "updated_at",      FIELD_TIME,    1, 0, 0 },
	{ "description",     FIELD_TEXT,  112, PE, 255 },
	{ "disable_ramdisk", FIELD_BOOL,    1, PE | NOWORD, 0 },
	{ "extra",           FIELD_OBJECT,  1, PE | NOSORT, 0 },
	{ "name",            FIELD_TEXT,    1, PE | LIST | NN, 255 },
	{ "owner",           FIELD_TEXT,    1, PE, 255 },
	{ "public",          FIELD_BOOL,    1, PE | NOWORD, 0 },
	{ "steps",           FIELD_LIST,    1, PE | NN | FIELD_MASKED | NOSORT, 0 },
	{ "traits",          FIELD_LIST,  112, NOSORT, 0 },
	{ "links",           FIELD_LINKS,   1, NOSORT, 0 },
};

/* Source: Ironic's API reference, "Inspection rules". */
static const struct node_field_info inspection_rule_fields[] = {
	{ "uuid",        FIELD_UUID,  1, P | LIST | NN | MADE, 0 },
	{ "created_at",  FIELD_TIME,  1, 0, 0 },
	{ "updated_at",  FIELD_TIME,  1, 0, 0 },
	{ "actions",     FIELD_LIST,  1, PE | NN | NOSORT, 0 },
	{ "conditions",  FIELD_LIST,  1, PE | NN | DEFAULT | NOSORT, 0 },
	{ "description", FIELD_TEXT,  1, PE | LIST, 255 },
	{ "phase",       FIELD_TEXT,  1, PE | NN | DEFAULT | LIST, 16 },
	{ "priority",    FIELD_INT,   1, PE | NN | DEFAULT | LIST, 0 },
	{ "sensitive",   FIELD_BOOL,  1, PE | NOWORD, 0 },
	{ "links",       FIELD_LINKS, 1, NOSORT, 0 },
};
/* clang-format on */

#define FIELDS(table) .fields = table, .field_count = COUNT(table)

const struct resource portgroup_resource = {
	.name = "portgroup",
	.title = "Portgroup",
	.ident = "portgroup_ident",
	.collection = "portgroups",
	FIELDS(portgroup_fields),
};

const struct resource volume_connector_resource = {
	.name = "volume connector",
	.title = "Volume connector",
	.ident = "connector_uuid",
	.collection = "connectors",
	.path = "volume/connectors",
	FIELDS(volume_connector_fields),
};

const struct resource volume_target_resource = {
	.name = "volume target",
	.title = "Volume target",
	.ident = "target_uuid",
	.collection = "targets",
	.path = "volume/targets",
	FIELDS(volume_target_fields),
};

const struct resource allocation_resource = {
	.name = "allocation",
	.title = "Allocation",
	.ident = "allocation_ident",
	.collection = "allocations",
	FIELDS(allocation_fields),
};

const struct resource deploy_template_resource = {
	.name = "deploy_template",
	.title = "Deploy template",
	.ident = "template_ident",
	.collection = "deploy_templates",
	FIELDS(deploy_template_fields),
};

const struct resource runbook_resource = {
	.name = "runbook",
	.title = "Runbook",
	.ident = "runbook_ident",
	.collection = "runbooks",
	FIELDS(runbook_fields),
};

const struct resource inspection_rule_resource = {
	.name = "inspection_rule",
	.title = "Inspection rule",
	.ident = "inspection_rule_uuid",
	.collection = "inspection_rules",
	.link = "inspection",
	FIELDS(inspection_rule_fields),
};

const struct resource port_resource = {
	.name = "port",
	.title = "Port",
	.ident = "port_ident",
	.collection = "ports",
	.fields = port_fields,
	.field_count = COUNT(port_fields),
};

const struct resource chassis_resource = {
	.name = "chassis",
	.title = "Chassis",
	.ident = "chassis_uuid",
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

const char *resource_path(const struct resource *resource)
{
	return resource->path ? resource->path : resource->collection;
}
