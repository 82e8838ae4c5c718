#pragma once
/* vendor: vendor methods that handlers call to do their own work: checked, dispatched and refused as if a
 * client had called them. */
#include <jansson.h>

#include "api/request.h"
#include "model/node.h"

/* Calls the method of the node's vendor interface and waits for its end, also when it is asynchronous. node:
 * at least what node_find_brief reads. *ret: the result, a new reference; never NULL. Errors as
 * dispatch_run, -ERR_INVALID when there is no such method. */
SUSPENDS int vendor_run_on_node(struct api_request *request, const struct node *node, const char *verb,
				const char *name, json_t *take_args, json_t **ret, struct error *err);
/* The same of the driver's default vendor interface. -ERR_NOT_FOUND: nobody serves the driver. */
SUSPENDS int vendor_run_on_driver(struct api_request *request, const char *driver, const char *verb,
				  const char *name, json_t *take_args, json_t **ret, struct error *err);
