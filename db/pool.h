#pragma once
/* pool: what the files of db/ share of struct db. */
#include "db/db.h"
#include "db/lane.h"

struct notifier;
struct listener;
struct batcher;

struct db {
	struct db_options options; /* texts owned */
	struct lane *lane;
	struct notifier *notifier;
	struct listener *listener; /* NULL until the first db_listen */
	struct batcher *batchers;  /* one for each kind of batch */
	struct cond up;            /* broadcast when a connection came up */
};

/* db/notify.c */
struct notifier *notifier_new(struct db *db);
void notifier_free(struct notifier *notifier); /* drops what is unsent */
bool notifier_is_idle(const struct notifier *notifier);
/* db/listen.c */
void listener_free(struct listener *listener);
/* db/batch.c */
void batchers_free(struct batcher *batchers);

/* db_session_exec_all with a time limit of its own for the answer. */
SUSPENDS int db_session_exec_within(struct db_session *session, struct db_step *steps, size_t count,
				    int64_t timeout_ms, struct error *err);
