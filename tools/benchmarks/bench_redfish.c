/*
 * bench_redfish: power polls of many BMCs over TLS through the redfish driver, against one bmcsim: on kept
 * connections, and with a handshake each (BMCs that close). python3-sushy, as Ironic uses it, polls one of
 * them beside it. CPU per poll of this process is the figure that holds on a noisy machine.
 *
 *	bench_redfish [BMCS [ROUNDS]]
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

enum { PORT = 18443, IN_FLIGHT = 32, BMCS_MAX = 250, PEER_POLLS = 50 };

struct bench {
	unsigned bmc_count, rounds;
	struct node *nodes; /* twice bmc_count: the second half's BMCs close each connection */
	char folder[64];
	pid_t simulator;
	/* of the run under way */
	unsigned first, next, total, failed;
	struct semaphore done;
	double peer_cpu_us;
};

/* 127.0.40.x keeps connections, 127.0.41.x closes them. */
static void address_of(const struct bench *bench, unsigned i, char *text, size_t size)
{
	snprintf(text, size, "127.0.%u.%u", i < bench->bmc_count ? 40 : 41, 1 + i % bench->bmc_count);
}

/* ---- the simulator ---- */

static int write_rack(const struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return -1;
	for (unsigned i = 0; i < 2 * bench->bmc_count; i++) {
		char address[32];
		address_of(bench, i, address, sizeof(address));
		fprintf(file,
			"[bmc-%u]\nprotocol = redfish\nlisten = %s:%d\nuser = admin\npassword = "
			"password\ntls = true\n"
			"profile = %s\n",
			i, address, PORT, i < bench->bmc_count ? "generic" : "dell-idrac7");
	}
	return fclose(file);
}

/* Client and simulator on a core each, where there are two. */
static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		sched_setaffinity(0, sizeof(set), &set);
}

/* bmcsim stands beside this program. */
static void simulator_path(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 16);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash != NULL ? slash + 1 : path, "bmcsim", 7);
}

static int start_simulator(struct bench *bench)
{
	char path[512], rack[96], byte;
	int ready[2];

	simulator_path(path, sizeof(path));
	snprintf(rack, sizeof(rack), "%s/rack.ini", bench->folder);
	if (write_rack(bench, rack) < 0 || pipe(ready) < 0)
		return -1;
	bench->simulator = fork();
	if (bench->simulator == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ready[1], STDOUT_FILENO);
		pin(1);
		execl(path, path, "--rack", rack, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	int rc = read(ready[0], &byte, 1) == 1 ? 0 : -1; /* it prints a line when all listen */
	close(ready[0]);
	return rc;
}

static void stop_simulator(const struct bench *bench)
{
	char rack[96];

	kill(bench->simulator, SIGTERM);
	waitpid(bench->simulator, NULL, 0);
	snprintf(rack, sizeof(rack), "%s/rack.ini", bench->folder);
	unlink(rack);
	rmdir(bench->folder);
}

/* ---- the driver ---- */

static double cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec;
}

static void poll_some(void *arg)
{
	struct bench *bench = arg;

	while (bench->next < bench->total) {
		struct node *node = &bench->nodes[bench->first + bench->next++ % bench->bmc_count];
		enum power_state state;
		struct task task;

		task_init_permissive(&task, node);
		if (redfish_power.get(&task, &state, NULL) < 0 || state != POWER_ON)
			bench->failed++;
		task_release(&task);
	}
	semaphore_give(&bench->done);
}

static void print_line(const char *name, double value, const char *unit, double peer)
{
	printf("%-28s %12.2f %-6s", name, value, unit);
	if (peer > 0)
		printf("  sushy %.2f, ratio %.4f", peer, value / peer);
	printf("\n");
	fflush(stdout);
}

/* name NULL: only to open the connections. */
SUSPENDS static void run_polls(struct bench *bench, const char *name, bool is_closing, unsigned rounds)
{
	int64_t start_ns = clock_ns();
	double start_us = cpu_us(), seconds, us;
	char label[64];

	bench->first = is_closing ? bench->bmc_count : 0;
	bench->next = 0;
	bench->total = bench->bmc_count * rounds;
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		fiber_spawn("poll", poll_some, bench);
	for (unsigned i = 0; i < IN_FLIGHT; i++)
		semaphore_take(&bench->done, DEADLINE_NEVER);
	if (!name)
		return;
	seconds = (double)(clock_ns() - start_ns) / 1e9;
	us = cpu_us() - start_us;
	snprintf(label, sizeof(label), "redfish_poll_%s_rate", name);
	print_line(label, bench->total / seconds, "/s", 0);
	snprintf(label, sizeof(label), "redfish_poll_%s_cpu", name);
	print_line(label, us / bench->total, "us", bench->peer_cpu_us);
}

static void run(void *arg)
{
	struct bench *bench = arg;

	run_polls(bench, NULL, false, 1);
	run_polls(bench, "kept", false, bench->rounds);
	run_polls(bench, NULL, true, 1);
	run_polls(bench, "handshake", true, bench->rounds / 10 + 1);
	if (bench->failed > 0)
		printf("redfish_poll_failed %u\n", bench->failed);
	redfish_drain(clock_ms() + 5000);
	loop_stop();
}

static void make_nodes(struct bench *bench)
{
	bench->nodes = xcalloc(2 * bench->bmc_count, sizeof(*bench->nodes));
	for (unsigned i = 0; i < 2 * bench->bmc_count; i++) {
		char address[32], url[64];
		address_of(bench, i, address, sizeof(address));
		snprintf(url, sizeof(url), "https://%s:%d", address, PORT);
		node_init(&bench->nodes[i]);
		node_set_text(&bench->nodes[i], NODE_DRIVER, "redfish");
		node_set_object(&bench->nodes[i], NODE_DRIVER_INFO,
				json_pack("{s:s, s:s, s:s, s:b, s:s}", "redfish_address", url,
					  "redfish_username", "admin", "redfish_password", "password",
					  "redfish_verify_ca", 0, "redfish_system_id",
					  "/redfish/v1/Systems/1"));
	}
}

/* ---- the peer ---- */

/* What Ironic's get_power_state does, with a session: microseconds of CPU a poll; 0: not installed. */
static double measure_sushy(const struct bench *bench)
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
	char address[32], url[64], count[16], text[64] = "";
	int out[2], status;
	ssize_t len;
	pid_t child;

	address_of(bench, 0, address, sizeof(address));
	snprintf(url, sizeof(url), "https://%s:%d", address, PORT);
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

int main(int argc, char **argv)
{
	struct bench bench = { .bmc_count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100,
			       .rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200,
			       .folder = "/tmp/bench-redfish-XXXXXX" };

	log_init("bench_redfish", LOG_ERROR, 0);
	if (!bench.bmc_count || bench.bmc_count > BMCS_MAX) {
		fprintf(stderr, "bench_redfish: 1 to %d BMCs\n", BMCS_MAX);
		return 2;
	}
	config_register(redfish_option_table);
	if (config_load(NULL, NULL) < 0 || mkdtemp(bench.folder) == NULL || start_simulator(&bench) < 0) {
		fprintf(stderr, "bench_redfish: bmcsim does not start\n");
		return 1;
	}
	pin(0);
	bench.peer_cpu_us = measure_sushy(&bench);
	make_nodes(&bench);
	loop_init();
	http_client_init();
	fiber_spawn("main", run, &bench);
	loop_run();
	http_client_release();
	loop_release();
	stop_simulator(&bench);
	return bench.failed > 0;
}
