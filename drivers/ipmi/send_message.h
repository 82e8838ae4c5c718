#pragma once
/*
 * send_message: bridging: a command for a controller behind the BMC, wrapped in Send Message (App 34h), once
 * or twice. Pure codec shared by the client (session.c) and the BMC side.
 *
 * The data of Send Message are a channel byte and a complete IPMI message with its own checksums:
 *
 *	20 18 c8 81 1c 34 | 40 | 01 00 ff 81 1c 01 62 | ef		to 01h, over the BMC 20h
 *
 * The BMC answers Send Message itself (completion code 80h-83h when the target does not take it); the
 *target's own answer comes as a second datagram, or, from some BMCs, inside that answer's data.
 *
 * Source: IPMI 2.0 sections 6.13 (bridging), 22.7, table 22-12.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/rmcpp.h"

enum send_message_tracking { TRACKING_NONE, TRACKING_REQUEST, TRACKING_RAW };

struct send_message {
	uint8_t channel;                     /* 0..15 */
	uint8_t tracking;                    /* of enum send_message_tracking, or 3 */
	bool is_authenticated, is_encrypted; /* bits 4 and 5 of the channel byte */
	const uint8_t *message;              /* the embedded message, not looked at */
	size_t message_len;
};
/* False: no channel byte. Points into data. */
bool send_message_decode(const uint8_t *data, size_t len, struct send_message *ret);

/* How a command reaches its target. */
struct ipmi_route {
	unsigned hops; /* 0: the BMC itself, 1: single, 2: dual bridging */
	uint8_t target_channel, target_address;
	uint8_t transit_channel, transit_address; /* dual: the controller between */
	uint8_t local_address; /* requester in the innermost message; single: 0 stands for 81h, dual: for 20h
				*/
};
/* The whole outer message for the command in `inner` (netfn, command, sequence, data; the addresses come
 * from the route): what an unbridged message would be in its place. All layers have the same sequence. 0
 * when it does not fit. */
size_t ipmi_route_encode(const struct ipmi_route *route, const struct ipmi_message *inner,
			 uint8_t out[IPMI_MESSAGE_MAX]);
