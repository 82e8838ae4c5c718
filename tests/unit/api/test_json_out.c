#include "api/json_out.h"

#include <jansson.h>
#include <string.h>

#include "lib/json.h"
#include "tests/support/unit.h"

static struct buf buf;

static int start(void **state)
{
	(void)state;
	buf_init(&buf, 65536);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&buf);
	return 0;
}

static void test_json_out__times__lose_their_fraction_only(void **state)
{
	(void)state;
	json_out_time(&buf, "2026-11-20 13:41:07.123456+00", 29);
	json_out_time(&buf, "2026-11-20 13:41:07", 19);
	json_out_time(&buf, NULL, 0);
	assert_string_equal(buf.data, "\"2026-11-20T13:41:07+00:00\"\"2026-11-20T13:41:07+00:00\"null");
}

static void test_json_out__values__are_written_by_type(void **state)
{
	static const struct {
		enum field_type type;
		const char *stored, *written;
	} rows[] = {
		{ FIELD_TEXT, "a\"b", "\"a\\\"b\"" },
		{ FIELD_UUID, "8d3e", "\"8d3e\"" },
		{ FIELD_BOOL, "t", "true" },
		{ FIELD_BOOL, "f", "false" },
		{ FIELD_TIME, "2026-11-20 13:41:07", "\"2026-11-20T13:41:07+00:00\"" },
		{ FIELD_INT, "-7", "-7" },
		{ FIELD_OBJECT, "{\"a\": 1}", "{\"a\": 1}" },
		{ FIELD_LIST, "[1, 2]", "[1, 2]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_clear(&buf);
		json_out_value(&buf, rows[i].type, rows[i].stored, strlen(rows[i].stored));
		assert_string_equal(buf.data, rows[i].written);
		buf_clear(&buf);
		json_out_value(&buf, rows[i].type, NULL, 0);
		assert_string_equal(buf.data, "null");
	}
}

static void test_json_out__empty_documents__are_copied(void **state)
{
	(void)state;
	json_out_masked(&buf, "{}", 2);
	json_out_masked(&buf, NULL, 0);
	json_out_document(&buf, "{\"b\": 1,  \"a\":2}", 16);
	assert_string_equal(buf.data, "{}{}{\"b\": 1,  \"a\":2}");
}

static void test_json_out__secrets__never_show(void **state)
{
	static const char text[] =
		"{\"ipmi_password\":\"hunter2\",\"user\":\"u\",\"deep\":{\"l\":[{\"auth_token\":"
		"\"hunter2\"}]},\"url\":\"http://h?password=hunter2\"}";

	(void)state;
	json_out_masked(&buf, text, strlen(text));
	assert_null(strstr(buf.data, "hunter2"));
	assert_non_null(strstr(buf.data, "******"));
	assert_non_null(strstr(buf.data, "\"user\":\"u\""));
}

static void test_json_out__instance_info__hides_the_image_too(void **state)
{
	static const char text[] =
		"{\"image_url\":\"http://u:hunter2@h/\",\"configdrive\":\"hunter2\",\"x\":1}";

	(void)state;
	json_out_instance_info(&buf, text, strlen(text));
	assert_null(strstr(buf.data, "hunter2"));
	assert_non_null(strstr(buf.data, "\"x\":1"));
}

static void test_json_out__what_cannot_be_parsed__shows_nothing(void **state)
{
	(void)state;
	json_out_masked(&buf, "{\"password\":\"x", 14);
	assert_string_equal(buf.data, "{}");
}

static void test_json_out__members_and_links__are_one_document(void **state)
{
	json_t *value = NULL;
	struct error err;

	(void)state;
	buf_putc(&buf, '{');
	json_out_key(&buf, "a");
	json_out_text(&buf, "q\"\n", 3);
	json_out_key(&buf, "b");
	json_out_bool(&buf, "t");
	json_out_key(&buf, "c");
	json_out_bool(&buf, NULL);
	json_out_key(&buf, "links");
	json_out_item_links(&buf, "http://h:1", "nodes", "uuid", 4, "/states");
	buf_putc(&buf, '}');
	assert_int_equal(json_parse(buf.data, buf.len, 5, &value, &err), 0);
	assert_string_equal(json_string_value(json_object_get(value, "a")), "q\"\n");
	assert_true(json_is_null(json_object_get(value, "c")));
	json_t *links = json_object_get(value, "links");
	assert_string_equal(json_string_value(json_object_get(json_array_get(links, 0), "href")),
			    "http://h:1/v1/nodes/uuid/states");
	assert_string_equal(json_string_value(json_object_get(json_array_get(links, 1), "href")),
			    "http://h:1/nodes/uuid/states");
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_json_out__times__lose_their_fraction_only, start, end),
		cmocka_unit_test_setup_teardown(test_json_out__values__are_written_by_type, start, end),
		cmocka_unit_test_setup_teardown(test_json_out__empty_documents__are_copied, start, end),
		cmocka_unit_test_setup_teardown(test_json_out__secrets__never_show, start, end),
		cmocka_unit_test_setup_teardown(test_json_out__instance_info__hides_the_image_too, start,
						end),
		cmocka_unit_test_setup_teardown(test_json_out__what_cannot_be_parsed__shows_nothing, start,
						end),
		cmocka_unit_test_setup_teardown(test_json_out__members_and_links__are_one_document, start,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
