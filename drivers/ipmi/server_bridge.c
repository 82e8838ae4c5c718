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

/* What Send Message holds. */
struct bridged {
	struct ipmi_route route;
	struct ipmi_message middle; /* dual: the Send Message for the transit controller */
	struct ipmi_message inner;  /* what the target is asked */
	bool is_tracked;            /* the answer is wanted */
};

static int find_route(const struct ipmi_message *outer, struct bridged *ret)
{
	struct send_message envelope;
	int completion = unwrap(outer, &ret->inner, &envelope);

	if (completion != COMPLETION_OK)
		return completion;
	ret->is_tracked = envelope.tracking == TRACKING_REQUEST;
	ret->route = (struct ipmi_route){ .hops = 1,
					  .target_channel = envelope.channel,
					  .target_address = ret->inner.to };
	if (!is_send_message(&ret->inner))
		return COMPLETION_OK;

	ret->middle = ret->inner;
	completion = unwrap(&ret->middle, &ret->inner, &envelope);
	if (completion != COMPLETION_OK)
		return completion;
	if (is_send_message(&ret->inner)) /* thrice is too often */
		return COMPLETION_INVALID_FIELD;
	ret->route = (struct ipmi_route){ .hops = 2,
					  .transit_channel = ret->route.target_channel,
					  .transit_address = ret->route.target_address,
					  .target_channel = envelope.channel,
					  .target_address = ret->inner.to };
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

/* Answers the Send Messages, of the BMC and of the transit controller: false when the message stops there. */
static bool forward(struct ipmi_server *server, const struct ipmi_message *request,
		    const struct bridged *bridged, struct server_message answers[SERVER_ANSWERS_MAX],
		    unsigned *count)
{
	const struct ipmi_route *route = &bridged->route;
	const struct ipmi_route first = { .hops = 1,
					  .target_channel = route->transit_channel,
					  .target_address = route->transit_address };
	struct server_answer answer = { .completion = server->ops.reach(server->arg,
									route->hops == 2 ? &first : route) };

	server_answer_put(request, &answer, answers, count);
	if (answer.completion == COMPLETION_OK && route->hops == 2) {
		answer.completion = server->ops.reach(server->arg, route);
		put_bridged(request, &bridged->middle, &answer, answers, count);
	}
	return answer.completion == COMPLETION_OK;
}

void server_bridge(struct ipmi_server *server, struct server_session *session,
		   const struct ipmi_message *request, struct server_message answers[SERVER_ANSWERS_MAX],
		   unsigned *count)
{
	struct bridged bridged;
	struct server_answer answer = { .completion = find_route(request, &bridged) };
	const struct server_request asked = {
		.session = session, .peer = &session->peer, .message = &bridged.inner, .route = &bridged.route
	};

	if (answer.completion != COMPLETION_OK) {
		server_answer_put(request, &answer, answers, count);
		return;
	}
	if (!forward(server, request, &bridged, answers, count))
		return;
	server_command(server, &asked, &answer);
	if (bridged.is_tracked)
		put_bridged(request, &bridged.inner, &answer, answers, count);
}
