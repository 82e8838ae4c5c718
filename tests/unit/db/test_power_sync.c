/* What the power poller stores, on a real PostgreSQL. */
#include "db/power_sync.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

enum { NODES = 40 };

static struct recording {
	struct db *db;
	int64_t node_id, epoch;
	const char *state;
	bool is_stored;
	int rc;
	unsigned *left;
} recordings[NODES];

static void record_one(void *arg)
{
	struct recording *mine = arg;
	struct power_sync_store store = { .node_id = mine->node_id,
					  .lock_epoch = mine->epoch,
					  .power_state = mine->state };
	struct error err;

	mine->rc = power_sync_record(mine->db, &store, &mine->is_stored, &err);
	--*mine->left;
}

static void check(struct db *db, const char *want, const char *sql)
{
	char *got = pg_query(db, "%s", sql);

	if (!got || strcmp(got, want) != 0)
		fail_with("%s: %s, not %s", sql, got ? got : "NULL", want);
	xfree(got);
}

/* Together: free nodes of the epoch that was read; not those that somebody has held since, holds, or that say
 * so already. */
static void records(void *arg)
{
	struct db *db = pg_open_migrated();
	unsigned left = NODES;

	(void)arg;
	xfree(pg_query(
		db,
		"INSERT INTO nodes (uuid, driver, power_state) SELECT gen_random_uuid(), 'fake-hardware',"
		" 'power on' FROM generate_series(1, %d)",
		NODES));
	xfree(pg_query(db, "UPDATE nodes SET lock_epoch = 1 WHERE id = 2"));
	xfree(pg_query(db, "UPDATE nodes SET reservation = 'x' WHERE id = 3"));
	for (int i = 0; i < NODES; i++) {
		recordings[i] = (struct recording){
			.db = db, .node_id = i + 1, .state = i == 3 ? "power on" : "power off", .left = &left
		};
		fiber_spawn("record", record_one, &recordings[i]);
	}
	while (left > 0)
		fiber_sleep(5);
	for (int i = 0; i < NODES; i++) {
		assert_int_equal(recordings[i].rc, 0);
		assert_int_equal(recordings[i].is_stored, i != 1 && i != 2 && i != 3);
	}
	check(db, "37", "SELECT count(*) FROM nodes WHERE power_state = 'power off' AND version = 1");
	check(db, "3", "SELECT count(*) FROM nodes WHERE power_state = 'power on' AND version = 0");
	db_free(db);
}

static void test_power_sync_record__many_at_once__each_by_its_epoch(void **state)
{
	(void)state;
	pg_run(records, NULL);
}

static void observe(struct db *db, int64_t node_id, int64_t age_ms, const char *failure)
{
	struct error err;
	struct power_observation row = { .node_id = node_id,
					 .seen_ms = clock_ms() - age_ms,
					 .source = failure ? NULL : "poll",
					 .failure = (char *)failure };

	assert_int_equal(power_sync_observe(db, &row, 1, &err), 0);
}

static void observes(void *arg)
{
	struct db *db = pg_open_migrated();
	struct power_observed seen;
	struct arena arena;
	struct error err;

	(void)arg;
	arena_init(&arena);
	xfree(pg_query(db, "INSERT INTO nodes (uuid, driver) VALUES (gen_random_uuid(), 'fake-hardware')"));
	assert_int_equal(power_sync_observed(db, 99, &arena, &seen, &err), -ERR_NOT_FOUND);
	assert_int_equal(power_sync_observed(db, 1, &arena, &seen, &err), 0);
	assert_null(seen.observed_at);
	observe(db, 1, 0, "it is \"dead\", {really}");
	observe(db, 1, 0, "still dead");
	assert_int_equal(power_sync_observed(db, 1, &arena, &seen, &err), 0);
	assert_null(seen.observed_at);
	assert_int_equal(seen.failures, 2);
	assert_string_equal(seen.failure, "still dead");
	observe(db, 1, 5000, NULL);
	observe(db, 99, 0, NULL); /* gone meanwhile */
	assert_int_equal(power_sync_observed(db, 1, &arena, &seen, &err), 0);
	assert_int_equal(seen.failures, 0);
	assert_null(seen.failure);
	assert_string_equal(seen.source, "poll");
	assert_true(seen.age_s >= 5 && seen.age_s < 60);

	/* twice in one batch: the last counts */
	struct power_observation rows[] = {
		{ .node_id = 1, .seen_ms = clock_ms(), .failure = (char *)"late" },
		{ .node_id = 1, .seen_ms = clock_ms(), .source = "action" },
	};
	assert_int_equal(power_sync_observe(db, rows, 2, &err), 0);
	assert_int_equal(power_sync_observed(db, 1, &arena, &seen, &err), 0);
	assert_int_equal(seen.failures, 0);
	assert_string_equal(seen.source, "action");
	arena_release(&arena);
	db_free(db);
}

static void test_power_sync_observe__failures__are_counted_until_a_reading(void **state)
{
	(void)state;
	pg_run(observes, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_sync_record__many_at_once__each_by_its_epoch),
		cmocka_unit_test(test_power_sync_observe__failures__are_counted_until_a_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
