/* The Valence API's table, and what its bodies may look like. */
#include "api/valence.h"

#include <string.h>

#include "lib/json.h"
#include "tests/support/unit.h"

/* ---- bodies with broken lines ---- */

static void check_joined(const char *given, const char *expected)
{
	char text[256];
	size_t len = strlen(given);

	memcpy(text, given, len);
	len = valence_join_lines(text, len);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(text, expected, len);
}

static void test_lines__broken_as_in_the_documentation__are_joined(void **state)
{
	(void)state;
	check_joined("{\"a\": \"b\", \\\n      \"c\": 1}", "{\"a\": \"b\", \n      \"c\": 1}");
	check_joined("{\\\n}", "{\n}");
	check_joined("{}", "{}");
	check_joined("", "");
}

static void test_lines__backslashes_in_strings__stay(void **state)
{
	(void)state;
	check_joined("[\"a\\\n\"]", "[\"a\\\n\"]");
	check_joined("[\"\\\"\\\\\", \\\n\"\\\\\"]", "[\"\\\"\\\\\", \n\"\\\\\"]");
	check_joined("[\"\\", "[\"\\");
	check_joined("\\x", "\\x");
	check_joined("\\", "\\");
}

/* ---- schemas ---- */

static bool fits(const struct schema *schema, const char *text)
{
	struct error err = { 0 };
	json_t *body = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_DEPTH_MAX, &body, &err), 0);
	bool is_fit = schema_check(body, schema, &err) == 0;
	assert_null(strstr(err.text, "sesame"));
	json_decref(body);
	return is_fit;
}

#define AUTHENTICATION                                                                                       \
	"\"authentication\": [{\"type\": \"basic\", \"auth_items\":"                                         \
	" {\"username\": \"admin\", \"password\": \"sesame\"}}]"

static void test_schema__pod_manager__wants_name_url_and_credentials(void **state)
{
	(void)state;
	assert_true(fits(schema_pod_manager,
			 "{\"name\": \"p\", \"url\": \"http://[::1]:30500/eem\", " AUTHENTICATION "}"));
	assert_true(fits(schema_pod_manager, "{\"name\": \"p\", \"url\": \"https://eem/\","
					     " \"driver\": \"expether\", " AUTHENTICATION "}"));
	assert_false(fits(schema_pod_manager, "{\"name\": \"p\", " AUTHENTICATION "}"));
	assert_false(fits(schema_pod_manager, "{\"url\": \"http://eem\", " AUTHENTICATION "}"));
	assert_false(fits(schema_pod_manager, "{\"name\": \"p\", \"url\": \"http://eem\"}"));
	assert_false(fits(schema_pod_manager, "{\"name\": \"p\", \"url\": \"http://eem\","
					      " \"authentication\": []}"));
	assert_false(fits(schema_pod_manager, "{\"name\": \"p\", \"url\": \"http://eem\", \"authentication\":"
					      " [{\"type\": \"basic\", \"auth_items\":"
					      " {\"username\": \"a\", \"password\": [\"sesame\"]}}]}"));
	assert_false(fits(schema_pod_manager, "{\"name\": \"p\", \"url\": \"http://eem\", \"authentication\":"
					      " \"sesame\"}"));
	assert_false(fits(schema_pod_manager, "{\"name\": \"p\", \"url\": \"http://eem\","
					      " \"status\": \"Online\", " AUTHENTICATION "}"));
	assert_false(fits(schema_pod_manager, "[]"));
	assert_false(fits(schema_pod_manager, "null"));
}

static void test_schema__url__is_http_without_credentials(void **state)
{
	static const char *const wrong[] = { "eem",
					     "ftp://eem/eem",
					     "http://",
					     "http:///eem",
					     "http://:1/eem",
					     "http://u:sesame@eem/eem",
					     "http://eem/eem?a=b",
					     "http://eem/#a",
					     "http://eem/a b",
					     "http://e\\u00e4m/",
					     "http://eem\\r\\n",
					     "javascript:http://x" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, "{\"name\": \"p\", \"url\": \"%s\", " AUTHENTICATION "}",
			 wrong[i]);
		if (fits(schema_pod_manager, text))
			fail_with("%s is taken", wrong[i]);
	}
}

static void test_schema__compose__knows_its_leaves(void **state)
{
	(void)state;
	assert_true(fits(schema_compose, "{\"name\": \"n\"}"));
	assert_true(fits(schema_compose, "{\"name\": \"n\", \"podm_id\": \"x\", \"properties\":"
					 " {\"pci_device\": {\"type\": [\"NIC\", \"SSD\"]},"
					 " \"memory\": {\"capacity_mib\": \"4096\"}}}"));
	assert_false(fits(schema_compose, "{\"properties\": {}}"));
	assert_false(fits(schema_compose, "{\"name\": \"n\", \"properties\":"
					  " {\"memory\": {\"capacity_mib\": 4096}}}"));
	assert_false(fits(schema_compose, "{\"name\": \"n\", \"properties\": {\"pci_device\":"
					  " {\"type\": \"NIC\"}}}"));
	assert_false(fits(schema_compose, "{\"name\": \"n\", \"properties\": {\"pci_device\":"
					  " {\"type\": [1]}}}"));
	assert_false(fits(schema_compose, "{\"name\": \"n\", \"properties\": {\"gpu\": {}}}"));
	assert_false(fits(schema_compose, "{\"name\": null}"));
}

static void test_schema__action__knows_the_words(void **state)
{
	(void)state;
	assert_true(fits(schema_action, "{\"attach\": {\"resource_id\": \"x\"}}"));
	assert_true(fits(schema_action, "{\"Reset\": {\"Type\": \"ForceOff\"}}"));
	assert_true(fits(schema_action, "{\"Boot\": {\"Enabled\": \"Once\", \"Target\": \"Pxe\"}}"));
	assert_false(fits(schema_action, "{\"Reset\": {\"Type\": \"Explode\"}}"));
	assert_false(fits(schema_action, "{\"Boot\": {\"Enabled\": \"Once\"}}"));
	assert_false(fits(schema_action, "{\"attach\": {}}"));
	assert_false(fits(schema_action, "{\"attach\": {\"resource_id\": \"x\", \"node\": \"y\"}}"));
	assert_false(fits(schema_action, "{\"explode\": {}}"));
}

/* ---- the table ---- */

static const struct route *find(const char *method, const char *path, char *allow)
{
	struct route_path cut;

	allow[0] = '\0';
	return route_cut(&cut, path) ? route_find_in(valence_routes, &cut, method, allow, 128) : NULL;
}

static void test_routes__literal_segments__come_first(void **state)
{
	char allow[128];

	(void)state;
	assert_ptr_equal(find("POST", "/v1/nodes/manage", allow)->handle, valence_node_manage);
	assert_ptr_equal(find("POST", "/v1/devices/sync", allow)->handle, valence_device_sync);
	assert_ptr_equal(find("POST", "/v1/nodes/some/action", allow)->handle, valence_node_action);
	assert_ptr_equal(find("GET", "/", allow)->handle, valence_root);
	assert_null(find("PATCH", "/v1/nodes/some", allow));
	assert_string_equal(allow, "GET, DELETE");
	assert_null(find("GET", "/v1/ports", allow));
	assert_string_equal(allow, "");
}

static void test_routes__every_row__makes_sense(void **state)
{
	(void)state;
	for (const struct route *row = valence_routes; row->method; row++) {
		bool is_write = strcmp(row->method, "POST") == 0 || strcmp(row->method, "PATCH") == 0;

		assert_non_null(row->handle);
		assert_int_equal(row->since, 0);
		assert_null(row->action.kind);
		assert_false(row->is_public);
		assert_true(!is_write || row->body == BODY_FREE);
	}
}

/* ---- answers ---- */

static void test_time__iso__becomes_valences(void **state)
{
	json_t *text = valence_time("2018-04-20T04:40:01+00:00"), *none = valence_time(NULL);

	(void)state;
	assert_string_equal(json_string_value(text), "2018-04-20 04:40:01 UTC");
	assert_true(json_is_null(none));
	json_decref(text);
	json_decref(none);
}

static void check_method_fault(int rc, int given, int status, const char *title, const char *code)
{
	struct api_request request = { .fault_status = given };

	assert_int_equal(valence_fail_method(&request, rc), rc);
	assert_int_equal(request.fault_status, status);
	if (title)
		assert_string_equal(request.fault_title, title);
	else
		assert_null(request.fault_title);
	if (code)
		assert_string_equal(request.fault_code, code);
	else
		assert_null(request.fault_code);
}

static void test_method__refused__is_valences_fault(void **state)
{
	(void)state;
	check_method_fault(0, 0, 0, NULL, NULL);
	check_method_fault(-ERR_INTERNAL, 404, 404, "ExpEther Exception", "40400");
	check_method_fault(-ERR_INTERNAL, 409, 409, NULL, NULL);
	check_method_fault(-ERR_INTERNAL, 500, 500, NULL, NULL);
	check_method_fault(-ERR_NODE_LOCKED, 0, 0, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines__broken_as_in_the_documentation__are_joined),
		cmocka_unit_test(test_lines__backslashes_in_strings__stay),
		cmocka_unit_test(test_schema__pod_manager__wants_name_url_and_credentials),
		cmocka_unit_test(test_schema__url__is_http_without_credentials),
		cmocka_unit_test(test_schema__compose__knows_its_leaves),
		cmocka_unit_test(test_schema__action__knows_the_words),
		cmocka_unit_test(test_routes__literal_segments__come_first),
		cmocka_unit_test(test_routes__every_row__makes_sense),
		cmocka_unit_test(test_time__iso__becomes_valences),
		cmocka_unit_test(test_method__refused__is_valences_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
