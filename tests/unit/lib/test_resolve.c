#include "lib/resolve.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "lib/fiber.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

static void run_resolve(void)
{
	char address[46];
	struct error err;
	char all[RESOLVE_COUNT_MAX][RESOLVE_ADDRESS_MAX];

	CHECK_INT(resolve_host("192.0.2.7", address, sizeof(address), &err), 0);
	CHECK_TEXT(address, "192.0.2.7");
	CHECK_INT(resolve_host("2001:db8::7", address, sizeof(address), &err), 0);
	CHECK_TEXT(address, "2001:db8::7");
	CHECK_INT(resolve_host("localhost", address, sizeof(address), &err), 0);
	CHECK(strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0);
	CHECK_INT(resolve_host("no-such-host.invalid", address, sizeof(address), &err), -ERR_BMC_UNREACHABLE);
	CHECK(strstr(err.text, "no-such-host.invalid") != NULL);
	/* The asker leaves first; the answer must not touch it. */
	CHECK_INT(resolve_all("localhost", clock_ms() - 1, all, &err), -ERR_BMC_UNREACHABLE);
	fiber_sleep(100);
	CHECK_INT(resolve_host("localhost", address, sizeof(address), &err), 0);
}

static void test_resolve_host__names_and_numbers__resolve_or_say_why(void **state)
{
	(void)state;
	loop_test(run_resolve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_host__names_and_numbers__resolve_or_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
