#pragma once
/*
 * provision: the verbs of PUT states/provision and the states that allow them. Source: Ironic's state machine
 * (ironic/common/states.py); internal events are the conductor's.
 */
#include <stdbool.h>

#include "model/states.h"

enum provision_verb {
	VERB_ACTIVE, VERB_REBUILD, VERB_DELETED, VERB_MANAGE, VERB_PROVIDE, VERB_INSPECT, VERB_ABORT, VERB_CLEAN,
	VERB_ADOPT, VERB_RESCUE, VERB_UNRESCUE, VERB_UNHOLD, VERB_SERVICE, PROVISION_VERB_COUNT
};

struct provision_verb_info {
	const char *name;      /* "active" */
	const char *alias;     /* "deploy", from 1.73; NULL: none */
	int since;             /* microversion */
	bool is_implemented;   /* a conductor has the workflow */
	bool is_repeatable;    /* on_crash */
};

const struct provision_verb_info *provision_verb_info(enum provision_verb verb);
/* By name or alias. PROVISION_VERB_COUNT: none. */
enum provision_verb provision_verb_find(const char *name);
/* The state that the verb leads to from this one, or PROVISION_STATE_COUNT when it is illegal there. */
enum provision_state provision_next(enum provision_state from, enum provision_verb verb);
