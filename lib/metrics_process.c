/* metrics_process: see metrics_process.h. */
#include "lib/metrics_process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/fiber.h"
#include "lib/metrics.h"

enum process_metric {
	CPU_SECONDS,
	RESIDENT_BYTES,
	VIRTUAL_BYTES,
	OPEN_FDS,
	MAX_FDS,
	START_TIME,
	FIBERS,
	BUILD
};

static const struct metric table[] = {
	[CPU_SECONDS] = { "process_cpu_seconds_total", "User and system CPU time.", METRIC_COUNTER },
	[RESIDENT_BYTES] = { "process_resident_memory_bytes", "Resident memory.", METRIC_GAUGE },
	[VIRTUAL_BYTES] = { "process_virtual_memory_bytes", "Virtual memory.", METRIC_GAUGE },
	[OPEN_FDS] = { "process_open_fds", "Open file descriptors.", METRIC_GAUGE },
	[MAX_FDS] = { "process_max_fds", "Most file descriptors that may be open.", METRIC_GAUGE },
	[START_TIME] = { "process_start_time_seconds", "Start of the process since the epoch.",
			 METRIC_GAUGE },
	[FIBERS] = { "ferrule_fibers", "Fibers that exist: requests, actions, readings and loops.",
		     METRIC_GAUGE },
	[BUILD] = { "ferrule_build_info", "Always 1; the version is a label.", METRIC_GAUGE, { "version" } },
};

static void collect(void *arg);
static struct metrics metrics = { .table = table,
				  .count = sizeof table / sizeof table[0],
				  .collect = collect };

static void set(enum process_metric row, double value)
{
	metric_set(metric_at(&metrics, row, NULL), value);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void collect_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long page = sysconf(_SC_PAGESIZE);
	long pages, resident;

	if (!file)
		return;
	if (fscanf(file, "%ld %ld", &pages, &resident) == 2) {
		set(VIRTUAL_BYTES, (double)pages * (double)page);
		set(RESIDENT_BYTES, (double)resident * (double)page);
	}
	fclose(file);
}

static void collect_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct rlimit limit;
	int count = -3; /* ".", ".." and the folder's own */

	if (folder) {
		while (readdir(folder)) /* NOLINT(concurrency-mt-unsafe): the stream is ours alone */
			count++;
		closedir(folder);
		set(OPEN_FDS, count);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		set(MAX_FDS, (double)limit.rlim_cur);
}

static void collect(void *arg)
{
	struct rusage usage;

	(void)arg;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		set(CPU_SECONDS, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
	collect_memory();
	collect_fds();
	set(FIBERS, fiber_count());
}

/* Field 22 of stat is the start in clock ticks since boot; the boot's time is now minus CLOCK_BOOTTIME. */
static double start_time(void)
{
	struct timespec boot, now;
	FILE *file = fopen("/proc/self/stat", "re");
	double ticks = 0;

	if (!file)
		return 0;
	if (fscanf(file,
		   "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%lf",
		   &ticks) != 1)
		ticks = 0;
	fclose(file);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec - (double)boot.tv_sec + ticks / (double)sysconf(_SC_CLK_TCK);
}

void metrics_process_register(void)
{
	if (metrics.families)
		return;
	metrics_register(&metrics);
	set(START_TIME, start_time());
	metric_set(metric_at(&metrics, BUILD, (const char *[]){ FERRULE_VERSION }), 1);
}
