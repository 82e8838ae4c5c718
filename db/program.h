#pragma once
/*
 * program: what ferrule-api and ferrule-conductor have in common as processes: arguments, one configuration,
 * one loop, one database, the signals that end them, the exit status.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/fiber.h"

struct db;
struct error;

struct program {
	const char *name;     /* "ferrule-api" */
	const char *purpose;  /* "the REST API of Ferrule": the head of --help */
	const char *stopping; /* what a signal begins, for the log: "draining" */
	/* Registers all options of the program, but those of [DEFAULT] and [database]. */
	void (*register_options)(void);
	/* Loads the file and checks what it says. An error ends the program with status 2. */
	int (*configure)(const char *path, struct error *err);
	/* Around the loop's run, on the main stack; may be NULL. */
	void (*begin)(void), (*end)(void);
	/* The program's life, in a fiber: returns soon after program_is_stopping. The database may not be
	 * there yet. An error is logged and makes the status 1, except -ERR_CANCELLED. */
	SUSPENDS int (*serve)(struct db *db, struct error *err);
};

/* What main returns: 0, 1 (served and failed) or 2 (wrong arguments or configuration). */
int program_main(const struct program *program, int argc, char **argv);

/* True since SIGTERM or SIGINT. */
bool program_is_stopping(void);
/* Returns at the deadline, or when the program is to stop. */
SUSPENDS void program_wait(int64_t deadline_ms);
/* Waits for the database as long as it takes. -ERR_CANCELLED: the program is to stop. -ERR_INVALID: the
 * schema is not ours (db_check_schema). */
SUSPENDS int program_wait_for_database(struct db *db, struct error *err);
