#pragma once
/*
 * device: pooled devices (cards that machines borrow) and their managers, as recorded: what db/ reads and
 * writes and drivers know of it. Texts are borrowed, mostly from an arena.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/uuid.h"

struct pod_manager {
	int64_t id;
	char uuid[UUID_TEXT];
	const char *name, *url;
	const char *driver;              /* "expether" */
	const char *username, *password; /* NULL: none. Secret */
	const char *verify_ca;           /* NULL: true */
	bool is_from_node;
	/* read only: */
	const char *status;                              /* "Online", "Offline", "Unknown" */
	const char *last_error;                          /* NULL: none */
	const char *created_at, *updated_at, *synced_at; /* ISO 8601 in UTC; the latter may be NULL */
};

#define DEVICE_FREE_GROUP "4093" /* of devices that nobody has */

struct device {
	int64_t id, version;
	int64_t pod_manager_id;
	char uuid[UUID_TEXT];
	char pod_manager_uuid[UUID_TEXT];
	const char *resource_id; /* the manager's: "0x8cdf9d911cb0" */
	const char *type;        /* "SSD"; NULL: not told */
	const char *state;       /* "free", "allocated" */
	const char *group_id;
	const char *host_id;   /* resource id of the host with that group; NULL: none */
	int64_t node_id;       /* 0: none */
	const char *node_uuid; /* NULL: none */
	bool is_held;          /* given by us */
	bool is_present;
	const char *intent;                  /* "attach", "detach"; NULL: settled */
	bool is_busy;                        /* the action of the intent has not ended */
	const char *properties, *extra;      /* JSON texts */
	const char *created_at, *updated_at; /* ISO 8601 in UTC; the latter may be NULL */
};

/* What a list is narrowed by: all that are set. */
struct device_filter {
	int64_t pod_manager_id;                          /* 0: any */
	const char *uuid, *pod_manager_uuid, *node_uuid; /* valid uuids */
	const char *resource_id, *host_id, *state, *type, *group_id;
	bool is_free;         /* could be claimed by a node now */
	bool is_orphaned;     /* held for a node that was deleted */
	bool is_absent_shown; /* also those that their manager does not show */
};

/* What is about to be done with a device at its manager. All: if no other action is at work on it. An intent
 * that the same owner has left behind is taken up. */
enum device_intent {
	DEVICE_ATTACH, /* for a node, if nobody has it */
	DEVICE_DETACH, /* if the node or nobody holds it */
	DEVICE_RELEASE /* if it is held for a node that was deleted */
};

struct device_outcome {
	const char *group_id; /* state follows from it */
	const char *host_id;  /* NULL: none */
	int64_t node_id;      /* 0: none */
	bool is_held;
};

/* One device that is to be inserted (id 0), rewritten or removed. */
struct device_store {
	int64_t id, version;
	bool is_gone; /* removed; all else is unread */
	const char *resource_id, *type, *group_id, *host_id;
	bool is_kept; /* node and holding stay as they are; else nobody has it any more */
	bool is_present;
	const char *properties, *extra;
};
