#pragma once
/* node_json: rows of nodes as the JSON of a microversion. */
#include <stdbool.h>

#include "api/request.h"
#include "db/db.h"
#include "lib/buf.h"
#include "model/node.h"

/* Which members an answer has, and in which column of the rows each stands. */
struct node_view {
	bool has[NODE_FIELD_COUNT];
	int column[NODE_FIELD_COUNT]; /* -1: none */
	/* What reservation shows when it is null: the host that made the change which this answers, as Ironic
	 * answers an update from under its lock. NULL: null. */
	const char *holder;
};

/* Everything that the request's version shows; columns as node_read_row gives them. */
void node_view_all(struct node_view *view, int version);
/* What lists show without detail or fields. */
void node_view_list(struct node_view *view, int version);
/* A "fields" argument: comma-separated names, any case; links are always added. -ERR_INVALID: unknown,
 * -ERR_NOT_ACCEPTABLE: newer than the version. */
int node_view_fields(struct node_view *view, const char *fields, int version, struct error *err);

/* One object. */
void node_json_write(struct buf *buf, const struct api_request *request, const struct node_view *view,
		     const struct db_rows *rows, int row);
