#pragma once
/*
 * line: the client's end of one conversation with a BMC. All lines share one UDP socket for each address
 * family; a datagram finds its line by the console session id in it (one without an id: by its sender), and
 * counts only when it comes from the line's BMC. One fiber waits on a line at a time, for one answer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/ipmi/rmcpp.h"
#include "drivers/ipmi/udp.h"
#include "lib/error.h"
#include "lib/fiber.h"

enum { IPMI_LINES_MAX = 65535 };

/* Looks at a datagram on the main stack; true: this is the answer, and arg now holds it. Must not suspend. */
typedef bool ipmi_accept_fn(void *arg, const struct rmcp_packet *packet);
/* Takes what comes unasked. On the main stack; must not suspend. */
typedef void ipmi_listen_fn(void *arg, const struct rmcp_packet *packet);

struct ipmi_line {
	uint32_t id; /* console session id; 0: closed */
	struct udp_address peer;
	struct udp_socket *socket;
	struct cond cond;
	ipmi_accept_fn *accept; /* of the wait under way; NULL: nobody waits */
	void *accept_arg;
	bool is_answered;
	uint32_t noted;         /* session at the BMC that may be open; 0: none */
	ipmi_listen_fn *listen; /* NULL: what nobody waits for is dropped */
	void *listen_arg;
};

/* Takes a line to the BMC at the address. -ERR_BMC_UNREACHABLE when all are taken or no socket can be had. */
int ipmi_line_open(struct ipmi_line *line, const struct udp_address *peer, struct error *err);
/* Another id: what is still under way for the old one is dropped on arrival. */
void ipmi_line_renew(struct ipmi_line *line);
void ipmi_line_close(struct ipmi_line *line); /* closing twice is fine */

/* is_now: at once, else with others at the end of the tick. */
void ipmi_line_send(struct ipmi_line *line, const uint8_t *datagram, size_t len, bool is_now);
/* Waits until accept takes a datagram. 0, -ERR_TIMEOUT or -ERR_CANCELLED. */
SUSPENDS int ipmi_line_wait(struct ipmi_line *line, ipmi_accept_fn *accept, void *arg, int64_t deadline_ms);

/* The next message may open that session at the BMC (ledger.h). */
void ipmi_line_note(struct ipmi_line *line, uint32_t bmc_session_id);
/* That session is over, and the BMC knows; one that is not settled is closed by a later login. */
void ipmi_line_settle(struct ipmi_line *line);

/* From now on what is not the answer that somebody waits for goes to listen (NULL: nowhere): Serial-over-LAN.
 */
void ipmi_line_listen(struct ipmi_line *line, ipmi_listen_fn *listen, void *arg);

/* Closes the sockets, for leak checkers; no line may be open. */
void ipmi_lines_release(void);
