#pragma once
/*
 * inspected: a node in the middle of its inspection, in memory: what the hooks read and change, and after
 * them the rules. What has become of it is compared with what it was, and written in one statement.
 */
#include <jansson.h>

#include "lib/error.h"

struct inspected {
	const char *node_uuid; /* borrowed; for sentences */
	json_t *node;          /* fields by their names in the API */
	json_t *ports;         /* list of objects, by their members' names in the API */
	json_t *traits;        /* list of names */
	json_t *inventory;     /* as reported; nobody changes it */
	json_t *plugin_data;   /* what else was reported, and what hooks make of it */
};

/* Drops the references; harmless twice. */
void inspected_release(struct inspected *inspected);
/* The port with that MAC address or uuid, borrowed; NULL: none. */
json_t *inspected_port(const struct inspected *inspected, const char *ident);
/* Adds a port and returns it, borrowed; address in lower case. The present one, if it has that address. */
json_t *inspected_add_port(struct inspected *inspected, const char *address);
/* A member of the node that is an object, borrowed: made if it is not there. */
json_t *inspected_object(struct inspected *inspected, const char *field);
