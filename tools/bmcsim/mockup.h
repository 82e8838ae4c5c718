#pragma once
/*
 * mockup: trees of Redfish resources captured from real BMCs, as DMTF's Mockup Creator writes them: a folder,
 * or a tar archive (also .gz and .xz), with an index.json (index.xml for metadata) for each resource below
 * "redfish".
 */
#include "drivers/redfish/service_tree.h"
#include "lib/error.h"

/* The tree of that file or folder, read once however often it is asked for. -ERR_INVALID. */
int mockup_load(const char *path, const struct service_tree **ret, struct error *err);
/* Frees all trees. */
void mockups_release(void);
