#pragma once
/*
 * sol_session: an IPMI session that carries Serial-over-LAN: login, privilege, activation, whether it is
 * still ours, goodbye; and its characters. One fiber drives it; characters pass in callbacks too. Used by
 * sol_link.c.
 */
#include "drivers/ipmi/session.h"
#include "drivers/ipmi/sol.h"

struct sol_session {
	/* On the main stack, for each payload from the BMC. Set before opening. */
	void (*received)(void *arg, const struct sol_received *received);
	void *received_arg;
	struct sol_end end;
	bool is_deactivated; /* the BMC said so */
	bool is_taken;       /* another session has the payload */
	/* private */
	const char *address; /* borrowed, for sentences */
	struct ipmi_session session;
	struct ipmi_learnt learnt;
	bool has_owner; /* the BMC tells who has the payload */
	uint32_t owner; /* as it told right after the activation */
};

/* Logs in and asks for the highest privilege. Errors of ipmi_login. info->address is borrowed until the end.
 */
SUSPENDS int sol_session_open(struct sol_session *sol, const struct ipmi_info *info,
			      const struct udp_address *peer, int64_t deadline_ms, struct error *err);
/* Whether any session has the payload now. */
SUSPENDS bool sol_session_is_taken(struct sol_session *sol);
/* Ends whatever session has the payload, and takes it. -ERR_BMC with the completion code's meaning,
 * -ERR_BMC_UNREACHABLE, -ERR_CANCELLED. */
SUSPENDS int sol_session_activate(struct sol_session *sol, struct error *err);
/* Keeps the session alive and asks whether it still has the payload. */
enum sol_check { SOL_OURS, SOL_LOST, SOL_SILENT };
SUSPENDS enum sol_check sol_session_check(struct sol_session *sol);
/* Gives the payload back, then as close. */
SUSPENDS void sol_session_end(struct sol_session *sol);
/* Logs out. */
SUSPENDS void sol_session_close(struct sol_session *sol);

/* May be called from callbacks; only after activation. */
bool sol_session_is_free(const struct sol_session *sol);
/* Returns how many characters are on their way. */
size_t sol_session_send(struct sol_session *sol, int64_t now_ms, const uint8_t *data, size_t len,
			uint8_t flags);
/* Sends again what is due. */
void sol_session_repeat(struct sol_session *sol, int64_t now_ms);
