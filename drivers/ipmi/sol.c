/* sol: see sol.h. */
#include "drivers/ipmi/sol.h"

#include <string.h>

enum { SEQUENCE_MASK = 0x0f, TRIES = 7, REPEAT_MS = 800, PAUSE_MS = 400 };

bool sol_decode(const uint8_t *payload, size_t len, struct sol_packet *ret)
{
	if (len < SOL_HEADER || len > SOL_PAYLOAD_MAX)
		return false;
	*ret = (struct sol_packet){
		.sequence = payload[0] & SEQUENCE_MASK,
		.acked = payload[1] & SEQUENCE_MASK,
		.accepted = payload[2],
		.flags = payload[3],
		.data = payload + SOL_HEADER,
		.len = len - SOL_HEADER,
	};
	return true;
}

size_t sol_encode(const struct sol_packet *packet, uint8_t out[SOL_PAYLOAD_MAX])
{
	out[0] = packet->sequence;
	out[1] = packet->acked;
	out[2] = packet->accepted;
	out[3] = packet->flags;
	if (packet->len > 0)
		memcpy(out + SOL_HEADER, packet->data, packet->len);
	return SOL_HEADER + packet->len;
}

unsigned sol_data_size(unsigned payload_size)
{
	if (payload_size <= SOL_HEADER || payload_size > SOL_PAYLOAD_MAX)
		return SOL_DATA_UNKNOWN;
	return payload_size - SOL_HEADER;
}

/* ---- from the other end ---- */

/* Our packet was acknowledged. What was not taken of it goes again under a new number: at once if the other
 * end took some, else after a pause. */
static uint8_t settle(struct sol_end *end, int64_t now_ms, const struct sol_packet *packet)
{
	uint8_t accepted = packet->accepted < end->len ? packet->accepted : end->len;
	bool is_refused = packet->flags & SOL_NACK && accepted == 0;

	end->is_waiting = false;
	end->tries = 0;
	end->len -= accepted;
	memmove(end->data, end->data + accepted, end->len);
	if (!is_refused)
		end->flags = 0;
	end->is_rest = end->len > 0 || end->flags != 0;
	end->due_ms = now_ms + (accepted > 0 && !end->is_paused ? 0 : PAUSE_MS);
	return accepted;
}

/* Characters that are new: of a repeated packet, those beyond what was taken of it. */
static void receive(struct sol_end *end, const struct sol_packet *packet, struct sol_received *ret)
{
	size_t known = end->has_received && packet->sequence == end->received ? end->taken : 0;

	ret->is_new = !end->has_received || packet->sequence != end->received;
	if (ret->is_new)
		end->taken = 0;
	end->has_received = true;
	end->received = packet->sequence;
	ret->wants_ack = true;
	if (packet->len > known) {
		ret->data = packet->data + known;
		ret->len = packet->len - known;
	}
}

bool sol_end_input(struct sol_end *end, int64_t now_ms, uint32_t session_sequence, const uint8_t *payload,
		   size_t len, struct sol_received *ret)
{
	struct sol_packet packet;

	*ret = (struct sol_received){ 0 };
	/* numbers of 4 bits cannot tell a late repetition from the next round: the session's can */
	if (!sol_decode(payload, len, &packet) ||
	    (end->has_heard && (int32_t)(session_sequence - end->session_sequence) < 0))
		return false;
	end->has_heard = true;
	end->session_sequence = session_sequence;
	ret->flags = packet.flags;
	ret->is_new = packet.sequence == 0;
	end->is_paused = packet.flags & SOL_UNAVAILABLE;
	if (end->is_waiting && packet.acked == end->sequence)
		ret->settled = settle(end, now_ms, &packet);
	if (packet.sequence != 0)
		receive(end, &packet, ret);
	return true;
}

size_t sol_end_ack(struct sol_end *end, size_t taken, size_t offered, uint8_t flags,
		   uint8_t out[SOL_PAYLOAD_MAX])
{
	end->taken = (uint8_t)(end->taken + taken);

	const struct sol_packet packet = {
		.acked = end->received,
		.accepted = end->taken,
		.flags = flags | (taken < offered ? SOL_NACK : 0),
	};
	return sol_encode(&packet, out);
}

/* ---- to the other end ---- */

static size_t send_again(struct sol_end *end, int64_t now_ms, uint8_t out[SOL_PAYLOAD_MAX])
{
	const struct sol_packet packet = {
		.sequence = end->sequence, .flags = end->flags, .data = end->data, .len = end->len
	};

	end->is_waiting = true;
	end->is_rest = false;
	end->tries++;
	end->due_ms = now_ms + REPEAT_MS;
	return sol_encode(&packet, out);
}

static size_t send_new(struct sol_end *end, int64_t now_ms, uint8_t out[SOL_PAYLOAD_MAX])
{
	end->sequence = end->sequence % SEQUENCE_MASK + 1;
	end->tries = 0;
	return send_again(end, now_ms, out);
}

bool sol_end_is_free(const struct sol_end *end)
{
	return !end->is_waiting && !end->is_rest;
}

size_t sol_end_send(struct sol_end *end, int64_t now_ms, const uint8_t *data, size_t len, uint8_t flags,
		    uint8_t out[SOL_PAYLOAD_MAX], size_t *ret_taken)
{
	*ret_taken = len < end->send_max ? len : end->send_max;
	end->len = (uint8_t)*ret_taken;
	if (*ret_taken > 0)
		memcpy(end->data, data, *ret_taken);
	end->flags = flags;
	return send_new(end, now_ms, out);
}

int64_t sol_end_due_ms(const struct sol_end *end)
{
	return end->is_waiting || end->is_rest ? end->due_ms : INT64_MAX;
}

size_t sol_end_repeat(struct sol_end *end, int64_t now_ms, uint8_t out[SOL_PAYLOAD_MAX])
{
	if (now_ms < sol_end_due_ms(end) || sol_end_is_lost(end, now_ms))
		return 0;
	return end->is_rest ? send_new(end, now_ms, out) : send_again(end, now_ms, out);
}

bool sol_end_is_lost(const struct sol_end *end, int64_t now_ms)
{
	return end->is_waiting && end->tries >= TRIES && now_ms >= end->due_ms;
}
