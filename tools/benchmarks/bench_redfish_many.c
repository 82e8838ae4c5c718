/*
 * bench_redfish_many: what many BMCs cost that are merely there: memory of idle TLS connections that are kept
 * open, and CPU of simultaneous waits for machines that take their time to switch on.
 *
 *	bench_redfish_many [CONNECTIONS [WAITS [SECONDS]]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/redfish/bmc.h"
#include "drivers/redfish/options.h"
#include "drivers/redfish/redfish.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"
#include "tools/benchmarks/redfish_rack.h"

enum { IN_FLIGHT = 32 };

struct bench {
	unsigned connections, waits, wait_s;
	struct redfish_rack rack;
	struct node *nodes, *waiting;
	struct node *polled; /* of the run under way */
	unsigned next, total, failed;
	struct semaphore done;
};

static void poll_some(void *arg)
{
	struct bench *bench = arg;

	while (bench->next < bench->total) {
		enum power_state state;
		struct task task;

		task_init_permissive(&task, &bench->polled[bench->next++]);
		if (redfish_power.get(&task, &state, NULL) < 0)
			bench->failed++;
		task_release(&task);
	}
	semaphore_give(&bench->done);
}

SUSPENDS static void poll_all(struct bench *bench, struct node *nodes, unsigned count)
{
	bench->polled = nodes;
	bench->next = 0;
	bench->total = count;
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		fiber_spawn("poll", poll_some, bench);
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		semaphore_take(&bench->done, DEADLINE_NEVER);
}

/* Session, connection and everything else that is remembered of a BMC. */
SUSPENDS static void measure_connections(struct bench *bench)
{
	double before = redfish_rack_resident(), us;

	poll_all(bench, bench->nodes, bench->connections);
	redfish_rack_print("redfish_idle_bmc_memory",
			   (redfish_rack_resident() - before) / 1024 / bench->connections, "KB", NULL, 0);
	us = redfish_rack_cpu_us();
	poll_all(bench, bench->nodes, bench->connections);
	redfish_rack_print("redfish_poll_of_many_cpu", (redfish_rack_cpu_us() - us) / bench->connections,
			   "us", NULL, 0);
	redfish_rack_print("redfish_idle_bmcs", bench->connections, "", NULL, 0);
}

struct wait {
	struct bench *bench;
	struct node *node;
};

static void switch_on(void *arg)
{
	struct wait *wait = arg;
	struct bench *bench = wait->bench;
	struct task task;

	task_init_permissive(&task, wait->node);
	if (redfish_power.set(&task, POWER_ON, 10 * bench->wait_s, NULL) < 0)
		bench->failed++;
	task_release(&task);
	semaphore_give(&bench->done);
	xfree(wait);
}

SUSPENDS static void measure_waits(struct bench *bench)
{
	double start_us, us, seconds;
	int64_t start_ns;

	poll_all(bench, bench->waiting, bench->waits); /* the power sync has long logged in */
	start_us = redfish_rack_cpu_us();
	start_ns = clock_ns();
	for (unsigned i = 0; i < bench->waits; i++) {
		struct wait *wait = xcalloc(1, sizeof(*wait));
		*wait = (struct wait){ bench, &bench->waiting[i] };
		fiber_spawn("power on", switch_on, wait);
	}
	for (unsigned i = 0; i < bench->waits; i++)
		semaphore_take(&bench->done, DEADLINE_NEVER);
	us = redfish_rack_cpu_us() - start_us;
	seconds = (double)(clock_ns() - start_ns) / 1e9;
	redfish_rack_print("redfish_waits", bench->waits, "", NULL, 0);
	redfish_rack_print("redfish_waits_seconds", seconds, "s", NULL, 0);
	redfish_rack_print("redfish_waits_cpu", us / seconds / 1e4, "% core", NULL, 0);
}

static void run(void *arg)
{
	struct bench *bench = arg;

	measure_connections(bench);
	redfish_drain(clock_ms() + 60000);
	measure_waits(bench);
	if (bench->failed)
		printf("redfish_many_failed %u\n", bench->failed);
	redfish_drain(clock_ms() + 10000);
	loop_stop();
}

/* A simulator for each half of the connections, as each takes two descriptors there, and one for the waits.
 */
static int start(struct bench *bench)
{
	unsigned half = bench->connections / 2;
	char options[80];

	snprintf(options, sizeof(options), "power = off\non_delay_ms = %u\n", bench->wait_s * 1000);
	bench->nodes = redfish_rack_nodes(0, bench->connections);
	bench->waiting = redfish_rack_nodes(bench->connections, bench->waits);
	if (redfish_rack_start(&bench->rack, 0, half, "") < 0 ||
	    redfish_rack_start(&bench->rack, half, bench->connections - half, "") < 0)
		return -1;
	return redfish_rack_start(&bench->rack, bench->connections, bench->waits, options);
}

static unsigned number(int argc, char **argv, int place, unsigned preset)
{
	return argc > place ? (unsigned)strtoul(argv[place], NULL, 10) : preset;
}

int main(int argc, char **argv)
{
	struct bench bench = { .connections = number(argc, argv, 1, 10000),
			       .waits = number(argc, argv, 2, 1000),
			       .wait_s = number(argc, argv, 3, 30) };

	log_init("bench_redfish_many", LOG_ERROR, 0);
	config_register(redfish_option_table);
	redfish_rack_init(&bench.rack);
	if (config_load(NULL, NULL) < 0 || start(&bench) < 0) {
		fprintf(stderr, "bench_redfish_many: bmcsim does not start\n");
		redfish_rack_stop(&bench.rack);
		return 1;
	}
	redfish_options.connections_kept = bench.connections + bench.waits;
	redfish_options.connection_cache_size = bench.connections + bench.waits;
	loop_init();
	http_client_init();
	fiber_spawn("main", run, &bench);
	loop_run();
	http_client_release();
	loop_release();
	redfish_rack_stop(&bench.rack);
	return bench.failed > 0;
}
