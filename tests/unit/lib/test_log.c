#include "lib/log.h"

#include <string.h>

#include "lib/json.h"
#include "tests/support/unit.h"
#include "tests/unit/lib/capture.h"
#include "tests/unit/lib/fiber_run.h"

static struct capture capture;

static unsigned count_lines(const char *text)
{
	unsigned lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void test_log__hostile_text__stays_one_line(void **state)
{
	(void)state;
	log_init("prog", LOG_INFO, 0);
	capture_begin(&capture);
	log_info("name %s", "x\n2026-01-01 error prog forged\r\x1b[2J\x7f\xc2\x9b\xff\xe2\x80\xa8 \xc3\xbc");
	const char *text = capture_end(&capture);
	assert_int_equal(count_lines(text), 1);
	assert_non_null(strstr(text,
			       "+00:00 info prog name x\\x0a2026-01-01 error prog forged\\x0d\\x1b[2J\\x7f"
			       "\\xc2\\x9b\\xff\\xe2\\x80\\xa8 \xc3\xbc\n"));
}

static void test_log__below_level__not_written(void **state)
{
	(void)state;
	log_init("prog", LOG_WARNING, 0);
	capture_begin(&capture);
	log_debug("d");
	log_info("i");
	log_warning("w");
	log_error("e");
	const char *text = capture_end(&capture);
	assert_int_equal(count_lines(text), 2);
	assert_non_null(strstr(text, " warning prog w\n"));
	assert_non_null(strstr(text, " error prog e\n"));
}

static void logs_labelled(void *arg)
{
	struct fiber_labels labels = { .request_id = "req-1\n\"", .node_uuid = "node-1" };

	(void)arg;
	fiber_set_labels(&labels);
	log_info("labelled \"text\" \\ %s", "\n\xff");
	fiber_set_labels(NULL);
}

static void test_log__labels__stand_before_the_text(void **state)
{
	(void)state;
	log_init("prog", LOG_INFO, 0);
	capture_begin(&capture);
	fiber_run(logs_labelled, NULL);
	const char *text = capture_end(&capture);
	assert_non_null(strstr(text, " info prog [req-1\\x0a\" node-1] labelled \"text\" \\ \\x0a\\xff\n"));
}

static void test_log__json__each_line_is_an_object(void **state)
{
	struct error err;
	json_t *value = NULL;

	(void)state;
	log_init("prog", LOG_INFO, 1);
	capture_begin(&capture);
	fiber_run(logs_labelled, NULL);
	const char *text = capture_end(&capture);
	log_init("prog", LOG_INFO, 0);
	assert_int_equal(count_lines(text), 1);
	assert_int_equal(json_parse(text, strlen(text), 2, &value, &err), 0);
	assert_string_equal(json_string_value(json_object_get(value, "request_id")), "req-1\n\"");
	assert_string_equal(json_string_value(json_object_get(value, "node")), "node-1");
	assert_string_equal(json_string_value(json_object_get(value, "level")), "info");
	assert_string_equal(json_string_value(json_object_get(value, "program")), "prog");
	assert_string_equal(json_string_value(json_object_get(value, "text")),
			    "labelled \"text\" \\ \n\\xff");
	json_decref(value);
}

/* All lengths modulo the longest escape, so that one of them fills the line to the last byte. */
static void test_log__huge_text__cut_and_still_whole(void **state)
{
	char huge[6001];

	(void)state;
	memset(huge, 1, sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	for (int i = 0; i < 16; i++) {
		struct error err;
		json_t *value = NULL;
		int as_json = i % 2;
		log_init("prog", LOG_INFO, as_json);
		capture_begin(&capture);
		log_info("%.*s%s", i / 2, "aaaaaaaa", huge);
		const char *text = capture_end(&capture);
		assert_int_equal(count_lines(text), 1);
		assert_true(strlen(text) <= 8192);
		assert_true(strlen(text) > 8000);
		if (as_json)
			assert_int_equal(json_parse(text, strlen(text), 2, &value, &err), 0);
		json_decref(value);
	}
	log_init("prog", LOG_INFO, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__hostile_text__stays_one_line),
		cmocka_unit_test(test_log__below_level__not_written),
		cmocka_unit_test(test_log__labels__stand_before_the_text),
		cmocka_unit_test(test_log__json__each_line_is_an_object),
		cmocka_unit_test(test_log__huge_text__cut_and_still_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
