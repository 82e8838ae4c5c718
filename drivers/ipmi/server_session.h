#pragma once
/* server_session: what the files server*.c share. Nobody else includes it. */
#include <string.h>

#include "drivers/ipmi/lan15.h"
#include "drivers/ipmi/server.h"

enum session_state {
	SESSION_OPENED,     /* Open Session was answered */
	SESSION_CHALLENGED, /* RAKP 2, or the challenge of IPMI 1.5, was sent */
	SESSION_ACTIVE      /* RAKP 3, or Activate Session, was right */
};

struct server_message {
	size_t len;
	uint8_t bytes[IPMI_MESSAGE_MAX];
};

/* What a bridged request is answered: Send Message itself, the transit's, the target's. */
enum { SERVER_ANSWERS_MAX = 3 };

struct server_session {
	enum session_state state;
	unsigned slot; /* position in the table, low byte of the id */
	uint32_t id;
	struct ipmi_peer peer;
	int64_t last_ms;         /* last valid datagram */
	uint8_t tag;             /* of Open Session, to know a repetition */
	uint8_t asked_privilege; /* in Open Session; 0: the highest */
	uint8_t user_id;         /* from 1 */
	enum ipmi_privilege privilege, limit;
	struct rakp_secrets secrets; /* erased when active */
	struct rakp_reply rakp4;     /* what RAKP 3 was answered, for a repetition */
	uint8_t rakp3[RMCPP_HANDSHAKE_MAX];
	size_t rakp3_len;
	struct rmcpp_session wire;
	/* IPMI 1.5 */
	bool is_ipmi15;
	uint8_t auth15;      /* of the login; that of messages is in lan15 */
	uint32_t outbound15; /* the console's wish: number of the first answer; 0: not activated */
	uint8_t challenge[LAN15_CHALLENGE];
	struct lan15_session lan15;
	/* the last exchange, for a repetition */
	int64_t answered_ms;
	struct server_message request, answers[SERVER_ANSWERS_MAX];
	unsigned answer_count;
};

struct ipmi_server {
	struct ipmi_server_config config;
	struct ipmi_server_ops ops;
	void *arg;
	struct server_session **sessions; /* config.session_limit slots */
	int64_t now_ms;                   /* of the datagram in hand */
	unsigned logins_left;             /* in this second */
	int64_t logins_since_ms;
	bool is_busy; /* a datagram is in hand: a reset waits for its end */
	bool is_reset_due;
	struct ipmi_server_counters counters;
};

/* A slot for a handshake; NULL when all are taken. */
struct server_session *server_session_new(struct ipmi_server *server, const struct ipmi_peer *peer);
/* The peer's session of that id, if it is not over. */
struct server_session *server_session_find(struct ipmi_server *server, const struct ipmi_peer *peer,
					   uint32_t id);
void server_session_end(struct ipmi_server *server, struct server_session *session);

/* What a request is answered. */
struct server_answer {
	int completion; /* -1: no answer */
	uint8_t data[IPMI_DATA_MAX];
	size_t len;
};
/* Who asks for what. */
struct server_request {
	struct server_session *session; /* NULL: before a session */
	const struct ipmi_peer *peer;
	const struct ipmi_message *message;
	const struct ipmi_route *route; /* NULL: to the BMC itself */
};
/* Fills the answer; true when the session is to end after it. server_command.c */
bool server_command(struct ipmi_server *server, const struct server_request *request,
		    struct server_answer *answer);
/* Whether the answer to a request may be sent again from memory: the filter may want it lost.
 * server_command.c */
bool server_may_repeat(struct ipmi_server *server, const struct server_request *request);
/* Encodes the answer to a request of that header into answers[*count]; nothing for -1. */
void server_answer_put(const struct ipmi_message *request, const struct server_answer *answer,
		       struct server_message answers[SERVER_ANSWERS_MAX], unsigned *count);

/* Send Message: answers it and what is in it. server_bridge.c */
void server_bridge(struct ipmi_server *server, struct server_session *session,
		   const struct ipmi_message *request, struct server_message answers[SERVER_ANSWERS_MAX],
		   unsigned *count);

/* Get Session Challenge and Activate Session, of IPMI 1.5. server_login15.c */
void server_challenge15(struct ipmi_server *server, const struct server_request *request,
			struct server_answer *answer);
/* The session becomes active by it; with a completion other than 0 it is to end. */
void server_activate15(struct ipmi_server *server, struct server_session *session,
		       const struct ipmi_message *request, struct server_answer *answer);

/* The handshake is done. */
void server_session_open(struct ipmi_server *server, struct server_session *session);
/* NULL: nobody has that name, or may not log in. server_login.c */
const struct ipmi_server_user *server_find_user(const struct ipmi_server *server, const char *name,
						size_t len);
/* Whether another login may begin now; successful ones are given back. server_login.c */
bool server_may_login(struct ipmi_server *server);

/* A payload outside a session that is no IPMI message. server_login.c */
void server_login_input(struct ipmi_server *server, const struct ipmi_peer *peer,
			const struct rmcp_packet *packet);

static inline bool ipmi_peer_equal(const struct ipmi_peer *a, const struct ipmi_peer *b)
{
	return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}
