#pragma once
/* node_check: rules about values of nodes that POST and PATCH share. */
#include "api/request.h"
#include "lib/error.h"
#include "model/states.h"

/* -ERR_INVALID: reserved, a UUID, or characters that idents of that microversion cannot have. node_uuid: of
 * the node to be renamed; NULL: it is being created. */
int node_check_name(const char *name, const char *node_uuid, int version, struct error *err);
/* The UUID of the node that ident (a UUID or a name) names as parent of node_uuid, in the request's arena.
 * -ERR_INVALID: there is none, or it is the node itself. */
SUSPENDS int node_check_parent(struct api_request *request, const char *ident, const char *node_uuid,
			       const char **ret_uuid, struct error *err);
/* May nodes be changed in this state although it has a target? */
bool node_check_is_patchable(enum provision_state state);
/* Turns the name of a violated constraint into Ironic's 409. */
int node_conflict(const char *uuid, const char *name, const char *instance_uuid, struct error *err);
