#pragma once
/*
 * request: one API request while its handler runs, and how it is answered. A handler returns 0 after it has
 * filled the answer, or a negative enum errcode with a sentence, which becomes Ironic's error body.
 */
#include <jansson.h>
#include <stdbool.h>

#include "api/query.h"
#include "lib/http_server.h"
#include "lib/uuid.h"

struct db;
struct registry;
struct route;

#define REQUEST_IDENT_MAX 2
#define REQUEST_BASE_MAX  300
#define JSON_SUFFIX       ".json"

/* Which version headers the answer carries: what Ironic's router refuses has none. */
enum version_headers { VERSION_HEADERS_ALL, VERSION_HEADERS_RANGE, VERSION_HEADERS_NONE };

struct api_request {
	struct http_request *http;
	struct http_response *out;
	struct arena *arena;
	struct db *db;
	const struct route *route;
	const char *ident[REQUEST_IDENT_MAX]; /* decoded path parameters; in the arena */
	int version;                          /* N of 1.N */
	bool is_version_explicit;
	bool has_json_suffix; /* the path ended in one, which is no part of it: may be part of a name */
	enum version_headers version_headers;
	struct query query;          /* decoded and checked against the route's table */
	json_t *body;                /* parsed; NULL when none; owned */
	int fault_status;            /* of the error that the handler returns; 0: by its code */
	const char *fault_title;     /* of that error in the Valence API; NULL: by its status */
	const char *fault_code;      /* likewise; NULL: the status in words */
	const char *user;            /* as authenticated; in the arena. NULL: there is no authentication */
	struct registry *registry;   /* the view of the conductors at the start; referenced */
	bool is_preference_applied;  /* Preference-Applied is among the headers */
	struct fiber_labels labels;  /* of the log's lines: the request, and its node once found */
	char id[4 + UUID_TEXT];      /* "req-<uuid>" */
	char base[REQUEST_BASE_MAX]; /* "http://host:port", for links */
};

/* Every handler. */
typedef int request_handler(struct api_request *request, struct error *err);

/* Sets the status and, for a body to come in out->body, the content type. */
void reply_json(struct api_request *request, int status);
/* An answer without a body. */
void reply_empty(struct api_request *request, int status);
/* Location: absolute URL of a path below the base, as printf. */
void reply_location(struct api_request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Refuses as the router does (form B, without version headers); returns 0. */
int reply_router_refusal(struct api_request *request, int status, const char *description);
/* Refuses with a fault (form A). */
void reply_fault(struct api_request *request, int status, const char *sentence);
