#pragma once
/*
 * resource: objects that are rows of one table and nothing more (ports, chassis, ...): a field table each, in
 * the shape of the node's. What reads, lists, creates and patches them walks these tables.
 */
#include <stddef.h>

#include "model/node.h"

struct resource {
	const char *name;       /* "port", in sentences of the schema */
	const char *title;      /* "Port", in other sentences */
	const char *ident;      /* "port_ident": what sentences call the part of the path that names one */
	const char *collection; /* "ports": member name of lists, and path unless that is given */
	const char *path;       /* "volume/connectors"; NULL: as collection */
	const char *link;       /* what stands in links; NULL: the path */
	const struct node_field_info *fields; /* the first is uuid */
	size_t field_count;
};

/* Index of the field of that name, or field_count. */
size_t resource_field_find(const struct resource *resource, const char *name);

extern const struct resource port_resource;
extern const struct resource chassis_resource;
extern const struct resource portgroup_resource;
extern const struct resource volume_connector_resource;
extern const struct resource volume_target_resource;
extern const struct resource allocation_resource;
extern const struct resource deploy_template_resource;
extern const struct resource runbook_resource;
extern const struct resource inspection_rule_resource;

/* "volume/connectors": where the objects are, below /v1/. */
const char *resource_path(const struct resource *resource);
