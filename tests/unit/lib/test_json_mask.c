#include <string.h>

#include "lib/json.h"
#include "tests/support/unit.h"

static void test_json_key_is_secret__table__substring_any_case(void **state)
{
	static const char *const secret[] = {
		"password",      "ipmi_password", "Redfish_PASSWORD", "X-Auth-Token", "adminPass",
		"admin_pass",    "new_pass",      "secret_uuid",      "sys_pswd",     "ssh_private_key_x",
		"passphrase",    "configdrive",   "encrypted_key",    "fernetkey",    "sslkey",
		"snmp_auth_key", "snmp_priv_key", "ipmi_hex_kg_key",  "CHAPPASSWORD",
	};
	static const char *const open[] = { "",    "username", "ipmi_address", "pass",
					    "key", "tok",      "deploy_kernel" };

	(void)state;
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (!json_key_is_secret(secret[i]))
			fail_with("%s", secret[i]);
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (json_key_is_secret(open[i]))
			fail_with("%s", open[i]);
}

static const char *const rows[][2] = {
	{ "{\"ipmi_password\":\"x\",\"ipmi_address\":\"1.2.3.4\"}",
	  "{\"ipmi_password\":\"******\",\"ipmi_address\":\"1.2.3.4\"}" },
	{ "{\"a\":{\"b\":[{\"token\":1},{\"password\":null},[{\"secret\":[1,2]}]]}}",
	  "{\"a\":{\"b\":[{\"token\":\"******\"},{\"password\":\"******\"},[{\"secret\":\"******\"}]]}}" },
	{ "{\"u\":\"ftp://h/?user=a&password=hunter2&x=1\"}",
	  "{\"u\":\"ftp://h/?user=a&password=******&x=1\"}" },
	{ "[\"token: abc def\"]", "[\"token: ****** def\"]" },
	{ "[\"password = 'with space' rest\"]", "[\"password = '******' rest\"]" },
	{ "[\"{\\\"admin_password\\\": \\\"x y\\\", \\\"b\\\": 1}\"]",
	  "[\"{\\\"admin_password\\\": \\\"******\\\", \\\"b\\\": 1}\"]" },
	{ "[\"cmd --password hunter2 --user a\"]", "[\"cmd --password ****** --user a\"]" },
	{ "[\"<adminPass>two words</adminPass>\"]", "[\"<adminPass>******</adminPass>\"]" },
	{ "[\"PassWord=A token=B\"]", "[\"PassWord=****** token=******\"]" },
	{ "[\"the password is wrong\"]", "[\"the password is wrong\"]" },
	{ "[\"password\",\"password=\",\"token:\"]", "[\"password\",\"password=\",\"token:\"]" },
	{ "[\"password='open\"]", "[\"password='******\"]" },
	{ "[1,true,null,2.5,\"plain\"]", "[1,true,null,2.5,\"plain\"]" },
};

static void test_json_mask_secrets__table__only_secrets_masked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err;
		struct buf buf;
		json_t *value = NULL;
		assert_int_equal(json_parse(rows[i][0], strlen(rows[i][0]), 25, &value, &err), 0);
		json_mask_secrets(value);
		buf_init(&buf, 1000);
		json_write(&buf, value);
		assert_string_equal(buf.data, rows[i][1]);
		json_mask_secrets(value); /* again changes nothing */
		buf_clear(&buf);
		json_write(&buf, value);
		assert_string_equal(buf.data, rows[i][1]);
		buf_release(&buf);
		json_decref(value);
	}
}

static void test_json_text_is_open__what_would_be_masked__is_not(void **state)
{
	static const char *const open[] = { "", "{}", "{\"user\": \"tok en, pass\"}", "{\"a\": \"p\"}",
					    "[1, \"se\"]" };
	static const char escaped[] = "{\"pass\\u0077ord\": 1}";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i][0], rows[i][1]) != 0 && json_text_is_open(rows[i][0], strlen(rows[i][0])))
			fail_with("%s", rows[i][0]);
	}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (!json_text_is_open(open[i], strlen(open[i])))
			fail_with("%s", open[i]);
	}
	assert_false(json_text_is_open(escaped, strlen(escaped)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_key_is_secret__table__substring_any_case),
		cmocka_unit_test(test_json_mask_secrets__table__only_secrets_masked),
		cmocka_unit_test(test_json_text_is_open__what_would_be_masked__is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
