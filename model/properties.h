#pragma once
/* properties: rules about a node's properties, and the list of its capabilities among them. */
#include <jansson.h>

#include "lib/error.h"

/* cpus, local_gb and memory_mb are non-negative integers when present. */
int properties_check(const json_t *properties, const char *node_uuid, struct error *err);
/* The member "capabilities" ("boot_mode:uefi,cpu_vt:true") gets this one instead of one of the same name.
 * value NULL: loses it. */
void properties_set_capability(json_t *properties, const char *name, const char *value);
