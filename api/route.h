#pragma once
/*
 * route: the one table of what the API answers, and the router that walks it. A row says everything about a
 * call but its work: path, microversion and how an older one is refused, limits, arguments, and, for what a
 * conductor does, the action.
 */
#include <stdbool.h>
#include <stddef.h>

#include "api/argument.h"
#include "api/query.h"
#include "api/request.h"

#define BODY_DEFAULT_BYTES    (1024 * 1024)
#define BODY_PROVISION_BYTES  (64 * 1024 * 1024)
#define BODY_INSPECTION_BYTES (16 * 1024 * 1024)

/* How a request below the row's microversion is answered; Ironic is not uniform. */
enum too_old {
	TOO_OLD_NOT_FOUND,      /* 404, a fault */
	TOO_OLD_NO_SUCH_PATH,   /* 404, the router's */
	TOO_OLD_NOT_ACCEPTABLE, /* 406, a fault */
	TOO_OLD_METHOD          /* 405, a fault */
};

enum body_use {
	BODY_NONE,      /* ignored */
	BODY_ARGUMENTS, /* an object, checked against `arguments` */
	BODY_FREE       /* any JSON: the handler checks */
};

/* When the client is answered. */
enum action_reply { REPLY_ACCEPTED, REPLY_RESULT, REPLY_NO_CONTENT };

/* What a conductor does for the call; kind NULL: the database alone. */
struct route_action {
	const char *kind;
	enum action_reply reply;
	bool is_exclusive;    /* takes the node's lock */
	const char *on_crash; /* "repeat", "never" */
	int run_s;            /* longest run */
};

struct resource_rules;
struct route {
	const char *method; /* "*": each method that HTTP clients send */
	const char *path;   /* "{}" stands for one segment */
	request_handler *handle;
	int since; /* microversion; 0: always */
	enum too_old too_old;
	enum body_use body;
	size_t max_body_bytes; /* 0: BODY_DEFAULT_BYTES */
	const struct query_parameter *query;
	const struct argument *arguments;
	struct route_action action;
	const struct resource_rules *resource; /* of resource_route handlers */
	int status;       /* of success; 0: by action and method */
	bool has_etag;    /* GET: the answer has one. Else: If-Match is a condition */
	bool is_public;   /* no authentication */
	const char *produces; /* media type; NULL: JSON */
};

/* All rows; the last has a NULL method. */
extern const struct route routes[];

#define ROUTE_SEGMENT_MAX 8

/* A path cut at its slashes. */
struct route_path {
	const char *segments[ROUTE_SEGMENT_MAX]; /* not terminated */
	size_t lens[ROUTE_SEGMENT_MAX];
	size_t count;
};

/* Cuts a raw path; unversioned ones read as if below /v1, one trailing slash is dropped, though not of
 * "detail/". False: nothing can match. */
bool route_cut(struct route_path *cut, const char *path);
/* The row of the table for method and path. NULL: *ret_allow lists the methods of the path, or is empty when
 * nothing has that path. */
const struct route *route_find_in(const struct route *table, const struct route_path *cut, const char *method,
				  char *ret_allow, size_t allow_size);
/* In `routes`. */
const struct route *route_find(const struct route_path *cut, const char *method, char *ret_allow,
			       size_t allow_size);
/* Decodes what stands for "{}" in the row's path into request->ident. False: a segment that is no UTF-8. */
bool route_read_idents(struct api_request *request, const struct route_path *cut);
/* The largest body for method and path, from the table. */
size_t route_body_limit(const char *method, const char *path, void *arg);
/* The status of success: 202, 200 or 204 of an action, else 201 of POST, 204 of PUT and DELETE, 200, unless
 * the row says otherwise. */
int route_status(const struct route *row);
/* Does If-Match make a call of that row conditional? So it is for what has a tag, and for what a conductor
 * does to a node. */
bool route_has_condition(const struct route *row);
/* True when the request's version is older than its route: the answer is made, as the row says. */
bool route_refuse_old(struct api_request *request);
