/* command: the table decides what passes the gate unasked. */
#include "drivers/ipmi/command.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_is_write__changes_and_unknown__writes(void **state)
{
	static const struct {
		uint8_t netfn, command, data;
		bool is_write;
	} rows[] = {
		{ NETFN_CHASSIS, CHASSIS_STATUS, 0, false },
		{ NETFN_CHASSIS, CHASSIS_CONTROL, 1, true },
		{ NETFN_CHASSIS, CHASSIS_SET_BOOT, 5, true },
		{ NETFN_CHASSIS, CHASSIS_GET_BOOT, 5, false },
		{ NETFN_CHASSIS, CHASSIS_IDENTIFY, 1, true },
		{ NETFN_APP, APP_COLD_RESET, 0, true },
		{ NETFN_APP, APP_WARM_RESET, 0, true },
		{ NETFN_APP, APP_DEVICE_ID, 0, false },
		{ NETFN_APP, APP_CLOSE_SESSION, 0, false },
		{ NETFN_APP, APP_SET_PRIVILEGE, 4, false },
		{ NETFN_APP, 0x34, 0x40, true },
		{ NETFN_STORAGE, 0x47, 0, true },
		{ NETFN_STORAGE, 0x23, 0, false },
		{ NETFN_GROUP, 0x02, 0xdc, false },
		{ NETFN_GROUP, 0x02, 0x00, true }, /* the same number of another group */
		{ NETFN_GROUP, 0x04, 0xdc, true }, /* Set Power Limit */
		{ 0x30, 0x01, 0, true },
		{ 0x3e, 0xff, 0, true },
		{ NETFN_FIRMWARE, 0x00, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ipmi_command_is_write(rows[i].netfn, rows[i].command, &rows[i].data, 1),
				 rows[i].is_write);
	assert_true(ipmi_command_is_write(NETFN_GROUP, 0x02, NULL, 0));
}

/* Whatever the table calls a read has a name that does not promise a change. */
static void test_table__reads__are_named_so(void **state)
{
	static const char *const harmless[] = { "Get ",        "Read ",         "Reserve ",
						"Set Session", "Close Session", "Activate Session" };

	(void)state;
	for (unsigned netfn = 0; netfn < 0x40; netfn += 2) {
		for (unsigned command = 0; command < 256; command++) {
			const uint8_t group = 0xdc;
			const struct ipmi_command *row =
				ipmi_command_find((uint8_t)netfn, (uint8_t)command, &group, 1);
			bool is_harmless = row == NULL || row->kind == IPMI_WRITE;

			for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]) && !is_harmless; i++)
				is_harmless = strncmp(row->name, harmless[i], strlen(harmless[i])) == 0;
			if (!is_harmless)
				fail_with("%s is called a read", row->name);
		}
	}
}

static void test_completion_name__every_code__has_words(void **state)
{
	const struct ipmi_command *set_boot = ipmi_command_find(NETFN_CHASSIS, CHASSIS_SET_BOOT, NULL, 0);

	(void)state;
	for (unsigned code = 0; code < 256; code++)
		assert_true(strlen(ipmi_completion_name(NULL, (uint8_t)code)) > 3);
	assert_string_equal(ipmi_completion_name(NULL, 0xd4), "insufficient privilege level");
	assert_string_equal(ipmi_completion_name(set_boot, 0x80), "boot option parameter not supported");
	assert_string_equal(ipmi_completion_name(NULL, 0x80), "command-specific error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_write__changes_and_unknown__writes),
		cmocka_unit_test(test_table__reads__are_named_so),
		cmocka_unit_test(test_completion_name__every_code__has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
