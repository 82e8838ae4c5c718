/* Tests of drivers/redfish/driver_info.c: what Ironic accepts, normalises and refuses, by a table. */
#include "drivers/redfish/driver_info.h"

#include <string.h>

#include "drivers/redfish/options.h"
#include "lib/json.h"
#include "tests/support/unit.h"

#define NODE "node-1"

static struct arena arena;
static struct error err;

static int parse(const char *text, struct redfish_info *info)
{
	json_t *value;
	int rc;

	assert_int_equal(json_parse(text, strlen(text), JSON_DEPTH_MAX, &value, &err), 0);
	rc = redfish_info_parse(value, NODE, &arena, info, &err);
	json_decref(value);
	return rc;
}

static void test_address__good__is_normalised(void **state)
{
	static const struct {
		const char *given, *address, *root;
	} cases[] = {
		{ "https://bmc.example", "https://bmc.example", "/redfish/v1/" },
		{ "bmc.example", "https://bmc.example", "/redfish/v1/" },
		{ "http://bmc.example:8000/", "http://bmc.example:8000", "/redfish/v1/" },
		{ "HTTP://10.0.0.1", "http://10.0.0.1", "/redfish/v1/" },
		{ "10.0.0.1:8443", "https://10.0.0.1:8443", "/redfish/v1/" },
		{ "fe80::1", "https://[fe80::1]", "/redfish/v1/" },
		{ "https://[2001:db8::1]:444/x/", "https://[2001:db8::1]:444", "/x/" },
		{ "https://bmc/redfish/v2", "https://bmc", "/redfish/v2/" },
		{ "https://bmc/a?b=c#d", "https://bmc", "/a/" },
	};
	struct redfish_info info;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"redfish_address\": \"%s\"}", cases[i].given);
		assert_int_equal(parse(text, &info), 0);
		assert_string_equal(info.address, cases[i].address);
		assert_string_equal(info.root, cases[i].root);
		assert_null(info.system_id);
		assert_null(info.user);
		assert_int_equal(info.auth, REDFISH_AUTH_AUTO);
		assert_false(info.is_tls_unverified);
	}
}

static void test_address__bad__is_refused_in_ironics_words(void **state)
{
	static const char *const cases[] = {
		"7",
		"[]",
		"{}",
		"true",
		"\"ftp://bmc\"",
		"\"http://\"",
		"\"https://a b\"",
		"\"https://bmc:port\"",
		"\"https://bmc:70000\"",
		"\"https://[::1\"",
		"\"https:///redfish\"",
		"\"https://bmc/a b\"",
		"\"https://bmc\\r\\nX: y\"",
	};
	struct redfish_info info;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"redfish_address\": %s}", cases[i]);
		assert_int_equal(parse(text, &info), -ERR_INVALID);
		assert_non_null(strstr(err.text, "Invalid Redfish address "));
		assert_non_null(strstr(err.text, " set in driver_info/redfish_address on node " NODE));
	}
	/* a password before the '@' is not repeated */
	assert_int_equal(parse("{\"redfish_address\": \"https://root:calvin@bmc\"}", &info), -ERR_INVALID);
	assert_null(strstr(err.text, "calvin"));
}

static void test_address__absent__is_missing(void **state)
{
	static const char *const cases[] = { "{}", "{\"redfish_address\": null}",
					     "{\"redfish_address\": \"\"}" };
	struct redfish_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i], &info), -ERR_MISSING);
		assert_string_equal(err.text, "Missing the following Redfish properties in node " NODE
					      " driver_info: ['redfish_address']");
	}
}

/* One member beside a good address. */
static int parse_with(const char *member, struct redfish_info *info)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"redfish_address\": \"bmc\", %s}", member);
	return parse(text, info);
}

static void test_members__good__are_taken(void **state)
{
	struct redfish_info info;

	(void)state;
	assert_int_equal(parse_with("\"redfish_system_id\": \"/redfish/v1/Systems/a b%\"", &info), 0);
	assert_string_equal(info.system_id, "/redfish/v1/Systems/a%20b%25");
	assert_int_equal(parse_with("\"redfish_system_id\": \"redfish/v1/Systems/1\"", &info), 0);
	assert_string_equal(info.system_id, "/redfish/v1/Systems/1");
	assert_int_equal(parse_with("\"redfish_username\": \"u\"", &info), 0);
	assert_string_equal(info.user, "u");
	assert_string_equal(info.password, "");
	assert_int_equal(parse_with("\"redfish_username\": \"u\", \"redfish_password\": \"p\"", &info), 0);
	assert_string_equal(info.password, "p");
	assert_int_equal(parse_with("\"redfish_auth_type\": \"session\"", &info), 0);
	assert_int_equal(info.auth, REDFISH_AUTH_SESSION);
	assert_int_equal(parse_with("\"redfish_tls_minimum_version\": \"1.3\"", &info), 0);
	assert_string_equal(info.tls_minimum, "1.3");
	assert_int_equal(parse_with("\"redfish_tls_minimum_version\": 1.2", &info), 0);
	assert_string_equal(info.tls_minimum, "1.2");
}

static void test_verify_ca__bool_word_or_path__is_taken(void **state)
{
	static const struct {
		const char *given;
		bool is_unverified;
		const char *path;
	} cases[] = {
		{ "true", false, NULL },   { "false", true, NULL },
		{ "null", false, NULL },   { "\"True\"", false, NULL },
		{ "\"no\"", true, NULL },  { "\"0\"", true, NULL },
		{ "\"OFF\"", true, NULL }, { "\"y\"", false, NULL },
		{ "\"/\"", false, "/" },   { "\"/etc/passwd\"", false, "/etc/passwd" },
	};
	struct redfish_info info;
	char member[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(member, sizeof(member), "\"redfish_verify_ca\": %s", cases[i].given);
		assert_int_equal(parse_with(member, &info), 0);
		assert_int_equal(info.is_tls_unverified, cases[i].is_unverified);
		if (cases[i].path)
			assert_string_equal(info.ca_path, cases[i].path);
		else
			assert_null(info.ca_path);
	}
}

static void test_verify_ca__true__means_what_the_configuration_says(void **state)
{
	struct redfish_info info;

	(void)state;
	redfish_options.verify_ca = "False";
	assert_int_equal(parse_with("\"redfish_verify_ca\": true", &info), 0);
	assert_true(info.is_tls_unverified);
	redfish_options.verify_ca = "/";
	assert_int_equal(parse_with("\"redfish_username\": \"u\"", &info), 0);
	assert_string_equal(info.ca_path, "/");
	assert_int_equal(parse_with("\"redfish_verify_ca\": false", &info), 0);
	assert_null(info.ca_path);
	redfish_options.verify_ca = NULL;
}

static void test_members__bad__are_refused_by_name(void **state)
{
	static const struct {
		const char *member, *sentence;
	} cases[] = {
		{ "\"redfish_system_id\": 5",
		  "Invalid value \"5\" set in driver_info/redfish_system_id on node " NODE },
		{ "\"redfish_system_id\": [\"a\"]",
		  "Invalid value \"['a']\" set in driver_info/redfish_system_id" },
		{ "\"redfish_verify_ca\": \"maybe\"",
		  "redfish_verify_ca on node " NODE ". The value should be a Boolean or the "
		  "path to a file/directory, not \"maybe\"" },
		{ "\"redfish_verify_ca\": 5", "not \"5\"" },
		{ "\"redfish_auth_type\": \"magic\"",
		  "Invalid value \"magic\" set in driver_info/redfish_auth_type on node " NODE
		  ". The value should be one of \"basic\", \"session\" or \"auto\"." },
		{ "\"redfish_auth_type\": null", "redfish_auth_type" },
		{ "\"redfish_tls_minimum_version\": \"1.0\"", "redfish_tls_minimum_version" },
		{ "\"redfish_username\": 5", "redfish_username" },
		{ "\"redfish_password\": {\"a\": \"secret\"}", "redfish_password" },
	};
	struct redfish_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse_with(cases[i].member, &info), -ERR_INVALID);
		if (!strstr(err.text, cases[i].sentence))
			fail_with("%s is not in: %s", cases[i].sentence, err.text);
		assert_null(strstr(err.text, "secret"));
	}
}

static void test_properties__help__ends_as_ironics(void **state)
{
	(void)state;
	for (const struct driver_property *row = redfish_properties; row->name; row++) {
		size_t len = strlen(row->help);
		assert_int_equal(strncmp(row->name, "redfish_", 8), 0);
		assert_true(!strcmp(row->help + len - 9, "Required.") ||
			    !strcmp(row->help + len - 9, "Optional."));
	}
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address__good__is_normalised),
		cmocka_unit_test(test_address__bad__is_refused_in_ironics_words),
		cmocka_unit_test(test_address__absent__is_missing),
		cmocka_unit_test(test_members__good__are_taken),
		cmocka_unit_test(test_verify_ca__bool_word_or_path__is_taken),
		cmocka_unit_test(test_verify_ca__true__means_what_the_configuration_says),
		cmocka_unit_test(test_members__bad__are_refused_by_name),
		cmocka_unit_test(test_properties__help__ends_as_ironics),
	};

	arena_init(&arena);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
