/* What is found out about nodes, in a real PostgreSQL: BIOS settings are replaced as a set, by the holder of
 * the lock alone. */
#include "db/node_found.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "tests/support/pg.h"

#define TOKEN "00000000-0000-4000-8000-00000000000a"
#define OTHER "00000000-0000-4000-8000-00000000000b"

static int64_t add_node(struct db *db)
{
	char *id = pg_query(
		db, "INSERT INTO nodes (uuid, driver, lock_token) VALUES (gen_random_uuid(), 'redfish', "
		    "'" TOKEN "') RETURNING id");
	int64_t number = strtoll(id, NULL, 10);

	xfree(id);
	return number;
}

/* The rows as "name=value" with a "!" behind those that were updated. */
static void assert_rows(struct db *db, int64_t node_id, const char *wanted)
{
	char *shown =
		pg_query(db,
			 "SELECT string_agg(name || '=' || coalesce(value, 'NULL') || CASE WHEN updated_at"
			 " IS NULL THEN '' ELSE '!' END, ' ' ORDER BY name) FROM node_bios_settings"
			 " WHERE node_id = %lld",
			 (long long)node_id);

	assert_string_equal(shown ? shown : "", wanted);
	xfree(shown);
}

static void replaced(void *arg)
{
	struct db *db = pg_open_migrated();
	struct found_key key = { .node_id = add_node(db), .token = TOKEN };
	struct found_key bystander = { .node_id = add_node(db), .token = TOKEN };
	struct error err;

	(void)arg;
	assert_int_equal(node_bios_store(db, &bystander, "[{\"name\": \"A\", \"value\": \"1\"}]", &err), 0);
	assert_int_equal(
		node_bios_store(db, &key,
				"[{\"name\": \"A\", \"value\": \"1\"}, {\"name\": \"B\", \"value\": null},"
				" {\"name\": \"C\", \"value\": \"x\"}, {\"name\": \"D\", \"value\": \"d\"}]",
				&err),
		0);
	assert_rows(db, key.node_id, "A=1 B=NULL C=x D=d");
	assert_int_equal(
		node_bios_store(db, &key,
				"[{\"name\": \"A\", \"value\": \"1\"}, {\"name\": \"A\", \"value\": \"1\"},"
				" {\"name\": \"B\", \"value\": \"2\"},"
				" {\"name\": \"D\", \"value\": \"d\", \"read_only\": true}]",
				&err),
		0);
	assert_rows(db, key.node_id, "A=1 B=2! D=d!");
	assert_rows(db, bystander.node_id, "A=1");
	key.token = OTHER;
	assert_int_equal(node_bios_store(db, &key, "[]", &err), -ERR_FENCED);
	assert_rows(db, key.node_id, "A=1 B=2! D=d!");
	key.token = TOKEN;
	assert_int_equal(node_bios_store(db, &key, "[]", &err), 0);
	assert_rows(db, key.node_id, "");
	db_free(db);
}

static void test_bios_store__a_new_set__is_what_there_is(void **state)
{
	(void)state;
	pg_run(replaced, NULL);
}

static void check_full_row(const struct db_rows *rows)
{
	static const char *const wanted[] = { [BIOS_NAME] = "N",
					      [BIOS_VALUE] = "v",
					      [BIOS_ATTRIBUTE_TYPE] = "Integer",
					      [BIOS_ALLOWABLE_VALUES] = "[\"a\", \"b\\\"\"]",
					      [BIOS_LOWER_BOUND] = "-1",
					      [BIOS_MAX_LENGTH] = "9",
					      [BIOS_MIN_LENGTH] = "0",
					      [BIOS_READ_ONLY] = "f",
					      [BIOS_RESET_REQUIRED] = "t",
					      [BIOS_UNIQUE] = "f",
					      [BIOS_UPPER_BOUND] = "9223372036854775807" };

	for (int column = 0; column <= BIOS_UPPER_BOUND; column++)
		assert_string_equal(db_value(rows, 0, column), wanted[column]);
	assert_non_null(db_value(rows, 0, BIOS_CREATED_AT));
	assert_null(db_value(rows, 0, BIOS_UPDATED_AT));
}

static void read_back(void *arg)
{
	struct db *db = pg_open_migrated();
	struct found_key key = { .node_id = add_node(db), .token = TOKEN };
	struct db_rows *rows = NULL;
	struct error err;

	(void)arg;
	assert_int_equal(
		node_bios_store(
			db, &key,
			"[{\"name\": \"M\", \"value\": null}, {\"name\": \"N\", \"value\": \"v\","
			" \"attribute_type\": \"Integer\", \"allowable_values\": [\"a\", \"b\\\"\"],"
			" \"lower_bound\": -1, \"upper_bound\": 9223372036854775807, \"min_length\": 0,"
			" \"max_length\": 9, \"read_only\": false, \"reset_required\": true,"
			" \"unique\": false}]",
			&err),
		0);
	assert_int_equal(node_bios_read(db, key.node_id, "N", &rows, &err), 0);
	assert_int_equal(db_rows_count(rows), 1);
	check_full_row(rows);
	db_rows_release(rows);
	assert_int_equal(node_bios_read(db, key.node_id, "none", &rows, &err), 0);
	assert_int_equal(db_rows_count(rows), 0);
	db_rows_release(rows);
	assert_int_equal(node_bios_read(db, key.node_id, NULL, &rows, &err), 0);
	assert_int_equal(db_rows_count(rows), 2);
	assert_null(db_value(rows, 0, BIOS_VALUE));
	db_rows_release(rows);
	db_free(db);
}

static void test_bios_read__every_member__as_stored(void **state)
{
	(void)state;
	pg_run(read_back, NULL);
}

static void flash(struct db *db, const struct found_key *key, const char *version)
{
	char text[160];
	struct error err;

	snprintf(text, sizeof(text),
		 "[{\"component\": \"bmc\", \"current_version\": \"%s\"},"
		 " {\"component\": \"bios\", \"current_version\": \"9\"}]",
		 version);
	assert_int_equal(node_firmware_store(db, key, text, &err), 0);
}

static void assert_flashed(struct db *db, const char *wanted)
{
	char *shown = pg_query(db, "SELECT concat_ws(' ', initial_version, current_version,"
				   " coalesce(last_version_flashed, '-'), (updated_at IS NOT NULL)::text)"
				   " FROM node_firmware WHERE component = 'bmc'");

	assert_string_equal(shown, wanted);
	xfree(shown);
}

static void versions(void *arg)
{
	struct db *db = pg_open_migrated();
	struct found_key key = { .node_id = add_node(db), .token = TOKEN };

	(void)arg;
	flash(db, &key, "1");
	flash(db, &key, "1");
	assert_flashed(db, "1 1 - false");
	flash(db, &key, "2");
	assert_flashed(db, "1 2 2 true");
	flash(db, &key, "2");
	flash(db, &key, "1");
	assert_flashed(db, "1 1 1 true");
	db_free(db);
}

static void test_firmware_store__another_version__was_flashed(void **state)
{
	(void)state;
	pg_run(versions, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bios_store__a_new_set__is_what_there_is),
		cmocka_unit_test(test_bios_read__every_member__as_stored),
		cmocka_unit_test(test_firmware_store__another_version__was_flashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
