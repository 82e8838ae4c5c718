/* How actions get into the database: once by uuid and key, in batches, or soon not. */
#include "db/action.h"

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/actions.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

DB_TEST(test_action_insert__same_uuid_again__is_one_row)
{
	char uuid[UUID_TEXT];
	struct error err;
	int64_t first = 0, second = 0;

	uuid_new(uuid);
	struct action_request request = { .uuid = uuid,
					  .kind = "k",
					  .on_crash = "never",
					  .pool = "p",
					  .target = "t",
					  .wait_ms = 1000,
					  .run_s = 1 };
	assert_int_equal(action_insert(db, &request, &first, &err), 0);
	assert_int_equal(action_insert(db, &request, &second, &err), 0);
	assert_int_equal(first, second);
	assert_string_equal(ask(db, "SELECT count(*) FROM actions", 0), "1");
}

DB_TEST(test_action_insert_keyed__key_used__is_that_action_or_refused)
{
	char uuids[2][UUID_TEXT];
	struct action_keyed first, second;
	struct error err;
	bool is_cancelled;

	uuid_new(uuids[0]);
	uuid_new(uuids[1]);
	struct action_request request = { .uuid = uuids[0],
					  .kind = "k",
					  .on_crash = "never",
					  .pool = "p",
					  .target = "t",
					  .wait_ms = 1000,
					  .run_s = 1,
					  .idem_scope = "me",
					  .idem_key = "1",
					  .idem_print = "01" };
	assert_int_equal(action_insert_keyed(db, &request, &first, &err), 0);
	assert_true(first.is_new);
	assert_string_equal(first.uuid, uuids[0]);
	/* A lost reply makes it repeat. */
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), 0);
	assert_true(second.is_new);
	request.uuid = uuids[1];
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), 0);
	assert_false(second.is_new);
	assert_int_equal(second.id, first.id);
	assert_string_equal(second.uuid, uuids[0]);
	request.idem_print = "02";
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), -ERR_IDEMPOTENCY);
	request.idem_scope = "you";
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), 0);
	assert_true(second.is_new);
	/* A cancelled one gives the key back. */
	request.idem_scope = "me";
	assert_int_equal(action_cancel(db, first.id, uuids[0], &is_cancelled, &err), 0);
	uuid_new(uuids[1]);
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), 0);
	assert_true(second.is_new);
	/* So does one that was refused with the promise that it never runs, and one whose time is over. */
	xfree(pg_query(db, "UPDATE actions SET state = 'failed', error_code = 503 WHERE idem_scope = 'me'"));
	uuid_new(uuids[1]);
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), 0);
	assert_true(second.is_new);
	xfree(pg_query(db, "UPDATE actions SET keep_until = now() - interval '1 s' WHERE idem_scope = 'me'"));
	uuid_new(uuids[1]);
	assert_int_equal(action_insert_keyed(db, &request, &second, &err), 0);
	assert_true(second.is_new);
}

DB_TEST(test_action_insert__no_server__says_soon_that_it_will_never_run)
{
	struct db *nowhere = db_new(&(struct db_options){ .connection = "host=/nonexistent dbname=x" });
	char uuid[UUID_TEXT];
	struct error err;
	int64_t id, begin_ms = clock_ms();

	(void)db;
	uuid_new(uuid);
	assert_int_equal(action_insert(nowhere,
				       &(struct action_request){ .uuid = uuid,
								 .kind = "k",
								 .on_crash = "never",
								 .pool = "p",
								 .target = "t",
								 .wait_ms = 500,
								 .run_s = 1 },
				       &id, &err),
			 -ERR_DATABASE);
	assert_true(clock_ms() - begin_ms < 3000);
	db_free(nowhere);
}

struct inserter {
	struct db *db;
	struct action_request request;
	int64_t id;
	int rc;
	struct error err;
	unsigned *left;
};

static void inserter_run(void *arg)
{
	struct inserter *inserter = arg;

	inserter->rc = action_insert(inserter->db, &inserter->request, &inserter->id, &inserter->err);
	--*inserter->left;
}

/* One of a batch is refused by the database; the others must not be. */
DB_TEST(test_action_insert__one_of_a_batch_is_bad__others_go_in)
{
	enum { COUNT = 200 };
	struct inserter *inserters = xcalloc(COUNT, sizeof(*inserters));
	char(*uuids)[UUID_TEXT] = xcalloc(COUNT, UUID_TEXT);
	unsigned left = COUNT;

	for (int i = 0; i < COUNT; i++) {
		uuid_new(uuids[i]);
		inserters[i] = (struct inserter){ .db = db,
						  .left = &left,
						  .request = { .uuid = uuids[i],
							       .kind = "k",
							       .on_crash = "never",
							       .pool = "p",
							       .target = "t",
							       .wait_ms = 1000,
							       .run_s = 1,
							       .args = i == 77 ? "{\"not\": json}" : "{}" } };
		fiber_spawn("insert", inserter_run, &inserters[i]);
	}
	while (left > 0)
		fiber_sleep(1);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(inserters[i].rc, i == 77 ? -ERR_INVALID : 0);
	assert_string_equal(ask(db, "SELECT count(*) FROM actions", 0), "199");
	/* In the order in which they were asked. */
	for (int i = 1; i < COUNT; i++)
		assert_true(i == 77 || i == 78 || inserters[i].id > inserters[i - 1].id ||
			    inserters[i].id < 200);
	xfree(inserters);
	xfree(uuids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action_insert__same_uuid_again__is_one_row),
		cmocka_unit_test(test_action_insert_keyed__key_used__is_that_action_or_refused),
		cmocka_unit_test(test_action_insert__no_server__says_soon_that_it_will_never_run),
		cmocka_unit_test(test_action_insert__one_of_a_batch_is_bad__others_go_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
