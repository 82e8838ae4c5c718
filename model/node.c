/* node: the field table and the node in memory. Source: Ironic's API reference, 1.1 to 1.115. */
#include "model/node.h"

#include <assert.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/xalloc.h"

#define P      FIELD_IN_POST
#define E      FIELD_IN_PATCH
#define PE     (FIELD_IN_POST | FIELD_IN_PATCH)
#define LIST   FIELD_IN_LIST
#define NN     FIELD_NOT_NULL
#define MADE   FIELD_MADE
#define FULL   FIELD_NOT_EMPTY
#define MASK   FIELD_MASKED
#define C      FIELD_BY_CONDUCTOR
#define NOSORT FIELD_UNSORTABLE
#define BYNAME FIELD_BY_NAME

#define NAME_MAX_LEN 255

/* clang-format off */
static const struct node_field_info node_fields[NODE_FIELD_COUNT] = {
	[NODE_UUID]                   = { "uuid",                   FIELD_UUID,    1, P | LIST | NN | MADE,
					   0 },
	[NODE_CREATED_AT]             = { "created_at",             FIELD_TIME,    1, NN, 0 },
	[NODE_UPDATED_AT]             = { "updated_at",             FIELD_TIME,    1, 0, 0 },
	[NODE_AUTOMATED_CLEAN]        = { "automated_clean",        FIELD_BOOL,   47, PE, 0 },
	[NODE_BIOS_INTERFACE]         = { "bios_interface",         FIELD_TEXT,   40, PE, 255 },
	[NODE_BOOT_INTERFACE]         = { "boot_interface",         FIELD_TEXT,   31, PE, 255 },
	[NODE_BOOT_MODE]              = { "boot_mode",              FIELD_TEXT,   75, P | C, 16 },
	[NODE_CLEAN_STEP]             = { "clean_step",             FIELD_OBJECT,  7, C | MASK | NOSORT, 0 },
	[NODE_CONDUCTOR_GROUP]        = { "conductor_group",        FIELD_TEXT,   46, PE, 255 },
	[NODE_CONSOLE_ENABLED]        = { "console_enabled",        FIELD_BOOL,    1, P | C | NN, 0 },
	[NODE_CONSOLE_INTERFACE]      = { "console_interface",      FIELD_TEXT,   31, PE, 255 },
	[NODE_DEPLOY_INTERFACE]       = { "deploy_interface",       FIELD_TEXT,   31, PE, 255 },
	[NODE_DEPLOY_STEP]            = { "deploy_step",            FIELD_OBJECT, 44, C | MASK | NOSORT, 0 },
	[NODE_DESCRIPTION]            = { "description",            FIELD_TEXT,   51, PE, 4096 },
	[NODE_DISABLE_POWER_OFF]      = { "disable_power_off",      FIELD_BOOL,   95, PE | NN, 0 },
	[NODE_DRIVER]                 = { "driver",                 FIELD_TEXT,    1, PE | NN, 255 },
	[NODE_DRIVER_INFO]            = { "driver_info",            FIELD_OBJECT,  1, PE | MASK | NOSORT, 0 },
	[NODE_DRIVER_INTERNAL_INFO]   = { "driver_internal_info",   FIELD_OBJECT,  3, C | MASK | NOSORT, 0 },
	[NODE_EXTRA]                  = { "extra",                  FIELD_OBJECT,  1, PE | C | NOSORT, 0 },
	[NODE_FAULT]                  = { "fault",                  FIELD_TEXT,   42, C, 255 },
	[NODE_FIRMWARE_INTERFACE]     = { "firmware_interface",     FIELD_TEXT,   86, PE, 255 },
	[NODE_HEALTH]                 = { "health",                 FIELD_TEXT,  109, C, 32 },
	[NODE_INSPECTION_FINISHED_AT] = { "inspection_finished_at", FIELD_TIME,    6, C, 0 },
	[NODE_INSPECTION_STARTED_AT]  = { "inspection_started_at",  FIELD_TIME,    6, C, 0 },
	[NODE_INSPECT_INTERFACE]      = { "inspect_interface",      FIELD_TEXT,   31, PE, 255 },
	[NODE_INSTANCE_INFO]          = { "instance_info",          FIELD_OBJECT,  1, PE | C | MASK | NOSORT,
					   0 },
	[NODE_INSTANCE_NAME]          = { "instance_name",          FIELD_TEXT,  104, PE | C | FULL, 255 },
	[NODE_INSTANCE_UUID]          = { "instance_uuid",          FIELD_UUID,    1, PE | C | LIST, 0 },
	[NODE_LAST_ERROR]             = { "last_error",             FIELD_TEXT,    1, C, 4096 },
	[NODE_LESSEE]                 = { "lessee",                 FIELD_TEXT,   65, PE | C, 255 },
	[NODE_MAINTENANCE]            = { "maintenance",            FIELD_BOOL,    1, PE | C | LIST | NN, 0 },
	[NODE_MAINTENANCE_REASON]     = { "maintenance_reason",     FIELD_TEXT,    1, C, 0 },
	[NODE_MANAGEMENT_INTERFACE]   = { "management_interface",   FIELD_TEXT,   31, PE, 255 },
	[NODE_NAME]                   = { "name",                   FIELD_TEXT,    5, PE | LIST, 0 },
	[NODE_NETWORK_DATA]           = { "network_data",           FIELD_OBJECT, 66, PE | NOSORT, 0 },
	[NODE_NETWORK_INTERFACE]      = { "network_interface",      FIELD_TEXT,   20, PE, 255 },
	[NODE_OWNER]                  = { "owner",                  FIELD_TEXT,   50, PE, 255 },
	[NODE_PARENT_NODE]            = { "parent_node",            FIELD_UUID,   83, PE | BYNAME, 36 },
	[NODE_POWER_INTERFACE]        = { "power_interface",        FIELD_TEXT,   31, PE, 255 },
	[NODE_POWER_STATE]            = { "power_state",            FIELD_TEXT,    1, C | LIST, 0 },
	[NODE_PROPERTIES]             = { "properties",             FIELD_OBJECT,  1, PE | C | NOSORT, 0 },
	[NODE_PROTECTED]              = { "protected",              FIELD_BOOL,   48, E | NN, 0 },
	[NODE_PROTECTED_REASON]       = { "protected_reason",       FIELD_TEXT,   48, E, 0 },
	[NODE_PROVISION_STATE]        = { "provision_state",        FIELD_TEXT,    1, C | LIST, 0 },
	[NODE_PROVISION_UPDATED_AT]   = { "provision_updated_at",   FIELD_TIME,    1, C, 0 },
	[NODE_RAID_CONFIG]            = { "raid_config",            FIELD_OBJECT, 12, C | NOSORT, 0 },
	[NODE_RAID_INTERFACE]         = { "raid_interface",         FIELD_TEXT,   31, PE, 255 },
	[NODE_RESCUE_INTERFACE]       = { "rescue_interface",       FIELD_TEXT,   38, PE, 255 },
	[NODE_RESERVATION]            = { "reservation",            FIELD_TEXT,    1, 0, 255 },
	[NODE_RESOURCE_CLASS]         = { "resource_class",         FIELD_TEXT,   21, PE, 80 },
	[NODE_RETIRED]                = { "retired",                FIELD_BOOL,   61, PE | NN, 0 },
	[NODE_RETIRED_REASON]         = { "retired_reason",         FIELD_TEXT,   61, PE, 0 },
	[NODE_SECURE_BOOT]            = { "secure_boot",            FIELD_BOOL,   75, P | C, 0 },
	[NODE_SERVICE_STEP]           = { "service_step",           FIELD_OBJECT, 87, C | MASK | NOSORT, 0 },
	[NODE_SHARD]                  = { "shard",                  FIELD_TEXT,   82, PE, 255 },
	[NODE_STORAGE_INTERFACE]      = { "storage_interface",      FIELD_TEXT,   33, PE, 255 },
	[NODE_TARGET_POWER_STATE]     = { "target_power_state",     FIELD_TEXT,    1, C, 0 },
	[NODE_TARGET_PROVISION_STATE] = { "target_provision_state", FIELD_TEXT,    1, C, 0 },
	[NODE_TARGET_RAID_CONFIG]     = { "target_raid_config",     FIELD_OBJECT, 12, C | NOSORT, 0 },
	[NODE_VENDOR_INTERFACE]       = { "vendor_interface",       FIELD_TEXT,   31, PE, 255 },
	[NODE_TRAITS]                 = { "traits",                 FIELD_LIST,   37, NOSORT, 0 },
	[NODE_LINKS]                  = { "links",                  FIELD_LINKS,   1, NOSORT, 0 },
	[NODE_CONDUCTOR]              = { "conductor",              FIELD_TEXT,   49, NOSORT, 0 },
	[NODE_ALLOCATION_UUID]        = { "allocation_uuid",        FIELD_UUID,   52, NOSORT, 0 },
	[NODE_CHASSIS_UUID]           = { "chassis_uuid",           FIELD_UUID,    1, PE | NOSORT, 0 },
	[NODE_PORTS]                  = { "ports",                  FIELD_LINKS,   1, NOSORT, 0 },
	[NODE_STATES]                 = { "states",                 FIELD_LINKS,  14, NOSORT, 0 },
	[NODE_PORTGROUPS]             = { "portgroups",             FIELD_LINKS,  24, NOSORT, 0 },
	[NODE_VOLUME]                 = { "volume",                 FIELD_LINKS,  32, NOSORT, 0 },
};

static const enum node_field interface_fields[INTERFACE_COUNT] = {
	[INTERFACE_BIOS]       = NODE_BIOS_INTERFACE,       [INTERFACE_BOOT]     = NODE_BOOT_INTERFACE,
	[INTERFACE_CONSOLE]    = NODE_CONSOLE_INTERFACE,    [INTERFACE_DEPLOY]   = NODE_DEPLOY_INTERFACE,
	[INTERFACE_FIRMWARE]   = NODE_FIRMWARE_INTERFACE,   [INTERFACE_INSPECT]  = NODE_INSPECT_INTERFACE,
	[INTERFACE_MANAGEMENT] = NODE_MANAGEMENT_INTERFACE, [INTERFACE_NETWORK]  = NODE_NETWORK_INTERFACE,
	[INTERFACE_POWER]      = NODE_POWER_INTERFACE,      [INTERFACE_RAID]     = NODE_RAID_INTERFACE,
	[INTERFACE_RESCUE]     = NODE_RESCUE_INTERFACE,     [INTERFACE_STORAGE]  = NODE_STORAGE_INTERFACE,
	[INTERFACE_VENDOR]     = NODE_VENDOR_INTERFACE,
};
/* clang-format on */

const struct node_field_info *node_field_info(enum node_field field)
{
	return &node_fields[field];
}

enum node_field node_field_find(const char *name)
{
	enum node_field field = 0;

	while (field < NODE_FIELD_COUNT && strcmp(node_fields[field].name, name) != 0)
		field++;
	return field;
}

bool node_name_is_valid(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

	return len > 0 && len <= NAME_MAX_LEN && name[len] == '\0';
}

enum node_field node_interface_field(enum interface_type type)
{
	return interface_fields[type];
}

void node_init(struct node *node)
{
	*node = (struct node){ 0 };
}

void node_release(struct node *node)
{
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		if (node_fields[field].flags & FIELD_MASKED)
			xfree_secret(node->text[field]);
		else
			xfree(node->text[field]);
		json_decref(node->json[field]);
	}
	node_init(node);
}

void node_load(struct node *node, enum node_field field, const char *text, size_t len)
{
	xfree(node->text[field]);
	json_decref(node->json[field]);
	node->json[field] = NULL;
	node->text[field] = text ? xstrndup(text, len) : NULL;
	node->is_dirty[field] = false;
}

const char *node_text(const struct node *node, enum node_field field)
{
	assert(node_fields[field].type != FIELD_OBJECT);
	return node->text[field];
}

bool node_bool(const struct node *node, enum node_field field)
{
	assert(node_fields[field].type == FIELD_BOOL);
	return node->text[field] && node->text[field][0] == 't';
}

json_t *node_object(struct node *node, enum node_field field)
{
	assert(node_fields[field].type == FIELD_OBJECT);
	if (!node->json[field]) {
		const char *text = node->text[field];
		json_t *value = NULL;

		/* The text was checked when it was stored; what cannot be an object reads as an empty one. */
		if (text && json_parse(text, strlen(text), 100, &value, NULL) == 0 &&
		    !json_is_object(value)) {
			json_decref(value);
			value = NULL;
		}
		node->json[field] = value ? value : json_object();
	}
	return node->json[field];
}

const char *node_uuid(const struct node *node)
{
	return node->text[NODE_UUID];
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void node_set_text(struct node *node, enum node_field field, const char *text)
{
	assert(node_fields[field].type != FIELD_OBJECT);
	if (same_text(node->text[field], text))
		return;

	char *copy = xstrdup_or_null(text);
	xfree(node->text[field]);
	node->text[field] = copy;
	node->is_dirty[field] = true;
}

void node_set_bool(struct node *node, enum node_field field, bool value)
{
	assert(node_fields[field].type == FIELD_BOOL);
	node_set_text(node, field, value ? "t" : "f");
}

void node_set_now(struct node *node, enum node_field field)
{
	char now[40];

	assert(node_fields[field].type == FIELD_TIME);
	clock_wall_text(now, sizeof now);
	node_set_text(node, field, now);
}

void node_set_object(struct node *node, enum node_field field, json_t *take_value)
{
	assert(node_fields[field].type == FIELD_OBJECT && json_is_object(take_value));
	if (json_equal(node_object(node, field), take_value)) {
		json_decref(take_value);
		return;
	}
	json_decref(node->json[field]);
	node->json[field] = take_value;
	node->is_dirty[field] = true;
}

void node_mark_dirty(struct node *node, enum node_field field)
{
	node->is_dirty[field] = true;
}

/* Errors may quote a BMC, and a BMC may say anything: what is not UTF-8 is written as U+FFFD. */
static json_t *text_value(const char *text)
{
	json_t *value = text ? json_string(text) : json_null();

	if (!value) {
		struct buf quoted;

		buf_init(&quoted, SIZE_MAX);
		buf_json_string(&quoted, text, strlen(text));
		value = json_loadb(quoted.data, quoted.len, JSON_DECODE_ANY, NULL);
		buf_release(&quoted);
	}
	return value;
}

static json_t *field_value(struct node *node, enum node_field field)
{
	switch (node_fields[field].type) {
	case FIELD_OBJECT:
		return json_deep_copy(node_object(node, field));
	case FIELD_BOOL:
		return node->text[field] ? json_boolean(node_bool(node, field)) : json_null();
	case FIELD_TEXT:
	case FIELD_UUID:
	case FIELD_TIME:
	case FIELD_LIST:
	case FIELD_LINKS:
	case FIELD_INT:
		break;
	}
	return text_value(node->text[field]);
}

json_t *node_take_changes(struct node *node)
{
	json_t *changes = NULL;

	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++) {
		if (!node->is_dirty[field])
			continue;
		if (!changes)
			changes = json_object();
		json_object_set_new(changes, node_fields[field].name, field_value(node, field));
		node->is_dirty[field] = false;
	}
	return changes;
}
