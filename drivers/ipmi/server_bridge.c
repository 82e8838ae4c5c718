/*
 * server: Send Message, which wraps a request for a controller behind the BMC, once or twice. The BMC answers
 * Send Message at once and sends the controller's answer after it, as if that had been asked directly.
 * Source: IPMI 2.0 sections 6.13, 22.7.
 */
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/server_session.h"

static bool is_send_message(const struct ipmi_message *request)
{
	return request->netfn == NETFN_APP && request->command == APP_SEND_MESSAGE;
}

/* Takes one envelope off. Completion code of the Send Message that it is. */
static int unwrap(const struct ipmi_message *outer, struct ipmi_message *ret_inner,
		  struct send_message *ret_envelope)
{
	if (!send_message_decode(outer->data, outer->data_len, ret_envelope) ||
	    !ipmi_message_decode(ret_envelope->message, ret_envelope->message_len, ret_inner))
		return COMPLETION_LENGTH;
	if (ret_inner->is_checksum_bad || ipmi_message_is_response(ret_inner) ||
	    ret_envelope->tracking > TRACKING_REQUEST)
		return COMPLETION_INVALID_FIELD;
	return COMPLETION_OK;
}

/* Where the envelopes lead; *inner is what is in the last one. */
static int find_route(const struct ipmi_message *outer, struct ipmi_message *inner, struct ipmi_route *ret,
		      bool *ret_is_tracked)
{
	struct send_message envelope;
	int completion = unwrap(outer, inner, &envelope);

	if (completion != COMPLETION_OK)
		return completion;
	*ret_is_tracked = envelope.tracking == TRACKING_REQUEST;
	*ret = (struct ipmi_route){ .hops = 1,
				    .target_channel = envelope.channel,
				    .target_address = inner->to };
	if (!is_send_message(inner))
		return COMPLETION_OK;

	struct ipmi_message middle = *inner;
	completion = unwrap(&middle, inner, &envelope);
	if (completion != COMPLETION_OK)
		return completion;
	if (is_send_message(inner)) /* thrice is too often */
		return COMPLETION_INVALID_FIELD;
	*ret = (struct ipmi_route){ .hops = 2,
				    .transit_channel = ret->target_channel,
				    .transit_address = ret->target_address,
				    .target_channel = envelope.channel,
				    .target_address = inner->to };
	return COMPLETION_OK;
}

/* The answer of a controller behind: to the console's question, from its own address. */
static void put_bridged(const struct ipmi_message *outer, const struct ipmi_message *inner,
			const struct server_answer *answer, struct server_message answers[SERVER_ANSWERS_MAX],
			unsigned *count)
{
	struct ipmi_message asked = *inner;

	asked.from = outer->from;
	asked.from_lun = outer->from_lun;
	asked.sequence = outer->sequence;
	server_answer_put(&asked, answer, answers, count);
}

void server_bridge(struct ipmi_server *server, struct server_session *session,
		   const struct ipmi_message *request, struct server_message answers[SERVER_ANSWERS_MAX],
		   unsigned *count)
{
	struct ipmi_message inner;
	struct ipmi_route route;
	bool is_tracked = false;
	struct server_answer answer = { .completion = find_route(request, &inner, &route, &is_tracked) };
	struct server_request asked = {
		.session = session, .peer = &session->peer, .message = &inner, .route = &route
	};

	if (answer.completion == COMPLETION_OK)
		answer.completion = server->ops.reach(server->arg, &route);
	server_answer_put(request, &answer, answers, count);
	if (answer.completion != COMPLETION_OK)
		return;

	server_command(server, &asked, &answer);
	if (is_tracked)
		put_bridged(request, &inner, &answer, answers, count);
}
