#pragma once
/* server: the entry of every API request: ids, versions, routing, errors; and the listeners. */
#include <stdbool.h>

#include "api/request.h"
#include "lib/config.h"
#include "lib/error.h"

/* Registers [api] and [DEFAULT] auth_strategy; before config_load. */
void server_config_register(void);
/* Checks the options: strategy known, noauth only on loopback unless allowed in words. */
int server_check_config(struct error *err);
/* Listens on each address of [api] host_ip. */
int server_start(struct db *db, struct error *err);
/* Stops accepting and lets running requests end until the deadline. */
SUSPENDS void server_drain(int64_t deadline_ms);
void server_free(void);
/* [api] host_ip, port and enable_ssl_api, for the supervisor that starts this program. */
const struct option_list *server_addresses(void);
int server_port(void);
bool server_is_tls(void);
/* The host of this API as its clients know it: "localhost" while it listens on loopback alone. */
const char *server_host(void);
/* A reservation's host as clients of this API know it: this machine by server_host(), others by their name.
 */
const char *server_host_shown(const char *host);
/* -ERR_INVALID: without authentication, this address may not be listened on. */
int server_check_address(const char *address, struct error *err);
/* The TLS context of [api], once it listens; NULL: plain HTTP. */
void *server_tls(void);
/* What other listeners of this program do with a request as this one does: a new id, and the base of links by
 * its Host header. */
void server_make_request_id(struct api_request *request);
void server_set_base(struct api_request *request, int port);
/* [api] max_limit. */
int server_max_limit(void);
/* Adds request id and version headers, for answers that begin before their handler returns. */
void server_finish_headers(struct api_request *request);
