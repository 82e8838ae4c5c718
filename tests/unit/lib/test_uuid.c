#include "lib/uuid.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"

static int compare_texts(const void *a, const void *b)
{
	return memcmp(a, b, UUID_TEXT);
}

static void test_uuid_new__many__valid_and_different(void **state)
{
	static char uuids[10000][UUID_TEXT];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uuid_new(uuids[i]);
		assert_true(uuid_is_valid(uuids[i]));
		assert_int_equal(uuids[i][14], '4');
		assert_non_null(strchr("89ab", uuids[i][19]));
	}
	qsort(uuids, 10000, UUID_TEXT, compare_texts);
	for (int i = 1; i < 10000; i++)
		assert_string_not_equal(uuids[i - 1], uuids[i]);
}

static void test_uuid_new__after_fork__child_draws_others(void **state)
{
	char parent[UUID_TEXT], child[UUID_TEXT];
	int ends[2], status;

	(void)state;
	uuid_new(parent);
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		uuid_new(child);
		_exit(write(ends[1], child, sizeof(child)) != sizeof(child));
	}
	uuid_new(parent);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(ends[0], child, sizeof(child)), sizeof(child));
	assert_true(uuid_is_valid(child));
	assert_string_not_equal(parent, child);
	close(ends[0]);
	close(ends[1]);
}

static void test_uuid_is_valid__table__only_the_form(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{ "01234567-89ab-cdef-0123-456789ABCDEF", true },
		{ "00000000-0000-0000-0000-000000000000", true },
		{ "", false },
		{ "01234567-89ab-cdef-0123-456789abcde", false },
		{ "01234567-89ab-cdef-0123-456789abcdef0", false },
		{ "01234567x89ab-cdef-0123-456789abcdef", false },
		{ "0123456g-89ab-cdef-0123-456789abcdef", false },
		{ "0123456789abcdef0123456789abcdef", false },
		{ "{1234567-89ab-cdef-0123-456789abcdef", false },
		{ "01234567-89ab-cdef-0123-456789abcde\xc3", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(uuid_is_valid(rows[i].text), rows[i].is_valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid_new__many__valid_and_different),
		cmocka_unit_test(test_uuid_new__after_fork__child_draws_others),
		cmocka_unit_test(test_uuid_is_valid__table__only_the_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
