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
	unsigned hops; /* BMCs on the way that answer Send Message */
	uint8_t sequence;
	bool is_forwarded; /* a BMC on the way has passed the request on */
	struct ipmi_reply *reply;
};

static bool has_quirk(const struct ipmi_session *session, enum ipmi_quirk quirk)
{
	return quirk_is_in(session->quirks, quirk);
}

/* The message in a datagram of the session; false: it is not for us. */
static bool open_packet(struct ipmi_session *session, const struct rmcp_packet *packet,
			uint8_t plain[RMCPP_PAYLOAD_MAX], struct ipmi_message *ret)
{
	size_t len = packet->payload_len;

	if (session->is_15)
		return lan15_unseal(&session->lan15, packet) &&
		       ipmi_message_decode(packet->payload, len, ret);
	if (packet->payload_type != PAYLOAD_IPMI ||
	    (packet->session_id == 0 && !has_quirk(session, QUIRK_ID_ZERO)))
		return false;
	return rmcpp_unseal(&session->wire, packet, plain, &len) && ipmi_message_decode(plain, len, ret);
}

/* Some BMCs compute the checksums wrongly; a code has shown that the bytes are theirs. */
static bool checksum_matters(const struct ipmi_session *session)
{
	bool is_signed =
		session->is_15 ? session->lan15.auth == LAN15_MD5 : session->wire.suite->integrity_len > 0;

	return !is_signed && !has_quirk(session, QUIRK_NO_CHECKSUM);
}

static bool answers(const struct awaited *awaited, const struct ipmi_message *message, uint8_t netfn,
		    uint8_t command)
{
	return message->netfn == (netfn | 1) && message->command == command &&
	       message->sequence == awaited->sequence &&
	       /* "duplicate of a request": the answer to the first one is still to come */
	       message->completion != COMPLETION_DUPLICATE;
}

static bool take_reply(struct awaited *awaited, const struct ipmi_message *message, bool is_of_bridge)
{
	awaited->reply->completion = message->completion;
	awaited->reply->is_of_bridge = is_of_bridge;
	awaited->reply->data_len = message->data_len;
	if (message->data_len > 0)
		memcpy(awaited->reply->data, message->data, message->data_len);
	return true;
}

/* The target's answer comes by itself, or in that of the BMC that passed the request on. */
static bool take_bridged(struct awaited *awaited, struct ipmi_message *message)
{
	for (unsigned i = 0; i <= awaited->hops; i++) {
		if (answers(awaited, message, awaited->request->netfn, awaited->request->command))
			return take_reply(awaited, message, false);
		if (!answers(awaited, message, NETFN_APP, APP_SEND_MESSAGE))
			return false;
		if (message->completion != COMPLETION_OK)
			return take_reply(awaited, message, true);
		awaited->is_forwarded = true;
		if (!ipmi_message_decode(message->data, message->data_len, message))
			return false;
	}
	return false;
}

static bool accept_reply(void *arg, const struct rmcp_packet *packet)
{
	struct awaited *awaited = arg;
	uint8_t plain[RMCPP_PAYLOAD_MAX];
	struct ipmi_message message;

	if (!open_packet(awaited->session, packet, plain, &message))
		return false;
	if (message.is_checksum_bad && checksum_matters(awaited->session))
		return false;
	if (awaited->hops > 0)
		return take_bridged(awaited, &message);
	return message.from == IPMI_BMC_ADDRESS &&
	       answers(awaited, &message, awaited->request->netfn, awaited->request->command) &&
	       take_reply(awaited, &message, false);
}

static size_t encode_request(const struct ipmi_exchange *exchange, uint8_t sequence,
			     uint8_t message[IPMI_MESSAGE_MAX])
{
	const struct ipmi_request *request = exchange->request;
	const struct ipmi_message fields = {
		.to = IPMI_BMC_ADDRESS,
		.to_lun = exchange->lun,
		.netfn = request->netfn,
		.from = IPMI_CONSOLE_ADDRESS,
		.sequence = sequence,
		.command = request->command,
		.data = request->data,
		.data_len = request->data_len,
	};

	return exchange->route != NULL ? ipmi_route_encode(exchange->route, &fields, message)
				       : ipmi_message_encode(&fields, message, IPMI_MESSAGE_MAX);
}

static size_t seal(struct ipmi_session *session, const uint8_t *message, size_t len,
		   uint8_t datagram[RMCPP_DATAGRAM_MAX])
{
	if (session->is_15)
		return lan15_seal(&session->lan15, message, len, datagram, RMCPP_DATAGRAM_MAX);
	return rmcpp_seal(&session->wire, PAYLOAD_IPMI, message, len, datagram, RMCPP_DATAGRAM_MAX);
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
	len = seal(session, message, len, datagram);
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
	struct awaited awaited = {
		.session = session,
		.request = request,
		.hops = exchange->route != NULL ? exchange->route->hops : 0,
		.sequence = session->request_sequence,
		.reply = reply,
	};
	size_t len = encode_request(exchange, awaited.sequence, message);
	if (len == 0)
		return fail(err, ERR_INVALID,
			    "An IPMI request has at most %d bytes of data, fewer when bridged",
			    IPMI_DATA_MAX);
	for (unsigned i = 0; i < exchange->tries && rc == -ERR_TIMEOUT; i++) {
		int64_t now_ms = clock_ms(), until_ms = now_ms + ipmi_try_timeout_ms(learnt, i);
		if (now_ms >= exchange->deadline_ms)
			break;
		/* what the target has got it need not get again: it may know no repetitions */
		bool is_enough = awaited.is_forwarded && exchange->may_send != NULL;
		if (i == 0 || (now_ms < exchange->resend_until_ms && !is_enough)) {
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
	/* whether the BMC answers or not, the session is over for us */
	if (ipmi_session_exchange(session, learnt, &exchange, &reply, NULL) == 0)
		ipmi_line_settle(&session->line);
}

void ipmi_session_abandon(struct ipmi_session *session)
{
	uint8_t data[4], message[IPMI_MESSAGE_MAX], datagram[RMCPP_DATAGRAM_MAX];
	const struct ipmi_request request = { NETFN_APP, APP_CLOSE_SESSION, data, sizeof(data) };

	put_u32(data, session->bmc_id);
	session->request_sequence = (session->request_sequence + 1) & 0x3f;

	const struct ipmi_exchange exchange = { .request = &request };
	size_t len = encode_request(&exchange, session->request_sequence, message);
	len = seal(session, message, len, datagram);
	ipmi_line_send(&session->line, datagram, len, false);
}
