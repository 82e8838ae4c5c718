/* power_sync: see power_sync.h. Source: Ironic's power sync (ironic-contract, section 6.4). */
#include "conductor/power_sync.h"

#include <stdint.h>
#include <string.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/options.h"
#include "db/action.h"
#include "db/conductor.h"
#include "db/node.h"
#include "db/power_sync.h"
#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/options.h"
#include "model/rendezvous.h"

#define PAGE          500
#define HOSTS_MAX     256
#define READ_MS       INT64_C(60000) /* longest reading of one node */
#define OBSERVED_MAX  500            /* readings noted at a time */
#define RESTORE_RUN_S 150
/* A round ends a little before the next begins. */
#define ROUND_SHARE 0.9

/* One conductor's poller of one kind. */
struct poller {
	struct conductor *conductor;
	enum power_sync_kind kind;
	struct semaphore workers;
	struct map failures; /* node id -> how often in a row, as a pointer */
	int64_t *ids;        /* owned: the round's nodes */
	size_t id_count, id_size;
	int64_t observed[OBSERVED_MAX];
	size_t observed_count;
	struct poll *polls; /* running */
};

struct poll {
	struct poller *poller;
	struct fiber *fiber;
	int64_t node_id;
	struct poll *previous, *next;
};

/* ---- one node ---- */

static bool is_over(const struct poller *poller)
{
	return poller->conductor->is_stopping || poller->conductor->is_draining;
}

static unsigned failures_of(struct poller *poller, int64_t id)
{
	return (unsigned)(uintptr_t)map_get(&poller->failures, id);
}

static void set_failures(struct poller *poller, int64_t id, unsigned count)
{
	if (count > 0)
		map_put(&poller->failures, id, (void *)(uintptr_t)count);
	else
		map_take(&poller->failures, id);
}

static int read_power(struct node *node, enum power_state *ret_state, struct error *err)
{
	struct task task = { .node = node,
			     .hardware = hardware_type_find(node_text(node, NODE_DRIVER)),
			     .deadline_ms = clock_ms() + READ_MS,
			     .ops = &gate_closed_ops };
	const struct interface *interface;
	int rc;

	arena_init(&task.arena);
	rc = task_interface(&task, INTERFACE_POWER, &interface, err);
	if (rc == 0)
		rc = interface_validate(interface, &task, err);
	if (rc == 0)
		rc = power_interface(interface)->get(&task, ret_state, err);
	if (rc == 0 && *ret_state == POWER_ERROR)
		rc = fail(err, ERR_BMC, "The BMC reports an error instead of a power state");
	task_release(&task);
	return rc;
}

/* Puts the hardware back to what is recorded, as a power action of our own. */
static void restore(struct poller *poller, const struct node *node)
{
	const char *group = conductor_group();
	char uuid[UUID_TEXT];
	char *pool = xasprintf("%s:%s", group, node_text(node, NODE_DRIVER));
	char *args = xasprintf("{\"target\": \"%s\"}", node_text(node, NODE_POWER_STATE));
	struct action_request request = { .uuid = uuid,
					  .node_id = node->id,
					  .node_uuid = node_uuid(node),
					  .kind = "power_restore",
					  .is_exclusive = true,
					  .on_crash = "repeat",
					  .pool = pool,
					  .target = poller->conductor->hostname,
					  .args = args,
					  .wait_ms = common_lock_wait_ms(),
					  .run_s = RESTORE_RUN_S };
	struct error err;
	int64_t id;

	uuid_new(uuid);
	if (action_insert(poller->conductor->db, &request, &id, &err) < 0)
		log_warning("node %s: its power state could not be put back: %s", node_uuid(node), err.text);
	xfree(pool);
	xfree(args);
}

static void give_up(struct poller *poller, const struct node *node, const char *actual, const char *cause)
{
	const char *expected = node_text(node, NODE_POWER_STATE);
	char *reason = xasprintf(
		"During sync_power_state, max retries exceeded for node %s, node state %s does not match "
		"expected state '%s'. Updating DB state to '%s' Switching node to maintenance mode. "
		"Error: %s",
		node_uuid(node), actual ? actual : "None", expected ? expected : "None",
		actual ? actual : "None", cause);
	struct power_sync_store store = { .node_id = node->id,
					  .lock_epoch = node->lock_epoch,
					  .power_state = actual,
					  .reason = reason,
					  .conductor = poller->conductor->hostname };
	struct error err;
	bool is_stored;

	if (power_sync_fail(poller->conductor->db, &store, &is_stored, &err) == 0 && is_stored) {
		log_warning("node %s goes to maintenance: %s", node_uuid(node), cause);
		set_failures(poller, node->id, 0);
	}
	xfree(reason);
}

/* True when the failure was one too many. */
static bool count_failure(struct poller *poller, const struct node *node)
{
	unsigned count = failures_of(poller, node->id) + 1;

	set_failures(poller, node->id, count);
	return count > (unsigned)conductor_options.power_sync_max_retries;
}

static bool may_force(struct node *node)
{
	return conductor_options.power_sync_is_forced && !node_bool(node, NODE_DISABLE_POWER_OFF);
}

static void store(struct poller *poller, const struct node *node, enum power_state state,
		  int (*fn)(struct db *, const struct power_sync_store *, bool *, struct error *))
{
	struct power_sync_store row = { .node_id = node->id,
					.lock_epoch = node->lock_epoch,
					.power_state = power_state_name(state) };
	struct error err;
	bool is_stored;

	fn(poller->conductor->db, &row, &is_stored, &err); /* failing or outrun, the next round comes */
}

static void differ(struct poller *poller, struct node *node, enum power_state actual)
{
	bool is_one_too_many = count_failure(poller, node);

	if (!may_force(node)) {
		store(poller, node, actual, power_sync_record);
		set_failures(poller, node->id, 0);
	} else if (is_one_too_many) {
		give_up(poller, node, power_state_name(actual), "the node did not stay as it was put back");
	} else {
		log_warning("node %s is found in state %s and put back to %s", node_uuid(node),
			    power_state_name(actual), node_text(node, NODE_POWER_STATE));
		restore(poller, node);
	}
}

static void observe(struct poller *poller, int64_t id)
{
	struct error err;
	int64_t ids[OBSERVED_MAX];
	size_t count = poller->observed_count;

	if (id > 0 && count < OBSERVED_MAX) {
		poller->observed[poller->observed_count++] = id;
		return;
	}
	if (count == 0)
		return;
	memcpy(ids, poller->observed, count * sizeof(*ids));
	poller->observed_count = 0;
	if (id > 0)
		poller->observed[poller->observed_count++] = id;
	power_sync_observe(poller->conductor->db, ids, count,
			   &err); /* ages only: the next round notes them again */
}

static void judge(struct poller *poller, struct node *node)
{
	enum power_state recorded = power_state_find(node_text(node, NODE_POWER_STATE));
	enum power_state actual = POWER_UNKNOWN;
	struct error err;
	int rc = read_power(node, &actual, &err);

	if (rc == -ERR_CANCELLED || is_over(poller))
		return;
	if (rc == 0)
		observe(poller, node->id);
	if (poller->kind == POWER_SYNC_RECOVER) {
		if (rc == 0)
			store(poller, node, actual, power_sync_recover);
	} else if (rc < 0) {
		if (count_failure(poller, node))
			give_up(poller, node, NULL, err.text);
	} else if (actual == recorded) {
		set_failures(poller, node->id, 0);
	} else if (recorded == POWER_UNKNOWN || recorded == POWER_ERROR) {
		store(poller, node, actual, power_sync_record);
	} else {
		differ(poller, node, actual);
	}
}

/* Somebody may have come since the page was read. */
static bool is_pollable(const struct poller *poller, const struct node *node)
{
	return !node_text(node, NODE_RESERVATION) && !node_text(node, NODE_TARGET_POWER_STATE) &&
	       node_bool(node, NODE_MAINTENANCE) == (poller->kind == POWER_SYNC_RECOVER);
}

static void poll_node(void *arg)
{
	struct poll *poll = arg;
	struct poller *poller = poll->poller;
	struct error err;
	struct node node;

	node_init(&node);
	if (node_read(poller->conductor->db, NULL, NULL, poll->node_id, &node, &err) == 0 &&
	    is_pollable(poller, &node))
		judge(poller, &node);
	node_release(&node);
	if (poll->next)
		poll->next->previous = poll->previous;
	*(poll->previous ? &poll->previous->next : &poller->polls) = poll->next;
	xfree(poll);
	semaphore_give(&poller->workers);
	cond_broadcast(&poller->conductor->loop_ended);
}

/* ---- a round ---- */

/* Nodes of each pool belong to one of its live hosts. */
static bool is_ours(const struct poller *poller, const struct registry *registry,
		    const struct power_sync_row *row)
{
	const char *hosts[HOSTS_MAX];
	size_t count = registry_hosts(registry, poller->conductor->pools[row->driver], hosts, HOSTS_MAX);

	return count > 0 &&
	       strcmp(hosts[rendezvous_pick(hosts, count, row->uuid)], poller->conductor->hostname) == 0;
}

static void add(struct poller *poller, int64_t id)
{
	if (poller->id_count == poller->id_size) {
		poller->id_size = poller->id_size ? poller->id_size * 2 : 256;
		poller->ids = xreallocarray(poller->ids, poller->id_size, sizeof(*poller->ids));
	}
	poller->ids[poller->id_count++] = id;
}

static int collect(struct poller *poller, struct error *err)
{
	struct conductor *conductor = poller->conductor;
	struct power_sync_search search = {
		.kind = poller->kind,
		.group = conductor_group(),
		.drivers = (const char *const *)conductor->drivers,
		.driver_count = conductor->driver_count,
	};
	struct power_sync_row *rows;
	struct registry registry;
	size_t count = PAGE;
	int64_t after = 0;
	int rc = registry_load(conductor->db, &registry, err);

	if (rc < 0)
		return rc;
	rows = xcalloc(PAGE, sizeof(*rows));
	poller->id_count = 0;
	while (rc == 0 && count == PAGE) {
		rc = power_sync_page(conductor->db, &search, after, PAGE, rows, &count, err);
		for (size_t i = 0; rc == 0 && i < count; i++) {
			after = rows[i].id;
			if (is_ours(poller, &registry, &rows[i]))
				add(poller, rows[i].id);
		}
	}
	xfree(rows);
	registry_release(&registry);
	return rc;
}

static void start_poll(struct poller *poller, int64_t node_id)
{
	struct poll *poll = xmalloc(sizeof(*poll));

	*poll = (struct poll){ .poller = poller, .node_id = node_id, .next = poller->polls };
	if (poll->next)
		poll->next->previous = poll;
	poller->polls = poll;
	poll->fiber = fiber_spawn("power poll", poll_node, poll);
}

/* Evenly over the round, in an order that starts elsewhere each time, so that neighbours in a rack and the
 * tail of a cut-off round are not always the same. */
static void poll_all(struct poller *poller, int64_t begun_ms, int64_t interval_ms)
{
	size_t first = poller->id_count ? (size_t)clock_ns() % poller->id_count : 0;

	for (size_t i = 0; i < poller->id_count && !is_over(poller); i++) {
		int64_t due_ms = begun_ms + (int64_t)((double)interval_ms * ROUND_SHARE * (double)i /
						      (double)poller->id_count);

		if (clock_ms() < due_ms)
			conductor_pause(poller->conductor, due_ms - clock_ms());
		if (semaphore_take(&poller->workers, DEADLINE_NEVER) < 0)
			return;
		start_poll(poller, poller->ids[(first + i) % poller->id_count]);
	}
}

static void run_poller(struct conductor *conductor, enum power_sync_kind kind, double interval_s)
{
	struct poller *poller = xcalloc(1, sizeof(*poller));
	int64_t interval_ms = seconds_ms(interval_s);
	struct error err;

	poller->conductor = conductor;
	poller->kind = kind;
	poller->workers.free = (unsigned)conductor_options.power_sync_workers;
	while (!is_over(poller)) {
		int64_t begun_ms = clock_ms();

		if (!db_is_up(conductor->db))
			poller->id_count = 0;
		else if (collect(poller, &err) < 0)
			log_warning("the nodes to poll could not be read: %s", err.text);
		else
			poll_all(poller, begun_ms, interval_ms);
		observe(poller, 0);
		if (!is_over(poller))
			conductor_pause(conductor, begun_ms + interval_ms - clock_ms());
	}
	for (struct poll *poll = poller->polls; poll; poll = poll->next)
		fiber_cancel(poll->fiber);
	while (poller->polls)
		cond_wait(&conductor->loop_ended, clock_ms() + 1000);
	map_release(&poller->failures);
	xfree(poller->ids);
	xfree(poller);
}

static void poll_loop(struct conductor *conductor)
{
	run_poller(conductor, POWER_SYNC_POLL, conductor_options.power_sync_interval_s);
}

static void recover_loop(struct conductor *conductor)
{
	run_poller(conductor, POWER_SYNC_RECOVER, conductor_options.power_recovery_interval_s);
}

void power_sync_start(struct conductor *conductor)
{
	if (conductor_options.power_sync_interval_s > 0)
		conductor_spawn(conductor, "power sync", poll_loop);
	if (conductor_options.power_recovery_interval_s > 0)
		conductor_spawn(conductor, "power recovery", recover_loop);
}
