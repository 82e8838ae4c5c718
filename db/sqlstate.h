#pragma once
/* sqlstate: the one place where libpq's and PostgreSQL's errors become ours. Seen by db/ alone. */
#include <libpq-fe.h>
#include <stdbool.h>

#include "lib/error.h"

/* Writes a sentence for a failed result (of any failing status) and returns -code. Values never get into the
 * sentence; -ERR_CONFLICT's is the constraint's name alone. */
int sqlstate_fail(const PGresult *result, struct error *err);
/* The result says that this connection is of no more use: shut down, or a server that became read-only. */
bool sqlstate_is_lost(const PGresult *result);
/* The statement named is not prepared on this connection. */
bool sqlstate_is_unprepared(const PGresult *result);
/* The transaction was chosen to end a deadlock. */
bool sqlstate_is_deadlock(const PGresult *result);
/* libpq's message for a connection as one line without credentials. */
void sqlstate_connection_sentence(const PGconn *pg, char *text, size_t size);
