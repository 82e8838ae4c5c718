/* Nodes by their host boards, in a real PostgreSQL: whatever way driver_info writes them, and one to a host.
 */
#include "db/pooled_node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fiber.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

#define HOST    "0x8cdf9d911cb0"
#define MANAGER "5a1e9f9e-0000-4000-8000-000000000001"

enum { RIVALS = 8 };

static void add_manager(struct db *db)
{
	xfree(pg_query(db, "INSERT INTO pod_managers (uuid, name, url) VALUES ('" MANAGER
			   "', 'podm1', 'http://eem:30500/eem')"));
}

static void check_known(struct db *db, const char *driver_info, bool is_of_manager, const char *host_id)
{
	struct pooled_node_filter all = { 0 }, filter = { .pod_manager_uuid = MANAGER };
	struct pooled_node *nodes;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena);
	xfree(pg_query(db, "DELETE FROM nodes"));
	xfree(pg_query(db,
		       "INSERT INTO nodes (uuid, driver, driver_info) VALUES"
		       " (gen_random_uuid(), 'expether', '%s'), (gen_random_uuid(), 'ipmi', '%s')",
		       driver_info, driver_info));
	assert_int_equal(pooled_node_list(db, &all, &arena, &nodes, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_string_equal(nodes[0].host_id, host_id);
	assert_string_equal(nodes[0].name, host_id);
	assert_string_equal(nodes[0].pod_manager_uuid, is_of_manager ? MANAGER : "");
	assert_false(nodes[0].is_from_valence);
	assert_int_equal(pooled_node_list(db, &filter, &arena, &nodes, &count, NULL), 0);
	assert_int_equal(count, is_of_manager);
	arena_release(&arena);
}

static void spellings(void *arg)
{
	struct db *db = pg_open_migrated();

	(void)arg;
	add_manager(db);
	check_known(db,
		    "{\"expether_address\": \"http://eem:30500/eem\", \"expether_eesv_id\": \"" HOST "\"}",
		    true, HOST);
	check_known(db,
		    "{\"expether_address\": \"HTTP://EEM:30500/eem//\","
		    " \"expether_eesv_id\": \"8C:DF:9D:91:1C:B0\"}",
		    true, HOST);
	check_known(db, "{\"expether_address\": \"eem\", \"expether_eesv_id\": \"0x8CDF9D911CB0\"}", true,
		    HOST);
	check_known(db, "{\"expether_address\": \"eem:30500\", \"expether_eesv_id\": \"" HOST "\"}", true,
		    HOST);
	check_known(db, "{\"expether_address\": \"http://eem:30500\"}", true, "");
	check_known(db, "{\"expether_address\": \"http://eem\", \"expether_eesv_id\": \"" HOST "\"}", false,
		    HOST);
	check_known(db, "{\"expether_address\": \"https://eem:30500/eem\"}", false, "");
	check_known(db, "{}", false, "");
	check_known(db, "\"no object\"", false, "");
	db_free(db);
}

static void test_list__any_spelling_of_address_and_host__is_known(void **state)
{
	(void)state;
	pg_run(spellings, NULL);
}

/* ---- one node to a host ---- */

struct rivalry {
	struct db *db;
	int inserted, ended;
	struct cond cond;
};

static int insert(struct db *db, const char *uuid, const char *name, const char *host_id, bool *ret_inserted,
		  struct error *err)
{
	struct pooled_node_new row = { .uuid = uuid,
				       .name = name,
				       .conductor_group = "",
				       .driver_info = "{\"expether_address\": \"http://eem:30500/eem\","
						      " \"expether_eesv_id\": \"" HOST "\"}",
				       .extra = "{\"valence\": {\"name\": \"node 1\","
						" \"managed_by\": \"ironic\"}}",
				       .url = "http://eem:30500/eem",
				       .host_id = host_id };

	for (int i = 0; i < INTERFACE_COUNT; i++)
		row.interfaces[i] = i == INTERFACE_VENDOR ? "expether" : "";
	return pooled_node_insert(db, &row, ret_inserted, err);
}

static void rival(void *arg)
{
	struct rivalry *rivalry = arg;
	char uuid[UUID_TEXT];
	bool is_inserted = false;
	struct error err;

	uuid_new(uuid);
	assert_int_equal(insert(rivalry->db, uuid, NULL, HOST, &is_inserted, &err), 0);
	rivalry->inserted += is_inserted;
	rivalry->ended++;
	cond_broadcast(&rivalry->cond);
}

static void rivals(void *arg)
{
	struct rivalry rivalry = { .db = pg_open_migrated() };
	struct pooled_node_filter all = { 0 };
	struct pooled_node *nodes;
	struct arena arena;
	size_t count = 0;

	(void)arg;
	arena_init(&arena);
	for (int i = 0; i < RIVALS; i++)
		fiber_spawn("rival", rival, &rivalry);
	while (rivalry.ended < RIVALS)
		cond_wait(&rivalry.cond, DEADLINE_NEVER);
	assert_int_equal(rivalry.inserted, 1);
	assert_int_equal(pooled_node_list(rivalry.db, &all, &arena, &nodes, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_string_equal(nodes[0].name, "node 1");
	assert_string_equal(nodes[0].managed_by, "ironic");
	assert_true(nodes[0].is_from_valence);
	char *vendor = pg_query(rivalry.db, "SELECT vendor_interface || provision_state FROM nodes");
	assert_string_equal(vendor, "expetherenroll");
	xfree(vendor);
	arena_release(&arena);
	db_free(rivalry.db);
}

static void test_insert__many_at_once__one_gets_the_host(void **state)
{
	(void)state;
	pg_run(rivals, NULL);
}

static void names(void *arg)
{
	struct db *db = pg_open_migrated();
	char uuid[UUID_TEXT];
	bool is_inserted = false;
	struct error err;

	(void)arg;
	xfree(pg_query(db,
		       "INSERT INTO nodes (uuid, name, driver) VALUES (gen_random_uuid(), 'one', 'ipmi')"));
	uuid_new(uuid);
	assert_int_equal(insert(db, uuid, "one", HOST, &is_inserted, &err), -ERR_CONFLICT);
	assert_string_equal(err.text, "nodes_name");
	assert_int_equal(insert(db, uuid, "two", HOST, &is_inserted, &err), 0);
	assert_true(is_inserted);
	db_free(db);
}

static void test_insert__name_of_another__is_a_conflict(void **state)
{
	(void)state;
	pg_run(names, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list__any_spelling_of_address_and_host__is_known),
		cmocka_unit_test(test_insert__many_at_once__one_gets_the_host),
		cmocka_unit_test(test_insert__name_of_another__is_a_conflict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
