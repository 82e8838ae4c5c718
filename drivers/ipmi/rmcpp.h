#pragma once
/*
 * rmcpp: IPMI over LAN on the wire, both directions: RMCP, ASF presence ping, the IPMI 1.5 session header
 * (for what is asked before a session), the RMCP+ session header, the handshake (Open Session, RAKP 1-4),
 * its keys, integrity and encryption, and IPMI messages. Used by the client (client.c), by the BMC side
 * (server.c) and by fuzzers. No I/O, no clock, no allocation; nothing suspends. All input is hostile: a
 * decoder looks at nothing past len and returns false for what it cannot use. Decoded pointers point into
 * the input. One thread only: digests and ciphers share scratch contexts.
 *
 * Sources: IPMI 2.0 rev. 1.1, sections 13 (sessions, RMCP+, RAKP), 22; ASF 2.0 section 3.2.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RMCP_PORT = 623,
	IPMI_DATA_MAX = 255,      /* data bytes of one IPMI message */
	IPMI_MESSAGE_MAX = 263,   /* the longest message: a response with that much data */
	RMCPP_PAYLOAD_MAX = 288,  /* that message, encrypted: 16 bytes of vector, padding up to 16 */
	RMCPP_DATAGRAM_MAX = 512, /* more than any datagram that we send; longer ones are not decoded */
	RMCPP_RANDOM = 16,
	RMCPP_GUID = 16,
	RMCPP_USER_MAX = 16,
	RMCPP_KEY = 20,      /* passwords and K_G, padded with zeros */
	RMCPP_CODE_MAX = 32, /* longest digest */
	RMCPP_WINDOW = 32    /* sequence numbers accepted ahead of and behind the highest */
};

enum { IPMI_BMC_ADDRESS = 0x20, IPMI_CONSOLE_ADDRESS = 0x81 };

enum ipmi_privilege { IPMI_PRIVILEGE_HIGHEST, IPMI_CALLBACK, IPMI_USER, IPMI_OPERATOR, IPMI_ADMINISTRATOR };

/* ---- datagrams ---- */

enum rmcp_kind { RMCP_PING, RMCP_PONG, RMCP_IPMI15, RMCP_IPMI20 };

enum rmcpp_payload {
	PAYLOAD_IPMI = 0x00,
	PAYLOAD_SOL = 0x01,
	PAYLOAD_OEM = 0x02,
	PAYLOAD_OPEN_REQUEST = 0x10,
	PAYLOAD_OPEN_RESPONSE = 0x11,
	PAYLOAD_RAKP1 = 0x12,
	PAYLOAD_RAKP2 = 0x13,
	PAYLOAD_RAKP3 = 0x14,
	PAYLOAD_RAKP4 = 0x15
};

struct rmcp_packet {
	enum rmcp_kind kind;
	uint8_t tag;              /* of a ping or pong */
	uint8_t auth_type;        /* IPMI 1.5: 0 none */
	const uint8_t *auth_code; /* IPMI 1.5 with authentication: 16 bytes; else NULL */
	uint8_t payload_type;     /* IPMI 2.0: of enum rmcpp_payload, or another */
	bool is_encrypted;
	bool is_authenticated;
	uint32_t session_id; /* the receiver's id; 0: outside a session */
	uint32_t sequence;
	const uint8_t *payload;
	size_t payload_len;
	const uint8_t *covered; /* IPMI 2.0: from the first byte that the integrity code covers ... */
	size_t covered_len;     /* ... to the end of the datagram */
};
bool rmcp_decode(const uint8_t *data, size_t len, struct rmcp_packet *ret);

/* Encoders return the length of the datagram, 0 when it does not fit in size. */
size_t rmcp_pong_encode(uint8_t tag, uint8_t *out, size_t size);
/* Sessionless IPMI 1.5 frame, authentication none. */
size_t rmcp_ipmi15_encode(const uint8_t *message, size_t len, uint8_t *out, size_t size);
/* IPMI 1.5 frame of a session; auth_code: 16 bytes, NULL with auth_type 0. See lan15.h. */
size_t rmcp_ipmi15_session_encode(uint8_t auth_type, const uint8_t *auth_code, uint32_t session_id,
				  uint32_t sequence, const uint8_t *message, size_t len, uint8_t *out,
				  size_t size);
/* Sessionless RMCP+ frame: handshake payloads and IPMI messages before a session. */
size_t rmcpp_plain_encode(enum rmcpp_payload type, const uint8_t *payload, size_t len, uint8_t *out,
			  size_t size);

/* ---- IPMI messages ---- */

struct ipmi_message {
	uint8_t to, to_lun; /* responder in a request, requester in a response */
	uint8_t netfn;      /* odd: response */
	uint8_t from, from_lun;
	uint8_t sequence; /* 6 bits */
	uint8_t command;
	uint8_t completion;   /* responses only */
	bool is_checksum_bad; /* decoded so; under an integrity code that is a quirk, else an error */
	const uint8_t *data;
	size_t data_len;
};
/* netfn decides whether a completion code is part of it. */
size_t ipmi_message_encode(const struct ipmi_message *message, uint8_t *out, size_t size);
bool ipmi_message_decode(const uint8_t *data, size_t len, struct ipmi_message *ret);
static inline bool ipmi_message_is_response(const struct ipmi_message *message)
{
	return message->netfn & 1;
}

/* ---- cipher suites ---- */

struct cipher_algorithms {
	uint8_t authentication, integrity, confidentiality;
};

struct cipher_suite {
	uint8_t id;
	struct cipher_algorithms algorithms;
	uint8_t digest_len;    /* RAKP 2 and 3, K1, K2: 0, 20 (SHA-1) or 32 (SHA-256) */
	uint8_t check_len;     /* RAKP 4: 0, 12 or 16 */
	uint8_t integrity_len; /* of each datagram: 0, 12 or 16 */
	bool has_encryption;   /* AES-CBC-128 */
};
/* NULL when we do not have it. */
const struct cipher_suite *cipher_suite_find(unsigned id);
const struct cipher_suite *cipher_suite_find_algorithms(const struct cipher_algorithms *algorithms);
/* By position, for listings; NULL past the last. Ascending ids. */
const struct cipher_suite *cipher_suite_at(size_t index);

/* ---- handshake payloads ---- */

/* IPMI 2.0 table 13-15. */
enum rmcpp_status {
	RMCPP_OK = 0x00,
	RMCPP_NO_RESOURCES = 0x01,
	RMCPP_INVALID_SESSION = 0x02,
	RMCPP_INVALID_PAYLOAD = 0x03,
	RMCPP_INVALID_AUTHENTICATION = 0x04,
	RMCPP_INVALID_INTEGRITY = 0x05,
	RMCPP_INACTIVE_SESSION = 0x08,
	RMCPP_INVALID_ROLE = 0x09,
	RMCPP_UNAUTHORIZED_ROLE = 0x0a,
	RMCPP_NO_RESOURCES_ROLE = 0x0b,
	RMCPP_INVALID_NAME_LENGTH = 0x0c,
	RMCPP_UNAUTHORIZED_NAME = 0x0d,
	RMCPP_INVALID_CODE = 0x0f,
	RMCPP_INVALID_CONFIDENTIALITY = 0x10,
	RMCPP_NO_CIPHER_SUITE = 0x11,
	RMCPP_ILLEGAL_PARAMETER = 0x12
};
/* Its words, "unknown status" for others. */
const char *rmcpp_status_name(unsigned status);

enum { RMCPP_ROLE_PRIVILEGE = 0x0f, RMCPP_ROLE_NAME_ONLY = 0x10 };

struct open_session_request {
	uint8_t tag;
	uint8_t privilege;
	uint32_t console_id;
	struct cipher_algorithms algorithms;
};
struct open_session_response {
	uint8_t tag;
	uint8_t status;
	uint8_t privilege;
	uint32_t console_id, bmc_id;
	struct cipher_algorithms algorithms;
};
struct rakp1 {
	uint8_t tag;
	uint32_t bmc_id;
	uint8_t random[RMCPP_RANDOM];
	uint8_t role;
	uint8_t user_len;
	char user[RMCPP_USER_MAX]; /* not terminated */
};
/* RAKP 2, 3 and 4: the random number and the GUID are of RAKP 2 alone. */
struct rakp_reply {
	uint8_t tag;
	uint8_t status;
	uint32_t session_id; /* the receiver's */
	uint8_t random[RMCPP_RANDOM];
	uint8_t guid[RMCPP_GUID];
	uint8_t code[RMCPP_CODE_MAX];
	size_t code_len;
};

/* Encoders of payloads return their length; out has room for RMCPP_HANDSHAKE_MAX. A reply with a status
 * other than RMCPP_OK is the short form. */
enum { RMCPP_HANDSHAKE_MAX = 80 };
size_t open_session_request_encode(const struct open_session_request *request, uint8_t *out);
size_t open_session_response_encode(const struct open_session_response *response, uint8_t *out);
size_t rakp1_encode(const struct rakp1 *rakp1, uint8_t *out);
size_t rakp2_encode(const struct rakp_reply *reply, uint8_t *out);
size_t rakp3_encode(const struct rakp_reply *reply, uint8_t *out);
size_t rakp4_encode(const struct rakp_reply *reply, uint8_t *out);

/* Decoders of replies accept error replies of any length from 1 byte (BMCs send 1, 2, 7 and 8): then only
 * tag and status are set, and of one byte only the status. */
bool open_session_request_decode(const uint8_t *data, size_t len, struct open_session_request *ret);
bool open_session_response_decode(const uint8_t *data, size_t len, struct open_session_response *ret);
bool rakp1_decode(const uint8_t *data, size_t len, struct rakp1 *ret);
bool rakp2_decode(const uint8_t *data, size_t len, struct rakp_reply *ret);
bool rakp3_decode(const uint8_t *data, size_t len, struct rakp_reply *ret);
bool rakp4_decode(const uint8_t *data, size_t len, struct rakp_reply *ret);

/* ---- keys ---- */

/* What both sides know after RAKP 2. */
struct rakp_secrets {
	const struct cipher_suite *suite;
	uint32_t console_id, bmc_id;
	uint8_t console_random[RMCPP_RANDOM], bmc_random[RMCPP_RANDOM];
	uint8_t guid[RMCPP_GUID];
	uint8_t role; /* the whole byte of RAKP 1 */
	uint8_t user_len;
	char user[RMCPP_USER_MAX];
	uint8_t password[RMCPP_KEY]; /* padded with zeros */
	bool has_kg;
	uint8_t kg[RMCPP_KEY]; /* K_G; without one the password stands for it */
};
/* Each writes suite->digest_len bytes (rakp4: check_len) and returns how many. */
size_t rakp2_code(const struct rakp_secrets *secrets, uint8_t out[RMCPP_CODE_MAX]);
size_t rakp3_code(const struct rakp_secrets *secrets, uint8_t out[RMCPP_CODE_MAX]);
size_t rakp4_code(const struct rakp_secrets *secrets, uint8_t out[RMCPP_CODE_MAX]);
/* Constant time; false when the lengths differ. */
bool rmcpp_code_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
/* Copies a password or key into its padded form; false when it is longer than RMCPP_KEY. */
bool rmcpp_key_set(uint8_t key[RMCPP_KEY], const void *bytes, size_t len);
/* Random bytes from the CSPRNG, drawn in bulk. */
void rmcpp_random(void *out, size_t len);
/* Overwrites secrets. */
void rmcpp_wipe(void *memory, size_t len);

/* ---- datagrams in a session ---- */

struct sequence_window {
	uint32_t highest; /* 0: nothing accepted yet, then any number but 0 is taken */
	uint32_t seen;    /* bit n: highest - n was accepted */
};
/* True when the number is new and within the window, and notes it. Gaps are fine. */
bool sequence_window_accept(struct sequence_window *window, uint32_t sequence);

struct rmcpp_session {
	const struct cipher_suite *suite;
	uint32_t remote_id;     /* what the other side chose: goes into our headers */
	uint32_t send_sequence; /* last used */
	struct sequence_window received;
	uint8_t k1[RMCPP_CODE_MAX];
	uint8_t k2[RMCPP_CODE_MAX];
};
/* Derives K1 and K2 (from the SIK) and starts counting. */
void rmcpp_session_start(struct rmcpp_session *session, const struct rakp_secrets *secrets,
			 uint32_t remote_id);
/* Makes the datagram of a payload with the next sequence number; 0 when it does not fit. */
size_t rmcpp_seal(struct rmcpp_session *session, enum rmcpp_payload type, const uint8_t *payload, size_t len,
		  uint8_t *out, size_t size);
/* Checks a decoded packet (protection as the suite demands, integrity code, window) and decrypts its payload
 * into plain. False: drop it, nothing has changed. */
bool rmcpp_unseal(struct rmcpp_session *session, const struct rmcp_packet *packet,
		  uint8_t plain[RMCPP_PAYLOAD_MAX], size_t *ret_len);
