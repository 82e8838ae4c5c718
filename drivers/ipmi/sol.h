#pragma once
/*
 * sol: Serial-over-LAN payloads, and one end of their exchange: sequence numbers, acknowledgement,
 * repetition, partial acceptance, flow control. Both ends run the same rules, so the client (sol_link.c), the
 * BMC side (server_sol.c) and the fuzzer share this. No I/O, no clock, no allocation; nothing suspends. All
 * input is hostile; the characters are never looked at.
 *
 * One packet with characters or a control bit is under way in each direction; the next waits for its
 * acknowledgement. Source: IPMI 2.0 sections 15.9-15.11, table 15-2.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SOL_HEADER = 4,
	SOL_DATA_MAX = 255, /* the acknowledgement counts in one byte */
	SOL_PAYLOAD_MAX = SOL_HEADER + SOL_DATA_MAX,
	SOL_DATA_UNKNOWN = 64 /* sent at a time to a BMC that tells no usable size */
};

/* Fourth byte, console to BMC. */
enum sol_control {
	SOL_NACK = 0x40, /* both directions: the packet was not taken, or not whole */
	SOL_BREAK = 0x10,
	SOL_FLUSH_IN = 0x02,
	SOL_FLUSH_OUT = 0x01
};
/* Fourth byte, BMC to console. */
enum sol_status {
	SOL_UNAVAILABLE = 0x20, /* characters cannot go to the system now */
	SOL_DEACTIVATED = 0x10, /* the BMC has ended Serial-over-LAN */
	SOL_OVERRUN = 0x08,     /* characters of the system were lost */
	SOL_BREAK_SEEN = 0x04
};

struct sol_packet {
	uint8_t sequence; /* 1..15; 0: only acknowledges */
	uint8_t acked;    /* 1..15; 0: nothing */
	uint8_t accepted; /* characters taken of the packet that is acknowledged */
	uint8_t flags;    /* enum sol_control or sol_status */
	const uint8_t *data;
	size_t len;
};
/* False when it is too short or too long. data points into the payload. */
bool sol_decode(const uint8_t *payload, size_t len, struct sol_packet *ret);
size_t sol_encode(const struct sol_packet *packet, uint8_t out[SOL_PAYLOAD_MAX]);

/* Characters that fit into a packet of a payload size that a BMC tells: some tell 0, 1, or nonsense. */
unsigned sol_data_size(unsigned payload_size);

/* Members are private. Zeroed and given a send_max it is initialised. */
struct sol_end {
	unsigned send_max; /* most characters in a packet, 1..SOL_DATA_MAX */
	/* the packet under way to the other end */
	uint8_t sequence; /* last used */
	bool is_waiting;  /* sent and not acknowledged */
	bool is_rest;     /* refused in part: data goes again, under a new number */
	bool is_paused;   /* the other end said that it takes none now */
	unsigned tries;
	int64_t due_ms; /* of the next sending */
	uint8_t flags;
	uint8_t len;
	uint8_t data[SOL_DATA_MAX];
	/* the last packet from the other end */
	bool has_heard; /* session_sequence is set */
	uint32_t session_sequence;
	bool has_received; /* received is set */
	uint8_t received;
	uint8_t taken; /* characters of it */
};

/* What a payload has brought. */
struct sol_received {
	const uint8_t *data; /* characters not seen before; in the payload */
	size_t len;
	uint8_t flags;   /* of this packet */
	bool is_new;     /* flags were not seen before */
	bool wants_ack;  /* sol_end_ack is due */
	uint8_t settled; /* characters of ours that have arrived */
};
/* Takes a payload that came with that RMCP+ sequence number. False: it is malformed, or older than what has
 * come already. */
bool sol_end_input(struct sol_end *end, int64_t now_ms, uint32_t session_sequence, const uint8_t *payload,
		   size_t len, struct sol_received *ret);
/* The acknowledgement of what came last, of which `taken` of the new characters were of use (less than all:
 * the rest will come again); flags: status to tell. Returns the payload's length. */
size_t sol_end_ack(struct sol_end *end, size_t taken, size_t offered, uint8_t flags,
		   uint8_t out[SOL_PAYLOAD_MAX]);

/* Whether characters may be given to sol_end_send now. */
bool sol_end_is_free(const struct sol_end *end);
/* A packet with up to send_max characters and those flags. Returns the payload's length; *ret_taken: how many
 * characters went in. */
size_t sol_end_send(struct sol_end *end, int64_t now_ms, const uint8_t *data, size_t len, uint8_t flags,
		    uint8_t out[SOL_PAYLOAD_MAX], size_t *ret_taken);
/* When sol_end_repeat has something; INT64_MAX: nothing is under way. */
int64_t sol_end_due_ms(const struct sol_end *end);
/* What is due for another sending. 0: nothing yet. */
size_t sol_end_repeat(struct sol_end *end, int64_t now_ms, uint8_t out[SOL_PAYLOAD_MAX]);
/* The other end has not answered so many sendings that it is gone. */
bool sol_end_is_lost(const struct sol_end *end, int64_t now_ms);
