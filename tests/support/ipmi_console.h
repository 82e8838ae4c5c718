#pragma once
/*
 * ipmi_console: the console's side of a session made by hand out of the codec, for tests of the BMC side.
 * Talks to a server in the same process: each datagram's answers are kept.
 */
#include "drivers/ipmi/bmc_model.h"
#include "drivers/ipmi/command.h"
#include "drivers/ipmi/lan15.h"
#include "drivers/ipmi/server.h"

struct ipmi_console {
	struct ipmi_server *server;
	struct ipmi_peer peer;
	int64_t now_ms;
	const char *user, *password;
	const uint8_t *kg; /* NULL: none */
	unsigned suite;
	uint8_t privilege;
	uint32_t id; /* our session id */
	uint32_t bmc_id;
	uint8_t tag;
	struct rakp_secrets secrets;
	struct rmcpp_session wire;
	struct lan15_session old; /* of IPMI 1.5 */
	uint8_t challenge[LAN15_CHALLENGE];
	uint8_t request_sequence;
	/* the latest answers; answer is the last of them */
	unsigned answer_count; /* since the latest datagram */
	uint8_t answers[4][RMCPP_DATAGRAM_MAX];
	size_t answer_lens[4];
	uint8_t answer[RMCPP_DATAGRAM_MAX];
	size_t answer_len;
	/* as the server calls them */
	unsigned command_count; /* of commands that reached the machine */
};

extern const struct ipmi_server_ops ipmi_console_ops; /* arg: the console */

void ipmi_console_init(struct ipmi_console *console, unsigned suite);
/* Hands the datagram to the server; true when it answered. */
bool ipmi_console_send(struct ipmi_console *console, const uint8_t *data, size_t len);
/* Steps of the handshake; each gives the status of the answer, or -1 for none. */
int ipmi_console_open(struct ipmi_console *console);
int ipmi_console_rakp1(struct ipmi_console *console);
int ipmi_console_rakp3(struct ipmi_console *console);
/* All three; true when the session is open and the BMC has proven the key. */
bool ipmi_console_login(struct ipmi_console *console);
/* One request in the session: completion code, or -1. data may be NULL. */
int ipmi_console_request(struct ipmi_console *console, uint8_t netfn, uint8_t command, const uint8_t *data,
			 size_t len, struct ipmi_message *ret);
/* As it is, by the session, and the message in the n-th answer to it, or false. */
bool ipmi_console_seal_and_send(struct ipmi_console *console, enum rmcpp_payload type, const uint8_t *payload,
				size_t len);
bool ipmi_console_answer(struct ipmi_console *console, unsigned n, struct ipmi_message *ret);

/* IPMI 1.5: the completion codes of the two steps, -1 without an answer; then requests. */
int ipmi_console_challenge15(struct ipmi_console *console, enum lan15_auth auth);
int ipmi_console_activate15(struct ipmi_console *console, const char *password);
int ipmi_console_request15(struct ipmi_console *console, uint8_t netfn, uint8_t command, const uint8_t *data,
			   size_t len, struct ipmi_message *ret);
/* The same with the sequence number of the message as it stands. */
int ipmi_console_repeat(struct ipmi_console *console, uint8_t netfn, uint8_t command, const uint8_t *data,
			size_t len, struct ipmi_message *ret);
