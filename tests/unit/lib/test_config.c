#include "lib/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config_file.h"
#include "tests/support/unit.h"

static char *host, *password;
static long port, count;
static bool flag;
static struct option_delay delay;
static struct option_list list;
static double wait_s;

static const struct option first_table[] = { { .section = "api",
					       .name = "host_ip",
					       .type = OPTION_TEXT,
					       .target = &host,
					       .preset = "127.0.0.1",
					       .help = "Where the API listens." },
					     { .section = "api",
					       .name = "port",
					       .type = OPTION_INT,
					       .target = &port,
					       .preset = "6385",
					       .min = 1,
					       .max = 65535,
					       .help = "A help text that is long enough to be broken into "
						       "more than one line of the sample, which is "
						       "eighty columns wide." },
					     { .section = "database",
					       .name = "password",
					       .type = OPTION_SECRET,
					       .target = &password,
					       .help = "Secret." },
					     { 0 } };

static const struct option second_table[] = {
	{ .section = "DEFAULT",
	  .name = "enabled_hardware_types",
	  .type = OPTION_LIST,
	  .target = &list,
	  .preset = "ipmi,redfish",
	  .help = "Types." },
	{ .section = "api",
	  .name = "flag",
	  .type = OPTION_BOOL,
	  .target = &flag,
	  .preset = "true",
	  .help = "Flag." },
	{ .section = "api", .name = "count", .type = OPTION_INT, .target = &count, .help = "Unbounded." },
	{ .section = "fake.x-y_2",
	  .name = "delay",
	  .type = OPTION_DELAY,
	  .target = &delay,
	  .preset = "0",
	  .help = "D." },
	{ .section = "fake.x-y_2",
	  .name = "wait",
	  .type = OPTION_SECONDS,
	  .target = &wait_s,
	  .preset = "1.5",
	  .min = 0,
	  .max = 60,
	  .help = "W." },
	{ 0 }
};

static const struct option empty_table[] = { { 0 } };

static int set_up(void **state)
{
	(void)state;
	config_register(empty_table);
	config_register(first_table);
	config_register(empty_table);
	config_register(second_table);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_release();
	return 0;
}

static int load_text(const char *text, size_t len, struct error *err)
{
	assert_int_equal(config_load(NULL, err), 0);
	return config_text_read("test.conf", text, len, config_set, err);
}

static void test_config_load__no_file__defaults(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(config_load(NULL, &err), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(port, 6385);
	assert_int_equal(count, 0);
	assert_true(flag);
	assert_null(password);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1], "redfish");
	assert_true(option_list_has(&list, "ipmi"));
	assert_false(option_list_has(&list, "ipm"));
	assert_true(wait_s == 1.5 && delay.min_s == 0 && delay.max_s == 0);
}

static const char file_text[] = "\xef\xbb\xbf# comment\n"
				"; another\n"
				"[DEFAULT]\n"
				"enabled_hardware_types = fake-hardware , ,ipmi,\n"
				"\n"
				"   \n"
				"[api]\r\n"
				"host_ip=::1\r\n"
				"port : 80\n"
				"flag = OFF\n"
				"count = -5\n"
				"[database]\n"
				"password = \"a ; b # c = d\"\n"
				"[fake.x-y_2]\n"
				"delay = 1, 3.5\n"
				"wait = 0.25\n"
				"[api]\n"
				"port = 81";

static void test_config_load__file__values_set(void **state)
{
	char path[] = "/tmp/ferrule-config-XXXXXX";
	struct error err;

	(void)state;
	int fd = mkstemp(path);
	assert_int_equal(write(fd, file_text, sizeof(file_text) - 1), sizeof(file_text) - 1);
	close(fd);
	int rc = config_load(path, &err);
	unlink(path);
	if (rc < 0)
		fail_with("%s", err.text);
	assert_string_equal(host, "::1");
	assert_int_equal(port, 81);
	assert_int_equal(count, -5);
	assert_false(flag);
	assert_string_equal(password, "a ; b # c = d");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "fake-hardware");
	assert_string_equal(list.items[1], "ipmi");
	assert_true(delay.min_s == 1 && delay.max_s == 3.5 && wait_s == 0.25);
	for (int i = 0; i < 1000; i++) {
		double drawn = option_delay_draw(&delay);
		assert_true(drawn >= 1 && drawn <= 3.5);
	}
}

static void test_config_load__again__defaults_come_back(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(load_text(file_text, sizeof(file_text) - 1, &err), 0);
	assert_int_equal(config_load(NULL, &err), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_null(password);
	assert_int_equal(list.count, 2);
}

static const struct {
	const char *text;
	const char *sentence;
} mistakes[] = {
	{ "[api]\nport = 0\n", "test.conf line 2: [api] port: '0' is not a whole number from 1 to 65535" },
	{ "[api]\nport = 65536\n",
	  "test.conf line 2: [api] port: '65536' is not a whole number from 1 to 65535" },
	{ "[api]\nport = 6385x\n",
	  "test.conf line 2: [api] port: '6385x' is not a whole number from 1 to 65535" },
	{ "[api]\nport =\n", "test.conf line 2: [api] port: '' is not a whole number from 1 to 65535" },
	{ "[api]\ncount = 99999999999999999999\n",
	  "test.conf line 2: [api] count: '99999999999999999999' is not a whole number" },
	{ "[api]\nflag = maybe\n", "test.conf line 2: [api] flag: 'maybe' is neither true nor false" },
	{ "\n\n[api]\nprot = 1\n", "test.conf line 4: [api] prot: there is no such option in this section" },
	{ "[apo]\nport = 1\n", "test.conf line 2: [apo] port: there is no such section" },
	{ "[fake.x-y_2]\ndelay = 3,1\n",
	  "test.conf line 2: [fake.x-y_2] delay: '3,1' is neither a number of seconds "
	  "nor a range of them such as 1,3" },
	{ "[fake.x-y_2]\ndelay = -1\n",
	  "test.conf line 2: [fake.x-y_2] delay: '-1' is neither a number of seconds "
	  "nor a range of them such as 1,3" },
	{ "[fake.x-y_2]\nwait = inf\n",
	  "test.conf line 2: [fake.x-y_2] wait: 'inf' is not a number of seconds from 0 to 60" },
	{ "[fake.x-y_2]\nwait = 61\n",
	  "test.conf line 2: [fake.x-y_2] wait: '61' is not a number of seconds from 0 to 60" },
	{ "port = 1\n", "test.conf line 1: the option stands before any [section]" },
	{ "[api]\nport\n", "test.conf line 2: this is neither a [section], a comment nor an option = value" },
	{ "[api\nport = 1\n",
	  "test.conf line 1: this is neither a [section], a comment nor an option = value" },
	{ "[api]\n= 1\n", "test.conf line 2: the option has no name" },
	{ "[api]\nhost_ip = a\n  b\n",
	  "test.conf line 3: the line starts with a space: a value cannot go on over several lines" },
	{ "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nport = 1\n",
	  "test.conf line 1: the name of the section is too long" },
	{ "[database]\npassword = hunter2\nport = hunter2\n",
	  "test.conf line 3: [database] port: there is no such option in this section" },
};

static void test_config_load__mistake__named_with_line_section_and_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct error err;
		assert_int_equal(load_text(mistakes[i].text, strlen(mistakes[i].text), &err), -ERR_INVALID);
		assert_string_equal(err.text, mistakes[i].sentence);
	}
}

static void test_config_load__long_lines__whole_or_refused(void **state)
{
	static char text[40000];
	struct error err;

	(void)state;
	int head = snprintf(text, sizeof(text), "[api]\nhost_ip = ");
	memset(text + head, 'h', 10000);
	assert_int_equal(load_text(text, (size_t)head + 10000, &err), 0);
	assert_int_equal(strlen(host), 10000);
	memset(text + head, 'h', 20000);
	assert_int_equal(load_text(text, (size_t)head + 20000, &err), -ERR_INVALID);
	assert_string_equal(err.text, "test.conf line 2: the line is too long");
	assert_int_equal(load_text("[api]\nhost_ip = a\0b\n", 20, &err), -ERR_INVALID);
	assert_string_equal(err.text, "test.conf line 2: the line holds a NUL byte");
}

static void test_config_load__unreadable_file__named(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(config_load("/nonexistent/x.conf", &err), -ERR_NOT_FOUND);
	assert_string_equal(err.text, "/nonexistent/x.conf: No such file or directory");
	assert_int_equal(config_load("/", &err), -ERR_NOT_FOUND);
	assert_string_equal(err.text, "/: Is a directory");
	assert_int_equal(config_load("/dev/zero", &err), -ERR_INVALID);
	assert_string_equal(err.text, "/dev/zero: the file is larger than 1048576 bytes");
	assert_int_equal(config_load("/dev/null", &err), 0);
}

static void test_config_set__refused__value_stays(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(config_load(NULL, &err), 0);
	assert_int_equal(config_set("api", "port", "8080", &err), 0);
	assert_int_equal(port, 8080);
	assert_int_equal(config_set("api", "port", "none", &err), -ERR_INVALID);
	assert_string_equal(err.text, "[api] port: 'none' is not a whole number from 1 to 65535");
	assert_int_equal(port, 8080);
	assert_int_equal(config_set("api", "port", "none", NULL), -ERR_INVALID);
}

static void test_config_print_sample__two_tables__grouped_and_loadable(void **state)
{
	char *text = NULL;
	size_t len = 0;
	struct error err;

	(void)state;
	FILE *out = open_memstream(&text, &len);
	config_print_sample(out);
	fclose(out);
	assert_ptr_equal(strstr(text, "[DEFAULT]\n"), text);
	const char *api = strstr(text, "\n[api]\n"), *flag_line = strstr(text, "\n#flag = true\n");
	const char *database = strstr(text, "\n[database]\n");
	assert_true(api && flag_line && database);
	assert_true(api < flag_line &&
		    flag_line < database); /* of the second table, in the first's section */
	assert_null(strstr(api + 1, "\n[api]\n"));
	assert_non_null(strstr(text, "\n# (whole number from 1 to 65535)\n#port = 6385\n"));
	assert_non_null(strstr(text, "\n# (secret text; unset by default)\n#password =\n"));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	assert_int_equal(load_text(text, len, &err), 0);
	for (char *mark = text; (mark = strstr(mark, "\n#")); mark++)
		if (mark[2] != ' ')
			memmove(mark + 1, mark + 2, strlen(mark + 1));
	assert_int_equal(load_text(text, strlen(text), &err), -ERR_INVALID); /* only "count =" is no number */
	assert_non_null(strstr(err.text, "[api] count: ''"));
	free(text);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_config_load__no_file__defaults),
		TEST(test_config_load__file__values_set),
		TEST(test_config_load__again__defaults_come_back),
		TEST(test_config_load__mistake__named_with_line_section_and_option),
		TEST(test_config_load__long_lines__whole_or_refused),
		TEST(test_config_load__unreadable_file__named),
		TEST(test_config_set__refused__value_stays),
		TEST(test_config_print_sample__two_tables__grouped_and_loadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
