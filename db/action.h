#pragma once
/*
 * action: the bus. Rows of `actions`, by the protocol of docs/locks.rst; every statement here is the
 * protocol's, batched: fibers that ask while a batch is in flight go together in the next.
 * "insert" and "start" commit with synchronous_commit = off; accept and finish wait for the disk.
 */
#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "lib/uuid.h"
#include "model/node.h"

enum action_state {
	ACTION_QUEUED,
	ACTION_RUNNING,
	ACTION_DONE,
	ACTION_FAILED,
	ACTION_UNKNOWN,
	ACTION_CANCELLED
};
const char *action_state_name(enum action_state state);

/* ---- notifications ----
 * db/action_news.c. What the reader may take from them: that the row is worth a look; and, where the item
 * names the action's uuid, the fact itself, since it was said after the commit. A channel's payload is a list
 * joined by
 * ',', each item a letter and a decimal number, some with more behind:
 *   to a conductor's channel:   "x<node id>"   the line of that node has a new exclusive row
 *                               "s<action id>" a shared action was inserted
 *   to a reply channel:         "a<action id>:<uuid>" accepted
 *                               "f<action id>" or "f<action id>:<uuid>" finished: done, failed or unknown
 *                               "d<action id>:<uuid>:<bytes>:<JSON>" done, with its short result
 */
#define ACTION_CHANNEL_MAX 64
/* The channel of the conductors on a host: "c_" and the name in lower case, other bytes than letters, digits
 * and '_' replaced by '_'; long names end in a hash. */
void action_channel(const char *hostname, char channel[ACTION_CHANNEL_MAX]);

struct action_news {
	char what;
	int64_t id;
	char uuid[UUID_TEXT]; /* "": not said */
	const char *result;   /* of 'd': borrowed from the payload, not terminated */
	size_t result_len;
};
/* Takes the next item off *payload. False at the end and for NULL; malformed items are skipped. */
bool action_news_next(const char **payload, struct action_news *ret);

/* ---- the API's side ---- */

struct action_request {
	const char *uuid;      /* made by the caller: a lost reply is looked up by it */
	int64_t node_id;       /* 0: driver level */
	const char *node_uuid; /* NULL with node_id 0 */
	const char *kind;
	bool is_exclusive;
	const char *on_crash; /* "repeat", "never" */
	const char *pool;     /* "group:driver" */
	const char *target;   /* host name of the conductor that rendezvous hashing names */
	const char *reply;    /* channel that is told: accepted, finished */
	const char *args;     /* JSON text or NULL */
	int64_t wait_ms;      /* start_by = now + this */
	int run_s;
	const char *request_id;
	/* of action_insert_keyed: whose key, the key, and what the request was, in hexadecimal */
	const char *idem_scope, *idem_key, *idem_print;
};
/* Inserts (once, however often a lost connection makes it repeat) and notifies the target. *ret_id: the
 * row. -ERR_DATABASE: not recorded, it will never run; -ERR_UNKNOWN_OUTCOME: it is not known whether it was
 * recorded. Tries for wait_ms, in doubt for 10 s more. */
SUSPENDS int action_insert(struct db *db, const struct action_request *request, int64_t *ret_id,
			   struct error *err);

/* The action that stands for an idempotency key. */
struct action_keyed {
	int64_t id;
	char uuid[UUID_TEXT];
	bool is_new; /* made by this call */
};
/* The same under idem_key: the row that the scope has for the key already, when its print is the same.
 * -ERR_IDEMPOTENCY when it is another. A row whose client was told that it will never run, and one kept long
 * enough, gives its key up. */
SUSPENDS int action_insert_keyed(struct db *db, const struct action_request *request,
				 struct action_keyed *ret, struct error *err);
/* The action of that key, by uuid and the idem members alone. 1: there is none. -ERR_IDEMPOTENCY: it is of
 * another request. */
SUSPENDS int action_find_keyed(struct db *db, const struct action_request *request, struct action_keyed *ret,
			       struct error *err);

/* What the API waits for. Texts are owned: action_view_release. */
struct action_view {
	int64_t id;
	char *uuid, *node_uuid, *kind, *error, *request_id;
	enum action_state state;
	bool is_exclusive;
	bool is_accepted;
	int error_code; /* HTTP status, 0: none */
	char *result;   /* bytes; NULL: none */
	size_t result_len;
	char *result_type;                                         /* "application/json" ... */
	char *created_at, *started_at, *accepted_at, *finished_at; /* ISO 8601 or NULL */
};
void action_view_release(struct action_view *view);
/* By id, batched. -ERR_NOT_FOUND. */
SUSPENDS int action_read(struct db *db, int64_t id, struct action_view *ret, struct error *err);
/* Gives up a queued row that was never accepted: *ret_cancelled tells whether it was still queued. Its args
 * and idem key are erased. Both names are given, because a database that crashes may forget an insert and
 * give its id to another. */
SUSPENDS int action_cancel(struct db *db, int64_t id, const char *uuid, bool *ret_cancelled,
			   struct error *err);
/* Asks the holder of a running action to stop; who is shown. *ret_running: whether it ran. Tells nobody: the
 * holder learns it at its next renewal. */
SUSPENDS int action_ask_stop(struct db *db, int64_t id, const char *who, bool *ret_running,
			     struct error *err);

/* ---- the conductor's side ---- */

/* A started action, as the row says. Texts are owned: action_release. */
struct action {
	int64_t id;
	char uuid[UUID_TEXT];
	int64_t node_id;
	char *kind, *pool, *reply, *request_id, *args;
	bool is_exclusive;
	bool is_repeatable; /* on_crash = repeat */
	bool is_accepted;   /* a repeat after a takeover */
	int attempt;
	int run_s;
	char token[UUID_TEXT];
	int64_t epoch;
	int64_t waited_ms; /* from its insertion to this start, by the database's clock */
};
void action_release(struct action *action);

/* Queued rows for this host, or (older than 1 s) for any of the pools: ids with their nodes, by id. */
struct action_ref {
	int64_t id, node_id;
	bool is_exclusive;
};
SUSPENDS int action_poll(struct db *db, const char *hostname, const char *const *pools, size_t pool_count,
			 size_t max, struct action_ref *ret, size_t *ret_count, struct error *err);

/* Starts the head of the node's line, if the node is free. *ret_started false: nothing to start now. node
 * (may be NULL) is the node as it is after the start; its id is 0 when there is none (any more). */
SUSPENDS int action_start_exclusive(struct db *db, int64_t node_id, const char *hostname,
				    const char *instance, bool *ret_started, struct action *ret,
				    struct node *node, struct error *err);
/* Starts a shared action by id, at most 4 running beside it on its node. node: as above. */
SUSPENDS int action_start_shared(struct db *db, int64_t id, const char *instance, bool *ret_started,
				 struct action *ret, struct node *node, struct error *err);

/* Accept: the promise. changes (JSON object text of node columns, see node_take_changes, or NULL) is written
 * to the node in the same statement. -ERR_FENCED when the lock or the row is no longer ours. */
SUSPENDS int action_accept(struct db *db, const struct action *action, const char *changes,
			   struct error *err);
/* Writes node columns in the middle of a running action. Same errors. */
SUSPENDS int action_save(struct db *db, const struct action *action, const char *changes, struct error *err);

struct action_outcome {
	enum action_state state; /* DONE, FAILED, UNKNOWN */
	int error_code;
	const char *error;
	const void *result;
	size_t result_len;
	const char *result_type;
	const char *changes; /* node columns, or NULL */
	bool is_kept;        /* asynchronous: the longer retention */
	/* a node_history row when history_event is not NULL */
	const char *history_event, *history_type, *conductor;
};
/* Ends the action, releases the lock, erases args, tells the reply channel. Repeats until the outcome is
 * known or the row is not ours (-ERR_FENCED); so it needs no retry by the caller. */
SUSPENDS int action_finish(struct db *db, const struct action *action, const struct action_outcome *outcome,
			   struct error *err);
/* Puts a running action back in line and releases its lock, when this attempt has done nothing: a row of ours
 * without a fiber (the reply to its start was lost), a start that a drain came before. The attempt is not
 * counted. Of action only id and token are read. -ERR_FENCED when the row is no longer ours. */
SUSPENDS int action_requeue(struct db *db, const struct action *action, struct error *err);

/* ---- leases and takeover ---- */

struct lease_answer {
	bool is_live; /* the row is still ours */
	char timeline[9];
	size_t running_count;
	struct lease_running {
		int64_t id;
		char token[UUID_TEXT];
		bool is_stop_asked;
		char stop_asked[128];
	} * running; /* owned: xfree */
};
SUSPENDS int lease_renew(struct db_session *session, const char *instance, struct lease_answer *ret,
			 struct error *err);

struct lease_beat {
	char instance[UUID_TEXT];
	int64_t beat;
};
/* All live rows, with the timeline. */
SUSPENDS int lease_read(struct db *db, struct lease_beat *ret, size_t max, size_t *ret_count,
			char timeline[9], struct error *err);
SUSPENDS int lease_declare_dead(struct db *db, const char *instance, int64_t beat, bool *ret_declared,
				struct error *err);
/* Ends or requeues what instances that are not live still run: the two-statement sweep. *ret_count: how many.
 * on_row (may be NULL) is told each. */
typedef void sweep_fn(int64_t action_id, int64_t node_id, enum action_state state, void *arg);
SUSPENDS int lease_sweep(struct db *db, const char *conductor, sweep_fn *on_row, void *arg, size_t *ret_count,
			 struct error *err);
/* For how many seconds ended actions are kept: those that were answered before their end or have an
 * idempotency key, and the others. Once, before the first action; 86400 and 600 without. */
void action_set_retention(double kept_s, double brief_s);
/* The first as text. */
const char *action_retention(void);
/* Removes finished rows past keep_until, at most max. */
SUSPENDS int action_purge(struct db *db, size_t max, size_t *ret_count, struct error *err);
