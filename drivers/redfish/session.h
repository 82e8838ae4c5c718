#pragma once
/*
 * session: logging in to a BMC by [redfish] auth_type. One session per BMC and credentials, shared by all
 * tasks. auto tries a session and takes Basic where the BMC refuses sessions; once a session has worked it
 * stays with sessions. Source: DSP0266 section 13.3.4.
 */
#include "drivers/redfish/bmc.h"

/* Makes sure that there is a session if requests need one. 0 also when Basic or nothing is used.
 * -ERR_BMC_AUTH, -ERR_BMC, or what redfish_exchange returns. Not a BMC write: sessions pass no gate. */
SUSPENDS int redfish_session_ensure(struct redfish_bmc *bmc, int64_t deadline_ms, struct error *err);
/* Forgets the session if it is still that of the token. is_alive: the BMC may still hold it, and is asked to
 * end it first. */
SUSPENDS void redfish_session_drop(struct redfish_bmc *bmc, const char *token, bool is_alive,
				   int64_t deadline_ms);
/* Whether requests now go with Basic credentials. */
bool redfish_session_is_basic(const struct redfish_bmc *bmc);
