#pragma once
/*
 * orphan: closes sessions that were left at a BMC (ledger.h), right after a login to it. One fiber at a time
 * logs in to a BMC that has orphans: others would take slots that are still full.
 */
#include "drivers/ipmi/session.h"

/* Before a login: waits while another fiber is about to close the BMC's orphans. True: there are some, and
 * the caller has to close them, or to give up, by ipmi_orphans_end. -ERR_CANCELLED, -ERR_TIMEOUT. */
SUSPENDS int ipmi_orphans_begin(const struct udp_address *peer, int64_t deadline_ms, bool *ret_has_orphans);
/* In a new session: closes them. A BMC that does not answer keeps them for the next login. */
SUSPENDS void ipmi_orphans_close(struct ipmi_session *session, struct ipmi_learnt *learnt,
				 int64_t deadline_ms);
void ipmi_orphans_end(const struct udp_address *peer);
