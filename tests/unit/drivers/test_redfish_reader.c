/* reader, network, bmc_clock: what needs no BMC. */
#include "drivers/redfish/reader.h"

#include <string.h>

#include "drivers/redfish/bmc_clock.h"
#include "drivers/redfish/network.h"
#include "drivers/redfish/quirk.h"
#include "tests/support/unit.h"

static struct node node;
static struct task task;
static struct redfish_bmc bmc = { .info = { .address = "http://bmc", .root = "/redfish/v1/" },
				  .features = { .is_read = true } };
static struct redfish_client client;
static struct redfish_reader reader;

/* Everything is there already: a request would be a mistake. */
static void start(json_t *take_documents)
{
	node_init(&node);
	task_init_permissive(&task, &node);
	client = (struct redfish_client){ .task = &task, .bmc = &bmc, .info = bmc.info };
	redfish_reader_begin(&reader, &client);
	json_decref(reader.documents);
	reader.documents = take_documents;
	reader.reads = REDFISH_READS_MAX + 1;
}

static void end(void)
{
	assert_int_equal(redfish_reader_end(&reader, NULL), 0);
	task_release(&task);
	node_release(&node);
}

static void test_follow__link_or_resource__gives_the_document(void **state)
{
	json_t *link = json_pack("{s:s}", "@odata.id", "/a");
	json_t *whole = json_pack("{s:s, s:s}", "@odata.id", "/elsewhere", "Id", "b");
	json_t *other = json_pack("{s:s}", "@odata.id", "http://other/a");

	(void)state;
	start(json_pack("{s:{s:s}, s:n}", "/a", "Id", "a", "/gone"));
	assert_string_equal(redfish_text(redfish_follow(&reader, link), "Id"), "a");
	assert_ptr_equal(redfish_follow(&reader, whole), whole);
	assert_null(redfish_follow(&reader, other));
	assert_null(redfish_follow(&reader, NULL));
	assert_null(redfish_read(&reader, "/gone"));
	assert_null(redfish_read(&reader, "/unknown"));
	assert_string_equal(redfish_text(redfish_read(&reader, "http://bmc/a"), "Id"), "a");
	end();
	json_decref(link);
	json_decref(whole);
	json_decref(other);
}

static void test_members__lists_and_nonsense__are_lists(void **state)
{
	json_t *documents = json_pack("{s:{s:s}, s:{s:[{s:s}, {s:s}, i, n, {s:i}]}}", "/a", "Id", "a", "/c",
				      "Members", "@odata.id", "/a", "@odata.id", "/gone", 7, "@odata.id", 7);
	const json_t *collection = json_object_get(documents, "/c");
	json_t *number = json_integer(5);

	(void)state;
	start(documents);
	assert_int_equal(json_array_size(redfish_members(&reader, collection)), 1);
	assert_int_equal(json_array_size(redfish_members(&reader, json_object_get(collection, "Members"))),
			 1);
	assert_int_equal(json_array_size(redfish_members(&reader, NULL)), 0);
	assert_int_equal(json_array_size(redfish_members(&reader, number)), 0);
	end();
	json_decref(number);
}

static void test_keep__a_document_read_again__leaves_the_old_one_alive(void **state)
{
	const json_t *old;

	(void)state;
	start(json_pack("{s:{s:s}}", "/a", "Id", "old"));
	old = redfish_read(&reader, "/a");
	redfish_reader_keep(&reader, "/a", json_pack("{s:s}", "Id", "new"));
	assert_string_equal(redfish_text(old, "Id"), "old");
	assert_string_equal(redfish_text(redfish_read(&reader, "/a"), "Id"), "new");
	end();
}

static void test_members_of_documents__wrong_types__are_nothing(void **state)
{
	json_t *object =
		json_pack("{s:f, s:f, s:s, s:s, s:{s:s}, s:I}", "real", 1.9, "huge", 1e300, "text", " a b\n",
			  "blank", " \t", "Status", "State", "Absent", "big", (json_int_t)INT64_MAX);

	(void)state;
	start(json_object());
	assert_int_equal(redfish_number(object, "real"), 1);
	assert_int_equal(redfish_number(object, "huge"), 0);
	assert_int_equal(redfish_number(object, "text"), 0);
	assert_true(redfish_number(object, "big") == INT64_MAX);
	assert_string_equal(redfish_trimmed(&reader, object, "text"), "a b");
	assert_null(redfish_trimmed(&reader, object, "blank"));
	assert_null(redfish_trimmed(&reader, object, "real"));
	assert_false(redfish_is_present(object));
	assert_true(redfish_is_present(NULL));
	end();
	json_decref(object);
}

static void test_mac__table__is_normal_or_refused(void **state)
{
	static const struct {
		const char *text, *mac;
	} cases[] = {
		{ "94:6D:AE:91:FB:22", "94:6d:ae:91:fb:22" },
		{ "94-6d-ae-91-fb-22", "94:6d:ae:91:fb:22" },
		{ "946dae91fb22", "94:6d:ae:91:fb:22" },
		{ "946d.ae91.fb22", "94:6d:ae:91:fb:22" },
		{ "", NULL },
		{ "94:6d:ae:91:fb", NULL },
		{ "94:6d:ae:91:fb:22:33", NULL },
		{ "88e9:a4ff:ff87:42c8", NULL },
		{ "00:00:00:00:00:00", NULL },
		{ "ff:ff:ff:ff:ff:ff", NULL },
		{ "01:00:5e:00:00:01", NULL },
		{ "94:6d:ae:91:fb:2g", NULL },
		{ "Not Available", NULL },
	};
	char mac[18];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(redfish_mac_parse(cases[i].text, mac), cases[i].mac != NULL);
		if (cases[i].mac)
			assert_string_equal(mac, cases[i].mac);
	}
}

static void test_time__table__is_seconds_or_refused(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:10Z", 10 },
		{ "1970-01-01T02:00:10+02:00", 10 },
		{ "1969-12-31T19:00:10.25-05:00", 10 },
		{ "2024-08-15T21:43:28Z", 1723758208 },
		{ "2024-08-15T21:43:28", -1 },
		{ "2024-08-15", -1 },
		{ "noon", -1 },
		{ "", -1 },
		{ "2024-08-15T21:43:28+99:00", -1 },
		{ "2024-08-15T21:43:28+02:0", -1 },
		{ "2024-08-15T21:43:28Zulu", -1 },
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(redfish_time_parse(cases[i].text, &seconds), cases[i].seconds >= 0);
		if (cases[i].seconds >= 0)
			assert_int_equal(seconds, cases[i].seconds);
	}
}

static void test_quirks__by_manufacturer__in_any_case(void **state)
{
	static const struct {
		const char *make, *model;
		unsigned flags;
	} cases[] = {
		{ "Supermicro", NULL, QUIRK_BOOT_ENABLED_ALWAYS | QUIRK_BOOT_USB_CD },
		{ "SUPERMICRO Inc.", "SYS-1", QUIRK_BOOT_ENABLED_ALWAYS | QUIRK_BOOT_USB_CD },
		{ "Supermicro", "ars-111gl-nhr", QUIRK_BOOT_ENABLED_ALWAYS },
		{ "AMI", NULL, QUIRK_BOOT_WHOLE },
		{ "ASRockRack", "ARS-111GL-NHR", QUIRK_BOOT_WHOLE },
		{ "Dell Inc.", NULL, 0 },
		{ "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *system = json_pack("{s:s, s:s?}", "Manufacturer", cases[i].make, "Model",
					   cases[i].model);
		assert_int_equal(redfish_quirks_of(system), cases[i].flags);
		json_decref(system);
	}
	assert_int_equal(redfish_quirks_of(NULL), 0);
	for (const struct redfish_quirk *row = redfish_quirk_table; row->make; row++)
		assert_true(row->behaviour && row->test && !row->flags == !row->manufacturer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow__link_or_resource__gives_the_document),
		cmocka_unit_test(test_members__lists_and_nonsense__are_lists),
		cmocka_unit_test(test_keep__a_document_read_again__leaves_the_old_one_alive),
		cmocka_unit_test(test_members_of_documents__wrong_types__are_nothing),
		cmocka_unit_test(test_mac__table__is_normal_or_refused),
		cmocka_unit_test(test_time__table__is_seconds_or_refused),
		cmocka_unit_test(test_quirks__by_manufacturer__in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
