/*
 * login: the handshake, and what to do when a BMC wants it otherwise. A lost message starts the handshake
 * over with another tag and console id: many BMCs take a repeated RAKP 1 or 3 for an error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ipmi/options.h"
#include "drivers/ipmi/orphan.h"
#include "drivers/ipmi/session.h"
#include "lib/clock.h"

/* One attempt. */
struct handshake {
	struct ipmi_session *session;
	const struct ipmi_info *info;
	enum ipmi_privilege privilege; /* asked for */
	int64_t timeout_ms;            /* for each answer */
	struct rakp_secrets secrets;
	const char *stage; /* what was sent last, for sentences */
	unsigned status;   /* of the BMC's refusal */
	/* the answer awaited */
	enum rmcpp_payload awaited;
	struct open_session_response open;
	struct rakp_reply rakp;
};

static bool decode_answer(struct handshake *handshake, const struct rmcp_packet *packet, uint8_t *ret_tag,
			  uint8_t *ret_status)
{
	bool is_good;

	if (handshake->awaited == PAYLOAD_OPEN_RESPONSE) {
		is_good =
			open_session_response_decode(packet->payload, packet->payload_len, &handshake->open);
		*ret_tag = handshake->open.tag;
		*ret_status = handshake->open.status;
		return is_good;
	}
	is_good = handshake->awaited == PAYLOAD_RAKP2
			  ? rakp2_decode(packet->payload, packet->payload_len, &handshake->rakp)
			  : rakp4_decode(packet->payload, packet->payload_len, &handshake->rakp);
	*ret_tag = handshake->rakp.tag;
	*ret_status = handshake->rakp.status;
	return is_good;
}

static bool accept_answer(void *arg, const struct rmcp_packet *packet)
{
	struct handshake *handshake = arg;
	uint8_t tag, status;

	if (packet->session_id != 0 || packet->payload_type != handshake->awaited)
		return false;
	if (!decode_answer(handshake, packet, &tag, &status))
		return false;
	/* a refusal of one byte has no tag */
	if (tag != handshake->session->tag && packet->payload_len > 1)
		return false;
	handshake->status = status;
	return true;
}

/* Sends a payload and waits for the answer to it. */
static enum ipmi_handshake_result converse(struct handshake *handshake, const char *stage,
					   enum rmcpp_payload type, const uint8_t *payload, size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	size_t total = rmcpp_plain_encode(type, payload, len, datagram, sizeof(datagram));
	struct ipmi_line *line = &handshake->session->line;

	handshake->stage = stage;
	handshake->awaited = type + 1;
	ipmi_line_send(line, datagram, total, false);

	int rc = ipmi_line_wait(line, accept_answer, handshake, clock_ms() + handshake->timeout_ms);
	if (rc == -ERR_CANCELLED)
		return HANDSHAKE_CANCELLED;
	return rc < 0 ? HANDSHAKE_SILENT : HANDSHAKE_DONE;
}

/* What a status of the BMC asks for. */
static enum ipmi_handshake_result result_of(unsigned status)
{
	switch (status) {
	case RMCPP_OK:
		return HANDSHAKE_DONE;
	case RMCPP_NO_RESOURCES:
	case RMCPP_NO_RESOURCES_ROLE:
		return HANDSHAKE_FULL;
	case RMCPP_INVALID_SESSION:
	case RMCPP_INACTIVE_SESSION:
		return HANDSHAKE_STALE;
	case RMCPP_INVALID_ROLE:
	case RMCPP_UNAUTHORIZED_ROLE:
	case RMCPP_UNAUTHORIZED_NAME: /* so some BMCs call a user who lacks that privilege */
		return HANDSHAKE_PRIVILEGE;
	case RMCPP_INVALID_AUTHENTICATION:
	case RMCPP_INVALID_INTEGRITY:
	case RMCPP_INVALID_CONFIDENTIALITY:
	case RMCPP_NO_CIPHER_SUITE:
	case RMCPP_ILLEGAL_PARAMETER:
		return HANDSHAKE_SUITE;
	default:
		return HANDSHAKE_REFUSED;
	}
}

static bool has_quirk(const struct handshake *handshake, enum ipmi_quirk quirk)
{
	return quirk_is_in(handshake->session->quirks, quirk);
}

/* The same level in Open Session and RAKP 1: BMCs sign the one or the other. */
static uint8_t asked_privilege(const struct handshake *handshake)
{
	return has_quirk(handshake, QUIRK_HIGHEST_PRIVILEGE) ? IPMI_PRIVILEGE_HIGHEST
							     : (uint8_t)handshake->privilege;
}

static enum ipmi_handshake_result open_session(struct handshake *handshake, struct ipmi_learnt *learnt)
{
	struct ipmi_session *session = handshake->session;
	uint8_t payload[RMCPP_HANDSHAKE_MAX];
	int64_t sent_ms = clock_ms();
	const struct open_session_request request = {
		.tag = session->tag,
		.privilege = asked_privilege(handshake),
		.console_id = session->line.id,
		.algorithms = handshake->secrets.suite->algorithms,
	};
	enum ipmi_handshake_result result = converse(handshake, "Open Session Request", PAYLOAD_OPEN_REQUEST,
						     payload, open_session_request_encode(&request, payload));

	if (result != HANDSHAKE_DONE)
		return result;
	ipmi_learn_round_trip(learnt, sent_ms);
	if (handshake->status != RMCPP_OK) {
		/* any refusal but "full" may be a BMC's way to say that it lacks the suite */
		result = result_of(handshake->status);
		return result == HANDSHAKE_FULL || result == HANDSHAKE_PRIVILEGE ? result : HANDSHAKE_SUITE;
	}
	/* a BMC that answers with other algorithms than proposed would have us talk weaker, or past each
	 * other */
	if (memcmp(&handshake->open.algorithms, &request.algorithms, sizeof(request.algorithms)) != 0) {
		handshake->status = RMCPP_NO_CIPHER_SUITE;
		return HANDSHAKE_SUITE;
	}
	if (handshake->open.bmc_id == 0)
		return HANDSHAKE_STALE;
	session->bmc_id = handshake->open.bmc_id;
	return HANDSHAKE_DONE;
}

/* Tells the BMC to forget the handshake: it has proven to know another password than ours. */
static void give_up(struct handshake *handshake)
{
	const struct rakp_reply rakp3 = { .tag = handshake->session->tag,
					  .status = RMCPP_INVALID_CODE,
					  .session_id = handshake->session->bmc_id };
	uint8_t payload[RMCPP_HANDSHAKE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	size_t len = rakp3_encode(&rakp3, payload);

	len = rmcpp_plain_encode(PAYLOAD_RAKP3, payload, len, datagram, sizeof(datagram));
	ipmi_line_send(&handshake->session->line, datagram, len, false);
}

static enum ipmi_handshake_result send_rakp1(struct handshake *handshake)
{
	struct rakp_secrets *secrets = &handshake->secrets;
	uint8_t payload[RMCPP_HANDSHAKE_MAX], code[RMCPP_CODE_MAX];
	struct rakp1 rakp1 = { .tag = handshake->session->tag,
			       .bmc_id = secrets->bmc_id,
			       .role = secrets->role,
			       .user_len = secrets->user_len };

	memcpy(rakp1.random, secrets->console_random, RMCPP_RANDOM);
	memcpy(rakp1.user, secrets->user, secrets->user_len);

	enum ipmi_handshake_result result =
		converse(handshake, "RAKP 1", PAYLOAD_RAKP1, payload, rakp1_encode(&rakp1, payload));
	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->status != RMCPP_OK)
		return result_of(handshake->status);
	memcpy(secrets->bmc_random, handshake->rakp.random, RMCPP_RANDOM);
	memcpy(secrets->guid, handshake->rakp.guid, RMCPP_GUID);

	size_t len = rakp2_code(secrets, code);
	/* some BMCs declare a byte more than the digest has */
	if (len > 0 && handshake->rakp.code_len == len + 1)
		handshake->rakp.code_len = len;
	if (len > 0 && !rmcpp_code_equal(code, len, handshake->rakp.code, handshake->rakp.code_len)) {
		handshake->status = RMCPP_INVALID_CODE;
		give_up(handshake);
		return HANDSHAKE_REFUSED;
	}
	return HANDSHAKE_DONE;
}

static enum ipmi_handshake_result send_rakp3(struct handshake *handshake)
{
	struct rakp_secrets *secrets = &handshake->secrets;
	uint8_t payload[RMCPP_HANDSHAKE_MAX], code[RMCPP_CODE_MAX];
	struct rakp_reply rakp3 = { .tag = handshake->session->tag, .session_id = secrets->bmc_id };

	rakp3.code_len = rakp3_code(secrets, rakp3.code);
	ipmi_line_note(&handshake->session->line, secrets->bmc_id);

	enum ipmi_handshake_result result =
		converse(handshake, "RAKP 3", PAYLOAD_RAKP3, payload, rakp3_encode(&rakp3, payload));
	if (result != HANDSHAKE_DONE)
		return result;
	if (handshake->status != RMCPP_OK) {
		ipmi_line_settle(&handshake->session->line);
		return result_of(handshake->status);
	}

	/* without authentication (suite 0) some BMCs send a code all the same */
	size_t len = rakp4_code(secrets, code);
	if (secrets->suite->integrity_len == 0 && has_quirk(handshake, QUIRK_NO_RAKP4_CODE))
		len = 0;
	if (len > 0 && !rmcpp_code_equal(code, len, handshake->rakp.code, handshake->rakp.code_len)) {
		handshake->stage = "RAKP 4";
		handshake->status = RMCPP_INVALID_CODE;
		return HANDSHAKE_REFUSED;
	}
	return HANDSHAKE_DONE;
}

static void set_secrets(struct handshake *handshake)
{
	struct rakp_secrets *secrets = &handshake->secrets;
	const struct ipmi_info *info = handshake->info;

	secrets->console_id = handshake->session->line.id;
	secrets->bmc_id = handshake->session->bmc_id;
	rmcpp_random(secrets->console_random, RMCPP_RANDOM);
	secrets->role = asked_privilege(handshake);
	if (!has_quirk(handshake, QUIRK_NAME_AND_PRIVILEGE))
		secrets->role |= RMCPP_ROLE_NAME_ONLY;
	secrets->user_len = has_quirk(handshake, QUIRK_PADDED_NAME) ? RMCPP_USER_MAX : info->user_len;
	memcpy(secrets->user, info->user, RMCPP_USER_MAX);
	memcpy(secrets->password, info->password, RMCPP_KEY);
	secrets->has_kg = info->has_kg;
	memcpy(secrets->kg, info->kg, RMCPP_KEY);
}

static enum ipmi_handshake_result shake_hands(struct handshake *handshake, struct ipmi_learnt *learnt)
{
	struct ipmi_session *session = handshake->session;

	ipmi_line_renew(&session->line);
	session->tag++;

	enum ipmi_handshake_result result = open_session(handshake, learnt);
	if (result != HANDSHAKE_DONE)
		return result;
	set_secrets(handshake);
	result = send_rakp1(handshake);
	if (result == HANDSHAKE_DONE)
		result = send_rakp3(handshake);
	if (result != HANDSHAKE_DONE)
		return result;
	rmcpp_session_start(&session->wire, &handshake->secrets, session->bmc_id);
	session->request_sequence = 0;
	session->privilege = handshake->privilege < IPMI_USER ? handshake->privilege : IPMI_USER;
	session->limit = handshake->privilege;
	return HANDSHAKE_DONE;
}

/* ---- trying until it works ---- */

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
	int64_t timeout_ms =
		smaller(ipmi_try_timeout_ms(login->learnt, login->silences), login->deadline_ms - clock_ms());
	if (login->info->is_15)
		return ipmi_handshake15(login->session, login->learnt, login->info, login->privilege,
					timeout_ms, &login->stage, &login->status);

	struct handshake handshake = {
		.session = login->session,
		.info = login->info,
		.privilege = login->privilege,
		.timeout_ms = timeout_ms,
		.secrets.suite = login->suites[login->suite],
	};
	enum ipmi_handshake_result result = shake_hands(&handshake, login->learnt);

	rmcpp_wipe(&handshake.secrets, sizeof(handshake.secrets));
	login->stage = handshake.stage;
	login->status = handshake.status;
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
		return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s is busy with another login", info->address);
	if (rc == 0)
		rc = log_in(session, learnt, info, deadline_ms, err);
	if (rc == 0 && has_orphans)
		ipmi_orphans_close(session, learnt, deadline_ms);
	if (has_orphans)
		ipmi_orphans_end(&peer);
	return rc;
}
