/* sensor_data: see sensor_data.h. */
#include "conductor/sensor_data.h"

#include <string.h>

#include "conductor/conductor.h"
#include "conductor/gate.h"
#include "conductor/options.h"
#include "conductor/power_sync.h"
#include "conductor/sensor_gauges.h"
#include "db/conductor.h"
#include "db/node.h"
#include "drivers/driver.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* A large machine's sensors behind a slow BMC. */
#define READ_MS INT64_C(120000)

static struct {
	bool is_on; /* send_sensor_data */
	double interval_s, wait_timeout_s;
	long workers;
	struct option_list types; /* data_types */
	bool is_for_all;          /* enable_for_undeployed_nodes */
	bool is_for_nodes;        /* enable_for_nodes */
	bool is_for_conductor;    /* enable_for_conductor: /metrics shows it anyway */
} options;

static const struct option table[] = {
	{ .section = "sensor_data",
	  .name = "send_sensor_data",
	  .type = OPTION_BOOL,
	  .target = &options.is_on,
	  .preset = "false",
	  .help = "Whether the sensors of nodes are read from time to time and shown as gauges by "
		  "[conductor] metrics_port." },
	{ .section = "sensor_data",
	  .name = "interval",
	  .type = OPTION_SECONDS,
	  .target = &options.interval_s,
	  .preset = "600",
	  .min = 1,
	  .max = 86400,
	  .help = "Seconds from one reading of all sensors to the next." },
	{ .section = "sensor_data",
	  .name = "workers",
	  .type = OPTION_INT,
	  .target = &options.workers,
	  .preset = "4",
	  .min = 1,
	  .max = 1000,
	  .help = "How many nodes' sensors are read at a time." },
	{ .section = "sensor_data",
	  .name = "wait_timeout",
	  .type = OPTION_SECONDS,
	  .target = &options.wait_timeout_s,
	  .preset = "300",
	  .min = 1,
	  .max = 86400,
	  .help = "Seconds after which the nodes that are left over wait for the next reading." },
	{ .section = "sensor_data",
	  .name = "data_types",
	  .type = OPTION_LIST,
	  .target = &options.types,
	  .preset = "ALL",
	  .help = "The types of sensors that are shown, as Temperature, Fan, Voltage; ALL: all." },
	{ .section = "sensor_data",
	  .name = "enable_for_undeployed_nodes",
	  .type = OPTION_BOOL,
	  .target = &options.is_for_all,
	  .preset = "false",
	  .help = "Whether sensors of nodes are read that are not active." },
	{ .section = "sensor_data",
	  .name = "enable_for_nodes",
	  .type = OPTION_BOOL,
	  .target = &options.is_for_nodes,
	  .preset = "true",
	  .help = "Whether sensors of nodes are read at all." },
	{ .section = "sensor_data",
	  .name = "enable_for_conductor",
	  .type = OPTION_BOOL,
	  .target = &options.is_for_conductor,
	  .preset = "true",
	  .help = "Without effect, for configurations made for Ironic: [conductor] metrics_port always shows "
		  "the "
		  "conductor's own figures." },
	{ 0 }
};

void sensor_data_options_register(void)
{
	config_register(table);
}

/* One reading of all nodes. */
struct round {
	struct conductor *conductor;
	uint64_t number;
	int64_t *nodes; /* owned; ids */
	size_t count, size, next;
	int64_t deadline_ms;
	struct fiber **workers; /* owned; NULL: has ended */
	size_t worker_count, running;
	struct cond ended;
};

/* ---- one node ---- */

static bool is_wanted(const char *type)
{
	return option_list_has(&options.types, "ALL") || option_list_has(&options.types, type);
}

static void drop_unwanted(json_t *sensors)
{
	const char *type;
	json_t *group;
	void *next;

	json_object_foreach_safe(sensors, next, type, group)
	{
		if (!is_wanted(type))
			json_object_del(sensors, type);
	}
}

SUSPENDS static int read_sensors(struct node *node, int64_t deadline_ms, json_t **ret, struct error *err)
{
	struct task task = { .node = node,
			     .hardware = hardware_type_find(node_text(node, NODE_DRIVER)),
			     .deadline_ms = deadline_ms,
			     .ops = &gate_closed_ops };
	const struct interface *interface;

	arena_init(&task.arena);
	int rc = task_interface(&task, INTERFACE_MANAGEMENT, &interface, err);
	if (rc == 0 && !management_interface(interface)->sensors_get)
		rc = -ERR_UNSUPPORTED;
	if (rc == 0)
		rc = interface_validate(interface, &task, err);
	if (rc == 0)
		rc = management_interface(interface)->sensors_get(&task, ret, err);
	task_release(&task);
	return rc;
}

static bool is_eligible(const struct node *node)
{
	const char *state = node_text(node, NODE_PROVISION_STATE);

	return !node_bool(node, NODE_MAINTENANCE) &&
	       (options.is_for_all || (state && strcmp(state, "active") == 0));
}

SUSPENDS static void read_node(const struct round *round, struct node *node)
{
	int64_t deadline_ms = clock_ms() + READ_MS;
	json_t *sensors = NULL;
	struct error err;
	int rc = read_sensors(node, deadline_ms < round->deadline_ms ? deadline_ms : round->deadline_ms,
			      &sensors, &err);

	if (rc == 0) {
		drop_unwanted(sensors);
		sensor_gauges_set(node->id, node_uuid(node), sensors, round->number);
		json_decref(sensors);
	} else if (rc != -ERR_UNSUPPORTED && rc != -ERR_CANCELLED) {
		sensor_gauges_failed(node->id, round->number);
		log_warning("the sensors of node %s could not be read: %s", node_uuid(node), err.text);
	}
}

/* ---- all nodes ---- */

static bool is_stopping(const struct conductor *conductor)
{
	return conductor->is_stopping || conductor->is_draining;
}

static bool is_over(const struct round *round)
{
	return is_stopping(round->conductor) || clock_ms() >= round->deadline_ms;
}

static void work(void *arg)
{
	struct round *round = arg;
	struct fiber *self = fiber_self();

	while (round->next < round->count && !is_over(round)) {
		struct node node;
		struct error err;
		int64_t id = round->nodes[round->next++];

		node_init(&node);
		if (node_read(round->conductor->db, NULL, NULL, id, &node, &err) == 0 && is_eligible(&node))
			read_node(round, &node);
		node_release(&node);
	}
	for (size_t i = 0; i < round->worker_count; i++) {
		if (round->workers[i] == self)
			round->workers[i] = NULL;
	}
	round->running--;
	cond_broadcast(&round->ended);
}

/* When the conductor stops, readings under way end at once. */
SUSPENDS static void run_workers(struct round *round)
{
	round->worker_count = round->count < (size_t)options.workers ? round->count : (size_t)options.workers;
	round->workers = xcalloc(round->worker_count + 1, sizeof(*round->workers));
	round->running = round->worker_count;
	for (size_t i = 0; i < round->worker_count; i++)
		round->workers[i] = fiber_spawn("sensors", work, round);
	while (round->running > 0) {
		cond_wait(&round->ended, clock_ms() + 500);
		for (size_t i = 0; is_stopping(round->conductor) && i < round->worker_count; i++) {
			if (round->workers[i])
				fiber_cancel(round->workers[i]);
		}
	}
	xfree(round->workers);
}

static void note(void *arg, const struct power_sync_row *row)
{
	struct round *round = arg;

	if (round->count == round->size) {
		round->size = round->size ? 2 * round->size : 64;
		round->nodes = xreallocarray(round->nodes, round->size, sizeof(*round->nodes));
	}
	round->nodes[round->count++] = row->id;
}

/* False: the nodes could not be listed. */
SUSPENDS static bool list_nodes(struct round *round)
{
	struct registry registry;
	struct error err;

	if (!db_is_up(round->conductor->db))
		return false;
	int rc = registry_load(round->conductor->db, &registry, &err);
	if (rc == 0) {
		rc = power_sync_each(round->conductor, POWER_SYNC_POLL, &registry, note, round, &err);
		registry_release(&registry);
	}
	if (rc < 0)
		log_warning("the nodes whose sensors are read could not be listed: %s", err.text);
	return rc == 0;
}

SUSPENDS static void read_all(struct conductor *conductor, uint64_t number)
{
	struct round round = { .conductor = conductor,
			       .number = number,
			       .deadline_ms = clock_ms() + seconds_ms(options.wait_timeout_s) };

	if (list_nodes(&round)) {
		run_workers(&round);
		if (round.next == round.count)
			sensor_gauges_sweep(number);
	}
	xfree(round.nodes);
}

static void sensor_loop(struct conductor *conductor)
{
	uint64_t number = 0;

	sensor_gauges_start();
	while (!is_stopping(conductor)) {
		int64_t begun_ms = clock_ms();
		read_all(conductor, ++number);
		int64_t left_ms = begun_ms + seconds_ms(options.interval_s) - clock_ms();
		conductor_pause(conductor, left_ms > 1000 ? left_ms : 1000);
	}
	sensor_gauges_stop();
}

void sensor_data_start(struct conductor *conductor)
{
	if (options.is_on && options.is_for_nodes)
		conductor_spawn(conductor, "sensor data", sensor_loop);
}
