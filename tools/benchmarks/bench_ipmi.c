/*
 * bench_ipmi: power status of many BMCs through the ipmi driver, timers and retries included, against one
 * bmcsim; FreeIPMI's ipmipower, the fastest peer, asks the same BMCs beside it. CPU per node is the figure
 *that holds on a noisy machine.
 *
 *	bench_ipmi [BMCS [ROUNDS [IN_FLIGHT [LATENCY_MS [LOSS_PERCENT]]]]]
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/ipmi/bmc.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/options.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

enum { PORT = 16623, PER_NET = 250, PEER_BATCH = 2000 };

struct bench {
	unsigned bmc_count, rounds, in_flight;
	int latency_ms, loss_percent; /* of every BMC */
	struct node *nodes;
	char folder[64];
	pid_t simulator;
	/* of the run under way */
	unsigned next, left, failed;
	struct semaphore done;
	double peer_rate, peer_cpu_us;
};

/* 127.0.16.1 to 127.0.16.250, then 127.0.17.1 and so on. */
static void address_of(unsigned i, char *text, size_t size)
{
	snprintf(text, size, "127.0.%u.%u", 16 + i / PER_NET, 1 + i % PER_NET);
}

/* ---- the simulator ---- */

static int write_rack(const struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return -1;
	for (unsigned i = 0; i < bench->bmc_count; i++) {
		char address[32];
		address_of(i, address, sizeof(address));
		fprintf(file,
			"[bmc-%u]\nprotocol = ipmi\nlisten = %s:%d\nuser = admin\npassword = password\n"
			"session_limit = 4\nlatency_ms = %d\nloss_percent = %d\n",
			i, address, PORT, bench->latency_ms, bench->loss_percent);
	}
	return fclose(file);
}

/* bmcsim stands beside this program. */
static void simulator_path(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 16);

	path[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(path, '/');
	size_t folder_len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	snprintf(path + folder_len, size - folder_len, "bmcsim");
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
		dup2(ready[1], STDOUT_FILENO);
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

static double cpu_us(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec;
}

static void poll_some(void *arg)
{
	struct bench *bench = arg;

	while (bench->next < bench->bmc_count * bench->rounds) {
		struct node *node = &bench->nodes[bench->next++ % bench->bmc_count];
		enum power_state state;
		struct task task;

		task_init_permissive(&task, node);
		if (ipmitool_power.get(&task, &state, NULL) < 0 || state != POWER_ON)
			bench->failed++;
		task_release(&task);
	}
	semaphore_give(&bench->done);
}

static void print_line(const char *name, double value, const char *unit, double peer)
{
	printf("%-28s %12.2f %-6s", name, value, unit);
	if (peer > 0)
		printf("  ipmipower %.2f, ratio %.1f", peer, value / peer);
	printf("\n");
	fflush(stdout);
}

SUSPENDS static void run_polls(struct bench *bench, const char *name)
{
	int64_t start_ns = clock_ns();
	double start_us = cpu_us(RUSAGE_SELF);
	char label[64];
	unsigned total = bench->bmc_count * bench->rounds;

	bench->next = bench->failed = 0;
	for (unsigned i = 0; i < bench->in_flight; i++)
		fiber_spawn("poll", poll_some, bench);
	for (unsigned i = 0; i < bench->in_flight; i++)
		semaphore_take(&bench->done, DEADLINE_NEVER);

	if (name == NULL)
		return;

	double seconds = (double)(clock_ns() - start_ns) / 1e9, us = cpu_us(RUSAGE_SELF) - start_us;
	snprintf(label, sizeof(label), "ipmi_%s_rate", name);
	print_line(label, total / seconds, "/s", bench->peer_rate);
	snprintf(label, sizeof(label), "ipmi_%s_cpu", name);
	print_line(label, us / total, "us", bench->peer_cpu_us);
	if (bench->failed > 0)
		printf("ipmi_%s_failed %u\n", name, bench->failed);
}

static void run(void *arg)
{
	struct bench *bench = arg;
	size_t heap_bytes = mallinfo2().uordblks;

	config_set("ipmi", "session_idle_timeout", "0", NULL);
	run_polls(bench, "new_session");
	config_set("ipmi", "session_idle_timeout", "50", NULL);
	run_polls(bench, NULL); /* opens the sessions */
	print_line("ipmi_open_session_memory",
		   (double)(mallinfo2().uordblks - heap_bytes) / 1024 / bench->bmc_count, "KB", 0);
	run_polls(bench, "reused_session");
	ipmi_client_release();
	loop_stop();
}

static void make_nodes(struct bench *bench)
{
	bench->nodes = xcalloc(bench->bmc_count, sizeof(*bench->nodes));
	for (unsigned i = 0; i < bench->bmc_count; i++) {
		char address[32];
		address_of(i, address, sizeof(address));
		node_init(&bench->nodes[i]);
		node_set_text(&bench->nodes[i], NODE_DRIVER, "ipmi");
		node_set_object(&bench->nodes[i], NODE_DRIVER_INFO,
				json_pack("{s:s, s:i, s:s, s:s, s:i}", "ipmi_address", address, "ipmi_port",
					  PORT, "ipmi_username", "admin", "ipmi_password", "password",
					  "ipmi_cipher_suite", 3));
	}
}

/* ---- the peer ---- */

/* One ipmipower for the BMCs of a range; it loses output above some 2,500 hosts. */
static int run_ipmipower(unsigned first, unsigned count)
{
	char hosts[1024] = "";
	size_t len = 0;

	for (unsigned i = first; i < first + count; i += PER_NET) {
		unsigned last = first + count - i < PER_NET ? first + count - i : PER_NET;
		len += (size_t)snprintf(hosts + len, sizeof(hosts) - len, "%s127.0.%u.[1-%u]:%d",
					len > 0 ? "," : "", 16 + i / PER_NET, last, PORT);
	}

	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("ipmipower", "ipmipower", "-D", "LAN_2_0", "-I", "3", "-h", hosts, "-u", "admin", "-p",
		       "password", "--stat", (char *)NULL);
		_exit(127);
	}

	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static void measure_peer(struct bench *bench)
{
	int64_t start_ns = clock_ns();
	double start_us = cpu_us(RUSAGE_CHILDREN);

	for (unsigned i = 0; i < bench->bmc_count; i += PEER_BATCH) {
		unsigned left = bench->bmc_count - i;
		if (run_ipmipower(i, left < PEER_BATCH ? left : PEER_BATCH) != 0)
			return; /* not installed, or in trouble: no figure */
	}
	bench->peer_rate = bench->bmc_count / ((double)(clock_ns() - start_ns) / 1e9);
	bench->peer_cpu_us = (cpu_us(RUSAGE_CHILDREN) - start_us) / bench->bmc_count;
}

/* The n-th argument as a number. */
static int argument(int argc, char **argv, int n, int preset)
{
	return argc > n ? (int)strtol(argv[n], NULL, 10) : preset;
}

int main(int argc, char **argv)
{
	struct bench bench = { .bmc_count = (unsigned)argument(argc, argv, 1, 1000),
			       .rounds = (unsigned)argument(argc, argv, 2, 20),
			       .in_flight = (unsigned)argument(argc, argv, 3, 256),
			       .latency_ms = argument(argc, argv, 4, 0),
			       .loss_percent = argument(argc, argv, 5, 0),
			       .folder = "/tmp/bench-ipmi-XXXXXX" };

	log_init("bench_ipmi", LOG_ERROR, 0);
	config_register(ipmi_option_table);
	if (config_load(NULL, NULL) < 0 || mkdtemp(bench.folder) == NULL || start_simulator(&bench) < 0) {
		fprintf(stderr, "bench_ipmi: bmcsim does not start\n");
		return 1;
	}
	measure_peer(&bench);
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
