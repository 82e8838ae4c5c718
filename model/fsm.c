/* fsm: see fsm.h. The rows are grouped by the state that they leave, in the order of a node's life. */
#include "model/fsm.h"

#include <string.h>

#include "model/node.h"

#define TO(state)   PROVISION_##state
#define FROM(state) PROVISION_##state

/* Microversions: manage and provide 1.4, inspect 1.6, abort 1.13 (later in newer wait states), clean 1.15,
 * adopt 1.17, rescue 1.38, unhold 1.85, service 1.87; active, rebuild and deleted are as old as the API. */
/* clang-format off */
static const struct fsm_transition transitions[] = {
	{ FROM(ENROLL),        EVENT_MANAGE,   TO(VERIFYING),     TO(MANAGEABLE),   4 },
	{ FROM(VERIFYING),     EVENT_DONE,     TO(MANAGEABLE),    TARGET_NULL,      0 },
	{ FROM(VERIFYING),     EVENT_FAIL,     TO(ENROLL),        TARGET_NULL,      0 },

	{ FROM(MANAGEABLE),    EVENT_PROVIDE,  TO(CLEANING),      TO(AVAILABLE),    4 },
	{ FROM(MANAGEABLE),    EVENT_INSPECT,  TO(INSPECTING),    TO(MANAGEABLE),   6 },
	{ FROM(MANAGEABLE),    EVENT_CLEAN,    TO(CLEANING),      TO(MANAGEABLE),  15 },
	{ FROM(MANAGEABLE),    EVENT_ADOPT,    TO(ADOPTING),      TO(ACTIVE),      17 },

	{ FROM(AVAILABLE),     EVENT_DEPLOY,   TO(DEPLOYING),     TO(ACTIVE),       1 },
	{ FROM(AVAILABLE),     EVENT_MANAGE,   TO(MANAGEABLE),    TARGET_NULL,      4 },

	{ FROM(DEPLOYING),     EVENT_DONE,     TO(ACTIVE),        TARGET_NULL,      0 },
	{ FROM(DEPLOYING),     EVENT_FAIL,     TO(DEPLOYFAIL),    TARGET_KEEP,      0 },
	{ FROM(DEPLOYING),     EVENT_WAIT,     TO(DEPLOYWAIT),    TARGET_KEEP,      0 },
	{ FROM(DEPLOYING),     EVENT_HOLD,     TO(DEPLOYHOLD),    TARGET_KEEP,      0 },
	{ FROM(DEPLOYWAIT),    EVENT_RESUME,   TO(DEPLOYING),     TARGET_KEEP,      0 },
	{ FROM(DEPLOYWAIT),    EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(DEPLOYWAIT),    EVENT_FAIL,     TO(DEPLOYFAIL),    TARGET_KEEP,      0 },
	{ FROM(DEPLOYWAIT),    EVENT_ABORT,    TO(DEPLOYFAIL),    TARGET_KEEP,    110 },
	{ FROM(DEPLOYWAIT),    EVENT_HOLD,     TO(DEPLOYHOLD),    TARGET_KEEP,      0 },
	{ FROM(DEPLOYHOLD),    EVENT_UNHOLD,   TO(DEPLOYWAIT),    TARGET_KEEP,     85 },
	{ FROM(DEPLOYHOLD),    EVENT_ABORT,    TO(DEPLOYFAIL),    TARGET_KEEP,     85 },
	{ FROM(DEPLOYFAIL),    EVENT_DEPLOY,   TO(DEPLOYING),     TO(ACTIVE),       1 },
	{ FROM(DEPLOYFAIL),    EVENT_REBUILD,  TO(DEPLOYING),     TO(ACTIVE),       1 },
	{ FROM(DEPLOYFAIL),    EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },

	{ FROM(ACTIVE),        EVENT_REBUILD,  TO(DEPLOYING),     TO(ACTIVE),       1 },
	{ FROM(ACTIVE),        EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(ACTIVE),        EVENT_RESCUE,   TO(RESCUING),      TO(RESCUE),      38 },
	{ FROM(ACTIVE),        EVENT_SERVICE,  TO(SERVICING),     TO(ACTIVE),      87 },

	{ FROM(ERROR),         EVENT_REBUILD,  TO(DEPLOYING),     TO(ACTIVE),       1 },
	{ FROM(ERROR),         EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(DELETING),      EVENT_CLEAN,    TO(CLEANING),      TO(AVAILABLE),    0 },
	{ FROM(DELETING),      EVENT_FAIL,     TO(ERROR),         TARGET_KEEP,      0 },

	{ FROM(CLEANING),      EVENT_DONE,     TO(AVAILABLE),     TARGET_NULL,      0 },
	{ FROM(CLEANING),      EVENT_MANAGE,   TO(MANAGEABLE),    TARGET_NULL,      0 },
	{ FROM(CLEANING),      EVENT_FAIL,     TO(CLEANFAIL),     TARGET_KEEP,      0 },
	{ FROM(CLEANING),      EVENT_WAIT,     TO(CLEANWAIT),     TARGET_KEEP,      0 },
	{ FROM(CLEANING),      EVENT_HOLD,     TO(CLEANHOLD),     TARGET_KEEP,      0 },
	{ FROM(CLEANWAIT),     EVENT_RESUME,   TO(CLEANING),      TARGET_KEEP,      0 },
	{ FROM(CLEANWAIT),     EVENT_FAIL,     TO(CLEANFAIL),     TARGET_KEEP,      0 },
	{ FROM(CLEANWAIT),     EVENT_ABORT,    TO(CLEANFAIL),     TARGET_KEEP,     13 },
	{ FROM(CLEANWAIT),     EVENT_HOLD,     TO(CLEANHOLD),     TARGET_KEEP,      0 },
	{ FROM(CLEANHOLD),     EVENT_UNHOLD,   TO(CLEANWAIT),     TARGET_KEEP,     85 },
	{ FROM(CLEANHOLD),     EVENT_ABORT,    TO(CLEANFAIL),     TARGET_KEEP,     85 },
	{ FROM(CLEANFAIL),     EVENT_MANAGE,   TO(MANAGEABLE),    TARGET_NULL,      4 },

	{ FROM(INSPECTING),    EVENT_DONE,     TO(MANAGEABLE),    TARGET_NULL,      0 },
	{ FROM(INSPECTING),    EVENT_WAIT,     TO(INSPECTWAIT),   TARGET_KEEP,      0 },
	{ FROM(INSPECTING),    EVENT_FAIL,     TO(INSPECTFAIL),   TARGET_KEEP,      0 },
	{ FROM(INSPECTWAIT),   EVENT_RESUME,   TO(INSPECTING),    TARGET_KEEP,      0 },
	{ FROM(INSPECTWAIT),   EVENT_DONE,     TO(MANAGEABLE),    TARGET_NULL,      0 },
	{ FROM(INSPECTWAIT),   EVENT_FAIL,     TO(INSPECTFAIL),   TARGET_KEEP,      0 },
	{ FROM(INSPECTWAIT),   EVENT_ABORT,    TO(INSPECTFAIL),   TARGET_KEEP,     41 },
	{ FROM(INSPECTFAIL),   EVENT_INSPECT,  TO(INSPECTING),    TO(MANAGEABLE),   6 },
	{ FROM(INSPECTFAIL),   EVENT_MANAGE,   TO(MANAGEABLE),    TARGET_NULL,      4 },

	{ FROM(ADOPTING),      EVENT_DONE,     TO(ACTIVE),        TARGET_NULL,      0 },
	{ FROM(ADOPTING),      EVENT_FAIL,     TO(ADOPTFAIL),     TARGET_KEEP,      0 },
	{ FROM(ADOPTFAIL),     EVENT_ADOPT,    TO(ADOPTING),      TO(ACTIVE),      17 },
	{ FROM(ADOPTFAIL),     EVENT_MANAGE,   TO(MANAGEABLE),    TARGET_NULL,      4 },

	{ FROM(RESCUING),      EVENT_DONE,     TO(RESCUE),        TARGET_NULL,      0 },
	{ FROM(RESCUING),      EVENT_WAIT,     TO(RESCUEWAIT),    TARGET_KEEP,      0 },
	{ FROM(RESCUING),      EVENT_FAIL,     TO(RESCUEFAIL),    TARGET_KEEP,      0 },
	{ FROM(RESCUEWAIT),    EVENT_RESUME,   TO(RESCUING),      TARGET_KEEP,      0 },
	{ FROM(RESCUEWAIT),    EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(RESCUEWAIT),    EVENT_FAIL,     TO(RESCUEFAIL),    TARGET_KEEP,      0 },
	{ FROM(RESCUEWAIT),    EVENT_ABORT,    TO(RESCUEFAIL),    TARGET_KEEP,     38 },
	{ FROM(RESCUEFAIL),    EVENT_RESCUE,   TO(RESCUING),      TO(RESCUE),      38 },
	{ FROM(RESCUEFAIL),    EVENT_UNRESCUE, TO(UNRESCUING),    TO(ACTIVE),      38 },
	{ FROM(RESCUEFAIL),    EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(RESCUE),        EVENT_RESCUE,   TO(RESCUING),      TO(RESCUE),      38 },
	{ FROM(RESCUE),        EVENT_UNRESCUE, TO(UNRESCUING),    TO(ACTIVE),      38 },
	{ FROM(RESCUE),        EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(UNRESCUING),    EVENT_DONE,     TO(ACTIVE),        TARGET_NULL,      0 },
	{ FROM(UNRESCUING),    EVENT_FAIL,     TO(UNRESCUEFAIL),  TARGET_KEEP,      0 },
	{ FROM(UNRESCUEFAIL),  EVENT_RESCUE,   TO(RESCUING),      TO(RESCUE),      38 },
	{ FROM(UNRESCUEFAIL),  EVENT_UNRESCUE, TO(UNRESCUING),    TO(ACTIVE),      38 },
	{ FROM(UNRESCUEFAIL),  EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },

	{ FROM(SERVICING),     EVENT_DONE,     TO(ACTIVE),        TARGET_NULL,      0 },
	{ FROM(SERVICING),     EVENT_WAIT,     TO(SERVICEWAIT),   TARGET_KEEP,      0 },
	{ FROM(SERVICING),     EVENT_FAIL,     TO(SERVICEFAIL),   TARGET_KEEP,      0 },
	{ FROM(SERVICING),     EVENT_HOLD,     TO(SERVICEHOLD),   TARGET_KEEP,      0 },
	{ FROM(SERVICEWAIT),   EVENT_RESUME,   TO(SERVICING),     TARGET_KEEP,      0 },
	{ FROM(SERVICEWAIT),   EVENT_FAIL,     TO(SERVICEFAIL),   TARGET_KEEP,      0 },
	{ FROM(SERVICEWAIT),   EVENT_ABORT,    TO(SERVICEFAIL),   TARGET_KEEP,     87 },
	{ FROM(SERVICEWAIT),   EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(SERVICEWAIT),   EVENT_HOLD,     TO(SERVICEHOLD),   TARGET_KEEP,      0 },
	{ FROM(SERVICEHOLD),   EVENT_UNHOLD,   TO(SERVICEWAIT),   TARGET_KEEP,     85 },
	{ FROM(SERVICEHOLD),   EVENT_SERVICE,  TO(SERVICING),     TO(ACTIVE),      87 },
	{ FROM(SERVICEHOLD),   EVENT_FAIL,     TO(SERVICEFAIL),   TARGET_KEEP,      0 },
	{ FROM(SERVICEHOLD),   EVENT_ABORT,    TO(SERVICEFAIL),   TARGET_KEEP,     87 },
	{ FROM(SERVICEFAIL),   EVENT_SERVICE,  TO(SERVICING),     TO(ACTIVE),      87 },
	{ FROM(SERVICEFAIL),   EVENT_RESCUE,   TO(RESCUING),      TO(RESCUE),      87 },
	{ FROM(SERVICEFAIL),   EVENT_ABORT,    TO(ACTIVE),        TARGET_NULL,     87 },
	{ FROM(SERVICEFAIL),   EVENT_DELETE,   TO(DELETING),      TO(AVAILABLE),    1 },
	{ FROM(SERVICEFAIL),   EVENT_HOLD,     TO(SERVICEHOLD),   TARGET_KEEP,      0 },
	{ FROM(SERVICEFAIL),   EVENT_WAIT,     TO(SERVICEWAIT),   TARGET_KEEP,      0 },
};

static const struct provision_verb verbs[] = {
	{ "active",   EVENT_DEPLOY,    1 },
	{ "deploy",   EVENT_DEPLOY,   73 },
	{ "rebuild",  EVENT_REBUILD,   1 },
	{ "deleted",  EVENT_DELETE,    1 },
	{ "undeploy", EVENT_DELETE,   73 },
	{ "manage",   EVENT_MANAGE,    4 },
	{ "provide",  EVENT_PROVIDE,   4 },
	{ "inspect",  EVENT_INSPECT,   6 },
	{ "abort",    EVENT_ABORT,    13 },
	{ "clean",    EVENT_CLEAN,    15 },
	{ "adopt",    EVENT_ADOPT,    17 },
	{ "rescue",   EVENT_RESCUE,   38 },
	{ "unrescue", EVENT_UNRESCUE, 38 },
	{ "unhold",   EVENT_UNHOLD,   85 },
	{ "service",  EVENT_SERVICE,  87 },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct fsm_transition *fsm_table(size_t *ret_count)
{
	*ret_count = COUNT(transitions);
	return transitions;
}

const struct fsm_transition *fsm_find(enum provision_state from, enum provision_event event,
				      enum provision_state target)
{
	if (from == PROVISION_CLEANING && event == EVENT_DONE && target == PROVISION_MANAGEABLE)
		event = EVENT_MANAGE;
	for (size_t i = 0; i < COUNT(transitions); i++) {
		if (transitions[i].from == from && transitions[i].event == event)
			return &transitions[i];
	}
	return NULL;
}

const struct provision_verb *provision_verb_find(const char *name)
{
	for (size_t i = 0; name && i < COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

bool fsm_allows(enum provision_state state, const struct provision_verb *verb, int version)
{
	const struct fsm_transition *row = fsm_find(state, verb->event, PROVISION_STATE_COUNT);

	return row && row->since > 0 && version >= row->since && version >= verb->since;
}

bool fsm_apply(struct node *node, enum provision_event event)
{
	enum provision_state from = provision_state_find(node_text(node, NODE_PROVISION_STATE));
	enum provision_state target = provision_state_find(node_text(node, NODE_TARGET_PROVISION_STATE));
	const struct fsm_transition *row = fsm_find(from, event, target);

	if (!row)
		return false;
	node_set_text(node, NODE_PROVISION_STATE, provision_state_info(row->to)->name);
	if (row->target == TARGET_NULL)
		node_set_text(node, NODE_TARGET_PROVISION_STATE, NULL);
	else if (row->target != TARGET_KEEP)
		node_set_text(node, NODE_TARGET_PROVISION_STATE,
			      provision_state_info((enum provision_state)row->target)->name);
	node_set_now(node, NODE_PROVISION_UPDATED_AT);
	return true;
}

bool fsm_needs_worker(enum provision_state state)
{
	static const bool working[PROVISION_STATE_COUNT] = {
		[PROVISION_DEPLOYING] = true,  [PROVISION_CLEANING] = true, [PROVISION_VERIFYING] = true,
		[PROVISION_INSPECTING] = true, [PROVISION_ADOPTING] = true, [PROVISION_RESCUING] = true,
		[PROVISION_UNRESCUING] = true, [PROVISION_DELETING] = true, [PROVISION_SERVICING] = true,
	};

	return state < PROVISION_STATE_COUNT && working[state];
}
