#pragma once
/*
 * service_tree: a tree of Redfish resources as texts by path: captured from a real BMC, or the inventory of
 * the simulated one (service_inventory.c). Read only once it is filled, so that any number of services share
 * one; what changes is each service's own.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct service_tree;

struct service_tree *service_tree_new(void);
void service_tree_free(struct service_tree *tree);

/* Keeps a copy of the text under the path, which has no trailing slash. False: it is not UTF-8. */
bool service_tree_put(struct service_tree *tree, const char *path, const char *text, size_t len);
size_t service_tree_count(const struct service_tree *tree);

/* The text at a path, borrowed; NULL: none. */
const char *service_tree_text(const struct service_tree *tree, const char *path, size_t *ret_len);
/* The document at a path, a new reference; NULL: none, or no JSON object. */
json_t *service_tree_document(const struct service_tree *tree, const char *path);

/* What every simulated BMC has inside unless it plays a captured tree: processors, memory, drives, network,
 * sensors, firmware. Lives as long as the process. */
const struct service_tree *service_inventory(void);
