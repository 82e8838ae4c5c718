/* Flavors, in a real PostgreSQL. */
#include "db/flavor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pg.h"

#define ONE  "5a1e9f9e-0000-4000-8000-000000000001"
#define TWO  "5a1e9f9e-0000-4000-8000-000000000002"
#define NONE "5a1e9f9e-0000-4000-8000-000000000003"

static void lives(void *arg)
{
	struct db *db = pg_open_migrated();
	struct flavor *rows;
	struct arena arena;
	size_t count = 0;
	bool is_done = false;

	(void)arg;
	arena_init(&arena);
	struct flavor one = { ONE, .name = "small", .properties = "{\"pci_device\":{\"type\":[\"NIC\"]}}" };
	struct flavor two = { TWO, .name = "small", .description = "again", .properties = "{}" };
	assert_int_equal(flavor_insert(db, &one, NULL), 0);
	assert_int_equal(flavor_insert(db, &two, NULL), 0);
	assert_int_equal(flavor_list(db, NULL, &arena, &rows, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].uuid, ONE);
	assert_null(rows[0].description);
	assert_null(rows[0].updated_at);

	struct flavor change = { ONE, .description = "one card" };
	assert_int_equal(flavor_update(db, &change, &is_done, NULL), 0);
	assert_true(is_done);
	assert_int_equal(flavor_list(db, ONE, &arena, &rows, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].name, "small");
	assert_string_equal(rows[0].description, "one card");
	assert_string_equal(rows[0].properties, one.properties);
	assert_non_null(rows[0].updated_at);

	struct flavor nobody = { NONE, .name = "x" };
	assert_int_equal(flavor_update(db, &nobody, &is_done, NULL), 0);
	assert_false(is_done);
	assert_int_equal(flavor_delete(db, NONE, &is_done, NULL), 0);
	assert_false(is_done);
	assert_int_equal(flavor_delete(db, ONE, &is_done, NULL), 0);
	assert_true(is_done);
	assert_int_equal(flavor_list(db, NULL, &arena, &rows, &count, NULL), 0);
	assert_int_equal(count, 1);
	arena_release(&arena);
	db_free(db);
}

static void test_flavor__made_changed_removed__is_as_written(void **state)
{
	(void)state;
	pg_run(lives, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flavor__made_changed_removed__is_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
