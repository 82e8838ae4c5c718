/* passthru/ipmi: the listing as Ironic's, the option that enables send_raw, and what raw_bytes may be. */
#include <string.h>

#include "drivers/ipmi/options.h"
#include "drivers/vendor.h"
#include "tests/support/unit.h"

static struct error err;

static const struct passthru_method *method(const char *name)
{
	const struct passthru_method *found = ipmitool_vendor.node_methods;

	while (found->name != NULL && strcmp(found->name, name) != 0)
		found++;
	return found;
}

static int validate(const char *raw_bytes)
{
	const struct passthru_method *send_raw = method("send_raw");
	struct passthru_call call = { send_raw, "POST", json_pack("{s:s}", "raw_bytes", raw_bytes) };
	int rc = send_raw->validate(NULL, &call, &err);

	json_decref(call.args);
	return rc;
}

static void test_listing__two_methods__as_ironics(void **state)
{
	static const char *const names[] = { "send_raw", "bmc_reset" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct passthru_method *found = method(names[i]);
		assert_non_null(found->name);
		assert_int_equal(found->verbs, VERB_POST);
		assert_int_equal(found->mode, PASSTHRU_ASYNC);
		assert_int_equal(found->lock, LOCK_EXCLUSIVE);
		assert_int_equal(found->on_crash, CRASH_NEVER);
		assert_false(found->is_attach);
	}
	assert_string_equal(method("bmc_reset")->help,
			    "Reset the BMC. Required argument: 'warm' (Boolean) - for warm "
			    "(True) or cold (False) reset.");
	assert_string_equal(method("send_raw")->help,
			    "Send raw bytes to the BMC. Required argument: 'raw_bytes' - a "
			    "string of raw bytes (e.g. '0x00 0x01').");
	assert_null(ipmitool_vendor.driver_methods);
}

static void test_send_raw__not_enabled__refusal_names_the_option(void **state)
{
	(void)state;
	ipmi_options.allow_send_raw = false;
	assert_int_equal(validate("0x00 0x01"), -ERR_FORBIDDEN);
	assert_non_null(strstr(err.text, "[ipmi] allow_send_raw = true"));
}

static void test_send_raw__bytes__taken_or_named(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *sentence;
	} rows[] = {
		{ "0x00 0x01", 0, NULL },
		{ "  0x06\t0x01  ", 0, NULL },
		{ "6 1", 0, NULL },
		{ "0x2C 0x02 0xDC 1 0 0", 0, NULL },
		{ "0x3e 0xff", 0, NULL },
		{ "", ERR_INVALID, "at least a network function and a command" },
		{ "0x00", ERR_INVALID, "at least a network function and a command" },
		{ "0x00 0x100", ERR_INVALID, "'0x100' is not a byte" },
		{ "0x00 -1", ERR_INVALID, "'-1' is not a byte" },
		{ "0x00 0x", ERR_INVALID, "'0x' is not a byte" },
		{ "0x00 1x", ERR_INVALID, "'1x' is not a byte" },
		{ "0x00,0x01", ERR_INVALID, "'0x00,0x01' is not a byte" },
		{ "0x00 +1", ERR_INVALID, "'+1' is not a byte" },
		{ "0x00 99999999999999999999999", ERR_INVALID, "is not a byte" },
		{ "zwei 0x01", ERR_INVALID, "'zwei' is not a byte" },
		{ "0x01 0x01", ERR_INVALID, "network function of a request" },
		{ "0x40 0x01", ERR_INVALID, "network function of a request" },
	};

	(void)state;
	ipmi_options.allow_send_raw = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(validate(rows[i].text), -rows[i].rc);
		if (rows[i].rc != 0 && strstr(err.text, rows[i].sentence) == NULL)
			fail_with("'%s': %s", rows[i].text, err.text);
	}
}

static void test_send_raw__too_many_bytes__refused(void **state)
{
	char text[258 * 5 + 1] = "";

	(void)state;
	ipmi_options.allow_send_raw = true;
	for (size_t i = 0; i < 257; i++)
		memcpy(text + 5 * i, "0x00 ", 6);
	assert_int_equal(validate(text), 0);
	memcpy(text + 5 * 257, "0x00 ", 6);
	assert_int_equal(validate(text), -ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listing__two_methods__as_ironics),
		cmocka_unit_test(test_send_raw__not_enabled__refusal_names_the_option),
		cmocka_unit_test(test_send_raw__bytes__taken_or_named),
		cmocka_unit_test(test_send_raw__too_many_bytes__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
