#pragma once
/*
 * dispatch: asks a conductor for an action and answers with what became of it. Source of the rules:
 * docs/actions.rst and docs/locks.rst, section 6.
 */
#include <jansson.h>

#include "api/request.h"
#include "api/route.h"
#include "db/action.h"
#include "db/node.h"
#include "model/node.h"

/* Listens on the reply channel of this process. */
void dispatch_start(struct db *db);

struct dispatch {
	const char *kind;
	enum action_reply reply;
	bool is_exclusive;
	const char *on_crash;
	int run_s;
	const struct node *node; /* NULL: driver level */
	const char *driver;      /* driver level: which */
	bool is_whole;           /* it is all that the request asks for: Idempotency-Key counts */
	json_t *args;            /* NULL: none; owned by the caller */
};

/* From the row of the request's route, whose whole work it is. */
struct dispatch dispatch_of(const struct api_request *request, const struct node *node);

/* Inserts the action and waits: for acceptance (REPLY_ACCEPTED) or for the end. 0: accepted, or done with its
 * result in *view, of which nothing else counts (NULL: the result is not wanted). Any refusal is an error
 * with the conductor's sentence, its status in request->fault_status. Sets the Ferrule-Action header. When
 * the request's Idempotency-Key has an action already, that one is waited for instead. */
SUSPENDS int dispatch_run(struct api_request *request, const struct dispatch *dispatch,
			  struct action_view *view, struct error *err);
/* The same, and the answer: 202 with Location of the node's states below `location` ("/states/console"; NULL:
 * no Location), 204, or 200 with the result as it is. */
SUSPENDS int dispatch_reply(struct api_request *request, const struct dispatch *dispatch,
			    const char *location, struct error *err);

/* Finds the node of the path and does the route's action on it. args: taken; may be NULL. location as above.
 */
SUSPENDS int dispatch_on_node(struct api_request *request, json_t *take_args, const char *location,
			      struct error *err);
