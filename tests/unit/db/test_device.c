/* Pooled devices and their managers, in a real PostgreSQL: who gets a device, and what survives whom. */
#include "db/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "db/pod_manager.h"
#include "lib/xalloc.h"
#include "tests/support/pg.h"

#define CARD "0x000000000001"

/* A manager with one free card, two nodes and two running actions. */
struct fixture {
	struct db *db;
	struct arena arena;
	struct pod_manager pod;
	int64_t node[2], action[2];
	struct error err;
};

static int64_t query_id(struct db *db, const char *sql)
{
	char *text = pg_query(db, "%s", sql);
	int64_t id = strtoll(text, NULL, 10);

	xfree(text);
	return id;
}

static void setup(struct fixture *fixture)
{
	const struct pod_manager wanted = {
		.url = "http://eem:30500/eem", .driver = "expether", .username = "admin", .password = "one"
	};
	const struct device_store card = { .resource_id = CARD,
					   .type = "NIC",
					   .group_id = DEVICE_FREE_GROUP,
					   .is_present = true,
					   .properties = "{\"model\": \"40g\"}",
					   .extra = "{}" };

	memset(fixture, 0, sizeof(*fixture));
	arena_init(&fixture->arena);
	fixture->db = pg_open_migrated();
	assert_int_equal(
		pod_manager_for_node(fixture->db, &wanted, &fixture->arena, &fixture->pod, &fixture->err), 0);
	assert_int_equal(device_store(fixture->db, fixture->pod.id, &card, 1, &fixture->err), 0);
	for (int i = 0; i < 2; i++) {
		fixture->node[i] = query_id(fixture->db, "INSERT INTO nodes (uuid, driver) VALUES"
							 " (gen_random_uuid(), 'expether') RETURNING id");
		fixture->action[i] = query_id(
			fixture->db,
			"INSERT INTO actions (uuid, kind, exclusive, on_crash, pool, target, state) VALUES"
			" (gen_random_uuid(), 'passthru', false, 'repeat', ':expether', 'a', 'running')"
			" RETURNING id");
	}
}

static void teardown(struct fixture *fixture)
{
	db_free(fixture->db);
	arena_release(&fixture->arena);
}

static void end_action(struct fixture *fixture, int which)
{
	xfree(pg_query(fixture->db, "UPDATE actions SET state = 'done', finished_at = now() WHERE id = %ld",
		       (long)fixture->action[which]));
}

static bool claim(struct fixture *fixture, enum device_intent intent, int node, int action,
		  struct device *ret)
{
	const struct device_claim wanted = { .pod_manager_id = fixture->pod.id,
					     .resource_id = CARD,
					     .intent = intent,
					     .node_id = node < 0 ? 0 : fixture->node[node],
					     .action_id = fixture->action[action] };
	bool is_claimed;

	assert_int_equal(device_claim(fixture->db, &wanted, &fixture->arena, &is_claimed, ret, &fixture->err),
			 0);
	return is_claimed;
}

static bool settle(struct fixture *fixture, const struct device *device, const char *group, int node)
{
	const struct device_outcome outcome = { .group_id = group,
						.host_id = node < 0 ? NULL : "0x00000000000a",
						.node_id = node < 0 ? 0 : fixture->node[node],
						.is_held = node >= 0 };
	bool is_done;

	assert_int_equal(
		device_settle(fixture->db, device->id, device->version, &outcome, &is_done, &fixture->err),
		0);
	return is_done;
}

static struct device card_of(struct fixture *fixture)
{
	struct device device;

	assert_int_equal(
		device_read(fixture->db, fixture->pod.id, CARD, &fixture->arena, &device, &fixture->err), 0);
	return device;
}

/* ---- claims ---- */

static void two_want_one(void *arg)
{
	struct fixture fixture;
	struct device device, other;

	(void)arg;
	setup(&fixture);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &device));
	assert_null(device.intent);
	assert_string_equal(device.group_id, DEVICE_FREE_GROUP);
	assert_false(claim(&fixture, DEVICE_ATTACH, 1, 1, &other));
	assert_false(claim(&fixture, DEVICE_DETACH, 1, 1, &other));
	assert_true(settle(&fixture, &device, "17", 0));
	other = card_of(&fixture);
	assert_string_equal(other.state, "allocated");
	assert_int_equal(other.node_id, fixture.node[0]);
	assert_true(other.is_held && !other.intent && !other.is_busy);
	assert_false(claim(&fixture, DEVICE_ATTACH, 1, 1, &other));
	assert_false(claim(&fixture, DEVICE_ATTACH, 0, 0, &other));
	assert_true(claim(&fixture, DEVICE_DETACH, 0, 0, &device));
	assert_true(settle(&fixture, &device, DEVICE_FREE_GROUP, -1));
	assert_true(claim(&fixture, DEVICE_ATTACH, 1, 1, &device));
	teardown(&fixture);
}

static void test_device_claim__two_nodes_want_one_card__one_gets_it(void **state)
{
	(void)state;
	pg_run(two_want_one, NULL);
}

static void left_behind(void *arg)
{
	struct fixture fixture;
	struct device first, again, other;

	(void)arg;
	setup(&fixture);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &first));
	/* another action of the same node must wait until the first has ended */
	assert_false(claim(&fixture, DEVICE_ATTACH, 0, 1, &other));
	/* the same action, repeated after a takeover, goes on; the dead conductor's settling comes too late
	 */
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &again));
	assert_string_equal(again.intent, "attach");
	assert_false(settle(&fixture, &first, "17", 0));
	end_action(&fixture, 0);
	assert_false(card_of(&fixture).is_busy);
	assert_false(claim(&fixture, DEVICE_ATTACH, 1, 1, &other));
	assert_true(claim(&fixture, DEVICE_DETACH, 0, 1, &other));
	assert_false(settle(&fixture, &again, "17", 0));
	assert_true(settle(&fixture, &other, DEVICE_FREE_GROUP, -1));
	teardown(&fixture);
}

static void test_device_claim__intent_left_behind__only_its_owner_goes_on(void **state)
{
	(void)state;
	pg_run(left_behind, NULL);
}

static void deleted_node(void *arg)
{
	struct fixture fixture;
	struct device device;
	int64_t ids[4];
	size_t count;

	(void)arg;
	setup(&fixture);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &device));
	assert_true(settle(&fixture, &device, "17", 0));
	assert_int_equal(pod_manager_take_orphaned(fixture.db, "expether", 4, ids, &count, &fixture.err), 0);
	assert_int_equal(count, 0);
	xfree(pg_query(fixture.db, "DELETE FROM nodes WHERE id = %ld", (long)fixture.node[0]));
	assert_int_equal(pod_manager_take_orphaned(fixture.db, "expether", 4, ids, &count, &fixture.err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], fixture.pod.id);
	assert_int_equal(pod_manager_take_orphaned(fixture.db, "expether", 4, ids, &count, &fixture.err), 0);
	assert_int_equal(count, 0);
	assert_false(claim(&fixture, DEVICE_ATTACH, 1, 1, &device));
	assert_true(claim(&fixture, DEVICE_RELEASE, -1, 0, &device));
	assert_false(claim(&fixture, DEVICE_RELEASE, -1, 1, &device));
	assert_true(settle(&fixture, &(struct device){ .id = device.id, .version = device.version },
			   DEVICE_FREE_GROUP, -1));
	assert_true(claim(&fixture, DEVICE_ATTACH, 1, 1, &device));
	teardown(&fixture);
}

static void test_device_claim__node_deleted__is_released_before_another_gets_it(void **state)
{
	(void)state;
	pg_run(deleted_node, NULL);
}

/* ---- sync ---- */

static void store_one(struct fixture *fixture, const struct device *device, const char *group, bool is_kept,
		      bool is_gone)
{
	const struct device_store store = { .id = device->id,
					    .version = device->version,
					    .is_gone = is_gone,
					    .resource_id = CARD,
					    .group_id = group,
					    .is_kept = is_kept,
					    .is_present = true,
					    .properties = "{}",
					    .extra = "{}" };

	assert_int_equal(device_store(fixture->db, fixture->pod.id, &store, 1, &fixture->err), 0);
}

static void synced(void *arg)
{
	struct fixture fixture;
	struct device before, device;

	(void)arg;
	setup(&fixture);
	before = card_of(&fixture);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &device));
	/* what was read before the claim is stale */
	store_one(&fixture, &before, "99", false, false);
	store_one(&fixture, &before, "99", false, true);
	assert_int_equal(card_of(&fixture).node_id, fixture.node[0]);
	assert_true(settle(&fixture, &device, "17", 0));
	before = card_of(&fixture);
	store_one(&fixture, &before, "17", true, false);
	device = card_of(&fixture);
	assert_true(device.is_held && device.node_id == fixture.node[0] && !device.type);
	store_one(&fixture, &device, "18", false, false);
	device = card_of(&fixture);
	assert_true(!device.is_held && !device.node_id);
	assert_string_equal(device.group_id, "18");
	store_one(&fixture, &device, NULL, false, true);
	assert_int_equal(device_read(fixture.db, fixture.pod.id, CARD, &fixture.arena, &device, &fixture.err),
			 -ERR_NOT_FOUND);
	teardown(&fixture);
}

static void test_device_store__claimed_meanwhile__leaves_it_alone(void **state)
{
	(void)state;
	pg_run(synced, NULL);
}

static void listed(void *arg)
{
	struct fixture fixture;
	struct device *devices, device;
	size_t count;

	(void)arg;
	setup(&fixture);
	struct device_filter filter = { .pod_manager_uuid = fixture.pod.uuid,
					.type = "NIC",
					.state = "free",
					.group_id = DEVICE_FREE_GROUP,
					.resource_id = CARD,
					.is_free = true };
	assert_int_equal(device_list(fixture.db, &filter, 10, &fixture.arena, &devices, &count, &fixture.err),
			 0);
	assert_int_equal(count, 1);
	assert_string_equal(devices[0].properties, "{\"model\": \"40g\"}");
	assert_string_equal(devices[0].pod_manager_uuid, fixture.pod.uuid);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &device));
	assert_int_equal(device_list(fixture.db, &filter, 10, &fixture.arena, &devices, &count, &fixture.err),
			 0);
	assert_int_equal(count, 0);
	char *uuid = pg_query(fixture.db, "SELECT uuid FROM nodes WHERE id = %ld", (long)fixture.node[0]);
	filter = (struct device_filter){ .node_uuid = uuid, .uuid = device.uuid };
	assert_int_equal(device_list(fixture.db, &filter, 0, &fixture.arena, &devices, &count, &fixture.err),
			 0);
	assert_int_equal(count, 1);
	assert_string_equal(devices[0].node_uuid, uuid);
	assert_true(devices[0].is_busy);
	xfree(uuid);
	teardown(&fixture);
}

static void test_device_list__filters__narrow(void **state)
{
	(void)state;
	pg_run(listed, NULL);
}

/* ---- managers ---- */

static size_t take_due(struct fixture *fixture, double interval_s)
{
	int64_t ids[4];
	size_t count;

	assert_int_equal(
		pod_manager_take_due(fixture->db, "expether", interval_s, 4, ids, &count, &fixture->err), 0);
	return count;
}

static void due(void *arg)
{
	struct fixture fixture;
	struct device device;

	(void)arg;
	setup(&fixture);
	assert_int_equal(take_due(&fixture, 0), 1); /* new */
	assert_int_equal(take_due(&fixture, 0), 0);
	assert_int_equal(take_due(&fixture, 3600), 0);
	xfree(pg_query(fixture.db, "UPDATE pod_managers SET sync_taken_at = now() - interval '10 s'"));
	assert_int_equal(take_due(&fixture, 0), 0);
	assert_int_equal(take_due(&fixture, 5), 1);
	xfree(pg_query(fixture.db, "UPDATE pod_managers SET is_sync_asked = true"));
	assert_int_equal(take_due(&fixture, 0), 1);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &device));
	xfree(pg_query(fixture.db, "UPDATE pod_managers SET sync_taken_at = now() - interval '10 s'"));
	assert_int_equal(take_due(&fixture, 0), 0);
	end_action(&fixture, 0);
	assert_int_equal(take_due(&fixture, 0), 1);
	teardown(&fixture);
}

static void test_pod_manager_take_due__asked_old_or_stuck__is_taken_once(void **state)
{
	(void)state;
	pg_run(due, NULL);
}

static void managed(void *arg)
{
	struct fixture fixture;
	struct pod_manager found, *all,
		row = { .url = "http://eem:30500/eem", .driver = "expether", .password = "two" };
	struct device device;
	size_t count;
	bool is_done;

	(void)arg;
	setup(&fixture);
	struct db *db = fixture.db;
	assert_int_equal(pod_manager_for_node(db, &row, &fixture.arena, &found, &fixture.err), 0);
	assert_int_equal(found.id, fixture.pod.id);
	assert_int_equal(pod_manager_read(db, found.id, &fixture.arena, &found, &fixture.err), 0);
	assert_string_equal(found.password, "two");
	assert_string_equal(found.status, "Unknown");
	/* an operator's row takes the node's over, and nodes write it no more */
	snprintf(row.uuid, sizeof(row.uuid), "7cf4c3ce-6c5d-4a8d-9b1e-5d1f0e7d5b11");
	row.name = "rack-1";
	assert_int_equal(pod_manager_insert(db, &row, &fixture.err), 0);
	row.password = "three";
	assert_int_equal(pod_manager_for_node(db, &row, &fixture.arena, &found, &fixture.err), 0);
	assert_int_equal(pod_manager_find(db, "rack-1", &fixture.arena, &found, &fixture.err), 0);
	assert_int_equal(found.id, fixture.pod.id);
	assert_string_equal(found.password, "two");
	assert_int_equal(pod_manager_find(db, row.uuid, &fixture.arena, &found, &fixture.err), 0);
	uuid_new(row.uuid);
	row.name = "rack-2";
	assert_int_equal(pod_manager_insert(db, &row, &fixture.err), -ERR_CONFLICT);
	assert_string_equal(fixture.err.text, "pod_managers_url");
	assert_int_equal(pod_manager_note(db, found.id, "no answer", false, &fixture.err), 0);
	assert_int_equal(pod_manager_list(db, "expether", &fixture.arena, &all, &count, &fixture.err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(all[0].status, "Offline");
	assert_string_equal(all[0].last_error, "no answer");
	assert_int_equal(pod_manager_note(db, found.id, NULL, true, &fixture.err), 0);
	assert_int_equal(pod_manager_read(db, found.id, &fixture.arena, &found, &fixture.err), 0);
	assert_string_equal(found.status, "Online");
	assert_non_null(found.synced_at);
	assert_true(claim(&fixture, DEVICE_ATTACH, 0, 0, &device));
	assert_int_equal(pod_manager_delete(db, found.id, &is_done, &fixture.err), 0);
	assert_false(is_done);
	assert_true(settle(&fixture, &device, DEVICE_FREE_GROUP, -1));
	assert_int_equal(pod_manager_delete(db, found.id, &is_done, &fixture.err), 0);
	assert_true(is_done);
	assert_int_equal(pod_manager_find(db, "rack-1", &fixture.arena, &found, &fixture.err),
			 -ERR_NOT_FOUND);
	teardown(&fixture);
}

static void test_pod_manager__of_nodes_and_operators__one_row_a_url(void **state)
{
	(void)state;
	pg_run(managed, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_claim__two_nodes_want_one_card__one_gets_it),
		cmocka_unit_test(test_device_claim__intent_left_behind__only_its_owner_goes_on),
		cmocka_unit_test(test_device_claim__node_deleted__is_released_before_another_gets_it),
		cmocka_unit_test(test_device_store__claimed_meanwhile__leaves_it_alone),
		cmocka_unit_test(test_device_list__filters__narrow),
		cmocka_unit_test(test_pod_manager_take_due__asked_old_or_stuck__is_taken_once),
		cmocka_unit_test(test_pod_manager__of_nodes_and_operators__one_row_a_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
