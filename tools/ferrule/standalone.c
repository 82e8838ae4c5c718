#include "tools/ferrule/standalone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/server.h"
#include "conductor/options.h"
#include "lib/clock.h"
#include "lib/config.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"
#include "tools/ferrule/child.h"
#include "tools/ferrule/cluster.h"
#include "tools/ferrule/datadir.h"
#include "tools/ferrule/settings.h"
#include "tools/ferrule/supervisor.h"

enum {
	MIGRATE_TIMEOUT_MS = 600 * 1000,
	READY_TIMEOUT_MS = 60 * 1000,
	READY_POLL_MS = 10,
	API_PATIENCE_MS = 45 * 1000,      /* longer than the API's own draining */
	CONDUCTOR_PATIENCE_MS = 30 * 1000 /* beyond [conductor] graceful_timeout */
};

/* A program beside our own, opened before privileges are dropped: its folder may be root's alone. */
struct program {
	const char *name;
	char *path;
	int fd;
	struct child child;
	struct supervised supervised;
};

enum { PROGRAM_SELF, PROGRAM_API, PROGRAM_CONDUCTOR, PROGRAM_COUNT };

static struct {
	const struct standalone_arguments *arguments;
	char *user_text; /* of the configuration file, which may be root's alone; NULL: none */
	struct datadir datadir;
	struct cluster cluster;
	struct supervised database;
	struct program programs[PROGRAM_COUNT];
	char *generated_path; /* DIR/run/ferrule.conf */
	bool is_stopping;
	struct cond stop;
	int status;
} standalone_state = {
	.programs = {
		[PROGRAM_SELF]      = { .name = "ferrule", .fd = -1 },
		[PROGRAM_API]       = { .name = "ferrule-api", .fd = -1 },
		[PROGRAM_CONDUCTOR] = { .name = "ferrule-conductor", .fd = -1 },
	},
};

/* ---- before anything starts ---- */

static int load_configuration(struct error *err)
{
	const char *path = settings_path(standalone_state.arguments->config_path);
	int rc = settings_load(path, err);

	if (rc == 0 && path)
		rc = settings_read_text(path, &standalone_state.user_text, err);
	return rc;
}

static int wanted_port(void)
{
	return standalone_state.arguments->port ? standalone_state.arguments->port : server_port();
}

/* Fills an address from numeric text; 0 when it is none. */
static socklen_t numeric_address(const char *host, int port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof *four;
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return sizeof *six;
	}
	return 0;
}

static int check_port(const char *host, int port, struct error *err)
{
	struct sockaddr_storage address;
	socklen_t len = numeric_address(host, port, &address);
	int rc = 0, yes = 1, fd;

	if (len == 0)
		return fail(err, ERR_INVALID, "[api] host_ip: %s is not a numeric address", host);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(err, ERR_INVALID, "Cannot make a socket for %s: %s", host, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1) < 0) {
		if (errno == EADDRINUSE)
			rc = fail(err, ERR_CONFLICT,
				  "Port %d on %s is in use by another program: stop that or name "
				  "another port with --port",
				  port, host);
		else
			rc = fail(err, ERR_INVALID, "Cannot listen on %s port %d: %s", host, port,
				  strerror(errno));
	}
	close(fd);
	return rc;
}

static int check_ports(struct error *err)
{
	const struct option_list *hosts = server_addresses();
	int rc = 0;

	if (wanted_port() == 0)
		return fail(err, ERR_INVALID,
			    "[api] port = 0: a standalone needs a port that clients can know");
	for (size_t i = 0; i < hosts->count && rc == 0; i++)
		rc = check_port(hosts->items[i], wanted_port(), err);
	return rc;
}

static int open_program(struct program *program, const char *folder, struct error *err)
{
	program->path = xasprintf("%s/%s", folder, program->name);
	program->fd = open(program->path, O_PATH | O_CLOEXEC);
	if (program->fd < 0)
		return fail(err, ERR_INTERNAL, "Cannot open %s: %s", program->path, strerror(errno));
	return 0;
}

static int open_programs(struct error *err)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

	if (len <= 0)
		return fail(err, ERR_INTERNAL, "Cannot tell where this program is: %s", strerror(errno));
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < PROGRAM_COUNT; i++) {
		int rc = open_program(&standalone_state.programs[i], self, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* As root up to the point where the account takes over. */
static int prepare(struct error *err)
{
	char *path = standalone_state.arguments->data_dir ? xstrdup(standalone_state.arguments->data_dir)
							  : datadir_default();
	int rc = datadir_prepare(&standalone_state.datadir, path, err);

	xfree(path);
	if (rc == 0)
		rc = datadir_drop_privileges(&standalone_state.datadir, err);
	if (rc == 0 && chdir(standalone_state.datadir.path) < 0)
		rc = fail(err, ERR_INVALID, "Cannot enter %s: %s", standalone_state.datadir.path,
			  strerror(errno));
	if (rc == 0)
		rc = datadir_lock(&standalone_state.datadir, err);
	return rc;
}

/* ---- the programs ---- */

/* By path where we may enter the folder (ps then shows the program's name), else by what was opened. */
static void program_spec(struct child_spec *spec, const struct program *program, char *const *argv)
{
	*spec = (struct child_spec){ .name = program->name,
				     .path = program->path,
				     .argv = argv,
				     .executable_fd = access(program->path, X_OK) == 0 ? -1 : program->fd,
				     .death_signal = SIGKILL };
}

static char *program_lock_path(const struct program *program)
{
	char *inner = xasprintf("run/%s.lock", program->name);
	char *path = datadir_file(&standalone_state.datadir, inner);

	xfree(inner);
	return path;
}

static int program_end_orphan(const struct program *program, struct error *err)
{
	char *lock_path = program_lock_path(program);
	int rc = child_end_orphan(program->name, lock_path, SIGKILL, 0, err);

	xfree(lock_path);
	return rc;
}

static int program_start(struct supervised *self, struct error *err)
{
	struct program *program = self->owner;
	char *argv[] = { program->path, "--config", standalone_state.generated_path, NULL };
	char *lock_path = program_lock_path(program);
	struct child_spec spec;
	int rc;

	program_spec(&spec, program, argv);
	spec.lock_path = lock_path;
	rc = child_start(&program->child, &spec, err);
	xfree(lock_path);
	return rc;
}

static int program_begin(struct program *program, struct error *err)
{
	int rc;

	program->supervised = (struct supervised){
		.name = program->name, .start = program_start, .child = &program->child, .owner = program
	};
	rc = program_start(&program->supervised, err);
	if (rc == 0)
		supervise(&program->supervised);
	return rc;
}

static void program_end(struct program *program, int64_t patience_ms)
{
	if (program->child.pid == 0)
		return;
	supervised_stop(&program->supervised, SIGTERM, patience_ms, SIGKILL);
	if (program->supervised.has_misbehaved)
		standalone_state.status = 1;
}

/* ---- the database ---- */

static int database_start(struct supervised *self, struct error *err)
{
	return cluster_start(self->owner, err);
}

static int database_begin(struct error *err)
{
	struct supervised *database = &standalone_state.database;
	int rc = cluster_start(&standalone_state.cluster, err);

	if (rc < 0)
		return rc;
	*database = (struct supervised){ .name = "PostgreSQL",
					 .start = database_start,
					 .child = &standalone_state.cluster.postgres,
					 .owner = &standalone_state.cluster };
	supervise(database);
	return 0;
}

static void database_end(void)
{
	if (standalone_state.database.child)
		supervised_stop(&standalone_state.database, SIGINT, CLUSTER_PATIENCE_MS, SIGQUIT);
	if (standalone_state.cluster.datadir)
		cluster_stop(&standalone_state.cluster);
}

static int write_configuration(struct error *err)
{
	char *connection = cluster_connection(&standalone_state.cluster);
	char *text = settings_compose(standalone_state.user_text, connection, wanted_port());
	int rc = 0, fd;

	standalone_state.generated_path = datadir_file(&standalone_state.datadir, "run/ferrule.conf");
	fd = open(standalone_state.generated_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		rc = fail(err, ERR_INTERNAL, "Cannot write %s: %s", standalone_state.generated_path,
			  strerror(errno));
	if (fd >= 0)
		close(fd);
	xfree_secret(text);
	xfree(connection);
	return rc;
}

static int migrate(struct error *err)
{
	struct program *self = &standalone_state.programs[PROGRAM_SELF];
	char *argv[] = { self->path, "db", "upgrade", "--config", standalone_state.generated_path, NULL };
	struct child_spec spec;

	program_spec(&spec, self, argv);
	spec.name = "ferrule db upgrade";
	return child_run(&spec, MIGRATE_TIMEOUT_MS, err);
}

/* ---- the course of things ---- */

static bool api_answers(const char *url)
{
	struct http_fetch fetch = {
		.method = "GET", .url = url, .timeout_ms = 2000, .is_last = true, .is_tls_unverified = true
	};
	int rc = http_fetch(&fetch, NULL);
	bool is_there = rc == 0 && fetch.status == 200;

	http_fetch_release(&fetch);
	return is_there;
}

/* By which this machine reaches the first address that is listened on. */
static char *api_url(void)
{
	const char *host = server_addresses()->items[0];

	if (strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	return xasprintf(strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
			 server_is_tls() ? "https" : "http", host, wanted_port());
}

static int wait_ready(const char *url, struct error *err)
{
	int64_t deadline_ms = clock_ms() + READY_TIMEOUT_MS;

	while (!api_answers(url)) {
		if (standalone_state.is_stopping)
			return fail(err, ERR_CANCELLED, "Stopped while starting");
		if (clock_ms() >= deadline_ms)
			return fail(err, ERR_TIMEOUT, "The API at %s did not answer within %d s", url,
				    READY_TIMEOUT_MS / 1000);
		fiber_sleep(READY_POLL_MS);
	}
	return 0;
}

static int begin_cluster(struct error *err)
{
	return cluster_prepare(&standalone_state.cluster, &standalone_state.datadir, err);
}

static int end_orphans(struct error *err)
{
	int rc = program_end_orphan(&standalone_state.programs[PROGRAM_API], err);

	return rc < 0 ? rc : program_end_orphan(&standalone_state.programs[PROGRAM_CONDUCTOR], err);
}

static int begin_conductor(struct error *err)
{
	return program_begin(&standalone_state.programs[PROGRAM_CONDUCTOR], err);
}

static int begin_api(struct error *err)
{
	return program_begin(&standalone_state.programs[PROGRAM_API], err);
}

static int serve(struct error *err)
{
	char *url = api_url();
	int rc = wait_ready(url, err);

	if (rc == 0) {
		printf("Ferrule is ready: %s\n"
		       "  data      %s\n"
		       "  database  psql -h %s -U ferrule ferrule\n"
		       "  stop      kill %ld\n",
		       url, standalone_state.datadir.path, standalone_state.cluster.socket_folder,
		       (long)getpid());
		fflush(stdout);
	}
	while (rc == 0 && !standalone_state.is_stopping)
		cond_wait(&standalone_state.stop, DEADLINE_NEVER);
	xfree(url);
	return rc;
}

/* Nothing has been started up to check_ports. */
static int (*const steps[])(struct error *err) = { load_configuration,
						   open_programs,
						   prepare,
						   end_orphans,
						   check_ports,
						   begin_cluster,
						   database_begin,
						   write_configuration,
						   migrate,
						   begin_conductor,
						   begin_api,
						   serve,
						   NULL };

static void run(void *arg)
{
	struct error err;
	int rc = 0;

	(void)arg;
	for (size_t i = 0; rc == 0 && steps[i] && !standalone_state.is_stopping; i++)
		rc = steps[i](&err);
	if (rc < 0 && !standalone_state.is_stopping) {
		log_error("%s", err.text);
		standalone_state.status = 1;
	}
	program_end(&standalone_state.programs[PROGRAM_API], API_PATIENCE_MS);
	program_end(&standalone_state.programs[PROGRAM_CONDUCTOR],
		    seconds_ms(conductor_options.graceful_timeout_s) + CONDUCTOR_PATIENCE_MS);
	database_end();
	loop_stop();
}

/* The first signal ends everything in order; a second one does not wait for draining. */
static void on_signal(int signum, void *arg)
{
	(void)signum;
	(void)arg;
	for (size_t i = 0; standalone_state.is_stopping && i < PROGRAM_COUNT; i++) {
		if (standalone_state.programs[i].child.is_running)
			kill(standalone_state.programs[i].child.pid, SIGKILL);
	}
	standalone_state.is_stopping = true;
	cond_broadcast(&standalone_state.stop);
}

static void release(void)
{
	for (size_t i = 0; i < PROGRAM_COUNT; i++) {
		if (standalone_state.programs[i].fd >= 0)
			close(standalone_state.programs[i].fd);
		xfree(standalone_state.programs[i].path);
	}
	xfree(standalone_state.generated_path);
	xfree_secret(standalone_state.user_text);
	cluster_release(&standalone_state.cluster);
	datadir_release(&standalone_state.datadir);
	config_release();
}

static bool is_ignored(int signum)
{
	struct sigaction action;

	return sigaction(signum, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int standalone(const struct standalone_arguments *arguments)
{
	log_init("ferrule", LOG_INFO, 0);
	standalone_state.arguments = arguments;
	standalone_state.datadir.lock_fd = -1;
	loop_init();
	http_client_init();
	children_init();
	loop_on_signal(SIGTERM, on_signal, NULL);
	loop_on_signal(SIGINT, on_signal, NULL);
	if (!is_ignored(SIGHUP)) /* nohup means to stay */
		loop_on_signal(SIGHUP, on_signal, NULL);
	fiber_spawn("standalone", run, NULL);
	loop_run();
	http_client_release();
	loop_release();
	release();
	return standalone_state.status;
}
