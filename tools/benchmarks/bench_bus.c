/*
 * bench_bus: the action bus alone, both sides in one process over two struct db, on the PostgreSQL that
 * FERRULE_BENCH_DB (or the first argument) names, in a database that is migrated and emptied of actions.
 *
 *   bench_bus [CONNECTION [SECONDS [CLIENTS...]]]
 *
 * A call: insert, wait for the notification, read if that does not say it all. Its other side: start (,
 * accept) and finish. The driver takes no time. bus-lock-2000: 64 clients offer 2,000 calls a second in all,
 * each at its own times, from which its latency counts: a call that waits for the one before it is that much
 * later. Latency is the client's; CPU is this process's and that of PostgreSQL's processes.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "db/action.h"
#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/uuid.h"
#include "lib/xalloc.h"

enum { NODES = 1000, SAMPLES_MAX = 200000, LINES = 4096, HOST_WAIT_MS = 10000 };

struct shape {
	const char *name;
	bool is_exclusive;
	bool is_accepted; /* answered at its acceptance, as a power change is */
	unsigned offered; /* calls a second of all clients together; 0: as many as there can be */
};
static const struct shape shapes[] = {
	{ "bus-exclusive", true, false, 0 },
	{ "bus-shared", false, false, 0 },
	{ "bus-power", true, true, 0 },
};
static const struct shape lock_shape = { "bus-lock-2000", true, false, 2000 };
enum { LOCK_CLIENTS = 64 };

struct waiter {
	struct waiter *next;
	int64_t id;
	char what; /* the last notification */
	struct cond cond;
};

static struct {
	struct db *api, *conductor;
	const struct shape *shape;
	int64_t first_node;
	bool is_stopping;
	unsigned clients, workers;
	struct waiter *waiters[LINES];
	bool is_busy[NODES];   /* a worker looks after the node's line */
	unsigned asked[NODES]; /* rows heard of and not started */
	unsigned calls;
	int64_t samples_ns[SAMPLES_MAX];
} bench;

static void die(const char *what, const struct error *err)
{
	fprintf(stderr, "bench_bus: %s: %s\n", what, err->text);
	exit(1);
}

/* ---- the conductor's side ---- */

SUSPENDS static void run_action(struct action *action)
{
	struct action_outcome outcome = { .state = ACTION_DONE,
					  .result = "{\"ok\": true}",
					  .result_len = 12,
					  .result_type = "application/json" };
	struct error err;

	if (bench.shape->is_accepted) {
		outcome.changes = "{\"power_state\": \"power on\", \"target_power_state\": null}";
		if (action_accept(bench.conductor, action,
				  "{\"target_power_state\": \"power on\", \"last_error\": null}", &err) < 0)
			die("accept", &err);
	}
	if (action_finish(bench.conductor, action, &outcome, &err) < 0)
		die("finish", &err);
	action_release(action);
}

static const char *const instance = "bbbbbbbb-0000-4000-8000-000000000001";

SUSPENDS static void work_line(void *arg)
{
	size_t node = (size_t)(uintptr_t)arg;

	do {
		struct action action;
		struct error err;
		bool is_started = false;
		struct node row;
		node_init(&row);
		if (action_start_exclusive(bench.conductor, bench.first_node + (int64_t)node, "bench",
					   instance, &is_started, &action, &row, &err) < 0)
			die("start", &err);
		node_release(&row);
		bench.asked[node]--;
		if (is_started)
			run_action(&action);
	} while (bench.asked[node] > 0);
	bench.is_busy[node] = false;
	bench.workers--;
}

SUSPENDS static void work_shared(void *arg)
{
	int64_t id = (int64_t)(intptr_t)arg;
	struct action action;
	struct error err;
	bool is_started = false;

	struct node row;

	node_init(&row);
	if (action_start_shared(bench.conductor, id, instance, &is_started, &action, &row, &err) < 0)
		die("start", &err);
	node_release(&row);
	if (is_started)
		run_action(&action);
	bench.workers--;
}

static void on_work(const char *payload, void *arg)
{
	struct action_news news;

	(void)arg;
	while (action_news_next(&payload, &news)) {
		if (news.what == 's') {
			bench.workers++;
			fiber_spawn("worker", work_shared, (void *)(intptr_t)news.id);
			continue;
		}
		size_t node = (size_t)(news.id - bench.first_node);
		bench.asked[node]++;
		if (bench.is_busy[node])
			continue;
		bench.is_busy[node] = true;
		bench.workers++;
		fiber_spawn("worker", work_line, (void *)(uintptr_t)node);
	}
}

/* ---- the API's side ---- */

static void on_reply(const char *payload, void *arg)
{
	struct action_news news;

	(void)arg;
	while (action_news_next(&payload, &news)) {
		for (struct waiter *at = bench.waiters[news.id % LINES]; at != NULL; at = at->next) {
			if (at->id != news.id)
				continue;
			at->what = news.what;
			cond_signal(&at->cond);
		}
	}
}

SUSPENDS static void await_reply(int64_t id)
{
	struct waiter waiter = { .id = id, .next = bench.waiters[id % LINES] };
	struct waiter **at = &bench.waiters[id % LINES];
	struct action_view view = { 0 };
	struct error err;
	bool is_over = false;

	*at = &waiter;
	while (!is_over) {
		cond_wait(&waiter.cond, clock_ms() + 500);
		if (waiter.what == 'd' || (waiter.what == 'a' && bench.shape->is_accepted))
			break;
		if (action_read(bench.api, id, &view, &err) < 0)
			die("read", &err);
		is_over = view.finished_at != NULL || (bench.shape->is_accepted && view.is_accepted);
		action_view_release(&view);
	}
	while (*at != &waiter)
		at = &(*at)->next;
	*at = waiter.next;
}

SUSPENDS static void client(void *arg)
{
	char uuid[UUID_TEXT];
	struct error err;
	int64_t pace_ns =
		bench.shape->offered ? INT64_C(1000000000) * LOCK_CLIENTS / bench.shape->offered : 0;
	int64_t due_ns = clock_ns() + (int64_t)(uintptr_t)arg * pace_ns / LOCK_CLIENTS;

	while (!bench.is_stopping) {
		struct action_request request = {
			.uuid = uuid,
			.node_id = bench.first_node + random() % NODES,
			.kind = "passthru",
			.is_exclusive = bench.shape->is_exclusive,
			.on_crash = "never",
			.pool = ":fake",
			.target = "bench",
			.reply = "bench_reply",
			.args = "{\"method\": \"x\"}",
			.wait_ms = 5000,
			.run_s = 10,
			.request_id = "req",
		};
		while (pace_ns && clock_ns() < due_ns)
			fiber_sleep((due_ns - clock_ns()) / 1000000 + 1);
		int64_t id, begin_ns = pace_ns ? due_ns : clock_ns();
		due_ns += pace_ns;
		uuid_new(uuid);
		if (action_insert(bench.api, &request, &id, &err) < 0)
			die("insert", &err);
		await_reply(id);
		if (bench.calls < SAMPLES_MAX)
			bench.samples_ns[bench.calls] = clock_ns() - begin_ns;
		bench.calls++;
	}
	bench.clients--;
}

/* ---- measuring ---- */

static double own_cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Parent and CPU time of a process; false when it is gone. */
static bool process_read(long pid, long *ret_parent, double *ret_cpu_s)
{
	char path[64], text[1024];
	unsigned long user = 0, system = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	char *at = strrchr(text, ')'); /* the name may hold anything */
	for (int field = 2; at != NULL && field < 15; field++) {
		at = strchr(at + 1, ' ');
		if (at == NULL)
			return false;
		if (field + 1 == 4)
			*ret_parent = strtol(at, NULL, 10);
		if (field + 1 == 14)
			user = strtoul(at, NULL, 10);
		if (field + 1 == 15)
			system = strtoul(at, NULL, 10);
	}
	*ret_cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	return at != NULL;
}

/* CPU of all processes of the server that has this backend; 0 when it runs elsewhere. */
static double server_cpu_s(long backend)
{
	long server = 0, parent = 0;
	double sum = 0, cpu_s;
	DIR *proc = opendir("/proc");

	if (proc == NULL || !process_read(backend, &server, &cpu_s))
		server = -1;
	for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
		long pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && process_read(pid, &parent, &cpu_s) && parent == server)
			sum += cpu_s;
	}
	if (proc != NULL)
		closedir(proc);
	return sum;
}

static int compare_samples(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t ask_int(const char *sql)
{
	const struct db_statement statement = { .sql = sql };
	struct db_rows *rows;
	struct error err;

	if (db_exec(bench.api, &statement, NULL, &rows, &err) < 0)
		die(sql, &err);
	int64_t value = db_rows_count(rows) > 0 ? db_value_int(rows, 0, 0) : 0;
	db_rows_release(rows);
	return value;
}

static double sample_ms(size_t place)
{
	return (double)bench.samples_ns[place] / 1e6;
}

SUSPENDS static void measure(const struct shape *shape, unsigned clients, double seconds, long backend)
{
	bench.shape = shape;
	bench.is_stopping = false;
	bench.clients = clients;
	for (unsigned i = 0; i < clients; i++)
		fiber_spawn("client", client, (void *)(uintptr_t)i);
	fiber_sleep(300);
	bench.calls = 0;
	double own_s = own_cpu_s(), server_s = server_cpu_s(backend);
	int64_t begin_ns = clock_ns();
	fiber_sleep((int64_t)(seconds * 1000));
	double took_s = (double)(clock_ns() - begin_ns) / 1e9;
	unsigned calls = bench.calls;
	own_s = own_cpu_s() - own_s;
	server_s = server_cpu_s(backend) - server_s;
	bench.is_stopping = true;
	while (bench.clients > 0 || bench.workers > 0)
		fiber_sleep(1);
	size_t count = calls < SAMPLES_MAX ? calls : SAMPLES_MAX;
	qsort(bench.samples_ns, count, sizeof(bench.samples_ns[0]), compare_samples);
	printf("%s-%u %.0f calls/s\n", shape->name, clients, calls / took_s);
	if (count == 0)
		return;
	printf("%s-%u-p50 %.2f ms\n", shape->name, clients, sample_ms(count / 2));
	printf("%s-%u-p99 %.2f ms\n", shape->name, clients, sample_ms(count * 99 / 100));
	printf("%s-%u-cpu-own %.3f ms/call\n", shape->name, clients, own_s * 1000 / calls);
	printf("%s-%u-cpu-postgresql %.3f ms/call\n", shape->name, clients, server_s * 1000 / calls);
	fflush(stdout);
}

struct run {
	const char *connection;
	double seconds;
	unsigned clients[8];
	unsigned client_count;
};

SUSPENDS static void bench_fiber(void *arg)
{
	const struct run *run = arg;
	struct db_options options = { .connection = run->connection, .pool_size = 4 };
	struct error err;
	int from, to;

	bench.api = db_new(&options);
	bench.conductor = db_new(&options);
	if (db_migrate(bench.api, &from, &to, &err) < 0)
		die("migrate", &err);
	ask_int("TRUNCATE actions, nodes CASCADE");
	ask_int("INSERT INTO nodes (uuid, driver) SELECT gen_random_uuid(), 'fake-hardware' FROM "
		"generate_series(1, 1000)");
	bench.first_node = ask_int("SELECT min(id) FROM nodes");
	db_listen(bench.conductor, "c_bench", on_work, NULL);
	db_listen(bench.api, "bench_reply", on_reply, NULL);
	fiber_sleep(200);
	long backend = (long)ask_int("SELECT pg_backend_pid()");
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (unsigned j = 0; j < run->client_count; j++)
			measure(&shapes[i], run->clients[j], run->seconds, backend);
	}
	measure(&lock_shape, LOCK_CLIENTS, run->seconds, backend);
	db_free(bench.api);
	db_free(bench.conductor);
	loop_stop();
}

int main(int argc, char **argv)
{
	struct run run = { .connection = argc > 1 ? argv[1] : getenv("FERRULE_BENCH_DB"),
			   .seconds = 2,
			   .clients = { 1, 16, 64 },
			   .client_count = 3 };

	if (run.connection == NULL) {
		fprintf(stderr, "usage: bench_bus CONNECTION [SECONDS [CLIENTS...]]\n");
		return 0; /* nothing to measure on */
	}
	if (argc > 2)
		run.seconds = strtod(argv[2], NULL);
	for (int i = 3; i < argc && i < 11; i++) {
		run.clients[i - 3] = (unsigned)strtoul(argv[i], NULL, 10);
		run.client_count = (unsigned)(i - 2);
	}
	log_init("bench_bus", LOG_WARNING, 0);
	loop_init();
	fiber_spawn("bench", bench_fiber, &run);
	loop_run();
	loop_release();
	return 0;
}
