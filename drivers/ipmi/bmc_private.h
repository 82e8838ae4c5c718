#pragma once
/* bmc_private: what bmc.c and request.c share. Nobody else includes it. */
#include "drivers/ipmi/target.h"

struct ipmi_bmc {
	char *address; /* as in driver_info */
	uint16_t port;
	struct ipmi_bmc *next_same; /* another BMC with the same key in the map */
	unsigned users;             /* operations that have or await the turn */
	struct semaphore turn;
	int64_t rest_until_ms; /* min_command_interval */
	struct ipmi_learnt learnt;
	struct ipmi_target *targets;   /* owned; the BMC itself and those behind it */
	struct ipmi_session *session;  /* owned; NULL: none */
	struct ipmi_info session_info; /* what the session was opened with; address is not used */
	struct idle_list *idle_in;     /* the list that it is in; NULL: in use */
	struct ipmi_bmc *idle_previous, *idle_next;
	int64_t idle_since_ms;
};

/* Opens a session if there is none. *ret_is_new: there was none. */
SUSPENDS int ipmi_bmc_ensure_session(struct ipmi_operation *operation, bool *ret_is_new, struct error *err);
/* Forgets the session without a word. */
void ipmi_bmc_drop_session(struct ipmi_bmc *bmc);

static inline int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
