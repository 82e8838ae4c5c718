#pragma once
/*
 * driver_info: a node's redfish_* properties, checked and normalised as Ironic does
 * (parse_driver_info of ironic/drivers/modules/redfish/utils.py).
 */
#include <jansson.h>
#include <stdbool.h>

#include "drivers/driver.h"
#include "lib/arena.h"
#include "lib/error.h"

enum redfish_auth { REDFISH_AUTH_BASIC, REDFISH_AUTH_SESSION, REDFISH_AUTH_AUTO };

/* All texts live in the arena or in the configuration. */
struct redfish_info {
	const char *address;      /* "https://bmc:8443": scheme and authority only */
	const char *root;         /* path of the service root, ending in '/': "/redfish/v1/" */
	const char *system_id;    /* path of the system, percent-encoded; NULL: the only one there is */
	const char *user;         /* NULL: requests carry no credentials */
	const char *password;     /* never NULL when user is not */
	enum redfish_auth auth;
	bool is_tls_unverified;
	const char *ca_path;      /* NULL: the system's certificates */
	const char *tls_minimum;  /* "1.2" or NULL */
	const char *tls_ciphers;  /* or NULL */
};

extern const struct driver_property redfish_properties[];

/* node_uuid: for the sentences. -ERR_MISSING, -ERR_INVALID. Looks whether redfish_verify_ca is a path. */
int redfish_info_parse(const json_t *driver_info, const char *node_uuid, struct arena *arena,
		       struct redfish_info *ret, struct error *err);

/* The validate of interfaces that talk to the BMC. */
int redfish_validate(struct task *task, struct error *err);
