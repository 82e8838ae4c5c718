#pragma once
/* server_session: what the files server*.c share. Nobody else includes it. */
#include <string.h>

#include "drivers/ipmi/server.h"

enum session_state {
	SESSION_OPENED,     /* Open Session was answered */
	SESSION_CHALLENGED, /* RAKP 2 was sent */
	SESSION_ACTIVE      /* RAKP 3 was right */
};

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
	/* the last exchange, for a repetition */
	int64_t answered_ms;
	size_t request_len, answer_len;
	uint8_t request[IPMI_MESSAGE_MAX], answer[IPMI_MESSAGE_MAX];
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
/* Fills the answer; true when the session is to end after it. session NULL: before a session.
 * server_command.c */
bool server_command(struct ipmi_server *server, struct server_session *session, const struct ipmi_peer *peer,
		    const struct ipmi_message *request, struct server_answer *answer);

/* A payload outside a session that is no IPMI message. server_login.c */
void server_login_input(struct ipmi_server *server, const struct ipmi_peer *peer,
			const struct rmcp_packet *packet);

static inline bool ipmi_peer_equal(const struct ipmi_peer *a, const struct ipmi_peer *b)
{
	return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}
