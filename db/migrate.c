/*
 * migrate: brings the schema to the version of this program. Each file is one transaction in one flush,
 * which begins by taking an advisory lock and by inserting its version: a second program that migrates at
 * the same time waits for the lock, finds the version taken, and goes on with the next.
 */
#include "db/migrate.h"

#include <string.h>

#include "db/pool.h"
#include "lib/arena.h"
#include "lib/log.h"
#include "lib/xalloc.h"

enum { MIGRATE_TIMEOUT_MS = 600000, OWN_STEPS = 4 };

static const struct db_statement lock_statement = {
	.sql = "SELECT pg_advisory_xact_lock(7236870712849)", /* any number that nobody else uses */
};
static const struct db_statement patience_statement = {
	.sql = "SELECT set_config('statement_timeout', '0', true)",
};
static const struct db_statement table_statement = {
	.sql = "CREATE TABLE IF NOT EXISTS schema_migrations (version int PRIMARY KEY, name text NOT NULL,"
	       " applied_at timestamptz NOT NULL DEFAULT now())",
};
static const struct db_statement version_statement = {
	.sql = "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)",
	.param_count = 2,
};
static const struct db_statement exists_statement = {
	.sql = "SELECT to_regclass('schema_migrations') IS NOT NULL",
};
/* And the last one that older programs cannot live with. */
static const struct db_statement current_statement = {
	.sql = "SELECT coalesce(max(version), 0),"
	       " coalesce(max(version) FILTER (WHERE name LIKE '%\\_breaking'), 0) FROM schema_migrations",
};

/* ---- taking SQL apart ---- */

/* Behind a quoted piece that begins at text; doubled quotes are two pieces in a row. */
static const char *skip_quoted(const char *text, char quote)
{
	const char *end = strchr(text + 1, quote);

	return end != NULL ? end + 1 : text + strlen(text);
}

static const char *skip_line(const char *text)
{
	return text + strcspn(text, "\n");
}

static const char *skip_block(const char *text)
{
	const char *end = strstr(text + 2, "*/");

	return end != NULL ? end + 2 : text + strlen(text);
}

/* $tag$ ... $tag$; a lone dollar is skipped as a character. */
static const char *skip_dollar(const char *text)
{
	size_t tag_len = 1 + strcspn(text + 1, "$ \t\n;");
	char tag[64];

	if (text[tag_len] != '$' || tag_len + 2 > sizeof(tag))
		return text + 1;
	memcpy(tag, text, tag_len + 1);
	tag[tag_len + 1] = '\0';
	const char *end = strstr(text + tag_len + 1, tag);
	return end != NULL ? end + tag_len + 1 : text + strlen(text);
}

static const char *skip_piece(const char *text)
{
	if (*text == '\'' || *text == '"')
		return skip_quoted(text, *text);
	if (strncmp(text, "--", 2) == 0)
		return skip_line(text);
	if (strncmp(text, "/*", 2) == 0)
		return skip_block(text);
	if (*text == '$')
		return skip_dollar(text);
	return text + 1;
}

static const char *skip_space(const char *text)
{
	for (;;) {
		if (strncmp(text, "--", 2) == 0)
			text = skip_line(text);
		else if (strncmp(text, "/*", 2) == 0)
			text = skip_block(text);
		else if (*text != '\0' && strchr(" \t\r\n;", *text) != NULL)
			text++;
		else
			return text;
	}
}

size_t migrate_next_statement(const char **sql, const char **ret_start)
{
	const char *start = skip_space(*sql);
	const char *end = start;

	while (*end != '\0' && *end != ';')
		end = skip_piece(end);
	*ret_start = start;
	*sql = *end == ';' ? end + 1 : end;
	return (size_t)(end - start);
}

static size_t count_statements(const char *sql)
{
	const char *start;
	size_t count = 0;

	while (migrate_next_statement(&sql, &start) > 0)
		count++;
	return count;
}

/* ---- applying ---- */

SUSPENDS static int current_version(struct db_session *session, int *ret_version, int *ret_breaking,
				    struct error *err)
{
	struct db_step step = { .statement = &exists_statement };
	int rc = db_session_exec_all(session, &step, 1, err);

	if (rc < 0)
		return rc;
	bool exists = db_value_bool(step.rows, 0, 0);
	db_rows_release(step.rows);
	*ret_version = *ret_breaking = 0;
	if (!exists)
		return 0;
	step = (struct db_step){ .statement = &current_statement };
	rc = db_session_exec_all(session, &step, 1, err);
	if (rc == 0) {
		*ret_version = (int)db_value_int(step.rows, 0, 0);
		*ret_breaking = (int)db_value_int(step.rows, 0, 1);
	}
	db_rows_release(step.rows);
	return rc;
}

static void fill_steps(struct db_step *steps, const struct db_migration *migration, struct arena *arena)
{
	const char *sql = migration->sql, *start;
	size_t len, at = OWN_STEPS;

	while ((len = migrate_next_statement(&sql, &start)) > 0) {
		struct db_statement *statement = arena_alloc(arena, sizeof(*statement));
		statement->sql = arena_strndup(arena, start, len);
		steps[at++].statement = statement;
	}
}

SUSPENDS static int apply(struct db_session *session, const struct db_migration *migration, struct error *err)
{
	struct arena arena;
	size_t count = OWN_STEPS + count_statements(migration->sql);

	arena_init(&arena);
	const char *values[] = { arena_printf(&arena, "%d", migration->version), migration->name };
	struct db_step *steps = arena_alloc(&arena, count * sizeof(*steps));
	steps[0].statement = &patience_statement;
	steps[1].statement = &lock_statement;
	steps[2].statement = &table_statement;
	steps[3].statement = &version_statement;
	steps[3].values = values;
	fill_steps(steps, migration, &arena);
	int rc = db_session_exec_within(session, steps, count, MIGRATE_TIMEOUT_MS, err);
	for (size_t i = 0; i < count; i++)
		db_rows_release(steps[i].rows);
	arena_release(&arena);
	/* Another program applied it while this one waited for the lock. */
	if (rc == -ERR_CONFLICT && strcmp(err->text, "schema_migrations_pkey") == 0)
		return 0;
	return rc < 0 ? fail_prefix(err, "Migration %04d_%s failed", migration->version, migration->name) : 0;
}

SUSPENDS static int migrate(struct db_session *session, int *ret_from, int *ret_to, struct error *err)
{
	int from, to, breaking;
	int rc = current_version(session, &from, &breaking, err);

	if (rc < 0)
		return rc;
	to = from;
	for (size_t i = 0; i < db_migration_count; i++) {
		if (db_migrations[i].version <= from)
			continue;
		rc = apply(session, &db_migrations[i], err);
		if (rc < 0)
			return rc;
		to = db_migrations[i].version;
	}
	*ret_from = from;
	*ret_to = to;
	return 0;
}

int db_migrate(struct db *db, int *ret_from, int *ret_to, struct error *err)
{
	struct db_session *session = db_session_new(db);
	struct error own;
	int rc = migrate(session, ret_from, ret_to, err != NULL ? err : &own);

	db_session_free(session);
	return rc;
}

int db_check_schema(struct db *db, struct error *err)
{
	struct db_session *session = db_session_new(db);
	int wanted = db_migrations[db_migration_count - 1].version, version, breaking;
	int rc = current_version(session, &version, &breaking, err);

	db_session_free(session);
	if (rc < 0)
		return rc;
	if (version < wanted)
		return fail(err, ERR_INVALID,
			    "The database's schema is at version %d,"
			    " this program needs %d: run 'ferrule db upgrade'",
			    version, wanted);
	if (breaking > wanted)
		return fail(err, ERR_INVALID,
			    "The database's schema is at version %d, newer than this program's %d, and "
			    "version %d "
			    "took away what this program needs",
			    version, wanted, breaking);
	return 0;
}
