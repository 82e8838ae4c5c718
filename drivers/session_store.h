#pragma once
/*
 * session_store: where drivers keep the sessions that they open at BMCs, so that a crash leaks none: a
 * session is stored before it is used; the next process on this host goes on with it, and what nobody goes on
 * with is ended. Drivers see no database: the conductor fills the store (conductor/bmc_session.c). Without
 * one (tools, tests) nothing is kept.
 */
#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fiber.h"

struct stored_session {
	const char *key;     /* of address, credentials and settings: another password is another session */
	const char *address; /* "https://bmc" */
	const char *path;    /* of the session resource */
	const char *token;
	bool is_tls_unverified;
	const char *ca_path;   /* NULL: the system's */
	const char *node_uuid; /* of the node whose work opened it; NULL: none. Not told by adopt */
};

struct session_store {
	/* Stores it in the place of an earlier one with its key. */
	SUSPENDS int (*save)(void *arg, const struct stored_session *session, struct error *err);
	/* The one with the key, its texts in the arena; ret->token NULL: none. It counts as used from then
	 * on. */
	SUSPENDS int (*adopt)(void *arg, const char *key, struct arena *arena, struct stored_session *ret,
			      struct error *err);
	/* It is over, if it is still that of the token. */
	SUSPENDS void (*forget)(void *arg, const char *key, const char *token);
};

/* NULL: none. The store must outlive all drivers' work. */
void session_store_set(const struct session_store *store, void *arg);

/* As above; without a store they do nothing and succeed. */
SUSPENDS int session_store_save(const struct stored_session *session, struct error *err);
SUSPENDS int session_store_adopt(const char *key, struct arena *arena, struct stored_session *ret,
				 struct error *err);
SUSPENDS void session_store_forget(const char *key, const char *token);

/* drop: ends the session with the key, unless it is in use in this moment. Set by drivers, called when the
 * node of the session is gone. */
void session_store_set_drop(void (*drop)(const char *key));
void session_store_drop(const char *key);

/* Asks the BMC to end a session by its own token. 0: it answered, whatever it said: there is none any more.
 */
SUSPENDS int session_store_end(const struct stored_session *session, struct error *err);
