/* Nodes as they are read: every column of the field table, from a real PostgreSQL. */
#include "db/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "tests/support/pg.h"

static const char *const uuid = "1be26c0b-03f2-4d2e-ae87-c02d7f33c123";

static void check_node(const struct node *node)
{
	assert_string_equal(node_uuid(node), uuid);
	assert_string_equal(node_text(node, NODE_NAME), "node-1");
	assert_true(node_bool(node, NODE_MAINTENANCE));
	assert_null(node_text(node, NODE_LAST_ERROR));
	assert_string_equal(node->text[NODE_DRIVER_INFO], "{\"b\":1.0, \"a\": 2}");
	assert_string_equal(node_text(node, NODE_INSPECTION_STARTED_AT), "2026-11-20 13:41:07");
	assert_string_equal(node_text(node, NODE_PROVISION_STATE), "enroll");
	assert_int_equal(node->version, 3);
	assert_int_equal(node->lock_epoch, 7);
	for (enum node_field field = 0; field < NODE_COLUMN_COUNT; field++)
		assert_false(node->is_dirty[field]);
}

static void reads(void *arg)
{
	struct db *db = pg_open_migrated();
	struct node node;
	struct db_rows *rows = NULL;
	struct error err;

	(void)arg;
	/* The time is stored in another zone than the one it is read in. */
	char *id = pg_query(db,
			    "INSERT INTO nodes (uuid, name, driver, maintenance, driver_info,"
			    " inspection_started_at, version,"
			    " lock_epoch) VALUES ('%s', 'node-1', 'ipmi', true, '{\"b\":1.0, \"a\": 2}',"
			    " '2026-11-20 15:41:07+02', 3, 7)"
			    " RETURNING id",
			    uuid);
	xfree(pg_query(db,
		       "INSERT INTO node_traits (node_id, trait) VALUES (%s, 'CUSTOM_B'), (%s, 'CUSTOM_A')",
		       id, id));
	assert_int_equal(node_read(db, uuid, NULL, 0, &node, &err), 0);
	check_node(&node);
	assert_int_equal(node.id, strtoll(id, NULL, 10));
	node_release(&node);
	assert_int_equal(node_read(db, NULL, "node-1", 0, &node, &err), 0);
	check_node(&node);
	node_release(&node);
	assert_int_equal(node_read(db, NULL, NULL, strtoll(id, NULL, 10), &node, &err), 0);
	check_node(&node);
	node_release(&node);

	assert_int_equal(node_read_row(db, uuid, NULL, &rows, &err), 0);
	assert_string_equal(db_value(rows, 0, NODE_UUID), uuid);
	assert_string_equal(db_value(rows, 0, NODE_ROW_ID), id);
	assert_string_equal(db_value(rows, 0, NODE_ROW_VERSION), "3");
	assert_null(db_value(rows, 0, NODE_ROW_CHASSIS_UUID));
	assert_null(db_value(rows, 0, NODE_ROW_ALLOCATION_UUID));
	assert_string_equal(db_value(rows, 0, NODE_ROW_TRAITS), "[\"CUSTOM_A\", \"CUSTOM_B\"]");
	db_rows_release(rows);
	xfree(id);

	assert_int_equal(node_read(db, "1be26c0b-03f2-4d2e-ae87-c02d7f33c124", NULL, 0, &node, &err),
			 -ERR_NOT_FOUND);
	assert_int_equal(node_read(db, "no uuid", NULL, 0, &node, &err), -ERR_NOT_FOUND);
	assert_int_equal(node_read(db, NULL, "NODE-1", 0, &node, &err), -ERR_NOT_FOUND);
	assert_int_equal(node_read_row(db, NULL, "' OR true --", &rows, &err), -ERR_NOT_FOUND);
	db_free(db);
}

static void test_node_read__by_uuid_name_and_id__every_column(void **state)
{
	(void)state;
	pg_run(reads, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_node_read__by_uuid_name_and_id__every_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
