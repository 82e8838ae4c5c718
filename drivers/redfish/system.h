#pragma once
/*
 * system: the ComputerSystem that is the node: finding it, its power state, Reset.
 * Source: DSP2046 ComputerSystem; DSP0266 section 7.5 (actions).
 */
#include "drivers/redfish/client.h"
#include "model/states.h"

#define REDFISH_SYSTEMS_MAX 16 /* looked at when the node does not say which */

/* Finds and reads the system: its document is the client's latest answer. It is the one that
 * redfish_system_id names, or that there is (remembered with the BMC); of several, the one that can be reset:
 * accelerator boards show up as systems, too. -ERR_MISSING when it must be said. */
SUSPENDS int redfish_system_get(struct redfish_client *client, char *path, size_t size, struct error *err);

/* PowerState of the latest answer. POWER_UNKNOWN when it says neither on nor off. is_settled: not on the way.
 * -ERR_BMC when the answer is no JSON object. */
int redfish_system_power(struct redfish_client *client, enum power_state *ret_state, bool *ret_is_settled,
			 struct error *err);

/* POSTs ComputerSystem.Reset. The latest answer must be the system's document. goal: the state that the reset
 * leads to; "already there" and "busy" are told apart by reading the state again. POWER_UNKNOWN: none can be
 * told. 0: accepted, or already so. -ERR_INVALID when the BMC does not offer the type. */
SUSPENDS int redfish_system_reset(struct redfish_client *client, const char *path, const char *type,
				  enum power_state goal, struct error *err);
/* Whether the latest answer, the system's document, offers the reset type; true when it lists none. */
bool redfish_system_offers(struct redfish_client *client, const char *type);

/* Puts "Redfish exception occurred. Error: Redfish <what> failed for node X. Error" before what the BMC said,
 * as Ironic does; other errors stay. Returns rc. */
int redfish_failed(const struct redfish_client *client, int rc, const char *what, struct error *err);
