/* What is said of actions over NOTIFY: the reader against good and bad items, and the whole way through
 * PostgreSQL. */
#include "db/action_news.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

#define U1 "11111111-0000-4000-8000-000000000001"
#define U2 "22222222-0000-4000-8000-000000000002"

/* ---- the reader ---- */

static const char *read_all(const char *payload)
{
	static char got[512];
	struct action_news news;
	size_t len = 0;

	got[0] = '\0';
	while (action_news_next(&payload, &news))
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%c%" PRId64 "%s%.4s%s%.*s ", news.what,
					news.id, news.uuid[0] ? ":" : "", news.uuid, news.result ? "=" : "",
					(int)news.result_len, news.result ? news.result : "");
	return got;
}

static void test_action_news__lists__items_in_turn(void **state)
{
	(void)state;
	assert_string_equal(read_all(NULL), "");
	assert_string_equal(read_all(""), "");
	assert_string_equal(read_all("x12,s7,a99999999999,f2"), "x12 s7 a99999999999 f2 ");
	assert_string_equal(read_all("a1:" U1 ",f2:" U2 ",f3"), "a1:1111 f2:2222 f3 ");
	/* A result holds what it likes, also what looks like an item. */
	assert_string_equal(read_all("d4:" U1 ":14:{\"a\":[1,x9,:]},s5"), "d4:1111={\"a\":[1,x9,:]} s5 ");
}

static void test_action_news__malformed_items__are_skipped(void **state)
{
	(void)state;
	assert_string_equal(read_all("bad,,q,x,f1x,:,f2"), "f2 ");
	assert_string_equal(read_all("a1:,a2:" U1 "x,a3:short,f4"), "f4 ");
	assert_string_equal(read_all("a5:zzzzzzzz-0000-4000-8000-000000000001,f6"), "f6 ");
	/* A result where there is none, none where there should be one, one that is cut off or too long. */
	assert_string_equal(read_all("f1:" U1 ":2:{},d2:" U1 ",d3,s4"), "s4 ");
	assert_string_equal(read_all("d1:" U1 ":5:{}"), "");
	assert_string_equal(read_all("d1:" U1 ":99999999999999999999:{},s2"), "s2 ");
	assert_string_equal(read_all("d1:" U1 ":-1:{},s2"), "s2 ");
}

static void test_action_channel__host_names__are_channels(void **state)
{
	char channel[ACTION_CHANNEL_MAX], second[ACTION_CHANNEL_MAX];

	(void)state;
	action_channel("Host-1.Example", channel);
	assert_string_equal(channel, "c_host_1_example");
	action_channel("a-very-long-name-of-a-host-in-a-very-long-domain.example.com", channel);
	action_channel("a-very-long-name-of-a-host-in-a-very-long-domain.example.net", second);
	assert_string_not_equal(channel, second);
	assert_true(strlen(channel) < 64);
}

/* ---- through PostgreSQL ---- */

struct heard {
	char text[4096];
	unsigned nulls;
};

static void on_notify(const char *payload, void *arg)
{
	struct heard *heard = arg;

	if (payload == NULL)
		heard->nulls++;
	else
		snprintf(heard->text + strlen(heard->text), sizeof(heard->text) - strlen(heard->text), "[%s]",
			 payload);
}

SUSPENDS static void hear(struct heard *heard, const char *text)
{
	for (int i = 0; i < 2000 && strcmp(heard->text, text) != 0; i++)
		fiber_sleep(1);
	assert_string_equal(heard->text, text);
	heard->text[0] = '\0';
}

SUSPENDS static int64_t make_node(struct db *db)
{
	char *id = pg_query(
		db,
		"INSERT INTO nodes (uuid, driver) VALUES (gen_random_uuid(), 'fake-hardware') RETURNING id");
	int64_t value = strtoll(id, NULL, 10);

	xfree(id);
	return value;
}

SUSPENDS static int64_t put(struct db *db, int64_t node_id, bool is_exclusive, const char *uuid)
{
	struct error err;
	int64_t id = 0;

	assert_int_equal(action_insert(db,
				       &(struct action_request){ .uuid = uuid,
								 .node_id = node_id,
								 .kind = "passthru",
								 .is_exclusive = is_exclusive,
								 .on_crash = "never",
								 .pool = ":fake-hardware",
								 .target = "host-1",
								 .reply = "replies",
								 .wait_ms = 60000,
								 .run_s = 10,
								 .request_id = "req-1" },
				       &id, &err),
			 0);
	return id;
}

/* One action, ended so. */
SUSPENDS static void end_one(struct db *db, int64_t node_id, const char *uuid,
			     const struct action_outcome *outcome)
{
	struct action action;
	struct error err;
	bool is_started = false;

	put(db, node_id, true, uuid);
	assert_int_equal(action_start_exclusive(db, node_id, "host-1", U2, &is_started, &action, NULL, &err),
			 0);
	assert_true(is_started);
	assert_int_equal(action_finish(db, &action, outcome, &err), 0);
	action_release(&action);
}

SUSPENDS static void listeners(struct db *db)
{
	static struct heard target, reply;
	int64_t node_id = make_node(db), id, shared;
	struct action action;
	struct error err;
	struct node node;
	bool is_started = false;
	char expected[2048], text[1200];

	target = reply = (struct heard){ 0 };
	db_listen(db, "c_host_1", on_notify, &target);
	db_listen(db, "replies", on_notify, &reply);
	while (target.nulls == 0 || reply.nulls == 0)
		fiber_sleep(1);
	id = put(db, node_id, true, U1);
	snprintf(expected, sizeof(expected), "[x%" PRId64 "]", node_id);
	hear(&target, expected);
	shared = put(db, node_id, false, U2);
	snprintf(expected, sizeof(expected), "[s%" PRId64 "]", shared);
	hear(&target, expected);

	node_init(&node);
	assert_int_equal(action_start_exclusive(db, node_id, "host-1", U2, &is_started, &action, &node, &err),
			 0);
	assert_true(is_started);
	/* As the start has left it. */
	assert_int_equal(node.id, node_id);
	assert_string_equal(node_text(&node, NODE_RESERVATION), "host-1");
	assert_int_equal(node.lock_epoch, action.epoch);
	node_release(&node);
	assert_int_equal(action_accept(db, &action, NULL, &err), 0);
	snprintf(expected, sizeof(expected), "[a%" PRId64 ":" U1 "]", id);
	hear(&reply, expected);
	assert_int_equal(action_finish(db, &action, &(struct action_outcome){ .state = ACTION_DONE }, &err),
			 0);
	snprintf(expected, sizeof(expected), "[f%" PRId64 ":" U1 "]", id);
	hear(&reply, expected);
	/* Who has lost the action tells nobody: the next that is heard is another's. */
	assert_int_equal(action_finish(db, &action, &(struct action_outcome){ .state = ACTION_DONE }, &err),
			 -ERR_FENCED);
	action_release(&action);

	/* A short result travels along; a long one, another type, a failure do not. */
	memset(text, '1', sizeof(text));
	const struct {
		struct action_outcome outcome;
		const char *said;
	} rows[] = {
		{ { .state = ACTION_DONE,
		    .result = "{\"a\":1}",
		    .result_len = 7,
		    .result_type = "application/json" },
		  "d%" PRId64 ":%s:7:{\"a\":1}" },
		{ { .state = ACTION_DONE,
		    .result = text,
		    .result_len = 1001,
		    .result_type = "application/json" },
		  "f%" PRId64 ":%s" },
		{ { .state = ACTION_DONE,
		    .result = "\"\xc3\xa4\"",
		    .result_len = 4,
		    .result_type = "application/json" },
		  "f%" PRId64 ":%s" },
		{ { .state = ACTION_DONE,
		    .result = "abc",
		    .result_len = 3,
		    .result_type = "application/octet-stream" },
		  "f%" PRId64 ":%s" },
		{ { .state = ACTION_FAILED, .error = "no", .error_code = 500 }, "f%" PRId64 ":%s" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char uuid[UUID_TEXT], item[200];

		uuid_new(uuid);
		end_one(db, node_id, uuid, &rows[i].outcome);
		snprintf(item, sizeof(item), rows[i].said, shared + 1 + (int64_t)i, uuid);
		snprintf(expected, sizeof(expected), "[%s]", item);
		hear(&reply, expected);
	}
}

static void run(void *arg)
{
	struct db *db = pg_open_migrated();

	(void)arg;
	listeners(db);
	db_free(db);
}

static void test_action_news__listeners__hear_inserted_accepted_finished(void **state)
{
	(void)state;
	pg_run(run, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_action_news__lists__items_in_turn),
		cmocka_unit_test(test_action_news__malformed_items__are_skipped),
		cmocka_unit_test(test_action_channel__host_names__are_channels),
		cmocka_unit_test(test_action_news__listeners__hear_inserted_accepted_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
