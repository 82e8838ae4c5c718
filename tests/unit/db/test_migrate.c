/* Migrations: taking SQL apart, and applying it to a real PostgreSQL once, again and by several at once. */
#include "db/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

#include <cmocka.h> /* defines a macro "fail" */

struct split_case {
	const char *sql;
	const char *statements[4];
};

static void test_migrate_next_statement__quotes_and_comments__split_at_semicolons_only(void **state)
{
	static const struct split_case cases[] = {
		{ "", { NULL } },
		{ " -- only; a comment\n ; ;", { NULL } },
		{ "SELECT 1", { "SELECT 1" } },
		{ "SELECT 1; SELECT 2;", { "SELECT 1", "SELECT 2" } },
		{ "SELECT ';', 'it''s;', \";\"; SELECT 2", { "SELECT ';', 'it''s;', \";\"", "SELECT 2" } },
		{ "SELECT 1 -- a; b\n + 2; x", { "SELECT 1 -- a; b\n + 2", "x" } },
		{ "/* a; */ SELECT /* ; */ 1; x", { "SELECT /* ; */ 1", "x" } },
		{ "DO $$ BEGIN; END; $$; x", { "DO $$ BEGIN; END; $$", "x" } },
		{ "DO $a$ $$ ; $b$ ; $a$; x", { "DO $a$ $$ ; $b$ ; $a$", "x" } },
		{ "SELECT $1; x", { "SELECT $1", "x" } },
		{ "SELECT 'open; x", { "SELECT 'open; x" } },
		{ "SELECT /* open; x", { "SELECT /* open; x" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *sql = cases[i].sql, *start;
		size_t len, count = 0;
		while ((len = migrate_next_statement(&sql, &start)) > 0) {
			assert_non_null(cases[i].statements[count]);
			assert_int_equal(len, strlen(cases[i].statements[count]));
			assert_memory_equal(start, cases[i].statements[count], len);
			count++;
		}
		assert_null(cases[i].statements[count]);
	}
}

static void fresh(void *arg)
{
	struct db *db = db_new(&(struct db_options){ .connection = pg_fresh_database() });
	int newest = db_migrations[db_migration_count - 1].version, from = -1, to = -1;
	struct error err;

	(void)arg;
	assert_int_equal(db_check_schema(db, &err), -ERR_INVALID);
	assert_non_null(strstr(err.text, "ferrule db upgrade"));
	assert_int_equal(db_migrate(db, &from, &to, &err), 0);
	assert_int_equal(from, 0);
	assert_int_equal(to, newest);
	assert_int_equal(db_check_schema(db, &err), 0);
	assert_int_equal(db_migrate(db, &from, &to, &err), 0);
	assert_int_equal(from, newest);
	assert_int_equal(to, newest);
	/* An older program goes on with what a newer one has added, not with what it took away. */
	xfree(pg_query(db, "INSERT INTO schema_migrations (version, name) VALUES (9999, 'nobreaking')"));
	assert_int_equal(db_check_schema(db, &err), 0);
	xfree(pg_query(db, "INSERT INTO schema_migrations (version, name) VALUES (9998, 'past_breaking')"));
	assert_int_equal(db_check_schema(db, &err), -ERR_INVALID);
	assert_non_null(strstr(err.text, "9998"));
	assert_non_null(strstr(err.text, "9999"));
	db_free(db);
}

static void test_db_migrate__fresh_and_again__applies_once(void **state)
{
	(void)state;
	pg_run(fresh, NULL);
}

/* Nothing of a migration that fails may stay, its version least of all. */
static void failing(void *arg)
{
	struct db *db = db_new(&(struct db_options){ .connection = pg_fresh_database() });
	int from, to;
	struct error err;

	(void)arg;
	xfree(pg_query(db, "CREATE TABLE actions (in_the_way int)"));
	assert_true(db_migrate(db, &from, &to, &err) < 0);
	assert_non_null(strstr(err.text, "0001_initial"));
	char *tables = pg_query(db, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
	assert_string_equal(tables, "1");
	xfree(tables);
	xfree(pg_query(db, "DROP TABLE actions"));
	assert_int_equal(db_migrate(db, &from, &to, &err), 0);
	db_free(db);
}

static void test_db_migrate__a_file_fails__leaves_nothing(void **state)
{
	(void)state;
	pg_run(failing, NULL);
}

struct migrator {
	struct db *db;
	int rc, to;
	struct error err;
	unsigned *left;
};

static void migrator_run(void *arg)
{
	struct migrator *migrator = arg;
	int from;

	migrator->rc = db_migrate(migrator->db, &from, &migrator->to, &migrator->err);
	--*migrator->left;
}

static void concurrent(void *arg)
{
	enum { COUNT = 4 };
	static struct migrator migrators[COUNT];
	const char *connection = pg_fresh_database();
	unsigned left = COUNT;

	(void)arg;
	for (int i = 0; i < COUNT; i++) {
		migrators[i] =
			(struct migrator){ .db = db_new(&(struct db_options){ .connection = connection }),
					   .left = &left };
		fiber_spawn("migrate", migrator_run, &migrators[i]);
	}
	while (left > 0)
		fiber_sleep(2);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(migrators[i].rc, 0);
		assert_int_equal(migrators[i].to, db_migrations[db_migration_count - 1].version);
	}
	char *rows = pg_query(migrators[0].db, "SELECT count(*) FROM schema_migrations");
	assert_int_equal(strtol(rows, NULL, 10), db_migration_count);
	xfree(rows);
	for (int i = 0; i < COUNT; i++)
		db_free(migrators[i].db);
}

static void test_db_migrate__four_at_once__all_succeed(void **state)
{
	(void)state;
	pg_run(concurrent, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_migrate_next_statement__quotes_and_comments__split_at_semicolons_only),
		cmocka_unit_test(test_db_migrate__fresh_and_again__applies_once),
		cmocka_unit_test(test_db_migrate__a_file_fails__leaves_nothing),
		cmocka_unit_test(test_db_migrate__four_at_once__all_succeed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
