#pragma once
/* states: power and provision states by Ironic's names. */
#include <stdbool.h>

/* ---- ferrule/driver.h: from here ---- */
enum power_state { POWER_UNKNOWN, POWER_ON, POWER_OFF, POWER_REBOOT, POWER_SOFT_OFF, POWER_SOFT_REBOOT,
		   POWER_ERROR, POWER_STATE_COUNT };

/* "power on", "power off", "rebooting", "soft power off", "soft rebooting", "error"; NULL for unknown. */
const char *power_state_name(enum power_state state);
enum power_state power_state_find(const char *name); /* NULL or unknown name: POWER_UNKNOWN */
/* ---- ferrule/driver.h: to here ---- */
/* The stable state that a request leads to: rebooting -> power on, soft power off -> power off. */
enum power_state power_state_result(enum power_state target);

enum provision_state {
	PROVISION_ENROLL, PROVISION_VERIFYING, PROVISION_MANAGEABLE, PROVISION_AVAILABLE, PROVISION_ACTIVE,
	PROVISION_DEPLOYWAIT, PROVISION_DEPLOYING, PROVISION_DEPLOYFAIL, PROVISION_DEPLOYHOLD,
	PROVISION_DELETING, PROVISION_ERROR, PROVISION_CLEANING, PROVISION_CLEANWAIT, PROVISION_CLEANFAIL,
	PROVISION_CLEANHOLD,
	PROVISION_INSPECTING, PROVISION_INSPECTWAIT, PROVISION_INSPECTFAIL, PROVISION_ADOPTING,
	PROVISION_ADOPTFAIL,
	PROVISION_RESCUE, PROVISION_RESCUING, PROVISION_RESCUEWAIT, PROVISION_RESCUEFAIL,
	PROVISION_UNRESCUING,
	PROVISION_UNRESCUEFAIL, PROVISION_SERVICING, PROVISION_SERVICEWAIT, PROVISION_SERVICEFAIL,
	PROVISION_SERVICEHOLD, PROVISION_STATE_COUNT
};

struct provision_state_info {
	const char *name;    /* "clean wait" */
	bool is_stable;      /* reaching it nulls the target */
	bool is_transitional;
	bool is_failure;
};
const struct provision_state_info *provision_state_info(enum provision_state state);
/* PROVISION_STATE_COUNT when the name is none, or NULL. */
enum provision_state provision_state_find(const char *name);
