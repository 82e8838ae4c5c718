#pragma once
/* driver_info: which EEM and which board of it a node names. */
#include <jansson.h>

#include "drivers/driver.h"
#include "model/device.h"

#define EEM_PORT   30500
#define EEM_ID_MAX 15 /* "0x8cdf9d911cb0", with NUL */

struct expether_info {
	struct pod_manager manager; /* url, driver, credentials */
	char host[EEM_ID_MAX];      /* the node's EESV */
};

extern const struct driver_property expether_properties[];

/* The manager out of members named <prefix>address, <prefix>username, <prefix>password, <prefix>verify_ca;
 * who they belong to, for sentences. Texts live in the arena. -ERR_MISSING, -ERR_INVALID. */
int expether_manager_parse(const json_t *object, const char *prefix, const char *who, struct arena *arena,
			   struct pod_manager *ret, struct error *err);
/* The node's driver_info. */
int expether_info_parse(struct task *task, struct expether_info *ret, struct error *err);
/* The base URL as it is recorded: a bare host gets scheme, port and path. NULL: malformed. */
const char *expether_url(const char *address, struct arena *arena);
/* "0x" and 12 digits in lower case out of any way to write a board's id or MAC. False: it is none. */
bool expether_id_parse(const char *text, char id[EEM_ID_MAX]);
/* interface.validate of all expether interfaces. */
int expether_validate(struct task *task, struct error *err);
