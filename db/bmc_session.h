#pragma once
/* bmc_session: the sessions that conductors hold at BMCs. */
#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"
#include "lib/arena.h"

struct bmc_session {
	const char *hostname; /* of the conductor that opened it */
	const char *key, *address, *path, *token;
	bool is_tls_unverified;
	const char *ca_path;   /* NULL: the system's */
	const char *node_uuid; /* for save alone; NULL: none */
};

/* Stores it as used by the instance, in the place of the host's earlier one with its key. */
SUSPENDS int bmc_session_save(struct db *db, const char *instance, const struct bmc_session *session,
			      struct error *err);
/* The host's session with the key, from now on used by the instance; ret->token NULL: none. Texts in the
 * arena. */
SUSPENDS int bmc_session_adopt(struct db *db, const char *instance, const char *hostname, const char *key,
			       struct arena *arena, struct bmc_session *ret, struct error *err);
/* Removes it if it is still that of the token. */
SUSPENDS int bmc_session_forget(struct db *db, const char *hostname, const char *key, const char *token,
				struct error *err);
/* Keys of up to max sessions that the instance uses and whose nodes are gone; texts in the arena. */
SUSPENDS int bmc_session_of_gone_nodes(struct db *db, const char *instance, size_t max, struct arena *arena,
				       const char **ret, size_t *ret_count, struct error *err);
/* Takes up to max sessions of instances that live no more, to be ended and forgotten by the instance: those
 * whose host has not come back, or has been back for grace_s without a use for them. Texts in the arena. */
SUSPENDS int bmc_session_take_orphans(struct db *db, const char *instance, long grace_s, size_t max,
				      struct arena *arena, struct bmc_session *ret, size_t *ret_count,
				      struct error *err);
