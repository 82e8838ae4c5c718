#pragma once
/* node_provision: what the body of PUT states/provision may hold. */
#include <jansson.h>

#include "lib/error.h"
#include "model/fsm.h"

/* What goes with the verb, and the shapes of steps, at a microversion. -ERR_INVALID, -ERR_NOT_ACCEPTABLE,
 * naming the member. */
int node_provision_check_body(const json_t *body, enum provision_event event, int version,
			      struct error *err);
/* The config drive: text, or an object of documents. */
int node_provision_check_drive(const json_t *body, enum provision_event event, int version,
			       struct error *err);
