/* Tests of drivers/redfish: what is read of a system's document, and which links of a BMC are followed. */
#include "drivers/redfish/system.h"

#include <string.h>

#include "tests/support/unit.h"

static void answer(struct redfish_client *client, const char *text)
{
	buf_clear(&client->fetch.answer);
	buf_puts(&client->fetch.answer, text);
}

static struct redfish_client client = { .info = { .address = "http://bmc" } };
static struct error err;

static void test_power__states__are_mapped(void **state)
{
	static const struct {
		const char *document;
		int rc;
		enum power_state power;
		bool is_settled;
	} cases[] = {
		{ "{\"PowerState\":\"On\"}", 0, POWER_ON, true },
		{ "{\"PowerState\":\"Off\"}", 0, POWER_OFF, true },
		{ "{\"PowerState\":\"PoweringOn\"}", 0, POWER_ON, false },
		{ "{\"PowerState\":\"PoweringOff\"}", 0, POWER_OFF, false },
		{ "{\"a\":{\"PowerState\":\"On\"},\"PowerState\":\"O\\u0066f\"}", 0, POWER_OFF, true },
		{ "{\"PowerState\":\"Paused\"}", 0, POWER_UNKNOWN, false },
		{ "{\"PowerState\":null}", 0, POWER_UNKNOWN, false },
		{ "{\"PowerState\":7}", 0, POWER_UNKNOWN, false },
		{ "{\"a\":{\"PowerState\":\"On\"}}", 0, POWER_UNKNOWN, false },
		{ "{}", 0, POWER_UNKNOWN, false },
		{ "", -ERR_BMC, POWER_UNKNOWN, false },
		{ "[]", -ERR_BMC, POWER_UNKNOWN, false },
		{ "\"On\"", -ERR_BMC, POWER_UNKNOWN, false },
		{ "<html>", -ERR_BMC, POWER_UNKNOWN, false },
		{ "{\"PowerStat", -ERR_BMC, POWER_UNKNOWN, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum power_state power = POWER_ERROR;
		bool is_settled = true;
		answer(&client, cases[i].document);
		assert_int_equal(redfish_system_power(&client, &power, &is_settled, &err), cases[i].rc);
		assert_int_equal(power, cases[i].power);
		assert_int_equal(is_settled, cases[i].is_settled);
	}
}

static void test_offers__allowable_values__decide_when_there_are_any(void **state)
{
	(void)state;
	answer(&client, "{\"Actions\":{\"#ComputerSystem.Reset\":{\"ResetType@Redfish.AllowableValues\":["
			"\"On\",7]}}}");
	assert_true(redfish_system_offers(&client, "On"));
	assert_false(redfish_system_offers(&client, "Nmi"));
	answer(&client, "{\"Actions\":{\"#ComputerSystem.Reset\":{}}}");
	assert_true(redfish_system_offers(&client, "Nmi"));
	answer(&client, "nonsense");
	assert_false(redfish_system_offers(&client, "On"));
}

static void test_link__of_the_bmc__is_a_path(void **state)
{
	static const struct {
		const char *link, *path; /* NULL: refused */
	} cases[] = {
		{ "/redfish/v1/Systems/1", "/redfish/v1/Systems/1" },
		{ "/redfish/v1/a#/Fans/0", "/redfish/v1/a" },
		{ "https://bmc:444/redfish/v1/x", "/redfish/v1/x" },
		{ "HTTPS://BMC:444/x", "/x" },
		{ "https://bmc:4444/x", NULL },
		{ "https://other/x", NULL },
		{ "//other/x", NULL },
		{ "relative", NULL },
		{ "", NULL },
		{ "https://bmc:444", NULL },
		{ "/a b", NULL },
		{ "/a\r\nX-Header: 1", NULL },
		{ "/\xc3\xa9", NULL },
		{ "/\"", NULL },
		{ "https://bmc:444@other/", NULL },
	};
	const struct redfish_bmc bmc = { .info = { .address = "https://bmc:444" } };
	char path[REDFISH_PATH_MAX], longer[REDFISH_PATH_MAX + 8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = redfish_path_of_link(&bmc, cases[i].link, path, sizeof(path), &err);
		assert_int_equal(rc, cases[i].path ? 0 : -ERR_BMC);
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
	}
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(redfish_path_of_link(&bmc, longer, path, sizeof(path), &err), -ERR_BMC);
}

static int setup(void **state)
{
	(void)state;
	buf_init(&client.fetch.answer, REDFISH_REPLY_MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_release(&client.fetch.answer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power__states__are_mapped),
		cmocka_unit_test(test_offers__allowable_values__decide_when_there_are_any),
		cmocka_unit_test(test_link__of_the_bmc__is_a_path),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
