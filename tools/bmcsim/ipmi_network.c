/* ipmi_network: the way of answers to the console: late, twice, in another order, spoilt or lost. */
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/ipmi_side.h"

enum { DELAYED_MAX = 1024, REORDER_MS = 15 };

/* An answer on its way. */
struct ipmi_delayed {
	int64_t due_ms;
	struct udp_address to;
	struct ipmi_delayed *next;
	size_t len;
	uint8_t data[];
};

struct ipmi_peer ipmi_network_peer(const struct udp_address *from)
{
	struct ipmi_peer peer = { .port = udp_address_port(from) };

	if (from->any.sa_family == AF_INET) {
		peer.address[10] = peer.address[11] = 0xff; /* as an IPv6 address */
		memcpy(peer.address + 12, &from->v4.sin_addr, 4);
	} else {
		memcpy(peer.address, &from->v6.sin6_addr, 16);
	}
	return peer;
}

static struct udp_address address_of(const struct ipmi_side *side, const struct ipmi_peer *peer)
{
	struct udp_address address = { 0 };

	if (side->is_ipv6) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(peer->port);
		memcpy(&address.v6.sin6_addr, peer->address, 16);
	} else {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(peer->port);
		memcpy(&address.v4.sin_addr, peer->address + 12, 4);
	}
	return address;
}

static void send_due(void *arg)
{
	struct ipmi_side *side = arg;
	int64_t now = clock_ms();

	while (side->delayed != NULL && side->delayed->due_ms <= now) {
		struct ipmi_delayed *due = side->delayed;
		side->delayed = due->next;
		side->delayed_count--;
		udp_send(side->socket, &due->to, due->data, due->len);
		xfree(due);
	}
	if (side->delayed != NULL)
		loop_timer_set(side->timer, side->delayed->due_ms - now);
}

static void delay(struct ipmi_side *side, const struct udp_address *to, int64_t delay_ms, const uint8_t *data,
		  size_t len)
{
	if (side->delayed_count >= DELAYED_MAX)
		return;

	struct ipmi_delayed *added = xmalloc(sizeof(*added) + len), **place = &side->delayed;
	added->due_ms = clock_ms() + delay_ms;
	added->to = *to;
	added->len = len;
	memcpy(added->data, data, len);
	while (*place != NULL && (*place)->due_ms <= added->due_ms)
		place = &(*place)->next;
	added->next = *place;
	*place = added;
	side->delayed_count++;
	if (side->timer == NULL)
		side->timer = loop_timer_new(send_due, side);
	if (side->delayed == added)
		loop_timer_set(side->timer, delay_ms);
}

static bool draw(int percent)
{
	return percent > 0 && random() % 100 < percent;
}

static void send_copies(struct ipmi_side *side, const struct udp_address *to, const uint8_t *data, size_t len)
{
	int64_t delay_ms = bmc_latency_ms(side->bmc);

	if (draw(side->bmc->reorder_percent))
		delay_ms += REORDER_MS;
	for (int copies = draw(side->bmc->duplicate_percent) ? 2 : 1; copies > 0; copies--) {
		if (delay_ms > 0)
			delay(side, to, delay_ms, data, len);
		else
			udp_send(side->socket, to, data, len);
	}
}

void ipmi_network_send(struct ipmi_side *side, const struct ipmi_peer *peer, const uint8_t *data, size_t len)
{
	const struct udp_address to = address_of(side, peer);
	uint8_t spoilt[RMCPP_DATAGRAM_MAX];

	if (side->is_fault_shown && side->fault == BMC_FAULT_LOST_REPLY)
		return;
	if (side->is_fault_shown && side->fault == BMC_FAULT_TRUNCATE)
		len /= 2;
	if (side->is_fault_shown && side->fault == BMC_FAULT_BAD_AUTHCODE) {
		memcpy(spoilt, data, len);
		spoilt[len - 1] ^= 0x55; /* codes stand at the end */
		data = spoilt;
	}
	send_copies(side, &to, data, len);
}

void ipmi_network_release(struct ipmi_side *side)
{
	while (side->delayed != NULL) {
		struct ipmi_delayed *next = side->delayed->next;
		xfree(side->delayed);
		side->delayed = next;
	}
	loop_timer_free(side->timer);
}
