#pragma once
/* node: what the handlers of /v1/nodes share, and the handlers themselves (the route table names them). */
#include "api/request.h"
#include "db/node.h"
#include "model/node.h"

/* Reads the node that ident names (a UUID, or a name from 1.5). -ERR_NOT_FOUND "Node x could not be found.".
 * A malformed ident is answered by the router's 400: returns 1, and the answer is made. */
SUSPENDS int node_find(struct api_request *request, const char *ident, struct node *ret, struct error *err);
/* The same with the columns of node_read_brief alone: for what conductors do. */
SUSPENDS int node_find_brief(struct api_request *request, const char *ident, struct node *ret,
			     struct error *err);
/* The same as the row of node_read_row. */
SUSPENDS int node_find_row(struct api_request *request, const char *ident, struct db_rows **ret,
			   struct error *err);
/* Cuts ident into one of the two ways to ask for a node. Same results; both NULL: it cannot exist. */
SUSPENDS int node_ident(struct api_request *request, const char *ident, const char **ret_uuid,
			const char **ret_name, struct error *err);
/* Answers with a row of node_read_row's columns. is_update: as below. */
void node_reply_row(struct api_request *request, const struct db_rows *rows, int status, bool is_update);
/* Answers with the whole node. is_update: as Ironic answers an update, while its lock is held: reservation is
 * the conductor's name. */
SUSPENDS int node_reply(struct api_request *request, const char *uuid, int status, bool is_update,
			struct error *err);
/* Makes a node in state "enroll" that has a driver and nothing else. Same errors as POST. */
SUSPENDS int node_enroll(struct api_request *request, const char *driver, struct node *ret,
			 struct error *err);
/* "Node %s could not be found." */
int node_not_found(const char *ident, struct error *err);
/* "Node %s is locked by host %s, ...": -ERR_NODE_LOCKED. The node is reserved. */
int node_locked(const struct node *node, struct error *err);
/* May a request of that microversion give the name? Before 1.10 it must be a host's. */
bool node_name_suits(const char *name, int version);

/* -ERR_PRECONDITION: If-Match names other states of the node than this. See etag.h. */
int node_check_etag(const struct api_request *request, const struct node *node, struct error *err);

/* Waiting for a node without a reservation, for what touches only the database. */
struct node_wait {
	int64_t deadline_ms; /* 0: not begun */
};
/* After a conditional write that found no row: reads the node again. 0: try again with *node;
 * -ERR_NODE_LOCKED when the waiting time is over; -ERR_NOT_FOUND when it is gone. */
SUSPENDS int node_wait_free(struct api_request *request, struct node_wait *wait, struct node *node,
			    struct error *err);
