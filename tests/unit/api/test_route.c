#include "api/route.h"

#include <string.h>

#include "api/version.h"
#include "tests/support/unit.h"

static const struct route *find(const char *method, const char *path, char *allow)
{
	struct route_path cut;

	allow[0] = '\0';
	return route_cut(&cut, path) ? route_find(&cut, method, allow, 128) : NULL;
}

/* A path that the pattern matches: "{}" becomes "some-ident". */
static void example(const char *pattern, char *path, size_t size)
{
	size_t used = 0;

	for (const char *p = pattern; *p && used + 12 < size; p++) {
		if (*p == '{') {
			memcpy(path + used, "some-ident", 10);
			used += 10;
			p++;
		} else {
			path[used++] = *p;
		}
	}
	path[used] = '\0';
}

static void test_routes__every_row__is_found_and_shadows_none(void **state)
{
	char path[256], allow[128];

	(void)state;
	for (const struct route *row = routes; row->method; row++) {
		example(row->path, path, sizeof path);
		const struct route *found = find(row->method[0] == '*' ? "PATCH" : row->method, path, allow);
		if (found != row)
			fail_with("%s %s finds %s", row->method, row->path, found ? found->path : "nothing");
	}
}

static void test_routes__every_row__makes_sense(void **state)
{
	(void)state;
	for (const struct route *row = routes; row->method; row++) {
		size_t idents = 0;

		for (const char *p = row->path; (p = strchr(p, '{')); p++)
			idents++;
		assert_in_range(idents, 0, REQUEST_IDENT_MAX);
		assert_non_null(row->handle);
		assert_in_range(row->since, 0, VERSION_MAX);
		assert_true(!row->arguments || row->body == BODY_ARGUMENTS);
		if (!row->action.kind)
			continue;
		assert_true(row->action.run_s > 0);
		assert_true(strcmp(row->action.on_crash, "repeat") == 0 ||
			    strcmp(row->action.on_crash, "never") == 0);
	}
}

static void test_routes__other_methods__are_refused_with_what_is_allowed(void **state)
{
	char path[256], allow[128];

	(void)state;
	for (const struct route *row = routes; row->method; row++) {
		example(row->path, path, sizeof path);
		assert_null(find("PROPFIND", path, allow));
		if (!strstr(allow, row->method[0] == '*' ? "POST" : row->method))
			fail_with("%s %s: Allow is \"%s\"", row->method, row->path, allow);
	}
	assert_null(find("PUT", "/v1/nodes/n", allow));
	assert_string_equal(allow, "GET, PATCH, DELETE");
}

static void test_routes__unversioned__read_as_below_v1(void **state)
{
	char path[256], allow[128];

	(void)state;
	for (const struct route *row = routes; row->method; row++) {
		if (strncmp(row->path, "/v1/", 4) != 0)
			continue;
		example(row->path + 3, path, sizeof path);
		assert_ptr_equal(find(row->method[0] == '*' ? "GET" : row->method, path, allow)->path,
				 row->path);
	}
}

static void test_routes__a_trailing_slash__says_nothing_but_after_detail(void **state)
{
	char allow[128];

	(void)state;
	assert_non_null(find("GET", "/v1/", allow));
	assert_non_null(find("GET", "/v1/nodes/", allow));
	assert_non_null(find("GET", "/nodes/", allow));
	assert_non_null(find("GET", "/v1/nodes/n/states/", allow));
	assert_null(find("GET", "/v1/nodes/n/ports/detail/", allow));
	assert_null(find("GET", "/v1/nodes/detail/", allow));
	assert_string_equal(allow, "");
	assert_null(find("GET", "/v1/nodes//", allow));
	assert_null(find("GET", "//", allow));
	assert_null(find("GET", "/v1//nodes", allow));
}

static void test_routes__paths_of_nothing__have_no_methods(void **state)
{
	static const char *const paths[] = { "",
					     "v1",
					     "/v2",
					     "/v2/nodes",
					     "/foo",
					     "/v1/foo",
					     "/v1/nodes/a/b",
					     "/v1/v1/nodes",
					     "/v1/nodes/a/vifs/b/c",
					     "/healthcheck/x",
					     "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p" };
	char allow[128];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (find("GET", paths[i], allow) || allow[0])
			fail_with("%s is something", paths[i]);
	}
}

static void test_routes__body_limit__is_the_rows(void **state)
{
	(void)state;
	assert_int_equal(route_body_limit("PUT", "/v1/nodes/a/states/provision", NULL), BODY_PROVISION_BYTES);
	assert_int_equal(route_body_limit("POST", "/v1/nodes/a/states/provision", NULL), BODY_DEFAULT_BYTES);
	assert_int_equal(route_body_limit("POST", "/v1/nodes", NULL), BODY_DEFAULT_BYTES);
	assert_int_equal(route_body_limit("POST", "/nothing", NULL), BODY_DEFAULT_BYTES);
}

/* The status for each way of being too old, and whether the refusal bears version headers. */
static const struct {
	int status;
	enum version_headers headers;
} refusals[] = {
	[TOO_OLD_NOT_FOUND] = { 404, VERSION_HEADERS_ALL },
	[TOO_OLD_NO_SUCH_PATH] = { 404, VERSION_HEADERS_NONE },
	[TOO_OLD_NOT_ACCEPTABLE] = { 406, VERSION_HEADERS_ALL },
	[TOO_OLD_METHOD] = { 405, VERSION_HEADERS_ALL },
};

static void test_routes__older_versions__are_refused_as_the_row_says(void **state)
{
	(void)state;
	for (const struct route *row = routes; row->method; row++) {
		struct http_response out = { 0 };
		struct api_request request = { .out = &out, .route = row, .version = row->since };

		buf_init(&out.headers, 1024);
		buf_init(&out.body, 1024);
		assert_false(route_refuse_old(&request));
		request.version = row->since - 1;
		if (row->since > 0) {
			assert_true(route_refuse_old(&request));
			assert_int_equal(out.status, refusals[row->too_old].status);
			assert_int_equal(request.version_headers, refusals[row->too_old].headers);
			assert_non_null(strstr(out.body.data, "error_message"));
		}
		buf_release(&out.headers);
		buf_release(&out.body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes__every_row__is_found_and_shadows_none),
		cmocka_unit_test(test_routes__every_row__makes_sense),
		cmocka_unit_test(test_routes__other_methods__are_refused_with_what_is_allowed),
		cmocka_unit_test(test_routes__unversioned__read_as_below_v1),
		cmocka_unit_test(test_routes__a_trailing_slash__says_nothing_but_after_detail),
		cmocka_unit_test(test_routes__paths_of_nothing__have_no_methods),
		cmocka_unit_test(test_routes__body_limit__is_the_rows),
		cmocka_unit_test(test_routes__older_versions__are_refused_as_the_row_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
