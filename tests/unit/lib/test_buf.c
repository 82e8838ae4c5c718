#include "lib/buf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/support/unit.h"

static void assert_holds(const struct buf *buf, const char *text)
{
	assert_int_equal(buf->len, strlen(text));
	assert_string_equal(buf->data, text);
}

static void test_buf__appended_in_all_ways__holds_it(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	assert_null(buf.data);
	buf_append(&buf, "ab\0d", 2);
	buf_puts(&buf, "cd");
	buf_putc(&buf, 'e');
	buf_printf(&buf, "%d-%s", 7, "f");
	buf_printf(&buf, "%s", "");
	buf_put_int(&buf, INT64_MIN);
	buf_put_int(&buf, INT64_MAX);
	buf_put_int(&buf, 0);
	assert_holds(&buf, "abcde7-f-922337203685477580892233720368547758070");
	assert_false(buf.overflow);
	buf_clear(&buf);
	assert_holds(&buf, "");
	buf_release(&buf);
	assert_null(buf.data);
}

static void test_buf__grown_byte_by_byte__keeps_content_and_nul(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 5000);
	for (int i = 0; i < 5000; i++) {
		buf_putc(&buf, (char)('a' + i % 26));
		assert_int_equal(buf.data[buf.len], 0);
	}
	for (int i = 0; i < 5000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	assert_true(buf.size <= 5001);
	assert_false(buf.overflow);
	buf_putc(&buf, 'x');
	assert_true(buf.overflow);
	assert_int_equal(buf.len, 5000);
	buf_release(&buf);
}

static void test_buf__past_maximum__dropped_and_marked(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	buf_puts(&buf, "12345678");
	buf_puts(&buf, "abc");
	assert_true(buf.overflow);
	assert_holds(&buf, "12345678");
	buf_clear(&buf);
	assert_false(buf.overflow);
	buf_printf(&buf, "%s", "12345678901");
	assert_true(buf.overflow);
	assert_holds(&buf, "");
	buf_clear(&buf);
	buf_printf(&buf, "%s", "1234567890");
	assert_false(buf.overflow);
	assert_holds(&buf, "1234567890");
	buf_reserve(&buf, SIZE_MAX);
	assert_true(buf.size <= 11);
	buf_release(&buf);

	buf_init(&buf, 0);
	buf_putc(&buf, 'x');
	buf_printf(&buf, "y");
	assert_true(buf.overflow);
	assert_int_equal(buf.len, 0);
	buf_release(&buf);
}

static void test_buf_printf__longer_than_room__printed_whole(void **state)
{
	struct buf buf;
	char wanted[401];

	(void)state;
	memset(wanted, 'w', 400);
	wanted[400] = '\0';
	buf_init(&buf, SIZE_MAX / 2);
	buf_putc(&buf, '<');
	buf_printf(&buf, "%s", wanted);
	assert_int_equal(buf.len, 401);
	assert_string_equal(buf.data + 1, wanted);
	buf_release(&buf);
}

static void test_buf_consume__part_all_and_more__rest_stays(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 100);
	buf_consume(&buf, 5);
	buf_puts(&buf, "hello world");
	buf_consume(&buf, 6);
	assert_holds(&buf, "world");
	buf_consume(&buf, 0);
	assert_holds(&buf, "world");
	buf_consume(&buf, 100);
	assert_holds(&buf, "");
	buf_release(&buf);
}

static void test_buf_take__empty_and_full__never_null(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 100);
	char *text = buf_take(&buf);
	assert_string_equal(text, "");
	xfree(text);
	buf_puts(&buf, "x");
	text = buf_take(&buf);
	assert_string_equal(text, "x");
	assert_null(buf.data);
	xfree(text);
}

static const struct {
	const char *text;
	size_t len; /* 0: strlen */
	const char *json;
} strings[] = {
	{ "", 0, "\"\"" },
	{ "plain text of more than eight bytes", 0, "\"plain text of more than eight bytes\"" },
	{ "q\"b\\s/", 0, "\"q\\\"b\\\\s/\"" },
	{ "\b\f\n\r\t", 0, "\"\\b\\f\\n\\r\\t\"" },
	{ "\x01\x1f\x7f ", 0, "\"\\u0001\\u001f\x7f \"" },
	{ "a\0b", 3, "\"a\\u0000b\"" },
	{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 0,
	  "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	{ "\xff|\xc3|\xed\xa0\x80|\xc0\x80|\xf4\x90\x80\x80", 0,
	  "\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|"
	  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "cut \xe2\x82", 0, "\"cut \xef\xbf\xbd\xef\xbf\xbd\"" },
};

static void test_buf_json_string__table__escaped_and_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct buf buf;
		buf_init(&buf, 1000);
		buf_json_string(&buf, strings[i].text,
				strings[i].len ? strings[i].len : strlen(strings[i].text));
		assert_holds(&buf, strings[i].json);
		buf_release(&buf);
	}
}

/* Each byte at each place of a word: the fast path must see it everywhere. */
static void test_buf_json_string__special_byte_at_each_offset__found(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < 17; at++) {
			char text[17];
			struct buf buf;
			memset(text, 'a', sizeof(text));
			text[at] = (char)byte;
			buf_init(&buf, 1000);
			buf_json_string(&buf, text, sizeof(text));
			bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
			assert_int_equal(buf.len == sizeof(text) + 2, is_plain);
			assert_memory_equal(buf.data + 1, text, at);
			assert_memory_equal(buf.data + buf.len - (sizeof(text) - at), text + at + 1,
					    sizeof(text) - at - 1);
			buf_release(&buf);
		}
	}
}

static void test_buf_json_string__no_room__marked(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 5);
	buf_json_string(&buf, "abcdef", 6);
	assert_true(buf.overflow);
	assert_true(buf.len <= 5);
	buf_release(&buf);
}

static void test_buf_pg_element__quotes_and_backslashes__escaped(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 100);
	buf_pg_element(&buf, "a\"b\\c,{}", 8);
	assert_holds(&buf, "\"a\\\"b\\\\c,{}\"");
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf__appended_in_all_ways__holds_it),
		cmocka_unit_test(test_buf__grown_byte_by_byte__keeps_content_and_nul),
		cmocka_unit_test(test_buf__past_maximum__dropped_and_marked),
		cmocka_unit_test(test_buf_printf__longer_than_room__printed_whole),
		cmocka_unit_test(test_buf_consume__part_all_and_more__rest_stays),
		cmocka_unit_test(test_buf_take__empty_and_full__never_null),
		cmocka_unit_test(test_buf_json_string__table__escaped_and_valid),
		cmocka_unit_test(test_buf_json_string__special_byte_at_each_offset__found),
		cmocka_unit_test(test_buf_json_string__no_room__marked),
		cmocka_unit_test(test_buf_pg_element__quotes_and_backslashes__escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
