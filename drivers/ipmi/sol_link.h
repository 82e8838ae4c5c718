#pragma once
/*
 * sol_link: keeps a Serial-over-LAN session with a BMC up and joins it to a console. A session of its own, so
 * that the node's other operations go on beside it; a fiber logs in, ends what stale session has the payload,
 * activates it, asks every 20 s whether it is still ours, and starts over with growing pauses when it is not.
 * Characters pass in callbacks. It sends only what somebody types, so it stands outside the gate before BMC
 * writes; but it logs in only while the conductor may (console_may_connect).
 *
 * Source: IPMI 2.0 sections 15 and 24.
 */
#include "drivers/console.h"
#include "drivers/ipmi/driver_info.h"

struct sol_link;

/* Begins. info is copied, its address too. The console outlives the link. */
struct sol_link *sol_link_start(const struct ipmi_info *info, struct console *console);
/* Waits until the link is up, or the first attempt has failed: its error. -ERR_TIMEOUT, -ERR_CANCELLED. */
SUSPENDS int sol_link_wait(struct sol_link *link, int64_t deadline_ms, struct error *err);
/* Deactivates the payload, closes the session and frees the link; a silent BMC holds that up for some seconds
 * at most. */
SUSPENDS void sol_link_stop(struct sol_link *link);
/* Other credentials or another address, from the next login on, which is now. */
void sol_link_change(struct sol_link *link, const struct ipmi_info *info);
/* Something was typed. */
void sol_link_typed(struct sol_link *link);
