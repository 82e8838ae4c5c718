#pragma once
/* operation: one operation of an interface that reads more than one resource: a client, a reader, and the
 * node's system, which everything starts from. */
#include "drivers/redfish/reader.h"

struct redfish_operation {
	struct redfish_client client;
	struct redfish_reader reader;
	const char *what;            /* for sentences: "get sensors data" */
	const json_t *system;        /* the document; borrowed from the reader */
	char path[REDFISH_PATH_MAX]; /* its path; the client's ETag is that of the system */
};

/* Opens and reads the system. After a failure there is nothing to end. */
SUSPENDS int redfish_operation_begin(struct redfish_operation *operation, struct task *task, const char *what,
				     struct error *err);
/* Ends it in any case. rc: what the operation came to; the reading's own failure counts when that is 0.
 * Returns the outcome with the sentence as Ironic words it. */
int redfish_operation_end(struct redfish_operation *operation, int rc, struct error *err);

/* The system once more: the latest answer, and operation->system. */
SUSPENDS int redfish_operation_reread(struct redfish_operation *operation, struct error *err);
