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

/* Masked as text, or NULL when it must be parsed. */
static const char *masked_text(struct buf *buf, const char *text, const char *hidden)
{
	buf_clear(buf);
	buf_puts(buf, "before");
	bool is_done = json_mask_text(buf, text, strlen(text), hidden);
	if (!is_done)
		assert_string_equal(buf->data, "before");
	return is_done ? buf->data + strlen("before") : NULL;
}

static void test_json_mask_text__what_it_can_do__is_what_parsing_gives(void **state)
{
	static const char *const plain[][2] = {
		{ "{}", "{}" },
		{ "null", "null" },
		{ "{\"user\": \"tok en, pass\"}", "{\"user\": \"tok en, pass\"}" },
		{ "{\"a\" : [1, \"se\"],\n \"Token\" :\t\"x\" , \"b\":2}",
		  "{\"a\" : [1, \"se\"],\n \"Token\" :\t\"******\" , \"b\":2}" },
		{ "{\"password\":{\"a\":[1,{\"b\":\"}\"}]},\"secret\":-1.5e3}",
		  "{\"password\":\"******\",\"secret\":\"******\"}" },
		{ "{\"shown\":{\"hidden\":1},\"hidden\":null,\"hidden2\":3}",
		  "{\"shown\":{\"hidden\":1},\"hidden\":\"******\",\"hidden2\":3}" },
		{ "{\"\xc3\xa9\":\"\xf0\x9f\x94\x91\",\"token\":\"\xc3\xa9\"}",
		  "{\"\xc3\xa9\":\"\xf0\x9f\x94\x91\",\"token\":\"******\"}" },
	};
	struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *masked = masked_text(&buf, rows[i][0], NULL);
		if (masked && strcmp(masked, rows[i][1]) != 0)
			fail_with("%s", masked);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		const char *masked = masked_text(&buf, plain[i][0], "hidden");
		if (!masked || strcmp(masked, plain[i][1]) != 0)
			fail_with("%s", plain[i][0]);
	}
	buf_release(&buf);
}

static void test_json_mask_text__what_must_be_parsed__is_refused(void **state)
{
	static const char *const texts[] = {
		"{\"pass\\u0077ord\": 1}", "{\"password\":\"a\\\"b\"}", "[\"password=x\"]", "{\"password\":",
		"{\"password\":\"x",       "{\"password\" \"x\"}",      "{\"a\":1",         "]",
	};
	struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (masked_text(&buf, texts[i], NULL))
			fail_with("%s", texts[i]);
	}
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_key_is_secret__table__substring_any_case),
		cmocka_unit_test(test_json_mask_secrets__table__only_secrets_masked),
		cmocka_unit_test(test_json_mask_text__what_it_can_do__is_what_parsing_gives),
		cmocka_unit_test(test_json_mask_text__what_must_be_parsed__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
