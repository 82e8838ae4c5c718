#pragma once
/*
 * cluster: the private PostgreSQL cluster of a standalone Ferrule: made once by initdb, reached through a
 * unix socket alone, with PostgreSQL's default fsync, synchronous_commit and full_page_writes. Only the
 * account that it runs as, and root, may connect (peer authentication, and a folder closed to others).
 */
#include "lib/error.h"
#include "lib/fiber.h"
#include "tools/ferrule/child.h"
#include "tools/ferrule/datadir.h"

enum { CLUSTER_PATIENCE_MS = 60 * 1000 }; /* of a fast shutdown, before an immediate one */

struct cluster {
	const struct datadir *datadir; /* borrowed */
	char *bin;                     /* owned; folder of initdb and postgres */
	char *data;                    /* owned; DIR/postgresql */
	char *socket_folder;           /* owned; short enough for a socket */
	char *lock_path;               /* owned; held by postgres and all its children */
	char *log_path;                /* owned */
	struct child postgres;
};

/* Finds programs (the version of an existing cluster, else the newest installed) and paths; ends what an
 * earlier life left running; makes the cluster where there is none. */
SUSPENDS int cluster_prepare(struct cluster *cluster, const struct datadir *datadir, struct error *err);
/* Starts postgres and waits until it takes connections. The sentence of a failure ends with its log's end. */
SUSPENDS int cluster_start(struct cluster *cluster, struct error *err);
/* Fast shutdown: running statements are rolled back, everything committed is on disk. */
SUSPENDS void cluster_stop(struct cluster *cluster);
/* The libpq URI. Owned by the caller. */
char *cluster_connection(const struct cluster *cluster);
void cluster_release(struct cluster *cluster);
