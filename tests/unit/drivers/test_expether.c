/* Tests of drivers/expether without an EEM: addresses, ids, answers, boards, names. */
#include "drivers/expether/board.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/expether/inventory.h"
#include "drivers/expether/pci_names.h"
#include "lib/json.h"
#include "tests/support/loop_test.h"
#include "tests/support/unit.h"

/* ---- driver_info ---- */

static void test_expether_url__spellings__are_one(void **state)
{
	static const struct {
		const char *address, *url;
	} rows[] = {
		{ "http://eem:8080/eem", "http://eem:8080/eem" },
		{ "http://eem:8080/eem/", "http://eem:8080/eem" },
		{ "HTTPS://EEM.example/eem", "https://eem.example/eem" },
		{ "eem", "http://eem:30500/eem" },
		{ "eem:80", "http://eem:80/eem" },
		{ "eem:80/", "http://eem:80/eem" },
		{ "192.0.2.1", "http://192.0.2.1:30500/eem" },
		{ "[2001:db8::1]", "http://[2001:db8::1]:30500/eem" },
		{ "[2001:db8::1]:80/other/path", "http://[2001:db8::1]:80/other/path" },
		{ "http://eem", "http://eem/eem" },
		{ "", NULL },
		{ "http://", NULL },
		{ "ftp://eem/eem", NULL },
		{ "http://user:secret@eem/eem", NULL },
		{ "http://eem:0/eem", NULL },
		{ "http://eem:65536/eem", NULL },
		{ "http://eem:/eem", NULL },
		{ "http://eem/eem?x=1", NULL },
		{ "http://eem/eem#x", NULL },
		{ "http://e em/eem", NULL },
		{ "[2001:db8::1", NULL },
		{ "[]", NULL },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *url = expether_url(rows[i].address, &arena);

		if (!rows[i].url)
			assert_null(url);
		else
			assert_string_equal(url, rows[i].url);
	}
	arena_release(&arena);
}

static void test_expether_id__spellings__are_one(void **state)
{
	static const char *const good[] = { "0x8cdf9d911cb0", "0X8CDF9D911CB0", "8c:df:9d:91:1c:b0",
					    "8CDF9D911CB0", "0x8c:df:9d:91:1c:b0" };
	static const char *const bad[] = { "",
					   "0x",
					   "0x8cdf9d911cb",
					   "0x8cdf9d911cb00",
					   "0x8cdf9d911cbg",
					   "8c:df:9d:91:1c:b0:",
					   "0x8cdf9d911cb0 ",
					   "../../0x8cdf9d91" };
	char id[EEM_ID_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(expether_id_parse(good[i], id));
		assert_string_equal(id, "0x8cdf9d911cb0");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(expether_id_parse(bad[i], id));
}

static int parse_manager(const char *text, struct arena *arena, struct pod_manager *ret, struct error *err)
{
	json_t *object = NULL;
	int rc;

	assert_int_equal(json_parse(text, strlen(text), 5, &object, err), 0);
	rc = expether_manager_parse(object, "expether_", "node 7", arena, ret, err);
	json_decref(object);
	return rc;
}

static void test_expether_manager__members__are_checked(void **state)
{
	struct pod_manager manager;
	struct arena arena;
	struct error err;

	(void)state;
	arena_init(&arena);
	assert_int_equal(parse_manager("{}", &arena, &manager, &err), -ERR_MISSING);
	assert_non_null(strstr(err.text, "['expether_address']"));
	assert_int_equal(parse_manager("{\"expether_address\": \"a\", \"expether_username\": \"u\"}", &arena,
				       &manager, &err),
			 -ERR_MISSING);
	assert_int_equal(
		parse_manager("{\"expether_address\": \"http://u:secret@a\"}", &arena, &manager, &err),
		-ERR_INVALID);
	assert_null(strstr(err.text, "secret"));
	assert_int_equal(parse_manager("{\"expether_address\": 5}", &arena, &manager, &err), -ERR_INVALID);
	assert_int_equal(parse_manager("{\"expether_address\": \"a\", \"expether_verify_ca\": \"/none\"}",
				       &arena, &manager, &err),
			 -ERR_INVALID);
	assert_int_equal(parse_manager("{\"expether_address\": \"a\", \"expether_verify_ca\": false}", &arena,
				       &manager, &err),
			 0);
	assert_string_equal(manager.verify_ca, "false");
	assert_null(manager.username);
	assert_int_equal(parse_manager("{\"expether_address\": \"a\", \"expether_username\": \"u\","
				       " \"expether_password\": \"p\", \"expether_verify_ca\": \"Yes\"}",
				       &arena, &manager, &err),
			 0);
	assert_string_equal(manager.password, "p");
	assert_null(manager.verify_ca);
	arena_release(&arena);
}

/* ---- answers ---- */

struct eem_fixture {
	struct task task;
	struct eem eem;
	struct error err;
};

static void setup(struct eem_fixture *fixture)
{
	const struct pod_manager manager = { .url = "http://eem/eem",
					     .username = "admin",
					     .password = "s3cret" };

	task_init_permissive(&fixture->task, NULL);
	eem_open(&fixture->eem, &fixture->task, &manager);
}

static void test_eem_reply__statuses__become_codes(void **state)
{
	static const struct {
		int status;
		const char *body;
		int rc;
		const char *words;
	} rows[] = {
		{ 200, "{\"a\": 1}", 0, NULL },
		{ 200, "", 0, NULL },
		{ 204, "", 0, NULL },
		{ 204, "rubbish", 0, NULL },
		{ 200, "<html>", -ERR_BMC, "not a JSON object" },
		{ 200, "[]", -ERR_BMC, "not a JSON object" },
		{ 200, "[[[[[[[[[[[[[[]]]]]]]]]]]]]]", -ERR_BMC, "not a JSON object" },
		{ 201, "{}", -ERR_BMC, "201" },
		{ 302, "", -ERR_BMC, "302" },
		{ 400, "{\"code\": \"40004\", \"message\": \"stale\"}", -ERR_CONFLICT, "code 40004: stale" },
		{ 401, "", -ERR_BMC_AUTH, "rejected the credentials" },
		{ 403, "{}", -ERR_BMC_AUTH, "rejected the credentials" },
		{ 404, "{\"code\": \"40400\"}", -ERR_NOT_FOUND, "40400" },
		{ 500, "{\"code\": \"50003\", \"message\": \"no board\"}", -ERR_BMC, "no board" },
		{ 500, "{\"code\": 50003, \"message\": [1]}", -ERR_BMC, "500" },
		{ 500, "{\"code\": \"5000312345\", \"message\": \"user s3cret\"}", -ERR_BMC, "500" },
		{ 500, "{\"message\": \"a\\u0007b\"}", -ERR_BMC, "500" },
	};
	struct eem_fixture fixture;
	json_t *value;

	(void)state;
	setup(&fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		value = NULL;
		fixture.err.text[0] = '\0';
		assert_int_equal(eem_reply_read(&fixture.eem, "GET /x", rows[i].status, rows[i].body,
						strlen(rows[i].body), &value, &fixture.err),
				 rows[i].rc);
		json_decref(value);
		if (rows[i].words)
			assert_non_null(strstr(fixture.err.text, rows[i].words));
		assert_null(strstr(fixture.err.text, "s3cret"));
		assert_null(strchr(fixture.err.text, '\a'));
	}
	task_release(&fixture.task);
}

/* ---- boards ---- */

static int read_board(struct eem_fixture *fixture, const char *members, struct board *ret,
		      json_t **ret_object)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"id\": \"0x8cdf9d911cb0\"%s%s}", *members ? ", " : "", members);
	assert_int_equal(json_parse(text, strlen(text), 5, ret_object, &fixture->err), 0);
	return board_read(&fixture->eem, *ret_object, ret, &fixture->err);
}

static void test_board_read__members__are_bounded(void **state)
{
	static const char *const bad[] = {
		"",
		"\"status\": \"eeio\"",
		"\"group_id\": \"17\"",
		"\"status\": \"other\", \"group_id\": \"17\"",
		"\"status\": \"eeio\", \"group_id\": \"12345\"",
		"\"status\": \"eeio\", \"group_id\": \"1x\"",
		"\"status\": \"eeio\", \"group_id\": -1",
		"\"status\": \"eeio\", \"group_id\": null",
		"\"status\": \"eeio\", \"group_id\": \"17\", \"id\": \"0x8cdf9d911cb0/../x\"",
		"\"status\": \"eeio\", \"group_id\": \"17\", \"id\": 5",
	};
	struct eem_fixture fixture;
	struct board board;
	json_t *object;

	(void)state;
	setup(&fixture);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_board(&fixture, bad[i], &board, &object), -ERR_BMC);
		json_decref(object);
	}
	assert_int_equal(read_board(&fixture,
				    "\"status\": \"eesv\", \"group_id\": 17, \"max_eeio_count\": \"-1\"",
				    &board, &object),
			 0);
	assert_true(board.is_host && board.is_up && board_has_group(&board));
	assert_int_equal(board.max_cards, 0);
	json_decref(object);
	assert_int_equal(
		read_board(&fixture,
			   "\"status\": \"eeio\", \"group_id\": \"4093\", \"notification_status0\": "
			   "[\"down\", \"up\"], \"type\": \"10g\", \"pcie_class_code\": \"0x020000\"",
			   &board, &object),
		0);
	assert_true(!board.is_host && !board.is_up && !board_has_group(&board) && !board.card);
	json_decref(object);
	task_release(&fixture.task);
}

static void test_board_card_type__class_codes__by_their_top_byte(void **state)
{
	static const struct {
		unsigned class_code;
		const char *type;
	} rows[] = { { 0x010802, "SSD" }, { 0x010000, "SSD" },     { 0x020000, "NIC" },
		     { 0x030200, "GPU" }, { 0x040300, "Multi" },   { 0x0c0330, "USB" },
		     { 0x120000, "ACS" }, { 0x060400, "SWITCH" },  { 0xff0000, "Unknown" },
		     { 0, "Unknown" },    { 0x050000, "Unknown" }, { 0x130000, "Unknown" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(board_card_type(rows[i].class_code), rows[i].type);
}

/* ---- names ---- */

static void read_names(void)
{
	char path[] = "/tmp/ferrule-pci-XXXXXX";
	static const char text[] =
		"# comment\n\n0001  Vendor \"One\"\n\t0002  Device\n\t\t0001 0002  Subsystem\n"
		"zzzz  Not a number\n\t0003  Of nobody\n0004\n8086  Intel\n\tffff  Last\n"
		"C 01  Storage\n\t00  SCSI\n0009  Behind the classes\n";
	int fd = mkstemp(path);

	CHECK_INT(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	pci_names_load(path);
	CHECK_TEXT(pci_vendor_name(1), "Vendor \"One\"");
	CHECK_TEXT(pci_device_name(1, 2), "Device");
	CHECK_TEXT(pci_device_name(1, 3), "");
	CHECK_TEXT(pci_vendor_name(4), "");
	CHECK_TEXT(pci_vendor_name(0x8086), "Intel");
	CHECK_TEXT(pci_device_name(0x8086, 0xffff), "Last");
	CHECK_TEXT(pci_vendor_name(9), "");
	pci_names_release();
	pci_names_load("/nonexistent");
	CHECK_TEXT(pci_vendor_name(1), "");
	pci_names_release();
	unlink(path);
}

static void test_pci_names__lines__are_vendors_and_devices(void **state)
{
	(void)state;
	loop_test(read_names);
}

/* ---- groups ---- */

static void test_group_hosts__several_in_one_group__the_first(void **state)
{
	struct group_hosts hosts = { 0 };
	struct eem_fixture fixture;

	(void)state;
	setup(&fixture);
	assert_null(group_hosts_find(&hosts, "17"));
	group_hosts_add(&fixture.task, &hosts, &(struct board){ .id = "0x000000000001", .group = "17" });
	group_hosts_add(&fixture.task, &hosts, &(struct board){ .id = "0x000000000002", .group = "17" });
	group_hosts_add(&fixture.task, &hosts, &(struct board){ .id = "0x000000000003", .group = "4094" });
	assert_string_equal(group_hosts_find(&hosts, "17"), "0x000000000001");
	assert_null(group_hosts_find(&hosts, "18"));
	assert_null(group_hosts_find(&hosts, "4094"));
	assert_null(group_hosts_find(&hosts, "9999"));
	task_release(&fixture.task);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expether_url__spellings__are_one),
		cmocka_unit_test(test_expether_id__spellings__are_one),
		cmocka_unit_test(test_expether_manager__members__are_checked),
		cmocka_unit_test(test_eem_reply__statuses__become_codes),
		cmocka_unit_test(test_board_read__members__are_bounded),
		cmocka_unit_test(test_board_card_type__class_codes__by_their_top_byte),
		cmocka_unit_test(test_pci_names__lines__are_vendors_and_devices),
		cmocka_unit_test(test_group_hosts__several_in_one_group__the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
