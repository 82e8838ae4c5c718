/* NOTIFY and LISTEN against a real PostgreSQL: coalescing, limits, and what a lost connection tells. */
#include "db/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

struct heard {
	unsigned notifications, items, nulls;
	size_t longest;
	char last[128];
};

static void on_notify(const char *payload, void *arg)
{
	struct heard *heard = arg;

	if (payload == NULL) {
		heard->nulls++;
		return;
	}
	heard->notifications++;
	heard->items++;
	for (const char *at = payload; (at = strchr(at, ',')) != NULL; at++)
		heard->items++;
	if (strlen(payload) > heard->longest)
		heard->longest = strlen(payload);
	snprintf(heard->last, sizeof(heard->last), "%s", payload);
}

static void await(const unsigned *counter, unsigned wanted)
{
	int64_t deadline_ms = clock_ms() + 5000;

	while (*counter < wanted && clock_ms() < deadline_ms)
		fiber_sleep(1);
	assert_int_equal(*counter, wanted);
}

static void coalesced(void *arg)
{
	struct db *db = db_new(&(struct db_options){ .connection = pg_fresh_database() });
	static struct heard one, two;
	char item[100];

	(void)arg;
	one = two = (struct heard){ 0 };
	db_listen(db, "one", on_notify, &one);
	db_listen(db, "Two \"quoted\"", on_notify, &two);
	await(&one.nulls, 1);
	await(&two.nulls, 1);
	for (int i = 0; i < 50; i++)
		db_notify(db, "one", "x1");
	db_notify(db, "Two \"quoted\"", "it's\\");
	await(&one.items, 50);
	assert_int_equal(one.notifications, 1);
	await(&two.items, 1);
	assert_string_equal(two.last, "it's\\");

	/* Far more than one notification may hold. */
	for (int i = 0; i < 400; i++) {
		snprintf(item, sizeof(item), "y%098d", i);
		db_notify(db, "one", item);
	}
	await(&one.items, 450);
	assert_true(one.longest <= 7900);
	/* What cannot be said is not said, and does no harm. */
	char too_long[1300];
	memset(too_long, 'z', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	db_notify(db, "one", too_long);
	db_notify(db, "one", "x2");
	await(&one.items, 451);
	assert_string_equal(one.last, "x2");
	db_free(db);
}

static void test_db_notify__many_in_a_tick__few_notifications(void **state)
{
	(void)state;
	pg_run(coalesced, NULL);
}

static void reconnected(void *arg)
{
	const char *connection = pg_fresh_database();
	struct db *db = db_new(&(struct db_options){ .connection = connection });
	struct db *other = db_new(&(struct db_options){ .connection = connection, .pool_size = 1 });
	static struct heard heard;

	(void)arg;
	heard = (struct heard){ 0 };
	db_listen(db, "channel", on_notify, &heard);
	await(&heard.nulls, 1);
	xfree(pg_query(other, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
			      " WHERE datname = current_database() AND pid <> pg_backend_pid()"));
	await(&heard.nulls, 2);
	db_notify(other, "channel", "x1");
	await(&heard.items, 1);
	if (pg_is_private()) {
		pg_control("restart");
		/* Said while nobody is connected: it must arrive, or the listener must hear that it may have
		 * missed it. */
		db_notify(other, "channel", "x2");
		await(&heard.nulls, 3);
		db_notify(other, "channel", "x3");
		int64_t deadline_ms = clock_ms() + 5000;
		while (strstr(heard.last, "x3") == NULL && clock_ms() < deadline_ms)
			fiber_sleep(1);
		assert_non_null(strstr(heard.last, "x3"));
	}
	db_free(db);
	db_free(other);
}

static void test_db_listen__connection_lost__hears_null_and_then_more(void **state)
{
	(void)state;
	pg_run(reconnected, NULL);
}

static void off(void *arg)
{
	struct db *db =
		db_new(&(struct db_options){ .connection = pg_fresh_database(), .is_listen_off = true });
	static struct heard heard;

	(void)arg;
	heard = (struct heard){ 0 };
	db_listen(db, "channel", on_notify, &heard);
	db_notify(db, "channel", "x1");
	fiber_sleep(100);
	assert_int_equal(heard.nulls, 0);
	assert_int_equal(heard.items, 0);
	char *connections =
		pg_query(db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()");
	assert_string_equal(connections, "1");
	xfree(connections);
	db_free(db);
}

static void test_db_listen__off__opens_no_connection(void **state)
{
	(void)state;
	pg_run(off, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_db_notify__many_in_a_tick__few_notifications),
		cmocka_unit_test(test_db_listen__connection_lost__hears_null_and_then_more),
		cmocka_unit_test(test_db_listen__off__opens_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
