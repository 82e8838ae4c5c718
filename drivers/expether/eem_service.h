#pragma once
/*
 * eem_service: the server side of EEM's REST API: hosts (EESV), I/O units (EEIO), groups, and what EEM
 * derives from who is in which group. For bmcsim and tests. There is no public document of the API: what is
 * answered is what known clients demand, and the codes that they know; the rest is our choice and said in
 * docs/expether.rst.
 */
#include <jansson.h>
#include <stdbool.h>

#include "lib/error.h"
#include "lib/http_server.h"

struct eem_service_options {
	const char *user, *password; /* borrowed for the service's life */
	bool is_auth_off;
};

struct eem_service;
struct eem_service *eem_service_new(const struct eem_service_options *options);
void eem_service_free(struct eem_service *service); /* NULL is fine */

/* Answers one request; never suspends. */
void eem_service_handle(struct eem_service *service, struct http_request *request,
			struct http_response *response);
/* Fills an error answer for what never became a request: http_server's refuse. */
void eem_service_refuse(int status, const char *sentence, struct http_response *response);

/* That many free cards of 40G, and a host for each sixteen of them. What was there before goes. */
void eem_service_fill(struct eem_service *service, unsigned cards);

/* {"settings": {...}, "devices": {id: {...}}}; new reference. */
json_t *eem_service_state(const struct eem_service *service);
/* What happens behind a client's back, any of:
 *   "reset": true              the first fleet and plain settings again
 *   "vanish": id               the device is gone
 *   "devices": {id: {...}}     members set (null: removed); an unknown id appears, of the "status" given
 *   "settings": {"auth": bool, "version_number": text, "numeric_times": bool, "empty_writes": bool}
 *                              numeric_times: update_time is a number; empty_writes: 204 to PUT and DELETE
 *                              of group_id
 * -ERR_INVALID: nothing was changed. */
int eem_service_apply(struct eem_service *service, const json_t *changes, struct error *err);
