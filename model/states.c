#include "model/states.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct {
	const char *name;
	enum power_state result;
} power_states[POWER_STATE_COUNT] = {
	[POWER_UNKNOWN]     = { NULL,             POWER_UNKNOWN },
	[POWER_ON]          = { "power on",       POWER_ON },
	[POWER_OFF]         = { "power off",      POWER_OFF },
	[POWER_REBOOT]      = { "rebooting",      POWER_ON },
	[POWER_SOFT_OFF]    = { "soft power off", POWER_OFF },
	[POWER_SOFT_REBOOT] = { "soft rebooting", POWER_ON },
	[POWER_ERROR]       = { "error",          POWER_ERROR },
};

#define STABLE  .is_stable = true
#define MOVING  .is_transitional = true
#define FAILURE .is_failure = true

/* Source: Ironic's provision states and their classes. */
static const struct provision_state_info provision_states[PROVISION_STATE_COUNT] = {
	[PROVISION_ENROLL]       = { "enroll",          STABLE },
	[PROVISION_VERIFYING]    = { "verifying",       MOVING },
	[PROVISION_MANAGEABLE]   = { "manageable",      STABLE },
	[PROVISION_AVAILABLE]    = { "available",       STABLE },
	[PROVISION_ACTIVE]       = { "active",          STABLE },
	[PROVISION_DEPLOYWAIT]   = { "wait call-back",  MOVING },
	[PROVISION_DEPLOYING]    = { "deploying",       MOVING },
	[PROVISION_DEPLOYFAIL]   = { "deploy failed",   FAILURE },
	[PROVISION_DEPLOYHOLD]   = { .name = "deploy hold" },
	[PROVISION_DELETING]     = { "deleting",        MOVING },
	[PROVISION_ERROR]        = { "error",           STABLE },
	[PROVISION_CLEANING]     = { "cleaning",        MOVING },
	[PROVISION_CLEANWAIT]    = { "clean wait",      MOVING },
	[PROVISION_CLEANFAIL]    = { "clean failed",    FAILURE },
	[PROVISION_CLEANHOLD]    = { .name = "clean hold" },
	[PROVISION_INSPECTING]   = { "inspecting",      MOVING },
	[PROVISION_INSPECTWAIT]  = { "inspect wait",    MOVING },
	[PROVISION_INSPECTFAIL]  = { "inspect failed",  FAILURE },
	[PROVISION_ADOPTING]     = { "adopting",        MOVING },
	[PROVISION_ADOPTFAIL]    = { "adopt failed",    FAILURE },
	[PROVISION_RESCUE]       = { "rescue",          STABLE },
	[PROVISION_RESCUING]     = { "rescuing",        MOVING },
	[PROVISION_RESCUEWAIT]   = { "rescue wait",     MOVING },
	[PROVISION_RESCUEFAIL]   = { "rescue failed",   FAILURE },
	[PROVISION_UNRESCUING]   = { "unrescuing",      MOVING },
	[PROVISION_UNRESCUEFAIL] = { "unrescue failed", FAILURE },
	[PROVISION_SERVICING]    = { "servicing",       MOVING },
	[PROVISION_SERVICEWAIT]  = { "service wait",    MOVING },
	[PROVISION_SERVICEFAIL]  = { "service failed",  FAILURE },
	[PROVISION_SERVICEHOLD]  = { .name = "service hold" },
};
/* clang-format on */

const char *power_state_name(enum power_state state)
{
	return power_states[state].name;
}

enum power_state power_state_find(const char *name)
{
	for (enum power_state state = POWER_ON; name && state < POWER_STATE_COUNT; state++) {
		if (strcmp(power_states[state].name, name) == 0)
			return state;
	}
	return POWER_UNKNOWN;
}

enum power_state power_state_result(enum power_state target)
{
	return power_states[target].result;
}

const struct provision_state_info *provision_state_info(enum provision_state state)
{
	return &provision_states[state];
}

enum provision_state provision_state_find(const char *name)
{
	enum provision_state state = 0;

	if (!name)
		return PROVISION_STATE_COUNT;
	while (state < PROVISION_STATE_COUNT && strcmp(provision_states[state].name, name) != 0)
		state++;
	return state;
}
