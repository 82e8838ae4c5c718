#pragma once
/*
 * lan15: IPMI 1.5 sessions on the wire, for BMCs without RMCP+: challenge, activation, and messages with an
 * authentication code each. Pure codec shared by the client and the BMC side; fuzzed (fuzz_ipmi_records.c).
 * MD2 is left out: no BMC has it alone.
 *
 *	Get Session Challenge (type, user): temporary id and challenge, both outside a session
 *	Activate Session (type, privilege, challenge, outbound sequence): session id, inbound sequence; with
 *	the temporary id, sequence 0, and a code
 *	messages: "inbound" counts what the console sends, "outbound" what the BMC sends
 *
 * Source: IPMI 2.0 sections 6.12, 13.6, 22.16, 22.17, 22.17.1 (codes).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/rmcpp.h"

enum { LAN15_KEY = 16, LAN15_CODE = 16, LAN15_CHALLENGE = 16, LAN15_USER = 16 };

enum lan15_auth { LAN15_NONE = 0, LAN15_MD2 = 1, LAN15_MD5 = 2, LAN15_PASSWORD = 4, LAN15_OEM = 5 };

/* The authentication code of a message; false for a type that has none or that we do not know. */
bool lan15_code(enum lan15_auth auth, const uint8_t password[LAN15_KEY], uint32_t session_id,
		uint32_t sequence, const uint8_t *message, size_t len, uint8_t out[LAN15_CODE]);

struct lan15_session {
	enum lan15_auth auth; /* of each message now; LAN15_NONE where per-message authentication is off */
	uint8_t password[LAN15_KEY]; /* padded with zeros */
	uint32_t id;                 /* the same in both directions */
	uint32_t send_sequence;      /* of the next message; 0 (before activation) stays 0 */
	struct sequence_window received;
	/* for BMCs that need it: */
	bool takes_any_code;      /* codes of received messages are not looked at */
	bool is_sequence_swapped; /* sequence numbers are big-endian, both ways */
};
/* Makes the datagram of a message with the next sequence number; 0 when it does not fit. */
size_t lan15_seal(struct lan15_session *session, const uint8_t *message, size_t len, uint8_t *out,
		  size_t size);
/* Checks a decoded packet of kind RMCP_IPMI15: session id, authentication type and code, sequence (0 is taken
 * only while `received` is unused: before activation). Where messages need no code, one that comes with a
 * code must have the right one. False: drop it, nothing has changed. */
bool lan15_unseal(struct lan15_session *session, const struct rmcp_packet *packet);

/* ---- Get Session Challenge (App 39h), Activate Session (App 3Ah) ---- */

struct lan15_challenge_request {
	uint8_t auth;
	char user[LAN15_USER]; /* padded with zeros */
};
struct lan15_challenge {
	uint32_t temporary_id;
	uint8_t challenge[LAN15_CHALLENGE];
};
struct lan15_activate_request {
	uint8_t auth, privilege;
	uint8_t challenge[LAN15_CHALLENGE];
	uint32_t outbound_sequence; /* the BMC's first */
};
struct lan15_activated {
	uint8_t auth; /* of the messages that follow */
	uint32_t session_id, inbound_sequence /* the console's first */;
	uint8_t privilege; /* the highest */
};
enum {
	LAN15_CHALLENGE_REQUEST_LEN = 17,
	LAN15_CHALLENGE_LEN = 20,
	LAN15_ACTIVATE_REQUEST_LEN = 22,
	LAN15_ACTIVATED_LEN = 10
};
/* Encoders return the length; decoders are false when data is too short. */
size_t lan15_challenge_request_encode(const struct lan15_challenge_request *request,
				      uint8_t out[LAN15_CHALLENGE_REQUEST_LEN]);
bool lan15_challenge_request_decode(const uint8_t *data, size_t len, struct lan15_challenge_request *ret);
size_t lan15_challenge_encode(const struct lan15_challenge *challenge, uint8_t out[LAN15_CHALLENGE_LEN]);
bool lan15_challenge_decode(const uint8_t *data, size_t len, struct lan15_challenge *ret);
size_t lan15_activate_request_encode(const struct lan15_activate_request *request,
				     uint8_t out[LAN15_ACTIVATE_REQUEST_LEN]);
bool lan15_activate_request_decode(const uint8_t *data, size_t len, struct lan15_activate_request *ret);
size_t lan15_activated_encode(const struct lan15_activated *activated, uint8_t out[LAN15_ACTIVATED_LEN]);
bool lan15_activated_decode(const uint8_t *data, size_t len, struct lan15_activated *ret);

/* ---- Get Channel Authentication Capabilities (App 38h) ---- */

struct auth_capabilities {
	uint8_t channel;
	uint8_t auth_types; /* bit n: enum lan15_auth n */
	bool has_kg;
	bool is_per_message_off, is_user_level_off;
	bool has_named_users, has_null_users, has_anonymous;
	bool is_extended; /* the next two are given */
	bool has_15, has_20;
	uint32_t oem_id;
	uint8_t oem_data;
};
enum { AUTH_CAPABILITIES_LEN = 8 };
size_t auth_capabilities_encode(const struct auth_capabilities *capabilities,
				uint8_t out[AUTH_CAPABILITIES_LEN]);
bool auth_capabilities_decode(const uint8_t *data, size_t len, struct auth_capabilities *ret);
