#include "tests/support/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

const char *const me = "aaaaaaaa-0000-4000-8000-000000000001";
const char *const other = "aaaaaaaa-0000-4000-8000-000000000002";

static char last[512];

const char *ask(struct db *db, const char *sql, int64_t id)
{
	char *value = pg_query(db, sql, id);

	snprintf(last, sizeof(last), "%s", value != NULL ? value : "(null)");
	xfree(value);
	return last;
}

const char *state_of(struct db *db, int64_t id)
{
	return ask(db, "SELECT state FROM actions WHERE id = %" PRId64, id);
}

const char *holder_of(struct db *db, int64_t node_id)
{
	return ask(db, "SELECT reservation FROM nodes WHERE id = %" PRId64, node_id);
}

const char *uuid_of(struct db *db, int64_t id)
{
	return ask(db, "SELECT uuid FROM actions WHERE id = %" PRId64, id);
}

int64_t make_node(struct db *db)
{
	return strtoll(ask(db,
			   "INSERT INTO nodes (uuid, driver)"
			   " VALUES (gen_random_uuid(), 'fake-hardware') RETURNING id",
			   0),
		       NULL, 10);
}

void make_instance(struct db *db, const char *instance, const char *host)
{
	xfree(pg_query(db,
		       "INSERT INTO conductors (instance, hostname, pools, drivers)"
		       " VALUES ('%s', '%s', '{:fake}', '{fake}')",
		       instance, host));
}

int64_t put_row(struct db *db, int64_t node_id, bool is_exclusive, const char *on_crash, int64_t wait_ms)
{
	char uuid[UUID_TEXT];
	struct error err;
	int64_t id = 0;

	uuid_new(uuid);
	int rc = action_insert(db,
			       &(struct action_request){ .uuid = uuid,
							 .node_id = node_id,
							 .kind = "test",
							 .is_exclusive = is_exclusive,
							 .on_crash = on_crash,
							 .pool = ":fake",
							 .target = "host-1",
							 .reply = "replies",
							 .args = "{\"password\": \"x\"}",
							 .wait_ms = wait_ms,
							 .run_s = 10,
							 .request_id = "req-1" },
			       &id, &err);
	assert_int_equal(rc, 0);
	assert_true(id > 0);
	return id;
}

int64_t put(struct db *db, int64_t node_id)
{
	return put_row(db, node_id, true, "never", 60000);
}

bool start_as(struct db *db, int64_t node_id, const char *instance, struct action *ret)
{
	struct error err;
	bool is_started = false;

	assert_int_equal(
		action_start_exclusive(db, node_id, "host-1", instance, &is_started, ret, NULL, &err), 0);
	return is_started;
}

bool start(struct db *db, int64_t node_id, struct action *ret)
{
	return start_as(db, node_id, me, ret);
}

int finish_as(struct db *db, const struct action *action, enum action_state state, struct error *err)
{
	return action_finish(db, action, &(struct action_outcome){ .state = state }, err);
}

void finish(struct db *db, struct action *action)
{
	struct error err;

	assert_int_equal(finish_as(db, action, ACTION_DONE, &err), 0);
	action_release(action);
}

void actions_test(void (*body)(struct db *db))
{
	struct db *db = pg_open_migrated();

	body(db);
	db_free(db);
}
