/* rows: a result is libpq's own; the opaque type keeps libpq out of db.h. */
#include <libpq-fe.h>
#include <stdlib.h>

#include "db/db.h"
#include "lib/arena.h"
#include "lib/xalloc.h"

static const PGresult *result_of(const struct db_rows *rows)
{
	return (const PGresult *)rows;
}

int db_rows_count(const struct db_rows *rows)
{
	return PQntuples(result_of(rows));
}

int db_columns(const struct db_rows *rows)
{
	return PQnfields(result_of(rows));
}

const char *db_value(const struct db_rows *rows, int row, int column)
{
	const PGresult *result = result_of(rows);

	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

const char *db_cell(const struct db_rows *rows, int row, int column, size_t *ret_len)
{
	const PGresult *result = result_of(rows);
	int len = PQgetlength(result, row, column);

	*ret_len = (size_t)len;
	return len == 0 && PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

size_t db_value_len(const struct db_rows *rows, int row, int column)
{
	return (size_t)PQgetlength(result_of(rows), row, column);
}

int64_t db_value_int(const struct db_rows *rows, int row, int column)
{
	const char *text = db_value(rows, row, column);

	return text != NULL ? strtoll(text, NULL, 10) : 0;
}

bool db_value_bool(const struct db_rows *rows, int row, int column)
{
	const char *text = db_value(rows, row, column);

	return text != NULL && text[0] == 't';
}

double db_value_double(const struct db_rows *rows, int row, int column)
{
	const char *text = db_value(rows, row, column);

	return text != NULL ? strtod(text, NULL) : 0;
}

char *db_value_dup(const struct db_rows *rows, int row, int column)
{
	return xstrdup_or_null(db_value(rows, row, column));
}

const char *db_value_copy(struct arena *arena, const struct db_rows *rows, int row, int column)
{
	const char *text = db_value(rows, row, column);

	return text != NULL ? arena_strdup(arena, text) : NULL;
}

int db_affected(const struct db_rows *rows)
{
	return (int)strtol(PQcmdTuples((PGresult *)(uintptr_t)rows), NULL, 10);
}

void db_rows_release(struct db_rows *rows)
{
	PQclear((PGresult *)rows);
}
