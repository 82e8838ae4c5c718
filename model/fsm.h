#pragma once
/*
 * fsm: the provision state machine as one const table. The API asks whether a verb is legal before it
 * makes an action; the conductor walks the table and writes what it says.
 * Source: Ironic's provision state machine (ironic-contract, section 5.1).
 */
#include <stdbool.h>
#include <stddef.h>

#include "model/states.h"

struct node;

/* What moves a node: the verbs of the API and what workflows report. */
enum provision_event {
	EVENT_ABORT,
	EVENT_ADOPT,
	EVENT_CLEAN,
	EVENT_DELETE,
	EVENT_DEPLOY,
	EVENT_DONE,
	EVENT_FAIL,
	EVENT_HOLD,
	EVENT_INSPECT,
	EVENT_MANAGE,
	EVENT_PROVIDE,
	EVENT_REBUILD,
	EVENT_RESCUE,
	EVENT_RESUME,
	EVENT_SERVICE,
	EVENT_UNHOLD,
	EVENT_UNRESCUE,
	EVENT_WAIT,
	EVENT_COUNT
};

/* How target_provision_state changes with a transition, when it is no state of its own. */
enum { TARGET_NULL = -1, TARGET_KEEP = -2 };

struct fsm_transition {
	enum provision_state from;
	enum provision_event event;
	enum provision_state to;
	int target; /* an enum provision_state, TARGET_NULL or TARGET_KEEP */
	int since;  /* microversion N of 1.N from which the API may ask for it; 0: only workflows */
};

/* The row for the event in this state. target: the node's target_provision_state, which decides where
 * cleaning ends (available, or manageable after manual cleaning). NULL: the event is illegal there. */
const struct fsm_transition *fsm_find(enum provision_state from, enum provision_event event,
				      enum provision_state target);

/* All rows, for tests and for the reference page. */
const struct fsm_transition *fsm_table(size_t *ret_count);

/* A verb of PUT states/provision. */
struct provision_verb {
	const char *name;
	enum provision_event event;
	int since; /* microversion of the verb itself; older: 406 */
};
/* NULL when the word is no verb. "deploy" and "undeploy" are aliases of "active" and "deleted". */
const struct provision_verb *provision_verb_find(const char *name);
/* May a client of this microversion ask for the verb in this state? */
bool fsm_allows(enum provision_state state, const struct provision_verb *verb, int version);

/* Moves the node: provision_state, target_provision_state, provision_updated_at. False, and nothing changed,
 * when the event is illegal in its state. */
bool fsm_apply(struct node *node, enum provision_event event);

/* Conductors fail nodes found in these states without a lock: no conductor is working on them any more. */
bool fsm_needs_worker(enum provision_state state);
