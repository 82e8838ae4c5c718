/* send_message: see send_message.h. */
#include "drivers/ipmi/send_message.h"

#include "drivers/ipmi/command.h"

enum { CHANNEL_MASK = 0x0f, AUTHENTICATED = 0x10, ENCRYPTED = 0x20 };

bool send_message_decode(const uint8_t *data, size_t len, struct send_message *ret)
{
	if (len < 1)
		return false;
	*ret = (struct send_message){
		.channel = data[0] & CHANNEL_MASK,
		.tracking = data[0] >> 6,
		.is_authenticated = data[0] & AUTHENTICATED,
		.is_encrypted = data[0] & ENCRYPTED,
		.message = data + 1,
		.message_len = len - 1,
	};
	return true;
}

/* Data of Send Message with a message in it; 0 when it does not fit in IPMI_DATA_MAX. */
static size_t encode(uint8_t channel, const struct ipmi_message *inner, uint8_t out[IPMI_DATA_MAX])
{
	size_t len = ipmi_message_encode(inner, out + 1, IPMI_DATA_MAX - 1);

	out[0] = (uint8_t)(TRACKING_REQUEST << 6 | (channel & CHANNEL_MASK));
	return len > 0 ? 1 + len : 0;
}

static struct ipmi_message send_message(uint8_t to, uint8_t from, uint8_t sequence, const uint8_t *data,
					size_t len)
{
	return (struct ipmi_message){
		.to = to,
		.netfn = NETFN_APP,
		.from = from,
		.sequence = sequence,
		.command = APP_SEND_MESSAGE,
		.data = data,
		.data_len = len,
	};
}

size_t ipmi_route_encode(const struct ipmi_route *route, const struct ipmi_message *inner,
			 uint8_t out[IPMI_MESSAGE_MAX])
{
	uint8_t data[2][IPMI_DATA_MAX];
	struct ipmi_message message = *inner;
	size_t len;

	message.to = route->hops == 0 ? IPMI_BMC_ADDRESS : route->target_address;
	message.from = IPMI_CONSOLE_ADDRESS;
	if (route->hops > 0 && route->local_address != 0)
		message.from = route->local_address;
	else if (route->hops == 2)
		message.from = IPMI_BMC_ADDRESS;
	if (route->hops >= 1) {
		len = encode(route->target_channel, &message, data[0]);
		if (len == 0)
			return 0;
		message = send_message(route->hops == 2 ? route->transit_address : IPMI_BMC_ADDRESS,
				       IPMI_CONSOLE_ADDRESS, inner->sequence, data[0], len);
	}
	if (route->hops == 2) {
		len = encode(route->transit_channel, &message, data[1]);
		if (len == 0)
			return 0;
		message = send_message(IPMI_BMC_ADDRESS, IPMI_CONSOLE_ADDRESS, inner->sequence, data[1], len);
	}
	return ipmi_message_encode(&message, out, IPMI_MESSAGE_MAX);
}
