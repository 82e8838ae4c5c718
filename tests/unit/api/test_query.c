#include "api/query.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

static const struct query_parameter table[] = {
	{ "name", QUERY_TEXT, 0 }, { "flag", QUERY_BOOL, 5 },      { "count", QUERY_INT, 0 },
	{ "node", QUERY_UUID, 0 }, { "detail", QUERY_DETAIL, 43 }, { "words", QUERY_LIST, 0 },
	{ 0 },
};

static struct arena arena;
static struct query query;
static struct error err;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static int check(const char *text, int version)
{
	int rc = query_parse(&query, text, &arena, &err);

	return rc < 0 ? rc : query_check(&query, table, version, &arena, &err);
}

static void test_query__escapes_and_plus__are_decoded(void **state)
{
	(void)state;
	assert_int_equal(check("name=a%20b+c%2Bd&flag=on", 5), 0);
	assert_string_equal(query.pairs[0].value, "a b c+d");
	assert_int_equal(query_bool(&query, "flag"), 1);
	assert_null(query_text(&query, "count"));
}

static void test_query__odd_forms__are_no_trouble(void **state)
{
	(void)state;
	assert_int_equal(check("", 5), 0);
	assert_int_equal(check("&&name&&", 5), 0);
	assert_string_equal(query_text(&query, "name"), "");
	assert_int_equal(check("name=a=b", 5), 0);
	assert_string_equal(query_text(&query, "name"), "a=b");
}

static void test_query__named_by_the_body_too__yields(void **state)
{
	json_t *body = json_pack("{s:i, s:s}", "surplus", 1, "name", "b");

	(void)state;
	assert_int_equal(query_parse(&query, "surplus=1&name=a", &arena, &err), 0);
	query_yield(&query, table, body);
	assert_int_equal(query_check(&query, table, 5, &arena, &err), 0);
	assert_int_equal(query.count, 1);
	assert_string_equal(query_text(&query, "name"), "a");
	assert_int_equal(query_parse(&query, "other=1", &arena, &err), 0);
	query_yield(&query, table, body);
	query_yield(&query, table, NULL);
	assert_int_equal(query_check(&query, table, 5, &arena, &err), -ERR_INVALID);
	json_decref(body);
}

static void test_query__given_twice__is_for_lists_alone(void **state)
{
	(void)state;
	assert_int_equal(check("name=a&words=a,,b+&name=b", 5), -ERR_INVALID);
	assert_string_equal(err.text, "Expected one value for name, got several.");
	assert_int_equal(check("words=a,,b+&name=x&words=,c", 5), 0);
	assert_string_equal(query_text(&query, "words"), "a,b,c");
	assert_int_equal(check("words=", 5), 0);
	assert_string_equal(query_text(&query, "words"), "");
}

static void test_query__integers_without_end__are_the_greatest(void **state)
{
	long value = 0;

	(void)state;
	assert_int_equal(parse_int("limit", "99999999999999999999", &value, &err), 0);
	assert_true(value == LONG_MAX);
	assert_int_equal(parse_int("limit", "9x", &value, &err), -ERR_INVALID);
}

static void test_query__broken_encodings__are_refused(void **state)
{
	static const char *const texts[] = { "name=%",   "name=%4",  "name=%zz", "name=%00",
					     "name=%ff", "name=%c3", "%=1" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (check(texts[i], 5) != -ERR_INVALID)
			fail_with("%s was not refused", texts[i]);
	}
}

static void test_query__too_many_pairs__are_refused(void **state)
{
	char text[2 * (QUERY_MAX + 1) + 1] = "";

	(void)state;
	for (int i = 0; i < QUERY_MAX; i++)
		strncat(text, "a&", sizeof text - strlen(text) - 1);
	assert_int_equal(query_parse(&query, text, &arena, &err), 0);
	strncat(text, "a&", sizeof text - strlen(text) - 1);
	assert_int_equal(query_parse(&query, text, &arena, &err), -ERR_INVALID);
}

static void test_query__unknown_name__is_named(void **state)
{
	(void)state;
	assert_int_equal(check("name=1&colour=red", 5), -ERR_INVALID);
	assert_string_equal(err.text, "Unexpected arguments: colour");
}

static void test_query__types__are_checked(void **state)
{
	(void)state;
	assert_int_equal(check("count=-12", 5), 0);
	assert_int_equal(check("count=x", 5), -ERR_INVALID);
	assert_string_equal(err.text, "Expected an integer for count: x");
	assert_int_equal(check("count=", 5), -ERR_INVALID);
	assert_int_equal(check("node=x", 5), -ERR_INVALID);
	assert_int_equal(check("node=00000000-0000-4000-8000-000000000001", 5), 0);
}

static void test_query__booleans__take_ironics_words(void **state)
{
	static const char *const yes[] = { "1", "t", "true", "on", "y", "YES", "True" };
	static const char *const no[] = { "0", "f", "False", "off", "n", "no" };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		snprintf(text, sizeof text, "flag=%s", yes[i]);
		assert_int_equal(check(text, 5), 0);
		assert_int_equal(query_bool(&query, "flag"), 1);
	}
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		snprintf(text, sizeof text, "flag=%s", no[i]);
		assert_int_equal(check(text, 5), 0);
		assert_int_equal(query_bool(&query, "flag"), 0);
	}
	assert_int_equal(check("flag=banana", 5), -ERR_INVALID);
	assert_string_equal(err.text,
			    "Invalid flag: Unrecognized value 'banana', acceptable values are: '0', '1', "
			    "'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'");
	assert_int_equal(check("", 5), 0);
	assert_int_equal(query_bool(&query, "flag"), -1);
}

static void test_query__newer_than_the_version__is_not_acceptable(void **state)
{
	(void)state;
	assert_int_equal(check("flag=1", 4), -ERR_NOT_ACCEPTABLE);
	assert_int_equal(check("flag=1", 5), 0);
	assert_int_equal(check("detail=1", 42), -ERR_INVALID);
	assert_int_equal(check("detail=1", 43), 0);
}

static void test_query_word__list__is_walked_to_its_end(void **state)
{
	const char *rest = "Uuid,a-word-that-is-too-long,b", *word;
	char lower[8];
	size_t len;

	(void)state;
	word = query_word(&rest, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(word, "Uuid", 4);
	assert_true(query_word_lower(&rest, lower, sizeof lower));
	assert_string_equal(lower, "a-word-");
	assert_true(query_word_lower(&rest, lower, sizeof lower));
	assert_string_equal(lower, "b");
	assert_false(query_word_lower(&rest, lower, sizeof lower));
	assert_null(query_word(&rest, &len));
	rest = "UUID";
	assert_true(query_word_lower(&rest, lower, sizeof lower));
	assert_string_equal(lower, "uuid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_query__escapes_and_plus__are_decoded, release),
		cmocka_unit_test_teardown(test_query__odd_forms__are_no_trouble, release),
		cmocka_unit_test_teardown(test_query__named_by_the_body_too__yields, release),
		cmocka_unit_test_teardown(test_query__given_twice__is_for_lists_alone, release),
		cmocka_unit_test_teardown(test_query__integers_without_end__are_the_greatest, release),
		cmocka_unit_test_teardown(test_query__broken_encodings__are_refused, release),
		cmocka_unit_test_teardown(test_query__too_many_pairs__are_refused, release),
		cmocka_unit_test_teardown(test_query__unknown_name__is_named, release),
		cmocka_unit_test_teardown(test_query__types__are_checked, release),
		cmocka_unit_test_teardown(test_query__booleans__take_ironics_words, release),
		cmocka_unit_test_teardown(test_query__newer_than_the_version__is_not_acceptable, release),
		cmocka_unit_test(test_query_word__list__is_walked_to_its_end),
	};

	arena_init(&arena);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
