/*
 * bench_redfish: power polls of many BMCs over TLS through the redfish driver, against bmcsim: on kept
 * connections, and on new ones with a resumed TLS session and with a whole handshake each (BMCs that close).
 * python3-sushy, as Ironic uses it, polls one of them beside it. CPU per poll of this process is the figure
 *that holds on a noisy machine; its inverse is polls a second and core.
 *
 *	bench_redfish [BMCS [ROUNDS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

enum { IN_FLIGHT = 32, BMCS_MAX = 2000, PEER_POLLS = 50 };

/* How the BMCs of a group treat connections. */
static const struct group {
	const char *name, *options;
	unsigned share; /* of the rounds: one in so many */
} groups[] = {
	{ "kept", "", 1 },
	{ "resumed", "profile = dell-idrac7\n", 10 },
	{ "handshake", "profile = dell-idrac7\ntls_resumption = false\n", 10 },
};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

struct bench {
	unsigned bmc_count, rounds; /* of each group */
	struct redfish_rack rack;
	struct node *nodes[GROUPS];
	/* of the run under way */
	struct node *polled;
	unsigned next, total, failed;
	struct semaphore done;
	double peer_cpu_us;
};

/* ---- the driver ---- */

static void poll_some(void *arg)
{
	struct bench *bench = arg;

	while (bench->next < bench->total) {
		struct node *node = &bench->polled[bench->next++ % bench->bmc_count];
		enum power_state state;
		struct task task;

		task_init_permissive(&task, node);
		if (redfish_power.get(&task, &state, NULL) < 0 || state != POWER_ON)
			bench->failed++;
		task_release(&task);
	}
	semaphore_give(&bench->done);
}

/* name NULL: only to open the connections. */
SUSPENDS static void run_polls(struct bench *bench, struct node *nodes, const char *name, unsigned rounds)
{
	int64_t start_ns = clock_ns();
	double start_us = redfish_rack_cpu_us(), seconds, us;
	char label[64];

	bench->polled = nodes;
	bench->next = 0;
	bench->total = bench->bmc_count * rounds;
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		fiber_spawn("poll", poll_some, bench);
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		semaphore_take(&bench->done, DEADLINE_NEVER);
	if (!name)
		return;
	seconds = (double)(clock_ns() - start_ns) / 1e9;
	us = (redfish_rack_cpu_us() - start_us) / bench->total;
	snprintf(label, sizeof(label), "redfish_poll_%s_rate", name);
	redfish_rack_print(label, bench->total / seconds, "/s", NULL, 0);
	snprintf(label, sizeof(label), "redfish_poll_%s_cpu", name);
	redfish_rack_print(label, us, "us", "sushy", bench->peer_cpu_us);
	snprintf(label, sizeof(label), "redfish_poll_%s_per_core", name);
	redfish_rack_print(label, 1e6 / us, "/s", NULL, 0);
}

static void run(void *arg)
{
	struct bench *bench = arg;

	for (size_t i = 0; i < GROUPS; i++) {
		run_polls(bench, bench->nodes[i], NULL, 1);
		run_polls(bench, bench->nodes[i], groups[i].name, bench->rounds / groups[i].share + 1);
	}
	if (bench->failed > 0)
		printf("redfish_poll_failed %u\n", bench->failed);
	redfish_drain(clock_ms() + 5000);
	loop_stop();
}

/* ---- the peer ---- */

/* What Ironic's get_power_state does, with a session: microseconds of CPU a poll; 0: not installed. */
static double measure_sushy(void)
{
	static const char script[] = "import os, sys, time, warnings\n"
				     "os.environ.pop('REQUESTS_CA_BUNDLE', None)\n"
				     "os.environ.pop('CURL_CA_BUNDLE', None)\n"
				     "warnings.simplefilter('ignore')\n"
				     "import sushy\n"
				     "root = sushy.Sushy(sys.argv[1], 'admin', 'password', verify=False)\n"
				     "root.get_system('/redfish/v1/Systems/1')\n"
				     "count = int(sys.argv[2])\n"
				     "start = time.process_time()\n"
				     "for _ in range(count):\n"
				     "    root.get_system('/redfish/v1/Systems/1').power_state\n"
				     "print((time.process_time() - start) * 1e6 / count)\n";
	char url[64], count[16], text[64] = "";
	int out[2], status;
	ssize_t len;
	pid_t child;

	redfish_rack_url(0, url, sizeof(url));
	snprintf(count, sizeof(count), "%d", PEER_POLLS);
	if (pipe(out) < 0)
		return 0;
	child = fork();
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		execl("/usr/bin/python3", "python3", "-W", "ignore", "-c", script, url, count, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	len = read(out[0], text, sizeof(text) - 1);
	close(out[0]);
	waitpid(child, &status, 0);
	return len > 0 && WIFEXITED(status) && !WEXITSTATUS(status) ? strtod(text, NULL) : 0;
}

static int start(struct bench *bench)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		if (redfish_rack_start(&bench->rack, i * bench->bmc_count, bench->bmc_count,
				       groups[i].options) < 0)
			return -1;
		bench->nodes[i] = redfish_rack_nodes(i * bench->bmc_count, bench->bmc_count);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = { .bmc_count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100,
			       .rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200 };

	log_init("bench_redfish", LOG_ERROR, 0);
	if (!bench.bmc_count || bench.bmc_count > BMCS_MAX) {
		fprintf(stderr, "bench_redfish: 1 to %d BMCs\n", BMCS_MAX);
		return 2;
	}
	config_register(redfish_option_table);
	redfish_rack_init(&bench.rack);
	if (config_load(NULL, NULL) < 0 || start(&bench) < 0) {
		fprintf(stderr, "bench_redfish: bmcsim does not start\n");
		redfish_rack_stop(&bench.rack);
		return 1;
	}
	bench.peer_cpu_us = measure_sushy();
	loop_init();
	http_client_init();
	fiber_spawn("main", run, &bench);
	loop_run();
	http_client_release();
	loop_release();
	redfish_rack_stop(&bench.rack);
	return bench.failed > 0;
}
