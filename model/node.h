#pragma once
/*
 * node: the node object and its one field table. The table is the source of the SELECT lists (db), of
 * JSON (api), of PATCH and POST rules (api) and of what a conductor may write back.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/interface.h"

/* In the order of the wire (Ironic's). */
enum node_field {
	NODE_UUID, NODE_CREATED_AT, NODE_UPDATED_AT, NODE_AUTOMATED_CLEAN, NODE_BIOS_INTERFACE,
	NODE_BOOT_INTERFACE, NODE_BOOT_MODE, NODE_CLEAN_STEP, NODE_CONDUCTOR_GROUP, NODE_CONSOLE_ENABLED,
	NODE_CONSOLE_INTERFACE, NODE_DEPLOY_INTERFACE, NODE_DEPLOY_STEP, NODE_DESCRIPTION,
	NODE_DISABLE_POWER_OFF, NODE_DRIVER, NODE_DRIVER_INFO, NODE_DRIVER_INTERNAL_INFO, NODE_EXTRA,
	NODE_FAULT, NODE_FIRMWARE_INTERFACE, NODE_HEALTH, NODE_INSPECTION_FINISHED_AT,
	NODE_INSPECTION_STARTED_AT, NODE_INSPECT_INTERFACE, NODE_INSTANCE_INFO, NODE_INSTANCE_NAME,
	NODE_INSTANCE_UUID, NODE_LAST_ERROR, NODE_LESSEE, NODE_MAINTENANCE, NODE_MAINTENANCE_REASON,
	NODE_MANAGEMENT_INTERFACE, NODE_NAME, NODE_NETWORK_DATA, NODE_NETWORK_INTERFACE, NODE_OWNER,
	NODE_PARENT_NODE, NODE_POWER_INTERFACE, NODE_POWER_STATE, NODE_PROPERTIES, NODE_PROTECTED,
	NODE_PROTECTED_REASON, NODE_PROVISION_STATE, NODE_PROVISION_UPDATED_AT, NODE_RAID_CONFIG,
	NODE_RAID_INTERFACE, NODE_RESCUE_INTERFACE, NODE_RESERVATION, NODE_RESOURCE_CLASS, NODE_RETIRED,
	NODE_RETIRED_REASON, NODE_SECURE_BOOT, NODE_SERVICE_STEP, NODE_SHARD, NODE_STORAGE_INTERFACE,
	NODE_TARGET_POWER_STATE, NODE_TARGET_PROVISION_STATE, NODE_TARGET_RAID_CONFIG, NODE_VENDOR_INTERFACE,
	/* computed: no column of nodes */
	NODE_TRAITS, NODE_LINKS, NODE_CONDUCTOR, NODE_ALLOCATION_UUID, NODE_CHASSIS_UUID, NODE_PORTS,
	NODE_STATES, NODE_PORTGROUPS, NODE_VOLUME,
	NODE_FIELD_COUNT,
	NODE_COLUMN_COUNT = NODE_TRAITS /* the fields before it are columns of the same name */
};

enum field_type {
	FIELD_TEXT, FIELD_UUID, FIELD_BOOL, FIELD_TIME, FIELD_OBJECT, FIELD_LIST, FIELD_LINKS, FIELD_INT
};

enum {
	FIELD_IN_POST = 1,       /* accepted in POST */
	FIELD_IN_PATCH = 2,      /* a root that PATCH may touch */
	FIELD_IN_LIST = 4,       /* in lists without detail or fields */
	FIELD_NOT_NULL = 8,      /* null is refused */
	FIELD_MASKED = 16,       /* secrets inside are masked in answers */
	FIELD_BY_CONDUCTOR = 32, /* a conductor may write it (accept, finish) */
	FIELD_UNSORTABLE = 64,   /* sort_key refuses it */
	FIELD_TRUE = 128,        /* a boolean whose default is true */
	FIELD_HIDDEN = 256,      /* never in answers */
	FIELD_BY_NAME = 512,     /* a node's UUID; requests may give its name */
	FIELD_MADE = 1024,       /* null in POST is as if absent: it is made */
	FIELD_NOT_EMPTY = 2048,  /* "" is refused */
	FIELD_NO_WORDS = 4096,   /* a boolean that cannot be a word like "yes" */
	FIELD_DEFAULT = 8192     /* with NOT_NULL: PATCH may remove it, which brings its default back */
};

struct node_field_info {
	const char *name;       /* wire and column name */
	enum field_type type;
	int since;              /* microversion N of 1.N */
	unsigned flags;
	int max_len;            /* of text, in characters; 0: no limit beyond the body's */
};
const struct node_field_info *node_field_info(enum node_field field);
enum node_field node_field_find(const char *name); /* NODE_FIELD_COUNT: none */
/* The unreserved characters of RFC 3986, 1..255. */
bool node_name_is_valid(const char *name);
enum node_field node_interface_field(enum interface_type type); /* power -> NODE_POWER_INTERFACE */

/* A node in memory: column texts as PostgreSQL sent them, JSON parsed on first use, changes marked. */
struct node {
	int64_t id;
	int64_t version;
	int64_t lock_epoch;
	char *text[NODE_COLUMN_COUNT];    /* owned; NULL: SQL NULL */
	json_t *json[NODE_COLUMN_COUNT];  /* owned; parsed from text when asked for */
	bool is_dirty[NODE_COLUMN_COUNT];
};

void node_init(struct node *node);
void node_release(struct node *node);

/* Reading. text: NULL when null. bool: false when null. object: borrowed, never NULL ({}), changes made
 * in place need node_mark_dirty. */
const char *node_text(const struct node *node, enum node_field field);
bool node_bool(const struct node *node, enum node_field field);
json_t *node_object(struct node *node, enum node_field field);
const char *node_uuid(const struct node *node);

/* Writing: the value is copied and the field marked dirty when it differs. */
void node_set_text(struct node *node, enum node_field field, const char *text); /* NULL: null */
void node_set_bool(struct node *node, enum node_field field, bool value);
void node_set_now(struct node *node, enum node_field field);                    /* FIELD_TIME */
void node_set_object(struct node *node, enum node_field field, json_t *take_value);
void node_mark_dirty(struct node *node, enum node_field field);
/* The dirty columns as {"column": text | true | null | object}, for the write-back statement; NULL when
 * none. They are clean afterwards. */
json_t *node_take_changes(struct node *node);
/* Fills one column from the database; text NULL is null. Not dirty. */
void node_load(struct node *node, enum node_field field, const char *text, size_t len);
