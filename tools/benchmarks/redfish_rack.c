/* redfish_rack: see redfish_rack.h. */
#include "tools/benchmarks/redfish_rack.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xalloc.h"

enum { PORT = 18443 };

static void address_of(unsigned i, char *text, size_t size)
{
	snprintf(text, size, "127.40.%u.%u", i / 200, 1 + i % 200);
}

void redfish_rack_url(unsigned i, char *url, size_t size)
{
	char address[32];

	address_of(i, address, sizeof(address));
	snprintf(url, size, "https://%s:%d", address, PORT);
}

static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		sched_setaffinity(0, sizeof(set), &set);
}

void redfish_rack_init(struct redfish_rack *rack)
{
	*rack = (struct redfish_rack){ .folder = "/tmp/bench-redfish-XXXXXX" };
	if (!mkdtemp(rack->folder)) {
		perror("mkdtemp");
		exit(1);
	}
	pin(0);
}

static void rack_path(const struct redfish_rack *rack, unsigned number, char *path, size_t size)
{
	snprintf(path, size, "%s/rack-%u.ini", rack->folder, number);
}

static int write_rack(const char *path, unsigned first, unsigned count, const char *options)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	for (unsigned i = first; i < first + count; i++) {
		char address[32];
		address_of(i, address, sizeof(address));
		fprintf(file,
			"[bmc-%u]\nprotocol = redfish\nlisten = %s:%d\nuser = admin\npassword = password\n"
			"tls = true\n%s\n",
			i, address, PORT, options);
	}
	return fclose(file);
}

/* bmcsim stands beside this program. */
static void simulator_path(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 16);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash ? slash + 1 : path, "bmcsim", 7);
}

int redfish_rack_start(struct redfish_rack *rack, unsigned first, unsigned count, const char *options)
{
	char program[512], path[96], byte;
	int ready[2], rc;
	pid_t child;

	simulator_path(program, sizeof(program));
	rack_path(rack, rack->count, path, sizeof(path));
	if (rack->count == REDFISH_RACKS_MAX || write_rack(path, first, count, options) < 0 ||
	    pipe(ready) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ready[1], STDOUT_FILENO);
		close(ready[0]);
		pin(1);
		execl(program, program, "--rack", path, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	rack->simulators[rack->count++] = child;
	rc = read(ready[0], &byte, 1) == 1 ? 0 : -1; /* it prints a line when all listen */
	close(ready[0]);
	return rc;
}

void redfish_rack_stop(const struct redfish_rack *rack)
{
	char path[96];

	for (unsigned i = 0; i < rack->count; i++) {
		kill(rack->simulators[i], SIGTERM);
		waitpid(rack->simulators[i], NULL, 0);
		rack_path(rack, i, path, sizeof(path));
		unlink(path);
	}
	rmdir(rack->folder);
}

struct node *redfish_rack_nodes(unsigned first, unsigned count)
{
	struct node *nodes = xcalloc(count, sizeof(*nodes));

	for (unsigned i = 0; i < count; i++) {
		char url[64];
		redfish_rack_url(first + i, url, sizeof(url));
		node_init(&nodes[i]);
		node_set_text(&nodes[i], NODE_DRIVER, "redfish");
		node_set_object(&nodes[i], NODE_DRIVER_INFO,
				json_pack("{s:s, s:s, s:s, s:b, s:s}", "redfish_address", url,
					  "redfish_username", "admin", "redfish_password", "password",
					  "redfish_verify_ca", 0, "redfish_system_id",
					  "/redfish/v1/Systems/1"));
	}
	return nodes;
}

double redfish_rack_cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec;
}

double redfish_rack_resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (file) {
		if (fscanf(file, "%*u %lu", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void redfish_rack_print(const char *name, double value, const char *unit, const char *peer, double peer_value)
{
	printf("%-28s %12.2f %-6s", name, value, unit);
	if (peer_value > 0)
		printf("  %s %.2f, ratio %.4f", peer, peer_value, value / peer_value);
	printf("\n");
	fflush(stdout);
}
