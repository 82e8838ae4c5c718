#pragma once
/*
 * valence: the REST API of OpenStack Valence on a listener of its own, over the same nodes, pod managers and
 * devices (docs/valence.rst). A Valence node is a node of the hardware type expether. Whatever needs an
 * ExpEther manager is a vendor method that a conductor runs.
 */
#include <jansson.h>

#include "api/request.h"
#include "api/route.h"
#include "api/valence_schema.h"
#include "db/device.h"
#include "db/flavor.h"
#include "db/pod_manager.h"
#include "db/pooled_node.h"

/* ---- the listener ---- */

/* Registers [valence]; before config_load. */
void valence_config_register(void);
/* Checks the options as those of the main listener; nothing to check while it is off. */
int valence_check_config(struct error *err);
/* Listens, unless it is off; after server_start. */
int valence_start(struct db *db, struct error *err);
SUSPENDS void valence_drain(int64_t deadline_ms);
void valence_free(void);

/* Removes each backslash before a line's end that stands outside of strings, in place: Valence's
 * documentation breaks its quoted bodies like that. Returns the new length. Anywhere else such a backslash is
 * no JSON. */
size_t valence_join_lines(char *text, size_t len);

/* The table, as `routes`. */
extern const struct route valence_routes[];

/* ---- answers ---- */

/* How Valence refuses: status, title and code of the error body. */
enum valence_fault {
	VALENCE_BAD_REQUEST,
	VALENCE_VALIDATION,
	VALENCE_UNAUTHORIZED,
	VALENCE_NOT_FOUND,
	VALENCE_NO_DRIVER,
	VALENCE_NONE_FREE, /* EEM's own code: no host, no device */
	VALENCE_EXISTS,
	VALENCE_EXPETHER,
	VALENCE_NOT_IMPLEMENTED,
	VALENCE_UNAVAILABLE
};
/* Fails the request so; returns -err->code. */
int valence_fail(struct api_request *request, enum valence_fault fault, struct error *err, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
/* A vendor method ended with rc: makes a failure Valence's. Returns rc, which may be 0. */
int valence_fail_method(struct api_request *request, int rc);
/* Checks the body. 400 "Validation Error". */
int valence_check_body(struct api_request *request, const struct schema *members, struct error *err);
/* Writes the error body for what a handler returned. */
void valence_reply_fault(struct api_request *request, int status, const char *sentence);
/* 200 and the value. */
void valence_reply(struct api_request *request, json_t *take_value);
/* 200 and {"code", "detail", "request_id"}. */
void valence_reply_confirmation(struct api_request *request, const char *code, const char *detail);
/* "2018-04-20 04:40:01 UTC" of an ISO 8601 text; null for NULL. */
json_t *valence_time(const char *iso);
/* Sets created_at and updated_at, which is never null: nothing changed since it was made. */
void valence_put_times(json_t *object, const char *created_at, const char *updated_at);

/* ---- shared by handlers ---- */

/* 503 unless a conductor serves the hardware type. */
int valence_check_fleet(struct api_request *request, struct error *err);
/* The pod manager of that uuid. 404. */
SUSPENDS int valence_find_pod_manager(struct api_request *request, const char *uuid, struct pod_manager *ret,
				      struct error *err);
/* The one that a request means: podm_id, or without it the only one there is. 404, 400. */
SUSPENDS int valence_choose_pod_manager(struct api_request *request, const char *podm_id,
					struct pod_manager *ret, struct error *err);
/* The flavor of that uuid. 404. */
SUSPENDS int valence_find_flavor(struct api_request *request, const char *uuid, struct flavor *ret,
				 struct error *err);
/* The device of that uuid, if its manager shows it. 404. */
SUSPENDS int valence_find_device(struct api_request *request, const char *uuid, struct device *ret,
				 struct error *err);
/* The node of that uuid. 404. */
SUSPENDS int valence_find_node(struct api_request *request, const char *uuid, struct pooled_node *ret,
			       struct error *err);
/* uuid, name, podm_id, index, resource_uri. */
json_t *valence_brief_node(const struct pooled_node *node);
/* The whole record: the brief one with times and managed_by. */
json_t *valence_whole_node(const struct pooled_node *node);
/* Detaches all its devices and removes the node. */
SUSPENDS int valence_remove_node(struct api_request *request, const struct pooled_node *node,
				 struct error *err);
/* Lets a handler of the Ironic API do its work for ident with another body (may be NULL); what it answered is
 * dropped. */
SUSPENDS int valence_run_handler(struct api_request *request, request_handler *handler, const char *ident,
				 json_t *take_body, struct error *err);
/* Vendor methods of the node, or of the pod manager with `pod_manager` among the arguments. Errors are
 * Valence's already. *ret may be NULL: the result is not wanted. */
SUSPENDS int valence_run_on_node(struct api_request *request, const char *uuid, const char *verb,
				 const char *method, json_t *take_args, json_t **ret, struct error *err);
SUSPENDS int valence_run_on_manager(struct api_request *request, const struct pod_manager *pod_manager,
				    const char *verb, const char *method, json_t **ret, struct error *err);

/* ---- handlers ---- */

#define HANDLER(name) SUSPENDS int name(struct api_request *request, struct error *err)

/* valence_root.c */
HANDLER(valence_root);
HANDLER(valence_root_v1);
HANDLER(valence_not_implemented);
/* valence_pod_manager.c */
HANDLER(valence_pod_manager_list);
HANDLER(valence_pod_manager_show);
HANDLER(valence_pod_manager_create);
HANDLER(valence_pod_manager_update);
HANDLER(valence_pod_manager_delete);
/* valence_node.c */
HANDLER(valence_node_list);
HANDLER(valence_node_show);
HANDLER(valence_node_delete);
HANDLER(valence_node_action);
/* valence_compose.c */
HANDLER(valence_node_compose);
HANDLER(valence_node_manage);
/* valence_register.c */
HANDLER(valence_node_register);
/* valence_device.c */
HANDLER(valence_device_list);
HANDLER(valence_device_show);
HANDLER(valence_device_sync);
/* valence_system.c */
HANDLER(valence_system_list);
HANDLER(valence_system_show);
/* valence_flavor.c */
HANDLER(valence_flavor_list);
HANDLER(valence_flavor_show);
HANDLER(valence_flavor_create);
HANDLER(valence_flavor_update);
HANDLER(valence_flavor_delete);

#undef HANDLER
