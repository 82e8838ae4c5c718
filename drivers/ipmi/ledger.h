#pragma once
/*
 * ledger: which sessions this process may have open at BMCs, in a file that outlives it. BMCs have few
 * sessions and keep forgotten ones for a minute to half an hour: a conductor that is killed and started again
 * several times would find them full. Its successor on the machine reads the file and closes what it left, at
 * the first login to each BMC: an administrator may close any session by its id.
 *
 * The file is mapped: a record is a store to memory, made before the message that may open the session
 * leaves, so kill -9 at any moment loses nothing and the poll pays nothing. Only ids are in it, no keys. A
 * lost machine loses the last records; its BMCs' sessions end by themselves.
 *
 * [ipmi] session_ledger names the file; without one nothing is recorded, but sessions that this process
 * itself has lost are closed all the same. Nothing suspends. Who closes orphans: orphan.c.
 */
#include <stdbool.h>
#include <stdint.h>

#include "drivers/ipmi/udp.h"

/* A session that nobody uses any more, still recorded. */
struct ledger_orphan {
	struct ledger_orphan *next; /* of the same BMC */
	struct udp_address peer;
	uint32_t session_id;
	int64_t since_ms;
	unsigned record; /* in the file; 0: none */
};

/* The line of that number may open this session from now on; a record that it had is replaced. */
void ledger_record(unsigned line, const struct udp_address *peer, uint32_t session_id);
void ledger_clear(unsigned line);

/* A session that may be open still, and that nobody will use. */
void ledger_orphan(const struct udp_address *peer, uint32_t session_id);
/* One of the BMC's orphans; NULL: none. Borrowed until ledger_settle, which forgets it. */
struct ledger_orphan *ledger_find(const struct udp_address *peer);
void ledger_settle(struct ledger_orphan *orphan);
unsigned ledger_orphan_count(void);

/* Forgets all in memory and closes the file, for leak checkers and tests; the records stay. */
void ledger_release(void);
