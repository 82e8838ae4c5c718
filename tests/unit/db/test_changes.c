/* The outbox of changes on a real PostgreSQL: what is told, in which order, and what happens to who comes
 * late. */
#include "db/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "tests/support/pg.h"

static const struct changes_cursor beginning = { 0, 0 };

static void make_nodes(struct db *db, int count)
{
	xfree(pg_query(
		db,
		"INSERT INTO nodes (uuid, name, driver) SELECT ('00000000-0000-4000-8000-' ||"
		" lpad(i::text, 12, '0'))::uuid, 'n' || i, 'fake-hardware' FROM generate_series(1, %d) i",
		count));
}

static struct changes_page read_page(struct db *db, struct changes_cursor cursor, const char *nodes,
				     size_t max)
{
	struct changes_page page;
	struct error err;

	assert_int_equal(changes_read(db, &cursor, nodes, max, &page, &err), 0);
	return page;
}

static void tells(void *arg)
{
	struct db *db = pg_open_migrated();
	struct changes_page page;

	(void)arg;
	make_nodes(db, 3);
	page = read_page(db, beginning, NULL, 2);
	assert_int_equal(db_rows_count(page.rows), 2);
	assert_true(page.is_full);
	assert_string_equal(db_value(page.rows, 0, CHANGES_CHANGE), "created");
	db_rows_release(page.rows);
	page = read_page(db, page.next, NULL, 2);
	assert_int_equal(db_rows_count(page.rows), 1);
	assert_false(page.is_full);
	db_rows_release(page.rows);

	/* a lock alone is no change; what users see is, once for each row of a batch */
	struct changes_cursor here = page.next;
	xfree(pg_query(db, "UPDATE nodes SET reservation = 'x', lock_epoch = 1, version = version + 1"));
	page = read_page(db, here, NULL, 10);
	assert_int_equal(db_rows_count(page.rows), 0);
	db_rows_release(page.rows);
	xfree(pg_query(db, "UPDATE nodes SET power_state = 'power on', last_error = 'a', updated_at = now(),"
			   " version = version + 1 WHERE name <> 'n2'"));
	xfree(pg_query(db, "DELETE FROM nodes WHERE name = 'n2'"));
	page = read_page(db, here, NULL, 10);
	assert_int_equal(db_rows_count(page.rows), 3);
	assert_string_equal(db_value(page.rows, 0, CHANGES_CHANGE), "updated");
	assert_string_equal(db_value(page.rows, 0, CHANGES_POWER_STATE), "power on");
	assert_string_equal(db_value(page.rows, 0, CHANGES_LAST_ERROR), "a");
	assert_string_equal(db_value(page.rows, 0, CHANGES_VERSION), "2");
	assert_string_equal(db_value(page.rows, 2, CHANGES_CHANGE), "deleted");
	assert_string_equal(db_value(page.rows, 2, CHANGES_NAME), "n2");
	db_rows_release(page.rows);

	/* by node, and the cursor passes over the others */
	page = read_page(db, here, "{00000000-0000-4000-8000-000000000003}", 10);
	assert_int_equal(db_rows_count(page.rows), 1);
	db_rows_release(page.rows);
	page = read_page(db, page.next, NULL, 10);
	assert_int_equal(db_rows_count(page.rows), 0);
	db_rows_release(page.rows);
	db_free(db);
}

static void test_changes_read__visible_changes__come_in_order(void **state)
{
	(void)state;
	pg_run(tells, NULL);
}

struct late {
	struct db_session *session;
	struct db_step *steps;
	bool is_done;
};

static void run_late(void *arg)
{
	struct late *late = arg;

	db_session_exec_all(late->session, late->steps, 2, NULL);
	late->is_done = true;
}

/* The transaction that began first ends last: the later one waits for it, and neither is passed over. */
static void waits(void *arg)
{
	struct db *db = pg_open_migrated();
	struct db_session *session = db_session_new(db);
	static const struct db_statement early = {
		.sql = "UPDATE nodes SET updated_at = now() WHERE name = 'n1'"
	};
	static const struct db_statement pause = { .sql = "SELECT pg_sleep(1)" };
	struct changes_cursor present = beginning;
	struct changes_page page;
	struct error err;
	bool is_news;

	(void)arg;
	make_nodes(db, 2);
	assert_int_equal(changes_poll(db, &present, &is_news, &err), 0);
	assert_true(is_news);
	assert_int_equal(changes_poll(db, &present, &is_news, &err), 0);
	assert_false(is_news);

	struct db_step steps[] = { { .statement = &early }, { .statement = &pause } };
	struct late late = { session, steps, false };

	fiber_spawn("late", run_late, &late);
	fiber_sleep(300);
	xfree(pg_query(db, "UPDATE nodes SET updated_at = now() WHERE name = 'n2'"));
	page = read_page(db, present, NULL, 10);
	assert_false(late.is_done);
	assert_int_equal(db_rows_count(page.rows), 0);
	db_rows_release(page.rows);
	while (!late.is_done)
		fiber_sleep(50);
	page = read_page(db, page.next, NULL, 10);
	assert_int_equal(db_rows_count(page.rows), 2);
	assert_string_equal(db_value(page.rows, 0, CHANGES_NAME), "n1");
	assert_string_equal(db_value(page.rows, 1, CHANGES_NAME), "n2");
	db_rows_release(page.rows);
	for (size_t i = 0; i < 2; i++)
		db_rows_release(steps[i].rows);
	db_session_free(session);
	db_free(db);
}

static void test_changes_read__late_commit__is_waited_for(void **state)
{
	(void)state;
	pg_run(waits, NULL);
}

static void purges(void *arg)
{
	struct db *db = pg_open_migrated();
	struct changes_page page;
	struct error err;
	size_t count = 99;

	(void)arg;
	make_nodes(db, 5);
	page = read_page(db, beginning, NULL, 2);
	struct changes_cursor old = page.next;
	db_rows_release(page.rows);
	assert_int_equal(changes_purge(db, 60, 3, &count, &err), 0);
	assert_int_equal(count, 0);
	xfree(pg_query(db, "UPDATE node_changes SET at = now() - interval '2 minutes'"));
	xfree(pg_query(db, "UPDATE nodes SET updated_at = now() WHERE name = 'n1'"));
	assert_int_equal(changes_purge(db, 60, 3, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(changes_purge(db, 60, 3, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(changes_purge(db, 60, 3, &count, &err), 0);
	assert_int_equal(count, 0);

	/* who has read less than what was removed must know; who comes from nowhere too */
	page = read_page(db, old, NULL, 10);
	assert_true(page.is_lost);
	struct changes_cursor next = page.next;
	db_rows_release(page.rows);
	page = read_page(db, next, NULL, 10);
	assert_false(page.is_lost);
	db_rows_release(page.rows);
	page = read_page(db, (struct changes_cursor){ UINT64_C(1) << 60, 1 }, NULL, 10);
	assert_true(page.is_lost);
	db_rows_release(page.rows);
	db_free(db);
}

static void test_changes_purge__old_rows__go_and_who_missed_them_is_told(void **state)
{
	(void)state;
	pg_run(purges, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_read__visible_changes__come_in_order),
		cmocka_unit_test(test_changes_read__late_commit__is_waited_for),
		cmocka_unit_test(test_changes_purge__old_rows__go_and_who_missed_them_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
