/*
 * login: logging in, and what to do when a BMC wants it otherwise: other cipher suites, lower privileges, a
 * pause until a session is free. The handshakes themselves are in login20.c and login15.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/options.h"
#include "drivers/ipmi/orphan.h"
#include "drivers/ipmi/session.h"
#include "lib/clock.h"

enum { SUITES_MAX = 7, FULL_PAUSE_MIN_MS = 2000, FULL_PAUSE_MAX_MS = 15000 };

/* What is left to try, and how it went so far. */
struct login {
	struct ipmi_session *session;
	struct ipmi_learnt *learnt;
	const struct ipmi_info *info;
	int64_t deadline_ms;
	const struct cipher_suite *suites[SUITES_MAX]; /* in order of preference */
	unsigned suite_count, suite;                   /* how many, and which is being tried */
	unsigned suites_refused;                       /* bit n: suites[n] was refused in words */
	enum ipmi_privilege privilege;
	unsigned silences; /* attempts without an answer */
	int64_t full_pause_ms;
	unsigned status; /* of the last refusal */
	const char *stage;
};

/* What the status of the last refusal means. */
static const char *status_name(const struct login *login)
{
	if (!login->info->is_15)
		return rmcpp_status_name(login->status);
	uint8_t number =
		strcmp(login->stage, "Activate Session") == 0 ? APP_ACTIVATE_SESSION : APP_SESSION_CHALLENGE;
	return ipmi_completion_name(ipmi_command_find(NETFN_APP, number, NULL, 0), (uint8_t)login->status);
}

static void choose_suites(struct login *login)
{
	const struct option_list *listed = &ipmi_options.cipher_suite_versions;
	const struct cipher_suite *known = login->learnt->suite;

	if (login->info->suite >= 0) {
		login->suites[login->suite_count++] = cipher_suite_find((unsigned)login->info->suite);
		return;
	}
	/* as Ironic has it, the last one is tried first */
	for (size_t i = listed->count; i-- > 0 && login->suite_count < SUITES_MAX;) {
		const struct cipher_suite *suite =
			cipher_suite_find((unsigned)strtoul(listed->items[i], NULL, 10));
		if (suite != NULL)
			login->suites[login->suite_count++] = suite;
	}
	if (login->suite_count == 0) {
		login->suites[login->suite_count++] = cipher_suite_find(17);
		login->suites[login->suite_count++] = cipher_suite_find(3);
	}
	for (unsigned i = 0; i < login->suite_count; i++) {
		if (login->suites[i] == known)
			login->suite = i;
	}
}

static int refused(const struct login *login, struct error *err)
{
	const struct ipmi_info *info = login->info;
	const char *where = info->address;

	if (strcmp(login->stage, "RAKP 4") == 0)
		return fail(err, ERR_BMC_AUTH,
			    "IPMI BMC %s: invalid credentials: the BMC key (ipmi_hex_kg_key) is %s", where,
			    info->has_kg ? "wrong" : "missing or wrong");
	if (login->status == RMCPP_INVALID_CODE && !info->is_15)
		return fail(err, ERR_BMC_AUTH,
			    "IPMI BMC %s: invalid credentials: the password of user '%.*s' is wrong", where,
			    info->user_len, info->user);
	return fail(err, ERR_BMC_AUTH, "IPMI BMC %s: invalid credentials for user '%.*s': %s (%02Xh)", where,
		    info->user_len, info->user, status_name(login), login->status);
}

static const char *name_suites(const struct login *login, char *text, size_t size)
{
	size_t len = 0;

	for (unsigned i = 0; i < login->suite_count && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%u",
					i == 0                        ? login->suite_count > 1 ? "s " : " "
					: i + 1 == login->suite_count ? " and "
								      : ", ",
					login->suites[i]->id);
	return text;
}

/* A refused suite is not tried again; with none left the login fails. */
static int next_suite(struct login *login, struct error *err)
{
	if (login->info->is_15)
		return fail(err, ERR_BMC,
			    "IPMI BMC %s: %s: it has no authentication type of IPMI 1.5 that we know (MD5, "
			    "password, none)",
			    login->info->address, login->stage);
	login->suites_refused |= 1U << login->suite;
	for (unsigned i = 0; i < login->suite_count; i++) {
		if (!(login->suites_refused & 1U << i)) {
			login->suite = i;
			return 0;
		}
	}

	char tried[64];
	return fail(err, ERR_BMC, "IPMI BMC %s refused cipher suite%s: %s (%02Xh)", login->info->address,
		    name_suites(login, tried, sizeof(tried)), status_name(login), login->status);
}

/* Some BMCs do not answer proposals that they do not know: silence, too, brings the next suite's turn. */
static void suite_after_silence(struct login *login)
{
	if (login->info->is_15 || login->learnt->suite != NULL ||
	    strcmp(login->stage, "Open Session Request") != 0)
		return;
	for (unsigned i = 1; i < login->suite_count; i++) {
		unsigned next = (login->suite + i) % login->suite_count;
		if (!(login->suites_refused & 1U << next)) {
			login->suite = next;
			return;
		}
	}
}

static int next_privilege(struct login *login, struct error *err)
{
	bool is_last = login->info->is_privilege_set || login->privilege <= IPMI_USER;

	if (is_last && login->status == RMCPP_UNAUTHORIZED_NAME && !login->info->is_15)
		return refused(login, err);
	if (is_last)
		return fail(err, ERR_BMC_AUTH,
			    "IPMI BMC %s: user '%.*s' may not log in at this privilege level: %s (%02Xh)",
			    login->info->address, login->info->user_len, login->info->user,
			    status_name(login), login->status);
	login->privilege--;
	return 0;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Sessions that others have leaked end by themselves after a minute; asking more often keeps the BMC busy. */
static int pause_full(struct login *login)
{
	login->full_pause_ms = login->full_pause_ms == 0
				       ? FULL_PAUSE_MIN_MS
				       : smaller(login->full_pause_ms * 2, FULL_PAUSE_MAX_MS);
	return fiber_sleep(smaller(login->full_pause_ms, login->deadline_ms - clock_ms()));
}

static int64_t stale_pause_ms(const struct login *login)
{
	return login->silences < 5 ? 100 << login->silences : 5000;
}

static int out_of_time(const struct login *login, struct error *err)
{
	if (login->full_pause_ms != 0)
		return fail(err, ERR_BMC_UNREACHABLE,
			    "IPMI BMC %s: insufficient resources for session: all its sessions are in "
			    "use",
			    login->info->address);
	if (login->stage != NULL && strcmp(login->stage, "Open Session Request") != 0 &&
	    strcmp(login->stage, "Get Channel Auth Capabilities") != 0)
		return fail(err, ERR_BMC_UNREACHABLE,
			    "IPMI BMC %s port %u does not answer %s (some BMCs ignore unknown users and "
			    "wrong passwords)",
			    login->info->address, login->info->port, login->stage);
	return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s port %u does not answer", login->info->address,
		    login->info->port);
}

static enum ipmi_handshake_result attempt(struct login *login)
{
	struct ipmi_attempt next = {
		.info = login->info,
		.suite = login->suites[login->suite],
		.privilege = login->privilege,
		.timeout_ms = smaller(ipmi_try_timeout_ms(login->learnt, login->silences),
				      login->deadline_ms - clock_ms()),
	};
	enum ipmi_handshake_result result = login->info->is_15
						    ? ipmi_handshake15(login->session, login->learnt, &next)
						    : ipmi_handshake20(login->session, login->learnt, &next);

	login->stage = next.stage;
	login->status = next.status;
	return result;
}

/* Prepares the next attempt; not 0: there is none. */
static int prepare_next(struct login *login, enum ipmi_handshake_result result, struct error *err)
{
	switch (result) {
	case HANDSHAKE_DONE:
		return 0;
	case HANDSHAKE_SILENT:
		login->silences++;
		suite_after_silence(login);
		return 0;
	case HANDSHAKE_STALE:
		login->silences++;
		return fiber_sleep(smaller(stale_pause_ms(login), login->deadline_ms - clock_ms()));
	case HANDSHAKE_FULL:
		return pause_full(login);
	case HANDSHAKE_SUITE:
		return next_suite(login, err);
	case HANDSHAKE_PRIVILEGE:
		return next_privilege(login, err);
	case HANDSHAKE_REFUSED:
		return refused(login, err);
	case HANDSHAKE_CANCELLED:
		break;
	}
	return -ERR_CANCELLED;
}

SUSPENDS static int log_in(struct ipmi_session *session, struct ipmi_learnt *learnt,
			   const struct ipmi_info *info, int64_t deadline_ms, struct error *err)
{
	struct login login = { .session = session,
			       .learnt = learnt,
			       .info = info,
			       .deadline_ms = deadline_ms,
			       .privilege = info->privilege };
	int rc = 0;

	session->quirks = info->quirks | learnt->quirks;
	choose_suites(&login);
	while (rc == 0 && clock_ms() < deadline_ms) {
		enum ipmi_handshake_result result = attempt(&login);
		if (result == HANDSHAKE_DONE) {
			learnt->suite = login.suites[login.suite];
			return 0;
		}
		rc = prepare_next(&login, result, err);
	}
	return rc < 0 ? rc : out_of_time(&login, err);
}

int ipmi_login(struct ipmi_session *session, struct ipmi_learnt *learnt, const struct ipmi_info *info,
	       int64_t deadline_ms, struct error *err)
{
	const struct udp_address peer = session->line.peer;
	bool has_orphans = false;
	int rc = ipmi_orphans_begin(&peer, deadline_ms, &has_orphans);

	if (rc == -ERR_TIMEOUT)
		return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s is busy with another login",
			    info->address);
	if (rc == 0)
		rc = log_in(session, learnt, info, deadline_ms, err);
	if (rc == 0 && has_orphans)
		ipmi_orphans_close(session, learnt, deadline_ms);
	if (has_orphans)
		ipmi_orphans_end(&peer);
	return rc;
}
