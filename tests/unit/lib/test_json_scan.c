#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/xalloc.h"
#include "tests/support/unit.h"

static const char reply[] =
	" {\"@odata.id\":\"/redfish/v1/Systems/1\", \"Boot\" : { \"Modes\":[\"a]\",{\"x\":[]}, 1e5],\n"
	"\"Enabled\":\"Disabled\\\"x\" },\"n\":-12.5e+3,\"Power\\u0053tate\":\"On\","
	"\"\\ud83d\\ude00\\n\":null,\"n\":2,\"\":{\"\":true} } trailing";

struct row {
	const char *path[4];
	const char *raw; /* NULL: not found */
};

static const struct row rows[] = {
	{ { "@odata.id" }, "\"/redfish/v1/Systems/1\"" },
	{ { "Boot", "Enabled" }, "\"Disabled\\\"x\"" },
	{ { "Boot", "Modes" }, "[\"a]\",{\"x\":[]}, 1e5]" },
	{ { "n" }, "-12.5e+3" },
	{ { "PowerState" }, "\"On\"" },
	{ { "\xf0\x9f\x98\x80\n" }, "null" },
	{ { "", "" }, "true" },
	{ { "absent" }, NULL },
	{ { "PowerStat" }, NULL },
	{ { "PowerStates" }, NULL },
	{ { "n", "below a number" }, NULL },
	{ { "Boot", "Modes", "x" }, NULL },
};

static void test_json_scan__paths__raw_value_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = NULL;
		size_t len = 0;
		bool is_found = json_scan(reply, sizeof(reply) - 1, rows[i].path, &value, &len);
		assert_int_equal(is_found, rows[i].raw != NULL);
		if (is_found) {
			assert_int_equal(len, strlen(rows[i].raw));
			assert_memory_equal(value, rows[i].raw, len);
		} else {
			assert_null(value);
		}
	}
}

/* The copy has the exact size, so that ASan sees one byte too many. */
static void test_json_scan__cut_anywhere__never_reads_past_the_end(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(reply); len++) {
		char *copy = xmalloc(len ? len : 1);
		memcpy(copy, reply, len);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const char *value;
			size_t value_len;
			if (json_scan(copy, len, rows[i].path, &value, &value_len)) {
				assert_non_null(rows[i].raw);
				assert_true(value >= copy && value + value_len <= copy + len);
			}
		}
		xfree(copy);
	}
}

static void test_json_scan__malformed__nothing(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"[]",
		"{",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":}",
		"{\"b\":1 \"a\":2}",
		"{\"b\":01,\"a\":2}",
		"{\"b\":1.,\"a\":2}",
		"{\"b\":-,\"a\":2}",
		"{\"b\":1e,\"a\":2}",
		"{\"b\":tru,\"a\":2}",
		"{\"b\":[1,],\"a\":2}",
		"{\"b\":[1}],\"a\":2}",
		"{\"b\":{\"c\"},\"a\":2}",
		"{\"b\":{1:2},\"a\":2}",
		"{\"b\":\"\\x\",\"a\":2}",
		"{\"b\":\"\\u12g4\",\"a\":2}",
		"{\"b\":\"\n\",\"a\":2}",
		"{b:1,\"a\":2}",
		"{\"b\":1,,\"a\":2}",
		"{,\"a\":2}",
		"{\"a\":\"x}",
		"{\"a\":[1,2}",
		"{\"a\":+1}",
	};
	const char *value;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (json_scan(texts[i], strlen(texts[i]), (const char *const[]){ "a", NULL }, &value, &len))
			fail_with("accepted: %s", texts[i]);
}

static void test_json_scan__depth__limited(void **state)
{
	char text[1000];
	const char *value;
	size_t len;

	(void)state;
	for (unsigned depth = JSON_VALUE_DEPTH_MAX; depth <= JSON_VALUE_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		bool is_found = json_scan(text, depth * 2, (const char *const[]){ NULL }, &value, &len);
		assert_int_equal(is_found, depth == JSON_VALUE_DEPTH_MAX);
	}
}

static void test_json_unquote__table__decoded_or_refused(void **state)
{
	static const struct {
		const char *raw, *text;
	} strings[] = {
		{ "\"\"", "" },
		{ "\"On\"", "On" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u00FC\\ud83d\\ude00\xc3\xbc\"", "\xc3\xbc\xf0\x9f\x98\x80\xc3\xbc" },
		{ "\"12345678901234\"", "12345678901234" },
		{ "\"123456789012345\"", "123456789012345" },
		{ "\"1234567890123456\"", NULL },
		{ "\"12345678901234\xc3\xbc\"", NULL },
		{ "\"\\u0000\"", NULL },
		{ "\"\\ud83d\"", NULL },
		{ "\"\\ude00\"", NULL },
		{ "\"\\ude00\\ude00\"", NULL },
		{ "\"\\ud83d\\u0041\"", NULL },
		{ "\"\xff\"", NULL },
		{ "1", NULL },
		{ "\"a\" ", NULL },
		{ "\"a", NULL },
		{ "\"", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		char text[16];
		bool is_good = json_unquote(strings[i].raw, strlen(strings[i].raw), text, sizeof(text));
		if (is_good != (strings[i].text != NULL))
			fail_with("%s", strings[i].raw);
		if (is_good)
			assert_string_equal(text, strings[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_scan__paths__raw_value_or_nothing),
		cmocka_unit_test(test_json_scan__cut_anywhere__never_reads_past_the_end),
		cmocka_unit_test(test_json_scan__malformed__nothing),
		cmocka_unit_test(test_json_scan__depth__limited),
		cmocka_unit_test(test_json_unquote__table__decoded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
