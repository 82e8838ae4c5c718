/* driver_info: what is taken, and which sentence names which mistake. */
#include "drivers/ipmi/driver_info.h"

#include <string.h>

#include "drivers/ipmi/options.h"
#include "tests/support/unit.h"

static struct error err;

/* Parses a driver_info given as JSON with single quotes. */
static int parse(const char *text, struct ipmi_info *ret)
{
	char json[1024];
	struct task task;
	struct node node;
	size_t len = strlen(text);

	assert_true(len < sizeof(json));
	for (size_t i = 0; i <= len; i++)
		json[i] = text[i] == '\'' ? '"' : text[i];
	node_init(&node);
	node_set_text(&node, NODE_UUID, "11111111-2222-4333-8444-555555555555");
	node_set_object(&node, NODE_DRIVER_INFO, json_loads(json, 0, NULL));
	task_init_permissive(&task, &node);
	int rc = ipmi_info_parse(&task, ret, &err);
	ret->address = NULL; /* it goes with the task */
	task_release(&task);
	node_release(&node);
	return rc;
}

static void test_parse__address_alone__defaults(void **state)
{
	struct ipmi_info info;

	(void)state;
	ipmi_options.disable_boot_timeout = true;
	assert_int_equal(parse("{'ipmi_address': '10.0.0.1'}", &info), 0);
	assert_int_equal(info.port, 623);
	assert_int_equal(info.user_len, 0);
	assert_int_equal(info.privilege, IPMI_ADMINISTRATOR);
	assert_false(info.is_privilege_set);
	assert_int_equal(info.suite, -1);
	assert_false(info.has_kg);
	assert_true(info.keeps_boot_flags);
	assert_false(info.is_boot_device_forced);
}

static void test_parse__everything__taken(void **state)
{
	static const uint8_t password[RMCPP_KEY] = "12345678901234567890";
	static const uint8_t kg[RMCPP_KEY] = { 0x0a, 0xff };
	struct ipmi_info info;

	(void)state;
	assert_int_equal(
		parse("{'ipmi_address': 'bmc.example.org', 'ipmi_port': '6230', 'ipmi_username': "
		      "'sixteen-bytes-ok', 'ipmi_password': '12345678901234567890', 'ipmi_priv_level': "
		      "'OPERATOR', 'ipmi_cipher_suite': 3, 'ipmi_hex_kg_key': '0aFF', "
		      "'ipmi_protocol_version': '2.0', 'ipmi_bridging': 'no', 'ipmi_terminal_port': 10000, "
		      "'ipmi_force_boot_device': 'True', 'ipmi_disable_boot_timeout': false}",
		      &info),
		0);
	assert_int_equal(info.port, 6230);
	assert_int_equal(info.user_len, 16);
	assert_memory_equal(info.user, "sixteen-bytes-ok", 16);
	assert_memory_equal(info.password, password, RMCPP_KEY);
	assert_int_equal(info.privilege, IPMI_OPERATOR);
	assert_true(info.is_privilege_set);
	assert_int_equal(info.suite, 3);
	assert_true(info.has_kg);
	assert_memory_equal(info.kg, kg, RMCPP_KEY);
	assert_true(info.is_boot_device_forced);
	assert_false(info.keeps_boot_flags);
}

static void test_parse__number_as_password__its_digits(void **state)
{
	struct ipmi_info info;

	(void)state;
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_password': 12345}", &info), 0);
	assert_memory_equal(info.password, "12345\0", 6);
}

static void test_parse__mistakes__named(void **state)
{
	static const struct {
		const char *driver_info;
		int rc;
		const char *sentence;
	} mistakes[] = {
		{ "{}", ERR_MISSING,
		  "Missing the following IPMI credentials in node's driver_info: ['ipmi_address']." },
		{ "{'ipmi_address': null}", ERR_MISSING, "['ipmi_address']" },
		{ "{'ipmi_address': ''}", ERR_MISSING, "['ipmi_address']" },
		{ "{'ipmi_address': 'a b'}", ERR_INVALID, "ipmi_address" },
		{ "{'ipmi_address': '-x;rm'}", ERR_INVALID, "ipmi_address" },
		{ "{'ipmi_address': 'a', 'ipmi_port': 'x'}", ERR_INVALID,
		  "ipmi_port \"x\" is not a valid integer." },
		{ "{'ipmi_address': 'a', 'ipmi_port': 0}", ERR_INVALID, "ipmi_port \"0\" is out of range" },
		{ "{'ipmi_address': 'a', 'ipmi_port': 65536}", ERR_INVALID, "ipmi_port" },
		{ "{'ipmi_address': 'a', 'ipmi_port': '99999999999999999999'}", ERR_INVALID, "ipmi_port" },
		{ "{'ipmi_address': 'a', 'ipmi_terminal_port': -1}", ERR_INVALID, "ipmi_terminal_port" },
		{ "{'ipmi_address': 'a', 'ipmi_priv_level': 'ROOT'}", ERR_INVALID,
		  "Invalid privilege level value:ROOT" },
		{ "{'ipmi_address': 'a', 'ipmi_protocol_version': '1.0'}", ERR_INVALID,
		  "Invalid IPMI protocol version value 1.0, the valid value can be one of 2.0, 1.5" },
		{ "{'ipmi_address': 'a', 'ipmi_protocol_version': '1.5', 'ipmi_cipher_suite': 3}",
		  ERR_INVALID, "Cipher suites cannot be used with IPMI 1.5" },
		{ "{'ipmi_address': 'a', 'ipmi_protocol_version': '1.5', 'ipmi_hex_kg_key': '00'}",
		  ERR_INVALID, "ipmi_hex_kg_key" },
		{ "{'ipmi_address': 'a', 'ipmi_protocol_version': 1.5, 'ipmi_password': '12345678901234567'}",
		  ERR_INVALID, "ipmi_password" },
		{ "{'ipmi_address': 'a', 'ipmi_cipher_suite': 4}", ERR_INVALID, "ipmi_cipher_suite" },
		{ "{'ipmi_address': 'a', 'ipmi_cipher_suite': 'x'}", ERR_INVALID, "ipmi_cipher_suite" },
		{ "{'ipmi_address': 'a', 'ipmi_cipher_suite': -1}", ERR_INVALID, "ipmi_cipher_suite" },
		{ "{'ipmi_address': 'a', 'ipmi_hex_kg_key': '123'}", ERR_INVALID, "ipmi_hex_kg_key" },
		{ "{'ipmi_address': 'a', 'ipmi_hex_kg_key': 'xx'}", ERR_INVALID, "ipmi_hex_kg_key" },
		{ "{'ipmi_address': 'a', 'ipmi_hex_kg_key': '00112233445566778899001122334455667788990011'}",
		  ERR_INVALID, "ipmi_hex_kg_key" },
		{ "{'ipmi_address': 'a', 'ipmi_bridging': 'triple'}", ERR_INVALID,
		  "Invalid value for ipmi_bridging: triple, the valid value can be one of: ['single', "
		  "'dual', "
		  "'no']" },
		{ "{'ipmi_address': 'a', 'ipmi_bridging': 'single'}", ERR_MISSING,
		  "['ipmi_target_channel', 'ipmi_target_address'] not provided" },
		{ "{'ipmi_address': 'a', 'ipmi_bridging': 'dual', 'ipmi_target_address': 1}", ERR_MISSING,
		  "['ipmi_target_channel', 'ipmi_transit_channel', 'ipmi_transit_address'] not provided" },
		{ "{'ipmi_address': 'a', 'ipmi_bridging': 'single', 'ipmi_target_channel': 16, "
		  "'ipmi_target_address': 1}",
		  ERR_INVALID, "ipmi_target_channel" },
		{ "{'ipmi_address': 'a', 'ipmi_bridging': 'single', 'ipmi_target_channel': 0, "
		  "'ipmi_target_address': '0x100'}",
		  ERR_INVALID, "ipmi_target_address" },
		{ "{'ipmi_address': 'a', 'ipmi_bridging': 'single', 'ipmi_target_channel': 0, "
		  "'ipmi_target_address': 1, 'ipmi_local_address': 'x'}",
		  ERR_INVALID, "ipmi_local_address" },
		{ "{'ipmi_address': 'a', 'ipmi_workarounds': 'idzero, magic'}", ERR_INVALID,
		  "Invalid value for ipmi_workarounds: 'magic', the valid values are: highestpriv, intel20, "
		  "idzero" },
		{ "{'ipmi_address': 'a', 'ipmi_username': 'seventeen-bytes-x'}", ERR_INVALID,
		  "ipmi_username" },
		{ "{'ipmi_address': 'a', 'ipmi_password': '123456789012345678901'}", ERR_INVALID,
		  "ipmi_password" },
		{ "{'ipmi_address': 'a', 'ipmi_force_boot_device': 'maybe'}", ERR_INVALID,
		  "ipmi_force_boot_device" },
		{ "{'ipmi_address': 'a', 'ipmi_disable_boot_timeout': 'maybe'}", ERR_INVALID,
		  "ipmi_disable_boot_timeout" },
	};
	struct ipmi_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_int_equal(parse(mistakes[i].driver_info, &info), -mistakes[i].rc);
		if (strstr(err.text, mistakes[i].sentence) == NULL)
			fail_with("%s: %s", mistakes[i].driver_info, err.text);
	}
}

static void test_parse__mistake_in_a_secret__value_not_told(void **state)
{
	struct ipmi_info info;

	(void)state;
	assert_int_equal(
		parse("{'ipmi_address': 'a', 'ipmi_password': 'correct-horse-battery-staple'}", &info),
		-ERR_INVALID);
	assert_null(strstr(err.text, "horse"));
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_hex_kg_key': 'abcdefx'}", &info), -ERR_INVALID);
	assert_null(strstr(err.text, "abcdef"));
}

static void test_properties__each__has_help_that_ends_as_ironics(void **state)
{
	(void)state;
	for (const struct driver_property *property = ipmi_properties; property->name != NULL; property++) {
		size_t len = strlen(property->help);
		assert_true(strncmp(property->name, "ipmi_", 5) == 0);
		assert_true(strcmp(property->help + len - 9, "Optional.") == 0 ||
			    strcmp(property->help + len - 9, "Required.") == 0 ||
			    strstr(property->help, "equired only ") != NULL ||
			    strstr(property->help, "Only required ") != NULL);
	}
}

static void test_bridging__single_and_dual__makes_a_route(void **state)
{
	struct ipmi_info info;

	(void)state;
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_bridging': 'dual', 'ipmi_target_channel': '7', "
			       "'ipmi_target_address': '0x72', 'ipmi_transit_channel': 6, "
			       "'ipmi_transit_address': 130, 'ipmi_local_address': '0x24'}",
			       &info),
			 0);
	assert_int_equal(info.route.hops, 2);
	assert_int_equal(info.route.target_channel, 7);
	assert_int_equal(info.route.target_address, 0x72);
	assert_int_equal(info.route.transit_channel, 6);
	assert_int_equal(info.route.transit_address, 0x82);
	assert_int_equal(info.route.local_address, 0x24);
	/* what belongs to dual bridging alone is left out */
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_bridging': 'single', 'ipmi_target_channel': 0, "
			       "'ipmi_target_address': 1, 'ipmi_transit_address': 'x'}",
			       &info),
			 0);
	assert_int_equal(info.route.hops, 1);
	assert_int_equal(info.route.transit_address, 0);
	/* the BMC itself */
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_bridging': 'single', 'ipmi_target_channel': 0, "
			       "'ipmi_target_address': '0x20'}",
			       &info),
			 0);
	assert_int_equal(info.route.hops, 0);
	assert_int_equal(
		parse("{'ipmi_address': 'a', 'ipmi_bridging': 'no', 'ipmi_target_address': 'x'}", &info), 0);
	assert_int_equal(info.route.hops, 0);
}

static void test_workarounds__by_name__are_chosen(void **state)
{
	struct ipmi_info info;

	(void)state;
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_workarounds': 'intel20,idzero'}", &info), 0);
	assert_true(quirk_is_in(info.quirks, QUIRK_PADDED_NAME));
	assert_true(quirk_is_in(info.quirks, QUIRK_NAME_AND_PRIVILEGE));
	assert_true(quirk_is_in(info.quirks, QUIRK_ID_ZERO));
	assert_false(quirk_is_in(info.quirks, QUIRK_SHORT_READS));
	assert_int_equal(parse("{'ipmi_address': 'a', 'ipmi_workarounds': ''}", &info), 0);
	assert_int_equal(info.quirks, 0);
	for (unsigned i = 0; i < QUIRK_COUNT; i++)
		assert_true(ipmi_quirks[i].name != NULL && ipmi_quirks[i].help != NULL);
	assert_int_equal(ipmi_quirks_of(10876), 1U << QUIRK_UEFI_DISK_REMOTE);
	assert_int_equal(ipmi_quirks_of(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridging__single_and_dual__makes_a_route),
		cmocka_unit_test(test_workarounds__by_name__are_chosen),
		cmocka_unit_test(test_parse__address_alone__defaults),
		cmocka_unit_test(test_parse__everything__taken),
		cmocka_unit_test(test_parse__number_as_password__its_digits),
		cmocka_unit_test(test_parse__mistakes__named),
		cmocka_unit_test(test_parse__mistake_in_a_secret__value_not_told),
		cmocka_unit_test(test_properties__each__has_help_that_ends_as_ironics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
