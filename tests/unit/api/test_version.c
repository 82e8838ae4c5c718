#include "api/version.h"

#include <stdio.h>

#include "tests/support/unit.h"

static struct version version;
static struct error err;

static enum version_result negotiate(const char *standard, const char *legacy)
{
	version = (struct version){ 0 };
	err.text[0] = '\0';
	return version_negotiate(standard, legacy, &version, &err);
}

static void test_version__no_header__is_the_first(void **state)
{
	(void)state;
	assert_int_equal(negotiate(NULL, NULL), VERSION_OK);
	assert_int_equal(version.minor, 1);
	assert_false(version.is_explicit);
}

static void test_version__each_supported__is_taken(void **state)
{
	char text[16];

	(void)state;
	for (int minor = VERSION_MIN; minor <= VERSION_MAX; minor++) {
		snprintf(text, sizeof text, "1.%d", minor);
		assert_int_equal(negotiate(NULL, text), VERSION_OK);
		assert_int_equal(version.minor, minor);
		assert_true(version.is_explicit);
	}
}

static void test_version__standard_header__wins_over_the_legacy_one(void **state)
{
	(void)state;
	assert_int_equal(negotiate("baremetal 1.30", "1.50"), VERSION_OK);
	assert_int_equal(version.minor, 30);
	assert_int_equal(negotiate("compute 2.1 , baremetal 1.31,x 3", NULL), VERSION_OK);
	assert_int_equal(version.minor, 31);
	assert_int_equal(negotiate("compute 2.1", "1.50"), VERSION_OK);
	assert_int_equal(version.minor, 50);
	assert_int_equal(negotiate("baremetal 1.30, baremetal 1.32 ", NULL), VERSION_OK);
	assert_int_equal(version.minor, 32);
	assert_int_equal(negotiate("baremetal 1.30 x", NULL), VERSION_MALFORMED);
	assert_int_equal(negotiate("baremetals 1.3", NULL), VERSION_OK);
	assert_int_equal(version.minor, 1);
}

static void test_version__latest_in_any_case__is_the_newest(void **state)
{
	(void)state;
	assert_int_equal(negotiate(NULL, "LATEST"), VERSION_OK);
	assert_int_equal(version.minor, VERSION_MAX);
	assert_int_equal(negotiate("baremetal latest", NULL), VERSION_OK);
	assert_int_equal(version.minor, VERSION_MAX);
}

static void test_version__outside_the_range__is_refused_with_the_range(void **state)
{
	(void)state;
	assert_int_equal(negotiate(NULL, "1.0"), VERSION_OUT_OF_RANGE);
	assert_int_equal(negotiate(NULL, "1.116"), VERSION_OUT_OF_RANGE);
	assert_string_equal(err.text,
			    "Version 1.116 was requested but the minor version is not supported by this "
			    "service. The supported version range is: [1.1, 1.115].");
	assert_int_equal(negotiate(NULL, "2.1"), VERSION_OUT_OF_RANGE);
	assert_int_equal(negotiate(NULL, "1.99999999999999999999"), VERSION_OUT_OF_RANGE);
}

static void test_version__malformed__is_refused(void **state)
{
	static const char *const texts[] = { "",
					     "1",
					     "1.",
					     ".1",
					     "one.two",
					     "1.1.1",
					     "1.-1",
					     "+1.1",
					     "1.1 ",
					     " 1.1",
					     "1,1",
					     "1.0x1",
					     "v1.1",
					     "1..1",
					     "latest " };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (negotiate(NULL, texts[i]) != VERSION_MALFORMED)
			fail_with("\"%s\" was not refused", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version__no_header__is_the_first),
		cmocka_unit_test(test_version__each_supported__is_taken),
		cmocka_unit_test(test_version__standard_header__wins_over_the_legacy_one),
		cmocka_unit_test(test_version__latest_in_any_case__is_the_newest),
		cmocka_unit_test(test_version__outside_the_range__is_refused_with_the_range),
		cmocka_unit_test(test_version__malformed__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
