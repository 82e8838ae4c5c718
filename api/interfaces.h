#pragma once
/* interfaces: which interface of a hardware type a node uses, chosen and checked from what conductors
 * publish. */
#include "db/conductor.h"
#include "lib/error.h"
#include "model/interface.h"

/* name NULL or "": the default of the type, "" when the type has none. *ret is borrowed from name or
 * registry. -ERR_INTERFACE: no such interface is enabled, or not for this hardware type. */
int interfaces_choose(const struct registry *registry, const char *hardware_type, enum interface_type type,
		      const char *name, const char **ret, struct error *err);
