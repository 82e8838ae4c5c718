/*
 * Through pgbouncer in transaction mode: connections of the server are shared by all, so nothing may be
 * named, nothing may be set, and LISTEN goes past it.
 */
#include "db/action.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

enum { CALLS = 100, NODES = 10 };

static struct {
	struct db *api, *conductor;
	unsigned done, started, left;
} bus;

/* Both sides are told of the other's work past the proxy. */
static void on_reply(const char *payload, void *arg)
{
	struct action_news news;

	(void)arg;
	while (action_news_next(&payload, &news))
		bus.done += news.what == 'f';
}

SUSPENDS static void run_next(void *arg)
{
	int64_t node_id = (int64_t)(intptr_t)arg;
	struct action action;
	struct error err;
	bool is_started = false;

	assert_int_equal(action_start_exclusive(bus.conductor, node_id, "h",
						"aaaaaaaa-0000-4000-8000-000000000001", &is_started, &action,
						NULL, &err),
			 0);
	if (is_started) {
		bus.started++;
		assert_int_equal(action_accept(bus.conductor, &action, "{\"fault\": \"f\"}", &err), 0);
		assert_int_equal(
			action_finish(bus.conductor, &action,
				      &(struct action_outcome){ .state = ACTION_DONE, .history_event = "e" },
				      &err),
			0);
		action_release(&action);
	}
	bus.left--;
}

SUSPENDS static void insert_one(void *arg)
{
	char uuid[UUID_TEXT];
	struct error err;
	int64_t id;

	uuid_new(uuid);
	assert_int_equal(action_insert(bus.api,
				       &(struct action_request){ .uuid = uuid,
								 .node_id = (int64_t)(intptr_t)arg,
								 .kind = "k",
								 .is_exclusive = true,
								 .on_crash = "never",
								 .pool = "p",
								 .target = "t",
								 .reply = "replies",
								 .wait_ms = 60000,
								 .run_s = 1 },
				       &id, &err),
			 0);
	bus.left--;
}

SUSPENDS static void for_each(void (*fn)(void *arg), unsigned count)
{
	bus.left = count;
	for (unsigned i = 0; i < count; i++)
		fiber_spawn("call", fn, (void *)(intptr_t)(i % NODES + 1));
	while (bus.left > 0)
		fiber_sleep(1);
}

SUSPENDS static void through_the_proxy(void *arg)
{
	struct db *direct = pg_open_migrated();
	const char *through = pg_bouncer();
	struct db_options options = { .connection = through,
				      .listen_connection = pg_last_database(),
				      .pool_size = 4,
				      .is_unprepared = true };

	(void)arg;
	memset(&bus, 0, sizeof(bus));
	bus.api = db_new(&options);
	bus.conductor = db_new(&options);
	xfree(pg_query(
		direct,
		"INSERT INTO nodes (uuid, driver) SELECT gen_random_uuid(), 'x' FROM generate_series(1, %d)",
		NODES));
	db_listen(bus.api, "replies", on_reply, NULL);
	fiber_sleep(100);
	for_each(insert_one, CALLS);
	while (bus.started < CALLS)
		for_each(run_next, NODES);
	int64_t deadline_ms = clock_ms() + 5000;
	while (bus.done < CALLS && clock_ms() < deadline_ms)
		fiber_sleep(1);
	assert_int_equal(bus.done, CALLS);
	char *done = pg_query(direct, "SELECT count(*) FROM actions WHERE state = 'done'");
	assert_int_equal(strtol(done, NULL, 10), CALLS);
	xfree(done);
	/* On none of the shared connections has anything been left behind. */
	for (int i = 0; i < 20; i++) {
		char *setting = pg_query(
			bus.api,
			"SELECT concat_ws('|', current_setting('synchronous_commit'),"
			" current_setting('enable_seqscan'), (SELECT count(*) FROM pg_prepared_statements))");
		assert_string_equal(setting, "on|on|0");
		xfree(setting);
	}
	db_free(bus.api);
	db_free(bus.conductor);
	db_free(direct);
}

static void test_bus__through_pgbouncer__works_and_leaves_nothing_behind(void **state)
{
	(void)state;
	if (!pg_is_private() ||
	    (access("/usr/sbin/pgbouncer", X_OK) != 0 && access("/usr/bin/pgbouncer", X_OK) != 0))
		skip();
	pg_run(through_the_proxy, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bus__through_pgbouncer__works_and_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
