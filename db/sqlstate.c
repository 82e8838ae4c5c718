/*
 * sqlstate: SQLSTATE to enum errcode by a table of prefixes.
 * Source: PostgreSQL 15 documentation, appendix A.
 */
#include "db/sqlstate.h"

#include <stdio.h>
#include <string.h>

/* First match wins: whole codes stand before their class. */
struct sqlstate_row {
	const char *prefix;
	enum errcode code;
	bool is_lost;          /* close the connection */
	bool is_message_shown; /* the server's sentence holds names of ours at most, never values */
};

/* clang-format off */
static const struct sqlstate_row rows[] = {
	{ "08",    ERR_DATABASE, true,  true },  /* connection exceptions */
	{ "22",    ERR_INVALID,  false, false }, /* data exceptions quote the value */
	{ "23505", ERR_CONFLICT, false, false },
	{ "23",    ERR_INVALID,  false, false },
	{ "25006", ERR_DATABASE, true,  true },  /* read-only: a fail-over made this server a standby */
	{ "25P03", ERR_DATABASE, true,  true },  /* idle_in_transaction_session_timeout */
	{ "28",    ERR_DATABASE, true,  true },  /* authentication */
	{ "3D",    ERR_DATABASE, true,  true },  /* no such database */
	{ "40",    ERR_DATABASE, false, true },  /* deadlock, serialisation: rolled back, repeating helps */
	{ "53",    ERR_DATABASE, false, true },  /* out of disk, memory, connections */
	{ "55P03", ERR_TIMEOUT,  false, true },  /* lock_timeout */
	{ "57014", ERR_TIMEOUT,  false, true },  /* statement_timeout */
	{ "57P",   ERR_DATABASE, true,  true },  /* shut down, crashed, starting up */
	{ "58",    ERR_DATABASE, false, true },  /* I/O errors */
	{ "",      ERR_INTERNAL, false, true },
};
/* clang-format on */

static const struct sqlstate_row *row_find(const char *state)
{
	const struct sqlstate_row *row = rows;

	while (strncmp(state, row->prefix, strlen(row->prefix)) != 0)
		row++;
	return row;
}

static const char *field(const PGresult *result, int code)
{
	const char *text = PQresultErrorField(result, code);

	return text != NULL ? text : "";
}

/* libpq makes errors of its own, without a state, when the connection breaks. */
static const struct sqlstate_row *row_of(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return row_find(state != NULL ? state : "08");
}

int sqlstate_fail(const PGresult *result, struct error *err)
{
	const struct sqlstate_row *row = row_of(result);
	const char *state = field(result, PG_DIAG_SQLSTATE);

	if (row->code == ERR_CONFLICT)
		return fail(err, ERR_CONFLICT, "%s", field(result, PG_DIAG_CONSTRAINT_NAME));
	if (state[0] == '\0')
		return fail(err, ERR_DATABASE, "The connection to the database was lost");
	if (row->is_message_shown)
		return fail(err, row->code, "The database failed: %s (%s)",
			    field(result, PG_DIAG_MESSAGE_PRIMARY), state);
	return fail(err, row->code, "The database refused a value (%s)", state);
}

bool sqlstate_is_lost(const PGresult *result)
{
	return row_of(result)->is_lost;
}

bool sqlstate_is_unprepared(const PGresult *result)
{
	return strcmp(field(result, PG_DIAG_SQLSTATE), "26000") == 0;
}

bool sqlstate_is_deadlock(const PGresult *result)
{
	return strcmp(field(result, PG_DIAG_SQLSTATE), "40P01") == 0;
}

void sqlstate_connection_sentence(const PGconn *pg, char *text, size_t size)
{
	const char *message = PQerrorMessage(pg);
	size_t len = 0;

	for (; *message != '\0' && len + 1 < size; message++)
		text[len++] = *message == '\n' || *message == '\t' ? ' ' : *message;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	if (len == 0)
		snprintf(text, size, "connection lost");
}
