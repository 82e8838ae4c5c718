#pragma once
/*
 * session: one login at a BMC, and one exchange at a time in it. Straight-line code of the fiber that has the
 * BMC's turn (bmc.c); nobody else uses it.
 *
 * Sources: IPMI 2.0 sections 13 and 6.12.8 (sessions, sequence numbers, retries).
 */
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/driver_info.h"
#include "drivers/ipmi/lan15.h"
#include "drivers/ipmi/line.h"

struct ipmi_session {
	struct ipmi_line line;
	bool is_15; /* IPMI 1.5: lan15 instead of wire */
	union {
		struct rmcpp_session wire;
		struct lan15_session lan15;
	};
	uint32_t quirks;               /* of enum ipmi_quirk */
	uint32_t bmc_id;               /* the BMC's session id */
	uint8_t tag;                   /* of handshake messages: another one each attempt */
	uint8_t request_sequence;      /* 6 bits, last used */
	enum ipmi_privilege privilege; /* now */
	enum ipmi_privilege limit;     /* the highest that it may be raised to */
};

/* What was learnt of a BMC, for the next login. */
struct ipmi_learnt {
	const struct cipher_suite *suite; /* that worked last; NULL: unknown */
	int64_t round_trip_ms;            /* smoothed; 0: unknown */
	uint32_t quirks;                  /* found by probing */
};

/* Logs in, trying what the BMC may want (suites, lower privileges, waiting for a free session), until
 * deadline_ms. session->line is open; a failed login leaves nothing but that.
 * -ERR_BMC_AUTH: user, password, K_g or privilege refused; -ERR_BMC_UNREACHABLE: no answer in time or no free
 * session; -ERR_BMC: no common cipher suite, or an answer that makes no sense; -ERR_CANCELLED. */
SUSPENDS int ipmi_login(struct ipmi_session *session, struct ipmi_learnt *learnt,
			const struct ipmi_info *info, int64_t deadline_ms, struct error *err);

/* Where a handshake stands; for tests and fuzzing of what a BMC sends. */
enum ipmi_handshake_result {
	HANDSHAKE_DONE,
	HANDSHAKE_SILENT,    /* no answer in time */
	HANDSHAKE_STALE,     /* the BMC has lost this attempt: start over */
	HANDSHAKE_FULL,      /* no free session */
	HANDSHAKE_SUITE,     /* another cipher suite is needed */
	HANDSHAKE_PRIVILEGE, /* a lower privilege is needed */
	HANDSHAKE_REFUSED,   /* the credentials are wrong */
	HANDSHAKE_CANCELLED
};

/* One attempt at a session. */
struct ipmi_attempt {
	const struct ipmi_info *info;
	const struct cipher_suite *suite; /* IPMI 2.0 */
	enum ipmi_privilege privilege;    /* to ask for */
	int64_t timeout_ms;               /* for each answer */
	const char *stage;                /* out: what was sent last, for sentences */
	unsigned status; /* out: the BMC's refusal: enum rmcpp_status, 1.5: completion code */
};
SUSPENDS enum ipmi_handshake_result ipmi_handshake20(struct ipmi_session *session, struct ipmi_learnt *learnt,
						     struct ipmi_attempt *attempt); /* login20.c */
SUSPENDS enum ipmi_handshake_result ipmi_handshake15(struct ipmi_session *session, struct ipmi_learnt *learnt,
						     struct ipmi_attempt *attempt); /* login15.c */

struct ipmi_request {
	uint8_t netfn, command;
	const uint8_t *data;
	size_t data_len;
};

struct ipmi_reply {
	uint8_t completion;
	bool is_of_bridge; /* the completion code is a BMC's on the way, for Send Message */
	uint8_t data[IPMI_DATA_MAX];
	size_t data_len;
};

/* How an exchange is to be carried out. */
struct ipmi_exchange {
	const struct ipmi_request *request;
	const struct ipmi_route *route; /* to the target behind the BMC; NULL: the BMC itself */
	uint8_t lun;
	unsigned tries;          /* sendings before giving up */
	int64_t resend_until_ms; /* no sending after this; DEADLINE_NEVER */
	int64_t deadline_ms;     /* no waiting after this */
	/* Right before each datagram; not 0: it is not sent and ends the exchange with that code. NULL:
	 * always. */
	int (*may_send)(void *arg, struct error *err);
	void *may_send_arg;
	bool is_sent; /* out: at least one datagram left */
};

/* Sends the request, again while there is no answer, and takes the reply. 0 with any completion code,
 * -ERR_TIMEOUT, -ERR_CANCELLED, -ERR_INVALID (too much data) or may_send's code. */
SUSPENDS int ipmi_session_exchange(struct ipmi_session *session, struct ipmi_learnt *learnt,
				   struct ipmi_exchange *exchange, struct ipmi_reply *reply,
				   struct error *err);

/* Tells the BMC that the session is over: at most two datagrams and two seconds; no failure. */
SUSPENDS void ipmi_session_logout(struct ipmi_session *session, struct ipmi_learnt *learnt);

/* One datagram that says so, for a session in which the BMC has fallen silent. */
void ipmi_session_abandon(struct ipmi_session *session);

/* First timeout of a try, from the round trip: never below a second; the n-th (from 0) is twice the one
 * before, up to 16 s. */
int64_t ipmi_try_timeout_ms(const struct ipmi_learnt *learnt, unsigned n);
void ipmi_learn_round_trip(struct ipmi_learnt *learnt, int64_t sent_ms);
