/* Leases on a real PostgreSQL: what they tell, and what becomes of the actions of those that died. */
#include "db/action.h"

#include <inttypes.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/support/actions.h"
#include "tests/support/pg.h"
#include "tests/support/unit.h"

DB_TEST(test_action_requeue__nothing_was_done__first_in_line_again)
{
	int64_t node_id = make_node(db), id = put(db, node_id);
	struct action action, again;
	struct error err;

	put(db, node_id);
	assert_true(start(db, node_id, &action));
	assert_int_equal(action_requeue(db, &action, &err), 0);
	assert_string_equal(holder_of(db, node_id), "(null)");
	assert_true(start_as(db, node_id, other, &again));
	assert_int_equal(again.id, id);
	assert_int_equal(again.attempt, 1);
	assert_int_equal(finish_as(db, &action, ACTION_DONE, &err), -ERR_FENCED);
	action_release(&action);
	finish(db, &again);
}

DB_TEST(test_lease_renew__live_and_dead__tells_what_runs)
{
	struct db_session *session = db_session_new(db);
	int64_t node_id = make_node(db), id = put(db, node_id),
		shared = put_row(db, node_id, false, "never", 60000);
	struct lease_answer answer;
	struct lease_beat beats[4];
	struct action action, second;
	struct error err;
	size_t count = 0;
	char timeline[9];
	bool is_true = false;

	make_instance(db, me, "host-1");
	make_instance(db, other, "host-2");
	assert_true(start(db, node_id, &action));
	assert_int_equal(action_start_shared(db, shared, me, &is_true, &second, NULL, &err), 0);
	assert_int_equal(action_ask_stop(db, id, "an operator", &is_true, &err), 0);
	assert_true(is_true);
	assert_int_equal(lease_renew(session, me, &answer, &err), 0);
	assert_true(answer.is_live);
	assert_string_equal(answer.timeline, "00000001");
	assert_int_equal(answer.running_count, 2);
	assert_int_equal(answer.running[0].id, id);
	assert_string_equal(answer.running[0].token, action.token);
	assert_true(answer.running[0].is_stop_asked);
	assert_string_equal(answer.running[0].stop_asked, "an operator");
	assert_int_equal(answer.running[1].id, shared);
	assert_false(answer.running[1].is_stop_asked);
	xfree(answer.running);

	assert_int_equal(lease_read(db, beats, 4, &count, timeline, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(timeline, "00000001");
	int64_t beat = strcmp(beats[0].instance, me) == 0 ? beats[0].beat : beats[1].beat;
	assert_int_equal(beat, 1);
	/* Beaten since then: not dead. */
	assert_int_equal(lease_declare_dead(db, me, 0, &is_true, &err), 0);
	assert_false(is_true);
	assert_int_equal(lease_declare_dead(db, me, 1, &is_true, &err), 0);
	assert_true(is_true);
	assert_int_equal(lease_renew(session, me, &answer, &err), 0);
	assert_false(answer.is_live);
	xfree(answer.running);
	action_release(&action);
	action_release(&second);
	db_session_free(session);
}

struct swept {
	int64_t id, node_id;
	enum action_state state;
	unsigned count;
};

static void on_swept(int64_t id, int64_t node_id, enum action_state state, void *arg)
{
	*(struct swept *)arg = (struct swept){ id, node_id, state, ((struct swept *)arg)->count + 1 };
}

static void sweep(struct db *db, struct swept *swept)
{
	struct error err;
	size_t count = 0;

	*swept = (struct swept){ 0 };
	assert_int_equal(lease_sweep(db, "host-2", on_swept, swept, &count, &err), 0);
	assert_int_equal(count, swept->count);
}

struct sweep_case {
	const char *on_crash;
	bool is_accepted;
	const char *states[3]; /* after each takeover; NULL: none more */
};

DB_TEST(test_lease_sweep__dead_holder__queued_or_unknown_by_attempt)
{
	static const struct sweep_case cases[] = {
		{ "never", false, { "queued", "unknown" } },
		{ "never", true, { "unknown" } },
		{ "repeat", false, { "queued", "unknown" } },
		{ "repeat", true, { "queued", "unknown" } },
	};
	struct swept swept;
	struct error err;

	make_instance(db, me, "host-1");
	for (size_t i = 0; i < 4; i++) {
		int64_t node_id = make_node(db), id = put_row(db, node_id, true, cases[i].on_crash, 60000);
		for (int round = 0; cases[i].states[round] != NULL; round++) {
			struct action action;
			xfree(pg_query(db, "UPDATE conductors SET state = 'live'"));
			assert_true(start(db, node_id, &action));
			assert_int_equal(action.attempt, round + 1);
			if (cases[i].is_accepted)
				assert_int_equal(action_accept(db, &action,
							       "{\"target_power_state\": \"power on\"}",
							       &err),
						 0);
			sweep(db, &swept);
			assert_int_equal(swept.count, 0); /* it lives */
			xfree(pg_query(db, "UPDATE conductors SET state = 'dead'"));
			sweep(db, &swept);
			assert_int_equal(swept.count, 1);
			assert_int_equal(swept.id, id);
			assert_int_equal(swept.node_id, node_id);
			assert_string_equal(action_state_name(swept.state), cases[i].states[round]);
			assert_string_equal(state_of(db, id), cases[i].states[round]);
			assert_string_equal(holder_of(db, node_id), "(null)");
			/* The dead one wakes up. */
			assert_int_equal(finish_as(db, &action, ACTION_DONE, &err), -ERR_FENCED);
			assert_int_equal(action_save(db, &action, "{\"power_state\": \"error\"}", &err),
					 -ERR_FENCED);
			action_release(&action);
		}
		assert_non_null(strstr(ask(db, "SELECT last_error FROM nodes WHERE id = %" PRId64, node_id),
				       "unknown"));
		assert_string_equal(
			ask(db,
			    "SELECT concat_ws('|', target_power_state, (SELECT count(*) FROM node_history"
			    " WHERE node_id = nodes.id)) FROM nodes WHERE id = %" PRId64,
			    node_id),
			"1");
		assert_string_equal(ask(db, "SELECT args FROM actions WHERE id = %" PRId64, id), "(null)");
	}
}

/* The promise of a 202 was given when it was given. */
DB_TEST(test_action_accept__again_after_takeover__keeps_the_first_time)
{
	int64_t node_id = make_node(db), id = put_row(db, node_id, true, "repeat", 60000);
	struct action action;
	struct swept swept;
	struct error err;
	char first[64];

	assert_true(start(db, node_id, &action));
	assert_int_equal(action_accept(db, &action, NULL, &err), 0);
	snprintf(first, sizeof(first), "%.63s",
		 ask(db, "SELECT accepted_at FROM actions WHERE id = %" PRId64, id));
	action_release(&action);
	sweep(db, &swept); /* nobody has registered the instance: it is not live */
	assert_int_equal(swept.state, ACTION_QUEUED);
	assert_true(start_as(db, node_id, other, &action));
	assert_true(action.is_accepted);
	assert_true(action.is_repeatable);
	assert_int_equal(action_accept(db, &action, NULL, &err), 0);
	assert_string_equal(ask(db, "SELECT accepted_at FROM actions WHERE id = %" PRId64, id), first);
	finish(db, &action);
}

DB_TEST(test_action_purge__old_rows_go__expired_ones_are_cancelled)
{
	int64_t node_id = make_node(db), kept = put(db, node_id), late = put(db, make_node(db));
	struct action action;
	struct error err;
	size_t count = 0;

	for (int i = 0; i < 3; i++) {
		assert_true(start(db, node_id, &action));
		finish(db, &action);
		put(db, node_id);
	}
	xfree(pg_query(db,
		       "UPDATE actions SET keep_until = now() - interval '1 s'"
		       " WHERE state = 'done' AND id <> %" PRId64,
		       kept));
	ask(db, "UPDATE actions SET start_by = now() - interval '2 minutes' WHERE id = %" PRId64, late);
	assert_int_equal(action_purge(db, 1, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(action_purge(db, 100, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(state_of(db, kept), "done");
	assert_string_equal(state_of(db, late), "cancelled");
	assert_string_equal(ask(db, "SELECT count(*) FROM actions", 0), "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action_requeue__nothing_was_done__first_in_line_again),
		cmocka_unit_test(test_lease_renew__live_and_dead__tells_what_runs),
		cmocka_unit_test(test_lease_sweep__dead_holder__queued_or_unknown_by_attempt),
		cmocka_unit_test(test_action_accept__again_after_takeover__keeps_the_first_time),
		cmocka_unit_test(test_action_purge__old_rows_go__expired_ones_are_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
