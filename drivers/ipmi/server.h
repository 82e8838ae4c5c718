#pragma once
/*
 * server: the BMC side of IPMI over LAN on datagrams that the caller receives and sends: presence ping, what
 * may be asked before a session, the handshakes of RMCP+ and of IPMI 1.5 with its users, session table,
 * privileges, repeated requests, Send Message to controllers behind. Used by the simulator and by a bridge;
 * fuzzed as it stands. No I/O, no clock of its own, nothing suspends.
 *
 * Input is hostile: a datagram that is malformed, unauthenticated, replayed or from another address than the
 * session's is dropped without an answer and without a trace in the session.
 *
 * Sources: IPMI 2.0 sections 6.12, 6.13 (sessions, bridging), 13.14-13.24 (RAKP), 22.7, 22.13-22.20.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/rmcpp.h"
#include "drivers/ipmi/send_message.h"

enum { IPMI_SERVER_SESSIONS_MAX = 255 };

/* Who sent a datagram, as the caller names it: compared and handed back, never looked into. */
struct ipmi_peer {
	uint8_t address[16];
	uint16_t port;
};

struct ipmi_server_user {
	const char *name;          /* up to 16 bytes; "" is the null user */
	const char *password;      /* up to 20 bytes, 16 of them count in sessions of IPMI 1.5 */
	enum ipmi_privilege limit; /* 0: keeps its number but cannot log in */
};

/* All borrowed for the life of the server. */
struct ipmi_server_config {
	const struct ipmi_server_user *users;
	size_t user_count;
	const uint8_t *kg; /* RMCPP_KEY bytes; NULL: none */
	uint8_t guid[RMCPP_GUID];
	uint32_t suites;              /* bit n: cipher suite n is offered */
	uint8_t auth_types;           /* bit n: IPMI 1.5 sessions with enum lan15_auth n; 0: none */
	bool is_message_auth_off;     /* IPMI 1.5: only the login is authenticated */
	unsigned session_limit;       /* sessions and handshakes at once, 1..IPMI_SERVER_SESSIONS_MAX */
	int64_t idle_ms;              /* a session without a valid datagram for so long ends; 0: 60 s */
	unsigned failures_per_second; /* logins begun and not finished; more are refused. 0: 20 */
};

/* A command that arrived, in a session or allowed before one. */
struct ipmi_server_call {
	const struct ipmi_message *request;
	const struct ipmi_peer *peer;
	int64_t now_ms;                 /* as the datagram's */
	enum ipmi_privilege privilege;  /* of the session now; 0: no session */
	uint32_t session_id;            /* the BMC's number of it; 0: no session */
	uint8_t user_id;                /* from 1, by the order of the configuration */
	bool is_encrypted;              /* the session's suite encrypts */
	const struct ipmi_route *route; /* bridged to a controller behind; NULL: to the BMC itself */
};

struct ipmi_server_ops {
	/* Sends a datagram to the peer. data is valid only during the call. */
	void (*send)(void *arg, const struct ipmi_peer *peer, const uint8_t *data, size_t len);
	/* Does what the command asks. Returns the completion code, or -1 for no answer at all; data for the
	 * answer goes into ret_data (IPMI_DATA_MAX bytes). Length and privilege were checked for commands
	 * that the command table knows; others need the administrator. */
	int (*command)(void *arg, const struct ipmi_server_call *call, uint8_t *ret_data, size_t *ret_len);
	/* Whether a route leads to a controller: completion code of Send Message (83h: nobody there). A
	 * dual one is asked about after its first hop alone. NULL: no bridging, Send Message goes to
	 * `command`. */
	int (*reach)(void *arg, const struct ipmi_route *route);
	/* Before any request is looked at, a repeated one too (whose answer is always that from memory):
	 * IPMI_SERVER_GO_ON, -1 for no answer and nothing done, or the
	 * completion code to answer instead. NULL: always goes on. */
	int (*filter)(void *arg, const struct ipmi_server_call *call);
	/* After a request, answered or not (-1). NULL: not told. */
	void (*note)(void *arg, const struct ipmi_server_call *call, int completion);
	/* Before a message of the RMCP+ handshake (PAYLOAD_OPEN_REQUEST, PAYLOAD_RAKP1, PAYLOAD_RAKP3) is
	 * looked at: IPMI_SERVER_GO_ON, -1 for no answer and nothing done, or the status to refuse it with.
	 * NULL: goes on. */
	int (*login)(void *arg, enum rmcpp_payload type);
	/* Before the answer to a command in a session is protected and sent: it may be changed, to misbehave.
	 * NULL: sent as it is. */
	void (*edit)(void *arg, uint8_t *message, size_t len);
	/* A payload that is no IPMI message (Serial over LAN: PAYLOAD_SOL), authenticated and decrypted, of
	 * an open session. NULL: such payloads are dropped. */
	void (*payload)(void *arg, uint32_t session_id, enum rmcpp_payload type, const uint8_t *data,
			size_t len);
	/* A session that was open is over: closed, idle for too long, reset; its id finds nothing any more.
	 * NULL: not told. */
	void (*ended)(void *arg, uint32_t session_id);
};
enum { IPMI_SERVER_GO_ON = -2 };

struct ipmi_server;

struct ipmi_server *ipmi_server_new(const struct ipmi_server_config *config,
				    const struct ipmi_server_ops *ops, void *arg);
void ipmi_server_free(struct ipmi_server *server);

/* One datagram from the peer at that time (any monotonic milliseconds). May call send and command. */
void ipmi_server_input(struct ipmi_server *server, int64_t now_ms, const struct ipmi_peer *peer,
		       const uint8_t *data, size_t len);

/* Sends a payload of the BMC's own accord, sealed in the open session of that id. False: there is none, or it
 * does not fit. May be called at any time, also from within an op. */
bool ipmi_server_send(struct ipmi_server *server, int64_t now_ms, uint32_t session_id,
		      enum rmcpp_payload type, const uint8_t *payload, size_t len);

/* Drops all sessions without a word, as a BMC does that reboots; from within an op, once that returns. */
void ipmi_server_reset(struct ipmi_server *server);

struct ipmi_server_counters {
	unsigned sessions, handshakes; /* now */
	uint64_t opened;               /* sessions since the start */
	uint64_t full;                 /* logins refused because all sessions were taken */
	uint64_t auth_failures;        /* unknown user, wrong password, wrong privilege */
	uint64_t dropped;              /* datagrams without an answer */
	uint64_t repeated;             /* requests answered from memory */
};
struct ipmi_server_counters ipmi_server_counters(const struct ipmi_server *server);
