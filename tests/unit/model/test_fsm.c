/* Tests of model/fsm.c: every row, and what Ironic's clients can observe of the machine. */
#include "model/fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/node.h"

static void test_table__no_event_is_listed_twice_for_a_state(void **state)
{
	size_t count;
	const struct fsm_transition *rows = fsm_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++)
			assert_false(rows[i].from == rows[k].from && rows[i].event == rows[k].event);
	}
}

/* Ironic nulls the target on reaching a stable state and keeps it in failure states. */
static void test_table__targets_follow_the_class_of_the_state(void **state)
{
	size_t count;
	const struct fsm_transition *rows = fsm_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct provision_state_info *to = provision_state_info(rows[i].to);

		if (to->is_stable && rows[i].to != PROVISION_ERROR)
			assert_int_equal(rows[i].target, TARGET_NULL);
		if (to->is_failure)
			assert_int_equal(rows[i].target, TARGET_KEEP);
		if (rows[i].since > 0 && fsm_needs_worker(rows[i].to))
			assert_true(rows[i].target >= 0);
	}
}

/* No state is a trap: from each one a client or a workflow can move on. */
static void test_table__every_state_can_be_left_and_reached(void **state)
{
	size_t count;
	const struct fsm_transition *rows = fsm_table(&count);

	(void)state;
	for (enum provision_state s = 0; s < PROVISION_STATE_COUNT; s++) {
		bool is_left = false, is_reached = s == PROVISION_ENROLL;

		for (size_t i = 0; i < count; i++) {
			is_left |= rows[i].from == s;
			is_reached |= rows[i].to == s;
		}
		assert_true(is_left);
		assert_true(is_reached);
	}
}

static void test_working_states__can_fail(void **state)
{
	(void)state;
	for (enum provision_state s = 0; s < PROVISION_STATE_COUNT; s++) {
		if (fsm_needs_worker(s))
			assert_non_null(fsm_find(s, EVENT_FAIL, PROVISION_STATE_COUNT));
	}
}

static void test_verbs__are_allowed_where_ironic_allows_them(void **state)
{
	static const struct {
		enum provision_state from;
		const char *verb;
		int version;
		bool allowed;
	} cases[] = {
		{ PROVISION_ENROLL, "manage", 115, true },
		{ PROVISION_ENROLL, "manage", 4, true },
		{ PROVISION_ENROLL, "provide", 115, false },
		{ PROVISION_ENROLL, "active", 115, false },
		{ PROVISION_MANAGEABLE, "manage", 115, false },
		{ PROVISION_MANAGEABLE, "provide", 115, true },
		{ PROVISION_AVAILABLE, "active", 1, true },
		{ PROVISION_AVAILABLE, "rescue", 115, false },
		{ PROVISION_AVAILABLE, "abort", 115, false },
		{ PROVISION_CLEANING, "manage", 115, false },
		{ PROVISION_DELETING, "clean", 115, false },
		{ PROVISION_INSPECTWAIT, "abort", 40, false },
		{ PROVISION_INSPECTWAIT, "abort", 41, true },
		{ PROVISION_DEPLOYWAIT, "abort", 109, false },
		{ PROVISION_DEPLOYWAIT, "abort", 110, true },
		{ PROVISION_SERVICEFAIL, "abort", 115, true },
		{ PROVISION_CLEANHOLD, "unhold", 84, false },
		{ PROVISION_CLEANHOLD, "unhold", 85, true },
		{ PROVISION_ACTIVE, "undeploy", 72, false },
		{ PROVISION_ACTIVE, "undeploy", 73, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct provision_verb *verb = provision_verb_find(cases[i].verb);

		assert_non_null(verb);
		assert_int_equal(fsm_allows(cases[i].from, verb, cases[i].version), cases[i].allowed);
	}
	assert_null(provision_verb_find("dance"));
	assert_null(provision_verb_find(NULL));
}

static void assert_node(const struct node *node, const char *state, const char *target)
{
	assert_string_equal(node_text(node, NODE_PROVISION_STATE), state);
	if (target)
		assert_string_equal(node_text(node, NODE_TARGET_PROVISION_STATE), target);
	else
		assert_null(node_text(node, NODE_TARGET_PROVISION_STATE));
}

static void test_apply__walks_a_node_through_its_life(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_set_text(&node, NODE_PROVISION_STATE, "enroll");
	assert_true(fsm_apply(&node, EVENT_MANAGE));
	assert_node(&node, "verifying", "manageable");
	assert_non_null(node_text(&node, NODE_PROVISION_UPDATED_AT));
	assert_true(fsm_apply(&node, EVENT_FAIL));
	assert_node(&node, "enroll", NULL);
	assert_true(fsm_apply(&node, EVENT_MANAGE) && fsm_apply(&node, EVENT_DONE));
	assert_node(&node, "manageable", NULL);
	assert_true(fsm_apply(&node, EVENT_PROVIDE));
	assert_node(&node, "cleaning", "available");
	assert_true(fsm_apply(&node, EVENT_FAIL));
	assert_node(&node, "clean failed", "available");
	node_release(&node);
}

static void test_apply__manual_cleaning_ends_where_it_began(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_set_text(&node, NODE_PROVISION_STATE, "manageable");
	assert_true(fsm_apply(&node, EVENT_CLEAN));
	assert_node(&node, "cleaning", "manageable");
	assert_true(fsm_apply(&node, EVENT_DONE));
	assert_node(&node, "manageable", NULL);
	node_release(&node);
}

static void test_apply__illegal_event__changes_nothing(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_set_text(&node, NODE_PROVISION_STATE, "available");
	assert_false(fsm_apply(&node, EVENT_DONE));
	assert_node(&node, "available", NULL);
	assert_null(node_text(&node, NODE_PROVISION_UPDATED_AT));
	node_release(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table__no_event_is_listed_twice_for_a_state),
		cmocka_unit_test(test_table__targets_follow_the_class_of_the_state),
		cmocka_unit_test(test_table__every_state_can_be_left_and_reached),
		cmocka_unit_test(test_working_states__can_fail),
		cmocka_unit_test(test_verbs__are_allowed_where_ironic_allows_them),
		cmocka_unit_test(test_apply__walks_a_node_through_its_life),
		cmocka_unit_test(test_apply__manual_cleaning_ends_where_it_began),
		cmocka_unit_test(test_apply__illegal_event__changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
