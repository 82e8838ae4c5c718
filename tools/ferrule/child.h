#pragma once
/*
 * child: processes that `ferrule` starts and looks after. A child is in a process group of its own (a
 * Ctrl-C in the terminal reaches only us, who then stop the children in order), is signalled by the
 * kernel when we die, and holds a lock file for as long as it or a process that it forked lives: so the
 * next start finds what a kill -9 of ours left behind, without trusting process ids.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "lib/error.h"
#include "lib/fiber.h"

struct child_spec {
	const char *name;  /* for messages: "ferrule-api" */
	int executable_fd; /* of an opened program, for those in folders that we cannot enter; -1: path */
	const char *path;  /* absolute; used when executable_fd is -1 */
	char *const *argv;
	char *const *environment; /* NULL: ours */
	const char *lock_path;    /* NULL: none */
	const char *output_path;  /* standard output and error are appended to it; NULL: ours */
	const char *input;        /* text of standard input, at most 4,096 bytes; NULL: /dev/null */
	int death_signal;         /* sent by the kernel when we die */
};

struct child {
	const char *name; /* of the spec */
	pid_t pid;        /* 0: never started */
	bool is_running;
	int status; /* of waitpid, once it has ended */
	struct cond ended;
	struct child *next; /* in the list of running ones */
};

/* Once, after loop_init: collects ended children on SIGCHLD. */
void children_init(void);

/* Forks and executes. On success the program has been executed: a missing or forbidden one is an error
 * here (-ERR_INTERNAL, sentence naming path and reason). The spec is only read; name stays borrowed. */
int child_start(struct child *child, const struct child_spec *spec, struct error *err);

/* Waits for its end: 0, -ERR_TIMEOUT, -ERR_CANCELLED. */
SUSPENDS int child_wait(struct child *child, int64_t deadline_ms);

/* Sends first_signal, waits patience_ms, then last_signal, and waits for the end. Nothing when it has
 * ended. */
SUSPENDS void child_stop(struct child *child, int first_signal, int64_t patience_ms, int last_signal);

/* Starts, waits for the end, and fails unless it ends with status 0 within timeout_ms (then it is killed). */
SUSPENDS int child_run(const struct child_spec *spec, int64_t timeout_ms, struct error *err);

/* How it ended, as words: "exit status 1", "signal 9 (Killed)". */
const char *child_end_text(const struct child *child);
bool child_ended_well(const struct child *child); /* ended with status 0 */

/* Ends the process that still holds the lock file from an earlier life of ours: first_signal, after
 * patience_ms SIGKILL. Returns at once when nobody holds it. */
SUSPENDS int child_end_orphan(const char *name, const char *lock_path, int first_signal, int64_t patience_ms,
			      struct error *err);
