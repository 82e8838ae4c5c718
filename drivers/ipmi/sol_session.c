/* sol_session: see sol_session.h. */
#include "drivers/ipmi/sol_session.h"

#include "drivers/ipmi/bytes.h"
#include "lib/clock.h"

enum { INSTANCE = 1, TRIES = 4, ACTIVATIONS = 3, ACTIVATE_PAUSE_MS = 500 };
/* Activate Payload, first auxiliary byte. Source: IPMI 2.0 table 24-2. */
enum {
	AUX_ENCRYPTED = 0x80,
	AUX_AUTHENTICATED = 0x40,
	AUX_ALERTS_DEFERRED = 0x04,
	AUX_LINES_DEASSERTED = 0x02
};
enum { ACTIVATE_ANSWER = 10 };

/* ---- payloads ---- */

static void send_payload(struct sol_session *sol, const uint8_t *payload, size_t len)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];

	len = rmcpp_seal(&sol->session.wire, PAYLOAD_SOL, payload, len, datagram, sizeof(datagram));
	if (len > 0)
		ipmi_line_send(&sol->session.line, datagram, len, false);
}

static void on_packet(void *arg, const struct rmcp_packet *packet)
{
	struct sol_session *sol = arg;
	uint8_t plain[RMCPP_PAYLOAD_MAX], out[SOL_PAYLOAD_MAX];
	struct sol_received received;
	size_t len;

	if (packet->payload_type != PAYLOAD_SOL || packet->session_id == 0 ||
	    !rmcpp_unseal(&sol->session.wire, packet, plain, &len) ||
	    !sol_end_input(&sol->end, clock_ms(), packet->sequence, plain, len, &received))
		return;
	/* whatever it brought is taken: the console overwrites what is old */
	if (received.wants_ack)
		send_payload(sol, out, sol_end_ack(&sol->end, received.len, received.len, 0, out));
	sol->is_deactivated |= (received.flags & SOL_DEACTIVATED) != 0;
	sol->received(sol->received_arg, &received);
}

bool sol_session_is_free(const struct sol_session *sol)
{
	return sol_end_is_free(&sol->end);
}

size_t sol_session_send(struct sol_session *sol, int64_t now_ms, const uint8_t *data, size_t len,
			uint8_t flags)
{
	uint8_t out[SOL_PAYLOAD_MAX];
	size_t taken;

	send_payload(sol, out, sol_end_send(&sol->end, now_ms, data, len, flags, out, &taken));
	return taken;
}

void sol_session_repeat(struct sol_session *sol, int64_t now_ms)
{
	uint8_t out[SOL_PAYLOAD_MAX];
	size_t len = sol_end_repeat(&sol->end, now_ms, out);

	if (len > 0)
		send_payload(sol, out, len);
}

/* ---- commands ---- */

SUSPENDS static int ask(struct sol_session *sol, const struct ipmi_request *request, unsigned tries,
			struct ipmi_reply *reply, struct error *err)
{
	struct ipmi_exchange exchange = { .request = request,
					  .tries = tries,
					  .resend_until_ms = DEADLINE_NEVER,
					  .deadline_ms = DEADLINE_NEVER };
	const struct ipmi_command *command =
		ipmi_command_find(request->netfn, request->command, request->data, request->data_len);
	int rc = ipmi_session_exchange(&sol->session, &sol->learnt, &exchange, reply, err);

	if (rc == -ERR_TIMEOUT)
		return fail(err, ERR_BMC_UNREACHABLE, "IPMI BMC %s did not answer %s", sol->address,
			    command->name);
	return rc;
}

SUSPENDS static int raise_privilege(struct sol_session *sol, struct error *err)
{
	const uint8_t level = (uint8_t)sol->session.limit;
	const struct ipmi_request request = { NETFN_APP, APP_SET_PRIVILEGE, &level, 1 };
	struct ipmi_reply reply;

	if (sol->session.privilege >= sol->session.limit)
		return 0;
	int rc = ask(sol, &request, TRIES, &reply, err);
	/* refused: the activation tells whether it matters */
	if (rc == 0 && reply.completion == COMPLETION_OK)
		sol->session.privilege = sol->session.limit;
	return rc;
}

int sol_session_open(struct sol_session *sol, const struct ipmi_info *info, const struct udp_address *peer,
		     int64_t deadline_ms, struct error *err)
{
	sol->address = info->address;
	sol->end = (struct sol_end){ .send_max = SOL_DATA_UNKNOWN };
	sol->is_deactivated = sol->is_taken = sol->has_owner = false;
	sol->session = (struct ipmi_session){ 0 };
	int rc = ipmi_line_open(&sol->session.line, peer, err);
	if (rc < 0)
		return rc;
	rc = ipmi_login(&sol->session, &sol->learnt, info, deadline_ms, err);
	if (rc < 0) {
		ipmi_line_close(&sol->session.line);
		return rc;
	}
	rc = raise_privilege(sol, err);
	if (rc < 0)
		sol_session_close(sol);
	return rc;
}

void sol_session_close(struct sol_session *sol)
{
	ipmi_line_listen(&sol->session.line, NULL, NULL);
	fiber_shield_begin();
	ipmi_session_logout(&sol->session, &sol->learnt);
	fiber_shield_end();
	ipmi_line_close(&sol->session.line);
	rmcpp_wipe(&sol->session, sizeof(sol->session));
}

/* Which session has the payload, by its id at the BMC; 0: none. Not every BMC tells. */
SUSPENDS static int read_owner(struct sol_session *sol, bool *ret_is_told, uint32_t *ret, struct error *err)
{
	static const uint8_t data[] = { PAYLOAD_SOL, INSTANCE };
	static const struct ipmi_request request = { NETFN_APP, APP_PAYLOAD_INSTANCE, data, sizeof(data) };
	struct ipmi_reply reply;
	int rc = ask(sol, &request, TRIES, &reply, err);

	if (rc < 0)
		return rc;
	*ret_is_told = reply.completion == COMPLETION_OK && reply.data_len >= 4;
	*ret = *ret_is_told ? get_u32(reply.data) : 0;
	return 0;
}

bool sol_session_is_taken(struct sol_session *sol)
{
	bool is_told;
	uint32_t owner;

	return read_owner(sol, &is_told, &owner, NULL) == 0 && is_told && owner != 0;
}

SUSPENDS static int deactivate(struct sol_session *sol, unsigned tries, struct error *err)
{
	static const uint8_t data[] = { PAYLOAD_SOL, INSTANCE, 0, 0, 0, 0 };
	static const struct ipmi_request request = { NETFN_APP, APP_DEACTIVATE_PAYLOAD, data, sizeof(data) };
	struct ipmi_reply reply;

	/* that it was not active, or not ours to end, is no failure */
	return ask(sol, &request, tries, &reply, err);
}

SUSPENDS static int activate(struct sol_session *sol, struct ipmi_reply *reply, struct error *err)
{
	const struct cipher_suite *suite = sol->session.wire.suite;
	const uint8_t aux = (suite->has_encryption ? AUX_ENCRYPTED : 0) |
			    (suite->integrity_len > 0 ? AUX_AUTHENTICATED : 0) | AUX_ALERTS_DEFERRED |
			    AUX_LINES_DEASSERTED;
	const uint8_t data[] = { PAYLOAD_SOL, INSTANCE, aux, 0, 0, 0 };
	const struct ipmi_request request = { NETFN_APP, APP_ACTIVATE_PAYLOAD, data, sizeof(data) };

	return ask(sol, &request, TRIES, reply, err);
}

SUSPENDS static int activate_ours(struct sol_session *sol, struct ipmi_reply *reply, struct error *err)
{
	int rc = 0;

	/* some BMCs need a while to give the payload up, or say that they have and have not */
	for (unsigned i = 0; i < ACTIVATIONS && rc == 0; i++) {
		rc = deactivate(sol, TRIES, err);
		if (rc == 0)
			rc = activate(sol, reply, err);
		if (rc < 0 || reply->completion != COMPLETION_PAYLOAD_ACTIVE)
			return rc;
		rc = fiber_sleep(ACTIVATE_PAUSE_MS);
	}
	return rc;
}

int sol_session_activate(struct sol_session *sol, struct error *err)
{
	struct ipmi_reply reply = { 0 };

	/* the machine may speak before the answer is here */
	ipmi_line_listen(&sol->session.line, on_packet, sol);
	int rc = activate_ours(sol, &reply, err);
	if (rc < 0)
		return rc;
	if (reply.completion != COMPLETION_OK)
		return fail(err, ERR_BMC,
			    "IPMI BMC %s refused Activate Payload (Serial-over-LAN): %s (%02Xh)",
			    sol->address,
			    ipmi_completion_name(ipmi_command_find(NETFN_APP, APP_ACTIVATE_PAYLOAD, NULL, 0),
						 reply.completion),
			    reply.completion);
	/* the port that it tells besides is wrong in many BMCs: the session's own serves all */
	sol->end.send_max = sol_data_size(reply.data_len >= ACTIVATE_ANSWER ? get_u16(reply.data + 4) : 0);
	sol->is_deactivated = false;
	return read_owner(sol, &sol->has_owner, &sol->owner, err);
}

enum sol_check sol_session_check(struct sol_session *sol)
{
	static const struct ipmi_request device_id = { .netfn = NETFN_APP, .command = APP_DEVICE_ID };
	struct ipmi_reply reply;
	uint32_t owner;
	bool is_told;

	if (!sol->has_owner)
		return ask(sol, &device_id, TRIES, &reply, NULL) < 0 ? SOL_SILENT : SOL_OURS;
	if (read_owner(sol, &is_told, &owner, NULL) < 0)
		return SOL_SILENT;
	sol->is_taken = is_told && owner != sol->owner;
	return sol->is_taken ? SOL_LOST : SOL_OURS;
}

void sol_session_end(struct sol_session *sol)
{
	if (!sol->is_deactivated && !sol->is_taken)
		(void)deactivate(sol, 1, NULL);
	sol_session_close(sol);
}
