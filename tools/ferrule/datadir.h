#pragma once
/*
 * datadir: the folder that holds all of a standalone Ferrule, and the account that everything runs as.
 *
 *   lock              held by the running standalone
 *   postgresql/       the private cluster
 *   run/              generated configuration, locks of the children, the cluster's socket
 *   log/              PostgreSQL's log
 *
 * Started by root, nothing runs as root for longer than it takes to prepare the folder: the owner of an
 * existing folder, else the first of the users ferrule, postgres, nobody that exists, takes over for good.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "lib/error.h"

struct account {
	uid_t uid;
	gid_t gid;
	char name[64];
};

struct datadir {
	char *path;             /* owned; absolute */
	struct account account; /* whom everything runs as */
	int lock_fd;
};

/* The default folder: /var/lib/ferrule for root, else .local/state/ferrule at home. Owned by the caller. */
char *datadir_default(void);

/* Chooses the account, makes the folder where it is missing, and sees that the account can reach and owns
 * it. -ERR_INVALID with one sentence: out of the account's reach, somebody else's, or full of other things.
 */
int datadir_prepare(struct datadir *datadir, const char *path, struct error *err);

/* Becomes the account for good. Nothing happens when not root. What was opened before stays open. */
int datadir_drop_privileges(const struct datadir *datadir, struct error *err);

/* Takes the lock and makes the folders inside, as the account. -ERR_CONFLICT names the process that holds it.
 */
int datadir_lock(struct datadir *datadir, struct error *err);
void datadir_release(struct datadir *datadir);

/* "<path>/<inner>"; owned by the caller. */
char *datadir_file(const struct datadir *datadir, const char *inner);
