/* session: exchanges in a session. */
#include "drivers/ipmi/session.h"

#include <string.h>

#include "drivers/ipmi/bytes.h"
#include "lib/clock.h"

enum { TIMEOUT_MIN_MS = 1000, TIMEOUT_MAX_MS = 16000, LOGOUT_MS = 2000 };

int64_t ipmi_try_timeout_ms(const struct ipmi_learnt *learnt, unsigned n)
{
	int64_t timeout_ms = 4 * learnt->round_trip_ms;

	if (timeout_ms < TIMEOUT_MIN_MS)
		timeout_ms = TIMEOUT_MIN_MS;
	while (n-- > 0 && timeout_ms < TIMEOUT_MAX_MS)
		timeout_ms *= 2;
	return timeout_ms < TIMEOUT_MAX_MS ? timeout_ms : TIMEOUT_MAX_MS;
}

void ipmi_learn_round_trip(struct ipmi_learnt *learnt, int64_t sent_ms)
{
	int64_t sample = clock_ms() - sent_ms;

	learnt->round_trip_ms =
		learnt->round_trip_ms == 0 ? sample : (7 * learnt->round_trip_ms + sample) / 8;
}

/* The wait for one reply. */
struct awaited {
	struct ipmi_session *session;
	const struct ipmi_request *request;
	uint8_t sequence;
	struct ipmi_reply *reply;
};

static bool is_reply(const struct awaited *awaited, const struct ipmi_message *message)
{
	return message->netfn == (awaited->request->netfn | 1) &&
	       message->command == awaited->request->command && message->sequence == awaited->sequence &&
	       message->from == IPMI_BMC_ADDRESS &&
	       /* "duplicate of a request": the answer to the first one is still to come */
	       message->completion != COMPLETION_DUPLICATE;
}

static bool accept_reply(void *arg, const struct rmcp_packet *packet)
{
	struct awaited *awaited = arg;
	struct rmcpp_session *wire = &awaited->session->wire;
	uint8_t plain[RMCPP_PAYLOAD_MAX];
	struct ipmi_message message;
	size_t len;

	if (packet->payload_type != PAYLOAD_IPMI || packet->session_id == 0 ||
	    !rmcpp_unseal(wire, packet, plain, &len) || !ipmi_message_decode(plain, len, &message))
		return false;
	/* some BMCs compute the checksums wrongly; the integrity code has shown that the bytes are theirs */
	if (message.is_checksum_bad && wire->suite->integrity_len == 0)
		return false;
	if (!is_reply(awaited, &message))
		return false;
	awaited->reply->completion = message.completion;
	awaited->reply->data_len = message.data_len;
	memcpy(awaited->reply->data, message.data, message.data_len);
	return true;
}

static size_t encode_request(const struct ipmi_request *request, uint8_t sequence,
			     uint8_t message[IPMI_MESSAGE_MAX])
{
	const struct ipmi_message fields = {
		.to = IPMI_BMC_ADDRESS,
		.netfn = request->netfn,
		.from = IPMI_CONSOLE_ADDRESS,
		.sequence = sequence,
		.command = request->command,
		.data = request->data,
		.data_len = request->data_len,
	};

	return ipmi_message_encode(&fields, message, IPMI_MESSAGE_MAX);
}

/* Sends the message in a new datagram: the message's own sequence number stays, so that the BMC knows a
 * repetition; the session's always grows. */
static int send_message(struct ipmi_session *session, struct ipmi_exchange *exchange, const uint8_t *message,
			size_t len, struct error *err)
{
	uint8_t datagram[RMCPP_DATAGRAM_MAX];
	int rc = exchange->may_send != NULL ? exchange->may_send(exchange->may_send_arg, err) : 0;

	if (rc < 0)
		return rc;
	len = rmcpp_seal(&session->wire, PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));
	/* what was permitted just now must leave now */
	ipmi_line_send(&session->line, datagram, len, exchange->may_send != NULL);
	exchange->is_sent = true;
	return 0;
}

int ipmi_session_exchange(struct ipmi_session *session, struct ipmi_learnt *learnt,
			  struct ipmi_exchange *exchange, struct ipmi_reply *reply, struct error *err)
{
	uint8_t message[IPMI_MESSAGE_MAX];
	const struct ipmi_request *request = exchange->request;
	int64_t sent_ms = 0;
	int rc = -ERR_TIMEOUT;

	session->request_sequence = (session->request_sequence + 1) & 0x3f;
	struct awaited awaited = { session, request, session->request_sequence, reply };
	size_t len = encode_request(request, awaited.sequence, message);
	if (len == 0)
		return fail(err, ERR_INVALID, "An IPMI request has at most %d bytes of data", IPMI_DATA_MAX);
	for (unsigned i = 0; i < exchange->tries && rc == -ERR_TIMEOUT; i++) {
		int64_t now_ms = clock_ms(), until_ms = now_ms + ipmi_try_timeout_ms(learnt, i);
		if (now_ms >= exchange->deadline_ms)
			break;
		if (i == 0 || now_ms < exchange->resend_until_ms) {
			rc = send_message(session, exchange, message, len, err);
			if (rc < 0)
				return rc;
			sent_ms = i == 0 ? now_ms
					 : 0; /* of a repeated request nobody knows which one was answered */
		}
		rc = ipmi_line_wait(&session->line, accept_reply, &awaited,
				    until_ms < exchange->deadline_ms ? until_ms : exchange->deadline_ms);
	}
	if (rc == 0 && sent_ms != 0)
		ipmi_learn_round_trip(learnt, sent_ms);
	return rc;
}

void ipmi_session_logout(struct ipmi_session *session, struct ipmi_learnt *learnt)
{
	uint8_t data[4];
	struct ipmi_reply reply;
	struct ipmi_request request = { NETFN_APP, APP_CLOSE_SESSION, data, sizeof(data) };
	struct ipmi_exchange exchange = { .request = &request,
					  .tries = 2,
					  .resend_until_ms = DEADLINE_NEVER,
					  .deadline_ms = clock_ms() + LOGOUT_MS };

	put_u32(data, session->bmc_id);
	/* whether the BMC answers or not, the session is over */
	(void)ipmi_session_exchange(session, learnt, &exchange, &reply, NULL);
}

void ipmi_session_abandon(struct ipmi_session *session)
{
	uint8_t data[4], message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	const struct ipmi_request request = { NETFN_APP, APP_CLOSE_SESSION, data, sizeof(data) };

	put_u32(data, session->bmc_id);
	session->request_sequence = (session->request_sequence + 1) & 0x3f;

	size_t len = encode_request(&request, session->request_sequence, message);
	len = rmcpp_seal(&session->wire, PAYLOAD_IPMI, message, len, datagram, sizeof(datagram));
	ipmi_line_send(&session->line, datagram, len, false);
}
