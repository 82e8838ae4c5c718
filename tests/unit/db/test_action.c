/* Actions and locks against a real PostgreSQL: their life, and its guards. */
#include "db/action.h"

#include <inttypes.h>
#include <string.h>

#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/actions.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

/* ---- the life of an exclusive action ---- */

DB_TEST(test_action__whole_life__columns_follow_the_protocol)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	struct action action;
	struct action_view view;
	struct error err;
	bool is_cancelled = true;

	assert_string_equal(state_of(db, id), "queued");
	assert_true(start(db, node_id, &action));
	assert_int_equal(action.id, id);
	assert_string_equal(action.kind, "test");
	assert_string_equal(action.args, "{\"password\": \"x\"}");
	assert_string_equal(action.reply, "replies");
	assert_string_equal(action.request_id, "req-1");
	assert_int_equal(action.attempt, 1);
	assert_int_equal(action.epoch, 1);
	assert_int_equal(action.run_s, 10);
	assert_false(action.is_repeatable);
	assert_false(action.is_accepted);
	assert_string_equal(holder_of(db, node_id), "host-1");
	assert_int_equal(action_cancel(db, id, action.uuid, &is_cancelled, &err), 0);
	assert_false(is_cancelled);

	assert_int_equal(
		action_accept(db, &action,
			      "{\"target_power_state\": \"power on\", \"last_error\": null,"
			      " \"driver_internal_info\": {\"a\": [1.50, null]}, \"console_enabled\": true}",
			      &err),
		0);
	assert_string_equal(ask(db,
				"SELECT concat_ws('|', target_power_state, last_error, driver_internal_info,"
				" console_enabled, provision_state, version) FROM nodes WHERE id = %" PRId64,
				node_id),
			    "power on|{\"a\": [1.50, null]}|t|enroll|1");
	assert_int_equal(action_read(db, id, &view, &err), 0);
	assert_true(view.is_accepted);
	assert_int_equal(view.state, ACTION_RUNNING);
	assert_non_null(view.accepted_at);
	assert_null(view.finished_at);
	action_view_release(&view);

	assert_int_equal(action_finish(db, &action,
				       &(struct action_outcome){
					       .state = ACTION_FAILED,
					       .error_code = 500,
					       .error = "It's \"broken\" \\ {1,2}",
					       .result = "\0\xff{",
					       .result_len = 3,
					       .result_type = "application/octet-stream",
					       .is_kept = true,
					       .history_event = "broken",
					       .history_type = "power",
					       .conductor = "host-1",
					       .changes = "{\"target_power_state\": null, \"power_state\": "
							  "\"power off\", \"clean_step\": null}" },
				       &err),
			 0);
	assert_string_equal(ask(db,
				"SELECT concat_ws('|', reservation, lock_token, lock_action,"
				" target_power_state, power_state,"
				" clean_step, version, lock_epoch) FROM nodes WHERE id = %" PRId64,
				node_id),
			    "power off|{}|2|1");
	assert_string_equal(
		ask(db,
		    "SELECT concat_ws('|', severity, event_type, event, conductor) FROM node_history"
		    " WHERE node_id = %" PRId64,
		    node_id),
		"ERROR|power|broken|host-1");
	assert_string_equal(ask(db,
				"SELECT args IS NULL AND keep_until BETWEEN now() + interval '23 hours' AND"
				" now() + interval '25 hours' FROM actions WHERE id = %" PRId64,
				id),
			    "t");
	assert_int_equal(action_read(db, id, &view, &err), 0);
	assert_int_equal(view.state, ACTION_FAILED);
	assert_int_equal(view.error_code, 500);
	assert_string_equal(view.error, "It's \"broken\" \\ {1,2}");
	assert_int_equal(view.result_len, 3);
	assert_memory_equal(view.result, "\0\xff{", 3);
	assert_string_equal(view.result_type, "application/octet-stream");
	assert_int_equal(strlen(view.finished_at), strlen("2026-11-20T13:41:07+00:00"));
	action_view_release(&view);
	action_release(&action);
}

DB_TEST(test_action_start__line_of_three__first_in_first_out)
{
	int64_t node_id = make_node(db), ids[] = { put(db, node_id), put(db, node_id), put(db, node_id) };
	struct action action, none;

	for (int i = 0; i < 3; i++) {
		assert_true(start(db, node_id, &action));
		assert_int_equal(action.id, ids[i]);
		assert_int_equal(action.epoch, i + 1);
		assert_false(start(db, node_id, &none));
		finish(db, &action);
	}
	assert_false(start(db, node_id, &none));
	assert_string_equal(holder_of(db, node_id), "(null)");
}

DB_TEST(test_action_start__waiting_time_over__never_runs)
{
	int64_t node_id = make_node(db), id = put_row(db, node_id, true, "never", 1);
	struct action action;
	struct error err;
	bool is_cancelled = false;

	fiber_sleep(5);
	assert_false(start(db, node_id, &action));
	assert_int_equal(action_cancel(db, id, other, &is_cancelled, &err), 0);
	assert_false(is_cancelled);
	assert_int_equal(action_cancel(db, id, uuid_of(db, id), &is_cancelled, &err), 0);
	assert_true(is_cancelled);
	assert_string_equal(ask(db,
				"SELECT concat_ws('|', state, args, keep_until IS NOT NULL)"
				" FROM actions WHERE id = %" PRId64,
				id),
			    "cancelled|t");
}

DB_TEST(test_action_start__lock_held_by_hand__waits)
{
	int64_t node_id = make_node(db);
	struct action action;

	put(db, node_id);
	ask(db, "UPDATE nodes SET reservation = 'elsewhere' WHERE id = %" PRId64, node_id);
	assert_false(start(db, node_id, &action));
	ask(db, "UPDATE nodes SET reservation = NULL WHERE id = %" PRId64, node_id);
	assert_true(start(db, node_id, &action));
	finish(db, &action);
}

/* ---- guards ---- */

DB_TEST(test_action__stale_token__writes_nothing)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	struct action action, stale;
	struct error err;

	assert_true(start(db, node_id, &action));
	stale = action;
	uuid_new(stale.token);
	assert_int_equal(action_accept(db, &stale, NULL, &err), -ERR_FENCED);
	assert_int_equal(action_accept(db, &stale, "{\"power_state\": \"error\"}", &err), -ERR_FENCED);
	assert_int_equal(action_save(db, &stale, "{\"power_state\": \"error\"}", &err), -ERR_FENCED);
	assert_int_equal(finish_as(db, &stale, ACTION_DONE, &err), -ERR_FENCED);
	assert_int_equal(action_requeue(db, &stale, &err), -ERR_FENCED);
	assert_string_equal(
		ask(db,
		    "SELECT concat_ws('|', reservation, power_state, version) FROM nodes WHERE id = %" PRId64,
		    node_id),
		"host-1|0");
	assert_string_equal(state_of(db, id), "running");
	assert_string_equal(ask(db, "SELECT accepted_at FROM actions WHERE id = %" PRId64, id), "(null)");

	/* A lock that was broken by hand is noticed too. */
	ask(db, "UPDATE nodes SET reservation = NULL, lock_token = NULL WHERE id = %" PRId64, node_id);
	assert_int_equal(action_save(db, &action, "{\"power_state\": \"error\"}", &err), -ERR_FENCED);
	assert_int_equal(action_accept(db, &action, NULL, &err), -ERR_FENCED);
	assert_string_equal(ask(db, "SELECT power_state FROM nodes WHERE id = %" PRId64, node_id), "(null)");
	action_release(&action);
}

DB_TEST(test_action_finish__twice__second_is_fenced)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	struct action action;
	struct error err;

	assert_true(start(db, node_id, &action));
	assert_int_equal(finish_as(db, &action, ACTION_DONE, &err), 0);
	assert_int_equal(finish_as(db, &action, ACTION_FAILED, &err), -ERR_FENCED);
	assert_string_equal(state_of(db, id), "done");
	action_release(&action);
}

DB_TEST(test_action_save__changes__only_those_columns)
{
	int64_t node_id = make_node(db);
	struct action action;
	struct error err;

	put(db, node_id);
	ask(db, "UPDATE nodes SET last_error = 'old', maintenance = true, name = 'n1' WHERE id = %" PRId64,
	    node_id);
	assert_true(start(db, node_id, &action));
	assert_int_equal(action_save(db, &action, NULL, &err), 0);
	assert_int_equal(
		action_save(
			db, &action,
			"{\"provision_state\": \"verifying\","
			" \"provision_updated_at\": \"2026-11-20T13:41:07+00:00\", \"instance_uuid\": null}",
			&err),
		0);
	assert_string_equal(
		ask(db,
		    "SELECT concat_ws('|', provision_state, provision_updated_at, last_error, maintenance, "
		    "name,"
		    " updated_at IS NOT NULL, reservation, version) FROM nodes WHERE id = %" PRId64,
		    node_id),
		"verifying|2026-11-20 13:41:07+00|old|t|n1|t|host-1|1");
	assert_int_equal(action_save(db, &action, "{\"name\": \"mine\"}", &err), -ERR_INVALID);
	assert_int_equal(action_save(db, &action, "{\"power_state\": ", &err), -ERR_INVALID);
	assert_int_equal(action_save(db, &action, "[]", &err), -ERR_INVALID);
	finish(db, &action);
}

/* What the database refuses must not keep the lock. */
DB_TEST(test_action_finish__outcome_refused__is_unknown_and_releases)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	struct action action;
	struct error err;

	assert_true(start(db, node_id, &action));
	assert_int_equal(action_finish(db, &action,
				       &(struct action_outcome){ .state = ACTION_DONE,
								 .changes = "{\"provision_state\": null}" },
				       &err),
			 0);
	assert_string_equal(state_of(db, id), "unknown");
	assert_string_equal(holder_of(db, node_id), "(null)");
	assert_non_null(
		strstr(ask(db, "SELECT error FROM actions WHERE id = %" PRId64, id), "could not be stored"));
	action_release(&action);
}

DB_TEST(test_action_finish__bytes_that_are_not_utf8__are_replaced)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	struct action action;
	struct error err;

	assert_true(start(db, node_id, &action));
	assert_int_equal(action_finish(db, &action,
				       &(struct action_outcome){ .state = ACTION_FAILED,
								 .error = "a\xff\"b",
								 .history_event = "\xc3(" },
				       &err),
			 0);
	assert_string_equal(ask(db, "SELECT error FROM actions WHERE id = %" PRId64, id), "a\xef\xbf\xbd\"b");
	action_release(&action);
}

/* ---- shared ---- */

DB_TEST(test_action_start_shared__beside_a_holder__at_most_four)
{
	int64_t node_id = make_node(db), ids[7], driver_level = put_row(db, 0, false, "repeat", 60000);
	struct action actions[7], holder;
	struct error err;
	bool is_started;

	put(db, node_id);
	assert_true(start(db, node_id, &holder));
	for (int i = 0; i < 7; i++)
		ids[i] = put_row(db, node_id, false, "repeat", 60000);
	for (int i = 0; i < 7; i++) {
		assert_int_equal(action_start_shared(db, ids[i], me, &is_started, &actions[i], NULL, &err),
				 0);
		assert_int_equal(is_started, i < 4);
	}
	assert_true(actions[0].is_repeatable);
	assert_false(actions[0].is_exclusive);
	/* Not twice. */
	assert_int_equal(action_start_shared(db, ids[0], other, &is_started, &actions[6], NULL, &err), 0);
	assert_false(is_started);
	assert_int_equal(action_accept(db, &actions[0], NULL, &err), 0);
	finish(db, &actions[0]);
	assert_int_equal(action_start_shared(db, ids[4], me, &is_started, &actions[4], NULL, &err), 0);
	assert_true(is_started);
	assert_string_equal(holder_of(db, node_id), "host-1");
	for (int i = 1; i < 5; i++)
		finish(db, &actions[i]);
	finish(db, &holder);
	assert_int_equal(action_start_shared(db, driver_level, me, &is_started, &actions[0], NULL, &err), 0);
	assert_true(is_started);
	assert_int_equal(actions[0].node_id, 0);
	finish(db, &actions[0]);
}

struct shared_starter {
	struct db *db;
	int64_t id;
	bool is_started;
	struct action action;
	unsigned *left;
};

static void shared_starter_run(void *arg)
{
	struct shared_starter *starter = arg;
	struct error err;

	assert_int_equal(action_start_shared(starter->db, starter->id, me, &starter->is_started,
					     &starter->action, NULL, &err),
			 0);
	--*starter->left;
}

/* In one batch, and from two processes at once. */
DB_TEST(test_action_start_shared__twenty_at_once__four_start)
{
	static struct shared_starter starters[20];
	int64_t node_id = make_node(db);
	char *name = pg_query(db, "SELECT current_database()");
	unsigned left = 20, started = 0;

	char *sockets = pg_query(db, "SHOW unix_socket_directories");
	char *connection = xasprintf("host=%s dbname=%s user=ferrule", sockets, name);
	struct db *second = pg_is_private() ? db_new(&(struct db_options){ .connection = connection }) : db;
	for (int i = 0; i < 20; i++) {
		starters[i] = (struct shared_starter){ .db = i % 2 ? db : second,
						       .left = &left,
						       .id = put_row(db, node_id, false, "repeat", 60000) };
		fiber_spawn("start", shared_starter_run, &starters[i]);
	}
	while (left > 0)
		fiber_sleep(1);
	for (int i = 0; i < 20; i++) {
		started += starters[i].is_started;
		if (starters[i].is_started)
			action_release(&starters[i].action);
	}
	assert_int_equal(started, 4);
	if (second != db)
		db_free(second);
	xfree(connection);
	xfree(sockets);
	xfree(name);
}

/* ---- poll ---- */

DB_TEST(test_action_poll__own_rows_at_once__others_after_a_second)
{
	int64_t nodes[] = { make_node(db), make_node(db), make_node(db) };
	int64_t mine = put(db, nodes[0]), blocked = put(db, nodes[1]),
		shared = put_row(db, nodes[1], false, "never", 60000);
	const char *pools[] = { ":fake", "x:y" };
	struct action_ref refs[10];
	struct error err;
	size_t count = 0;

	ask(db, "UPDATE nodes SET reservation = 'x' WHERE id = %" PRId64, nodes[1]);
	put_row(db, nodes[2], true, "never", 1);
	fiber_sleep(5); /* the last one is too late */
	assert_int_equal(action_poll(db, "host-1", pools, 2, 10, refs, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(refs[0].id, mine);
	assert_int_equal(refs[0].node_id, nodes[0]);
	assert_true(refs[0].is_exclusive);
	assert_int_equal(refs[1].id, shared);
	assert_false(refs[1].is_exclusive);
	assert_int_equal(action_poll(db, "host-2", pools, 2, 10, refs, &count, &err), 0);
	assert_int_equal(count, 0);
	ask(db, "UPDATE actions SET created_at = created_at - interval '1 second'", 0);
	assert_int_equal(action_poll(db, "host-2", pools, 2, 10, refs, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(action_poll(db, "host-2", pools + 1, 1, 10, refs, &count, &err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(action_poll(db, "host-1", pools, 2, 1, refs, &count, &err), 0);
	assert_int_equal(count, 1);
	ask(db, "UPDATE nodes SET reservation = NULL WHERE id = %" PRId64, nodes[1]);
	assert_int_equal(action_poll(db, "host-1", pools, 2, 10, refs, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(refs[1].id, blocked);
}

/* ---- read ---- */

DB_TEST(test_action_read__long_result_and_missing_row)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	char *result = xmalloc(1 << 20);
	struct action action;
	struct action_view view;
	struct error err;

	memset(result, 'r', 1 << 20);
	assert_true(start(db, node_id, &action));
	assert_int_equal(action_finish(db, &action,
				       &(struct action_outcome){ .state = ACTION_DONE,
								 .result = result,
								 .result_len = 1 << 20,
								 .result_type = "application/json" },
				       &err),
			 0);
	assert_int_equal(action_read(db, id, &view, &err), 0);
	assert_int_equal(view.result_len, 1 << 20);
	assert_memory_equal(view.result, result, 1 << 20);
	action_view_release(&view);
	assert_int_equal(action_read(db, id + 1, &view, &err), -ERR_NOT_FOUND);
	action_release(&action);
	xfree(result);
}

/* ---- synchronous_commit ---- */

/* A trigger notes what each kind of write saw at its commit. */
DB_TEST(test_action__synchronous_commit__off_for_insert_and_start_only)
{
	int64_t node_id = make_node(db);
	struct action action;
	struct error err;

	xfree(pg_query(db, "CREATE TABLE seen (state text, accepted bool, setting text)"));
	xfree(pg_query(db,
		       "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen"
		       " VALUES (NEW.state, NEW.accepted_at IS NOT NULL,"
		       " current_setting('synchronous_commit')); RETURN NULL; END $$"));
	xfree(pg_query(db, "CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON actions DEFERRABLE "
			   "INITIALLY DEFERRED"
			   " FOR EACH ROW EXECUTE FUNCTION note()"));
	for (int i = 0; i < 3; i++) {
		put(db, node_id);
		assert_true(start(db, node_id, &action));
		assert_int_equal(action_accept(db, &action, NULL, &err), 0);
		finish(db, &action);
	}
	char *seen =
		pg_query(db, "SELECT string_agg(DISTINCT state || ' ' || accepted || ' ' || setting, ', '"
			     " ORDER BY state || ' ' || accepted || ' ' || setting) FROM seen");
	assert_string_equal(seen, "done true on, queued false off, running false off, running true on");
	xfree(seen);
	for (int i = 0; i < 8; i++)
		assert_string_equal(ask(db, "SHOW synchronous_commit", 0), "on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action__whole_life__columns_follow_the_protocol),
		cmocka_unit_test(test_action_start__line_of_three__first_in_first_out),
		cmocka_unit_test(test_action_start__waiting_time_over__never_runs),
		cmocka_unit_test(test_action_start__lock_held_by_hand__waits),
		cmocka_unit_test(test_action__stale_token__writes_nothing),
		cmocka_unit_test(test_action_finish__twice__second_is_fenced),
		cmocka_unit_test(test_action_save__changes__only_those_columns),
		cmocka_unit_test(test_action_finish__outcome_refused__is_unknown_and_releases),
		cmocka_unit_test(test_action_finish__bytes_that_are_not_utf8__are_replaced),
		cmocka_unit_test(test_action_start_shared__beside_a_holder__at_most_four),
		cmocka_unit_test(test_action_start_shared__twenty_at_once__four_start),
		cmocka_unit_test(test_action_poll__own_rows_at_once__others_after_a_second),
		cmocka_unit_test(test_action_read__long_result_and_missing_row),
		cmocka_unit_test(test_action__synchronous_commit__off_for_insert_and_start_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
