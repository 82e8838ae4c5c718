#pragma once
/*
 * server_sol: Serial-over-LAN on the BMC side: payload commands, one instance, buffering towards the console.
 * Joined to a server (server.h) by its owner, who passes commands, payloads and ended sessions on. No I/O, no
 * clock of its own; nothing suspends. Used by bmcsim.
 *
 * Sources: IPMI 2.0 sections 15, 24 (payload commands), 26 (SOL configuration).
 */
#include "drivers/ipmi/server.h"
#include "drivers/ipmi/sol.h"

enum { SOL_SERVER_OTHER = -3, SOL_SERVER_BUFFER = 8192 };

/* The serial line behind. */
struct sol_server_ops {
	/* Characters from the console; returns how many the line takes now, the rest comes again. */
	size_t (*typed)(void *arg, const uint8_t *data, size_t len);
	void (*serial_break)(void *arg);
};

struct sol_server_config {
	unsigned payload_size; /* told to consoles for both directions */
	bool is_disabled;
	bool needs_encryption;
};

/* Members are private. */
struct sol_server {
	struct sol_server_config config;
	const struct sol_server_ops *ops;
	void *arg;
	struct ipmi_server *server; /* borrowed */
	uint16_t port;              /* told to consoles */
	uint32_t owner;             /* session that has the payload; 0: none */
	struct sol_end end;
	bool is_refusing; /* the line has not taken all */
	bool has_overrun; /* characters were lost on the way to the console */
	uint8_t out[SOL_SERVER_BUFFER];
	size_t out_len;
};

void sol_server_init(struct sol_server *sol, const struct sol_server_config *config,
		     const struct sol_server_ops *ops, void *arg, struct ipmi_server *server, uint16_t port);

/* Whether the command is one of those below; for owners that make a sol_server only when it is needed. */
bool sol_server_has_command(uint8_t netfn, uint8_t command);

/* From the server's ops. command: SOL_SERVER_OTHER when it is none of ours. */
int sol_server_command(struct sol_server *sol, int64_t now_ms, const struct ipmi_server_call *call,
		       uint8_t *ret_data, size_t *ret_len);
void sol_server_payload(struct sol_server *sol, int64_t now_ms, uint32_t session_id, const uint8_t *payload,
			size_t len);
void sol_server_ended(struct sol_server *sol, uint32_t session_id);

bool sol_server_is_active(const struct sol_server *sol);
/* What the machine says: kept until the console has it; without a console, or beyond the buffer, it is lost.
 */
void sol_server_output(struct sol_server *sol, int64_t now_ms, const uint8_t *data, size_t len);
/* When sol_server_tick has to be called; INT64_MAX: not at all. */
int64_t sol_server_due_ms(const struct sol_server *sol);
void sol_server_tick(struct sol_server *sol, int64_t now_ms);
