/* The registry against a real PostgreSQL: what is published is what everybody reads. */
#include "db/conductor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

static const char *const first = "aaaaaaaa-0000-4000-8000-000000000001";
static const char *const second = "aaaaaaaa-0000-4000-8000-000000000002";
static const char *const third = "aaaaaaaa-0000-4000-8000-000000000003";

static const char *const pools[] = { "rack 1:ipmi", "rack 1:redfish" };
static const char *const drivers[] = { "ipmi", "redfish" };
static const char *const verbs[] = { "GET", "POST" };
static const struct conductor_interface interfaces[] = {
	{ "ipmi", "power", "ipmitool", 0, true },
	{ "ipmi", "power", "fake", 1, false },
	{ "ipmi", "vendor", "ipmitool", 0, true },
};
static const struct conductor_property properties[] = {
	{ "ipmi", "ipmi_address", "IP address or hostname of the node. Required." },
	{ "ipmi", "ipmi_password", "It's \"secret\", with {braces} and \\. Optional." },
};
static const struct conductor_method methods[] = {
	{ "ipmi", "ipmitool", "node", "send_raw", verbs, 2, true, false, true, "never", 60,
	  "Send raw bytes, {0x00}." },
	{ "ipmi", "ipmitool", "driver", "about", verbs, 1, false, true, false, "repeat", 10, "" },
};
static const struct conductor_abilities abilities = {
	.interfaces = interfaces,
	.interface_count = 3,
	.properties = properties,
	.property_count = 2,
	.raid_properties = properties,
	.raid_property_count = 1,
	.methods = methods,
	.method_count = 2,
};

static void add(struct db *db, const char *instance, const char *host)
{
	struct error err;
	const struct conductor_row row = { .instance = instance,
					   .hostname = host,
					   .group = "rack 1",
					   .version = "0.1",
					   .pools = pools,
					   .pool_count = 2,
					   .drivers = drivers,
					   .driver_count = 2 };

	assert_int_equal(conductor_register(db, &row, &abilities, &err), 0);
}

static void check_abilities(const struct registry *registry)
{
	assert_int_equal(registry->interface_count, 3);
	const struct conductor_interface *power = registry_default(registry, "ipmi", "power");
	assert_string_equal(power->name, "ipmitool");
	assert_int_equal(registry_interface(registry, "ipmi", "power", "fake")->position, 1);
	assert_null(registry_interface(registry, "ipmi", "power", "redfish"));
	assert_null(registry_default(registry, "redfish", "power"));
	assert_int_equal(registry->property_count, 2);
	assert_string_equal(registry->properties[1].help, "It's \"secret\", with {braces} and \\. Optional.");
	assert_int_equal(registry->raid_property_count, 1);
	const struct conductor_method *raw =
		registry_method(registry, "ipmi", "ipmitool", "node", "send_raw");
	assert_int_equal(raw->http_method_count, 2);
	assert_string_equal(raw->http_methods[1], "POST");
	assert_true(raw->is_async && raw->is_exclusive && !raw->is_attach);
	assert_int_equal(raw->run_s, 60);
	assert_string_equal(raw->on_crash, "never");
	assert_string_equal(raw->description, "Send raw bytes, {0x00}.");
	const struct conductor_method *about =
		registry_method(registry, "ipmi", "ipmitool", "driver", "about");
	assert_int_equal(about->http_method_count, 1);
	assert_true(about->is_attach && !about->is_async && !about->is_exclusive);
	assert_null(registry_method(registry, "ipmi", "ipmitool", "node", "about"));
}

static void count_nulls(const char *payload, void *arg)
{
	*(unsigned *)arg += payload != NULL;
}

static void life(void *arg)
{
	struct db *db = pg_open_migrated();
	struct registry registry;
	struct error err;
	const char *hosts[4];
	static unsigned changes;
	int count = -1;

	(void)arg;
	changes = 0;
	db_listen(db, CONDUCTOR_CHANNEL, count_nulls, &changes);
	assert_int_equal(registry_load(db, &registry, &err), 0);
	assert_int_equal(registry.conductor_count, 0);
	assert_false(registry_has_driver(&registry, "ipmi", NULL));
	registry_release(&registry);
	fiber_sleep(50);

	add(db, first, "host-b");
	add(db, second, "host-a");
	add(db, second, "host-a"); /* the reply was lost */
	for (int i = 0; i < 1000 && changes < 1; i++)
		fiber_sleep(1);
	assert_true(changes >= 1);
	assert_int_equal(registry_load(db, &registry, &err), 0);
	assert_int_equal(registry.conductor_count, 2);
	assert_string_equal(registry.conductors[0].hostname, "host-a");
	assert_string_equal(registry.conductors[0].group, "rack 1");
	assert_int_equal(strlen(registry.conductors[0].seen_at), strlen("2026-11-20T13:41:07+00:00"));
	assert_true(registry.conductors[1].is_alive);
	assert_int_equal(registry.conductors[1].driver_count, 2);
	assert_string_equal(registry.conductors[1].drivers[1], "redfish");
	assert_int_equal(registry_hosts(&registry, "rack 1:redfish", hosts, 4), 2);
	assert_string_equal(hosts[0], "host-a");
	assert_int_equal(registry_hosts(&registry, "rack 1:redfish", hosts, 1), 1);
	assert_int_equal(registry_hosts(&registry, ":redfish", hosts, 4), 0);
	assert_true(registry_has_driver(&registry, "ipmi", "rack 1"));
	assert_false(registry_has_driver(&registry, "ipmi", ""));
	check_abilities(&registry);
	registry_release(&registry);

	/* host-b drains: alive, and nobody sends it work. host-a leaves. */
	assert_int_equal(conductor_drain(db, first, &err), 0);
	assert_int_equal(conductor_leave(db, second, &err), 0);
	assert_int_equal(registry_load(db, &registry, &err), 0);
	assert_int_equal(registry.conductor_count, 2);
	assert_false(registry.conductors[0].is_alive);
	assert_true(registry.conductors[1].is_alive);
	assert_int_equal(registry_driver_hosts(&registry, "ipmi", hosts, 4), 0);
	check_abilities(&registry); /* of the one that drains */
	registry_release(&registry);
	char *published = pg_query(db, "SELECT count(*) FROM passthru_methods WHERE instance = '%s'", second);
	assert_string_equal(published, "0");
	xfree(published);

	/* A new instance of a host is the host's row; the old ones go after a day. */
	add(db, third, "host-a");
	assert_int_equal(registry_load(db, &registry, &err), 0);
	assert_int_equal(registry.conductor_count, 2);
	assert_string_equal(registry.conductors[0].instance, third);
	assert_true(registry.conductors[0].is_alive);
	registry_release(&registry);
	assert_int_equal(conductor_purge(db, &count, &err), 0);
	assert_int_equal(count, 0);
	xfree(pg_query(db, "UPDATE conductors SET seen_at = now() - interval '25 hours'"));
	assert_int_equal(conductor_purge(db, &count, &err), 0);
	assert_int_equal(count, 1);
	db_free(db);
}

static void test_registry__conductors_come_and_go__everybody_sees_it(void **state)
{
	(void)state;
	pg_run(life, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry__conductors_come_and_go__everybody_sees_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
