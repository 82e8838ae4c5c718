/* line: sockets, and who waits for which datagram. */
#include "drivers/ipmi/line.h"

#include <assert.h>

#include "drivers/ipmi/bytes.h"
#include "drivers/ipmi/ledger.h"
#include "drivers/ipmi/options.h"
#include "lib/hash.h"
#include "lib/map.h"
#include "lib/xalloc.h"

/* An id is the slot's number below a count of the slot's uses, so that an id does not come back soon. */
struct slot {
	struct ipmi_line *line; /* NULL: free */
	uint16_t uses;
	uint16_t next_free;
};

static struct {
	struct udp_socket *v4, *v6;
	struct slot *slots; /* slot 0 is never used: 0 ends the list of free ones */
	unsigned slot_count;
	uint16_t first_free;
	struct map by_peer; /* the latest line to each BMC */
} lines;

/* Which console session id a datagram is for: in a session the header says it, before one the payload. */
static uint32_t console_id_of(const struct rmcp_packet *packet)
{
	if (packet->kind != RMCP_IPMI20)
		return 0;
	if (packet->session_id != 0)
		return packet->session_id;
	return packet->payload_type != PAYLOAD_IPMI && packet->payload_len >= 8 ? get_u32(packet->payload + 4)
										: 0;
}

static struct ipmi_line *line_find(uint32_t id)
{
	unsigned slot = id & 0xffff;
	struct ipmi_line *line = slot < lines.slot_count ? lines.slots[slot].line : NULL;

	return line != NULL && line->id == id ? line : NULL;
}

/* Of an address; two IPv6 addresses may share one, which costs at most a retry. */
static int64_t peer_key(const struct udp_address *peer)
{
	uint64_t key = udp_address_port(peer);

	if (peer->any.sa_family == AF_INET)
		return (int64_t)(key << 32 | peer->v4.sin_addr.s_addr);
	return hash_key(hash_bytes(HASH_START ^ key, &peer->v6.sin6_addr, sizeof(peer->v6.sin6_addr)));
}

/* IPMI 1.5 carries the BMC's session id, and some BMCs put 0 there: then the sender's address tells the line,
 * and the session whether the datagram is good. */
static bool is_without_id(const struct rmcp_packet *packet)
{
	return packet->kind == RMCP_IPMI15 || (packet->kind == RMCP_IPMI20 && packet->session_id == 0 &&
					       packet->payload_type == PAYLOAD_IPMI);
}

/* Refusals in the handshake may be too short to name a session, and some BMCs leave the id out: then the
 * sender's address tells the line. */
static bool is_short_refusal(const struct rmcp_packet *packet)
{
	return packet->kind == RMCP_IPMI20 && packet->session_id == 0 && packet->payload_len > 0 &&
	       (packet->payload_type == PAYLOAD_OPEN_RESPONSE || packet->payload_type == PAYLOAD_RAKP2 ||
		packet->payload_type == PAYLOAD_RAKP4) &&
	       packet->payload[packet->payload_len > 1] != RMCPP_OK;
}

static void on_datagram(void *arg, const struct udp_address *from, const uint8_t *data, size_t len)
{
	struct rmcp_packet packet;

	(void)arg;
	if (!rmcp_decode(data, len, &packet))
		return;

	struct ipmi_line *line = line_find(console_id_of(&packet));
	if (line == NULL && (is_short_refusal(&packet) || is_without_id(&packet)))
		line = map_get(&lines.by_peer, peer_key(from));
	if (line == NULL || !udp_address_equal(&line->peer, from))
		return;
	if (line->accept != NULL && !line->is_answered && line->accept(line->accept_arg, &packet)) {
		line->is_answered = true;
		cond_signal(&line->cond);
	} else if (line->listen != NULL) {
		line->listen(line->listen_arg, &packet);
	}
}

static int open_socket(const struct udp_address *peer, struct udp_socket **ret, struct error *err)
{
	struct udp_socket **place = peer->any.sa_family == AF_INET ? &lines.v4 : &lines.v6;
	struct udp_address any = { 0 };
	int rc = 0;

	if (*place == NULL) {
		any.any.sa_family = peer->any.sa_family;
		rc = udp_open(&any, (int)ipmi_options.receive_buffer_bytes, on_datagram, NULL, place, err);
	}
	*ret = *place;
	return rc;
}

static void grow_slots(void)
{
	unsigned old = lines.slot_count, count = old == 0 ? 64 : old * 2;

	if (count > IPMI_LINES_MAX + 1)
		count = IPMI_LINES_MAX + 1;
	lines.slots = xreallocarray(lines.slots, count, sizeof(*lines.slots));
	for (unsigned i = count; i-- > old;) {
		lines.slots[i] = (struct slot){ .next_free = lines.first_free };
		rmcpp_random(&lines.slots[i].uses, sizeof(lines.slots[i].uses));
		if (i > 0)
			lines.first_free = (uint16_t)i;
	}
	lines.slot_count = count;
}

int ipmi_line_open(struct ipmi_line *line, const struct udp_address *peer, struct error *err)
{
	struct udp_socket *socket;
	int rc = open_socket(peer, &socket, err);

	if (rc < 0)
		return fail(err, ERR_BMC_UNREACHABLE, "No UDP socket for IPMI can be opened");
	if (lines.first_free == 0 && lines.slot_count <= IPMI_LINES_MAX)
		grow_slots();
	if (lines.first_free == 0)
		return fail(err, ERR_BMC_UNREACHABLE, "All %d IPMI sessions of this process are in use",
			    IPMI_LINES_MAX);

	unsigned slot = lines.first_free;
	lines.first_free = lines.slots[slot].next_free;
	lines.slots[slot].line = line;
	*line = (struct ipmi_line){ .id = slot, .peer = *peer, .socket = socket };
	ipmi_line_renew(line);
	map_put(&lines.by_peer, peer_key(peer), line);
	return 0;
}

void ipmi_line_renew(struct ipmi_line *line)
{
	unsigned slot = line->id & 0xffff;

	line->id = (uint32_t)++lines.slots[slot].uses << 16 | slot;
}

void ipmi_line_close(struct ipmi_line *line)
{
	unsigned slot = line->id & 0xffff;

	if (slot == 0)
		return;
	assert(line->accept == NULL);
	if (map_get(&lines.by_peer, peer_key(&line->peer)) == line)
		map_take(&lines.by_peer, peer_key(&line->peer));
	if (line->noted != 0)
		ledger_orphan(&line->peer, line->noted);
	ipmi_line_settle(line);
	lines.slots[slot].line = NULL;
	lines.slots[slot].next_free = lines.first_free;
	lines.first_free = (uint16_t)slot;
	line->id = 0;
}

void ipmi_line_send(struct ipmi_line *line, const uint8_t *datagram, size_t len, bool is_now)
{
	if (is_now)
		udp_send(line->socket, &line->peer, datagram, len);
	else
		udp_send_later(line->socket, &line->peer, datagram, len);
}

int ipmi_line_wait(struct ipmi_line *line, ipmi_accept_fn *accept, void *arg, int64_t deadline_ms)
{
	int rc = 0;

	line->accept = accept;
	line->accept_arg = arg;
	line->is_answered = false;
	while (!line->is_answered && rc == 0)
		rc = cond_wait(&line->cond, deadline_ms);
	line->accept = NULL;
	return line->is_answered ? 0 : rc;
}

void ipmi_line_note(struct ipmi_line *line, uint32_t bmc_session_id)
{
	/* of the handshake before this one nobody knows whether it came to an end */
	if (line->noted != 0)
		ledger_orphan(&line->peer, line->noted);
	line->noted = bmc_session_id;
	ledger_record(line->id & 0xffff, &line->peer, bmc_session_id);
}

void ipmi_line_settle(struct ipmi_line *line)
{
	line->noted = 0;
	ledger_clear(line->id & 0xffff);
}

void ipmi_line_listen(struct ipmi_line *line, ipmi_listen_fn *listen, void *arg)
{
	line->listen = listen;
	line->listen_arg = arg;
}

void ipmi_lines_release(void)
{
	udp_close(lines.v4);
	udp_close(lines.v6);
	xfree(lines.slots);
	map_release(&lines.by_peer);
	lines.v4 = lines.v6 = NULL;
	lines.slots = NULL;
	lines.slot_count = 0;
	lines.first_free = 0;
	ledger_release();
}
