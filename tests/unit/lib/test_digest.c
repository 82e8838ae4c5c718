#include "lib/digest.h"

#include <string.h>

#include "tests/support/unit.h"

static void digest(const char *a, const char *b, char text[DIGEST_TEXT])
{
	const struct digest_part parts[] = { { a, strlen(a) }, { b, strlen(b) } };

	digest_of(parts, 2, text);
}

static void test_digest__same_parts__same_text(void **state)
{
	char one[DIGEST_TEXT], other[DIGEST_TEXT];

	(void)state;
	digest("ab", "c", one);
	digest("ab", "c", other);
	assert_string_equal(one, other);
	assert_int_equal(strlen(one), 64);
	assert_int_equal(strspn(one, "0123456789abcdef"), 64);
}

static void test_digest__parts_cut_elsewhere__differ(void **state)
{
	char one[DIGEST_TEXT], other[DIGEST_TEXT];

	(void)state;
	digest("ab", "c", one);
	digest("a", "bc", other);
	assert_string_not_equal(one, other);
	digest("abc", "", other);
	assert_string_not_equal(one, other);
}

/* printf '' | sha256sum: no part at all is the empty text. */
static void test_digest__nothing__is_sha256_of_nothing(void **state)
{
	char text[DIGEST_TEXT];

	(void)state;
	digest_of(NULL, 0, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest__same_parts__same_text),
		cmocka_unit_test(test_digest__parts_cut_elsewhere__differ),
		cmocka_unit_test(test_digest__nothing__is_sha256_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
