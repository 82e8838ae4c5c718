#include "api/auth.h"

#include <string.h>

#include "tests/support/unit.h"

/* bcrypt of "hunter2" with the cheapest cost, then what is not bcrypt. */
static const char file[] = "# users\n"
			   "alice:$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n"
			   "bob:hunter2\n"
			   "carol:$1$salt$qJH7.N4xYta3aEG/dfqo/0\r\n"
			   "empty:\n";

static void test_auth_file__right_password__accepts(void **state)
{
	(void)state;
	assert_true(auth_file_accepts(file, "alice", "hunter2"));
	assert_false(auth_file_accepts(file, "alice", "hunter3"));
	assert_false(auth_file_accepts(file, "alice", ""));
	assert_false(auth_file_accepts(file, "alic", "hunter2"));
}

static void test_auth_file__what_is_no_bcrypt__never_accepts(void **state)
{
	(void)state;
	assert_false(auth_file_accepts(file, "bob", "hunter2"));
	assert_false(auth_file_accepts(file, "carol", "password"));
	assert_false(auth_file_accepts(file, "empty", ""));
	assert_false(auth_file_accepts(file, "", ""));
	assert_false(auth_file_accepts(file, "nobody", "hunter2"));
	assert_false(auth_file_accepts("", "alice", "hunter2"));
}

static void test_auth_base64__texts__are_decoded_or_refused(void **state)
{
	char decoded[32];

	(void)state;
	assert_int_equal(auth_base64("dXNlcjpwYXNz", 12, decoded), 9);
	assert_memory_equal(decoded, "user:pass", 9);
	assert_int_equal(auth_base64("dTpw", 4, decoded), 3);
	assert_int_equal(auth_base64("dTo=", 4, decoded), 2);
	assert_int_equal(auth_base64("", 0, decoded), 0);
	assert_int_equal(auth_base64("d!==", 4, decoded), -1);
	assert_int_equal(auth_base64("dX Nl", 5, decoded), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth_file__right_password__accepts),
		cmocka_unit_test(test_auth_file__what_is_no_bcrypt__never_accepts),
		cmocka_unit_test(test_auth_base64__texts__are_decoded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
