#include "tools/ferrule/cluster.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/url.h"
#include "lib/xalloc.h"

#define PROGRAMS "/usr/lib/postgresql"

enum {
	VERSION_MIN = 14,
	SOCKET_FOLDER_MAX = 88, /* with "/.s.PGSQL.5432" below the 107 bytes of a socket's name */
	INITDB_TIMEOUT_MS = 120 * 1000,
	START_TIMEOUT_MS = 300 * 1000, /* recovery after a crash may read much WAL */
	START_POLL_MS = 5,
	ORPHAN_PATIENCE_MS = 20 * 1000,
	LOG_KEEP_BYTES = 16 * 1024 * 1024,
	PID_FILE_STATUS_LINE = 8 /* of postmaster.pid; source: PostgreSQL, miscadmin.h */
};

/* PostgreSQL's own defaults stand for all that decides whether a commit is safe. */
static const char settings[] =
	"# Written at each start of ferrule standalone. Settings of your own: local.conf beside this file.\n"
	"listen_addresses = ''\n"
	"unix_socket_permissions = 0700\n"
	"max_connections = 60\n"
	"shared_buffers = 128MB\n"
	"dynamic_shared_memory_type = posix\n"
	"max_wal_size = 1GB\n"
	"checkpoint_timeout = 15min\n"
	"random_page_cost = 1.1\n"
	"jit = off\n"
	"max_parallel_workers_per_gather = 0\n"
	"timezone = 'UTC'\n"
	"log_timezone = 'UTC'\n"
	"log_min_messages = log\n" /* errors of statements are in the programs' logs */
	"log_checkpoints = off\n"
	"include_if_exists = 'local.conf'\n";

/* A locale of the user may be missing here, and PG* variables name other clusters. */
static char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };

/* ---- small files ---- */

static int write_file(const char *folder, const char *name, const char *text, struct error *err)
{
	char *path = xasprintf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t len = strlen(text);
	int rc = 0;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		rc = fail(err, ERR_INTERNAL, "Cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	xfree(path);
	return rc;
}

/* The first size - 1 bytes of a file; "" when there is none. */
static void read_file(const char *folder, const char *name, char *text, size_t size)
{
	char *path = xasprintf("%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
	xfree(path);
}

/* The last line of PostgreSQL's log, for the sentence of an error. */
static void log_last_line(const struct cluster *cluster, char *text, size_t size)
{
	char tail[2048];
	int fd = open(cluster->log_path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t got = end <= 0 ? 0
			       : pread(fd, tail, sizeof tail - 1,
				       end > (off_t)sizeof tail ? end - (off_t)sizeof tail + 1 : 0);
	char *line;

	if (fd >= 0)
		close(fd);
	while (got > 0 && isspace((unsigned char)tail[got - 1]))
		got--;
	tail[got > 0 ? got : 0] = '\0';
	line = strrchr(tail, '\n');
	snprintf(text, size, "%.*s", (int)size - 1, line ? line + 1 : tail);
}

/* ---- where things are ---- */

static bool has_programs(const char *bin)
{
	char *initdb = xasprintf("%s/initdb", bin);
	bool is_there = access(initdb, X_OK) == 0;

	xfree(initdb);
	return is_there;
}

static long newest_version(void)
{
	glob_t found;
	long newest = 0;

	if (glob(PROGRAMS "/*/bin/initdb", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			long version = strtol(found.gl_pathv[i] + strlen(PROGRAMS "/"), NULL, 10);

			if (version > newest)
				newest = version;
		}
	}
	globfree(&found);
	return newest;
}

/* An existing cluster needs the programs of its own major version. */
static int find_programs(struct cluster *cluster, struct error *err)
{
	char text[32];
	long version;

	read_file(cluster->data, "PG_VERSION", text, sizeof text);
	version = strtol(text, NULL, 10);
	if (version == 0)
		version = newest_version();
	if (version < VERSION_MIN)
		return fail(err, ERR_INVALID,
			    "No PostgreSQL server of version %d or later in " PROGRAMS
			    ": tools/install-deps run installs it",
			    VERSION_MIN);
	cluster->bin = xasprintf(PROGRAMS "/%ld/bin", version);
	if (!has_programs(cluster->bin))
		return fail(err, ERR_INVALID,
			    "The cluster in %s is of PostgreSQL %ld, whose programs are not in %s",
			    cluster->data, version, cluster->bin);
	return 0;
}

/* A folder of ours in a place where others may write: it must be a folder, ours, and closed. */
static int make_private_folder(const char *path, struct error *err)
{
	struct stat info;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(err, ERR_INTERNAL, "Cannot make the folder %s: %s", path, strerror(errno));
	if (lstat(path, &info) < 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
	    (info.st_mode & 077))
		return fail(err, ERR_INTERNAL,
			    "%s, which the database's socket needs, is not a folder of ours: remove it "
			    "or use a data folder with a shorter path",
			    path);
	return 0;
}

static int choose_socket_folder(struct cluster *cluster, struct error *err)
{
	cluster->socket_folder = datadir_file(cluster->datadir, "run");
	if (strlen(cluster->socket_folder) <= SOCKET_FOLDER_MAX && !strpbrk(cluster->socket_folder, ",\"'"))
		return 0;
	xfree(cluster->socket_folder);
	cluster->socket_folder = xasprintf("/tmp/ferrule-%ld-%016llx", (long)geteuid(),
					   (unsigned long long)hash_text(HASH_START, cluster->datadir->path));
	return make_private_folder(cluster->socket_folder, err);
}

/* ---- making it ---- */

static int run_initdb(const struct cluster *cluster, const char *folder, struct error *err)
{
	char *path = xasprintf("%s/initdb", cluster->bin);
	char *argv[] = { path, "-D",   (char *)folder, "-U",          "ferrule",
			 "-E", "UTF8", "--no-locale",  "--auth=peer", NULL };
	struct child_spec spec = { .name = "initdb",
				   .executable_fd = -1,
				   .path = path,
				   .argv = argv,
				   .environment = environment,
				   .output_path = cluster->log_path,
				   .death_signal = SIGKILL };
	int rc = child_run(&spec, INITDB_TIMEOUT_MS, err);

	xfree(path);
	return rc;
}

/* Without a server: PostgreSQL's single-user mode reads the statement from its standard input. */
static int create_database(const struct cluster *cluster, const char *folder, struct error *err)
{
	char *path = xasprintf("%s/postgres", cluster->bin);
	char *argv[] = {
		path, "--single", "-D", (char *)folder, "-c", "exit_on_error=true", "postgres", NULL
	};
	struct child_spec spec = { .name = "postgres --single",
				   .executable_fd = -1,
				   .path = path,
				   .argv = argv,
				   .environment = environment,
				   .output_path = cluster->log_path,
				   .input = "CREATE DATABASE ferrule\n",
				   .death_signal = SIGKILL };
	int rc = child_run(&spec, INITDB_TIMEOUT_MS, err);

	xfree(path);
	return rc;
}

static int remove_folder(const char *folder, struct error *err)
{
	char *argv[] = { "rm", "-rf", (char *)folder, NULL };
	struct child_spec spec = {
		.name = "rm", .executable_fd = -1, .path = "/bin/rm", .argv = argv, .death_signal = SIGKILL
	};

	return child_run(&spec, INITDB_TIMEOUT_MS, err);
}

/* Made under another name and renamed when complete, so that a crash leaves no half of a cluster. */
static int make_cluster(const struct cluster *cluster, struct error *err)
{
	char *unfinished = datadir_file(cluster->datadir, "postgresql.new");
	char line[512];
	int rc = access(unfinished, F_OK) == 0 ? remove_folder(unfinished, err) : 0;

	log_info("making a PostgreSQL cluster in %s", cluster->data);
	if (rc == 0)
		rc = run_initdb(cluster, unfinished, err);
	if (rc == 0)
		rc = create_database(cluster, unfinished, err);
	if (rc < 0) {
		log_last_line(cluster, line, sizeof line);
		rc = fail_prefix(err, "PostgreSQL's log ends with \"%s\"", line);
	} else if (rename(unfinished, cluster->data) < 0) {
		rc = fail(err, ERR_INTERNAL, "Cannot rename %s: %s", unfinished, strerror(errno));
	}
	xfree(unfinished);
	return rc;
}

static bool is_made(const struct cluster *cluster)
{
	char version[32];

	read_file(cluster->data, "PG_VERSION", version, sizeof version);
	return version[0] != '\0';
}

static int write_settings(const struct cluster *cluster, struct error *err)
{
	char *names = xasprintf("ferrule root ferrule\nferrule %s ferrule\n", cluster->datadir->account.name);
	int rc = write_file(cluster->data, "postgresql.conf", settings, err);

	if (rc == 0)
		rc = write_file(cluster->data, "pg_hba.conf", "local all all peer map=ferrule\n", err);
	if (rc == 0)
		rc = write_file(cluster->data, "pg_ident.conf", names, err);
	xfree(names);
	return rc;
}

/* postmaster.pid of a killed server may name a process that got the same id since; nobody holds our lock,
 * so no server of ours runs. A server that somebody started by hand is left alone. */
static int check_pid_file(const struct cluster *cluster, struct error *err)
{
	char text[64], folder[4096];
	char *link, *path;
	ssize_t len;
	long pid;

	read_file(cluster->data, "postmaster.pid", text, sizeof text);
	pid = strtol(text, NULL, 10);
	if (pid <= 0)
		return 0;
	link = xasprintf("/proc/%ld/cwd", pid);
	len = readlink(link, folder, sizeof folder - 1);
	xfree(link);
	folder[len > 0 ? len : 0] = '\0';
	if (strcmp(folder, cluster->data) == 0)
		return fail(err, ERR_CONFLICT,
			    "A PostgreSQL server that is not ours runs in %s (process %ld): stop it",
			    cluster->data, pid);
	path = xasprintf("%s/postmaster.pid", cluster->data);
	unlink(path);
	xfree(path);
	return 0;
}

static void shorten_log(const struct cluster *cluster)
{
	struct stat info;

	if (stat(cluster->log_path, &info) == 0 && info.st_size > LOG_KEEP_BYTES &&
	    truncate(cluster->log_path, 0) < 0)
		log_warning("cannot shorten %s: %s", cluster->log_path, strerror(errno));
}

int cluster_prepare(struct cluster *cluster, const struct datadir *datadir, struct error *err)
{
	int rc;

	*cluster = (struct cluster){ .datadir = datadir,
				     .data = datadir_file(datadir, "postgresql"),
				     .lock_path = datadir_file(datadir, "run/postgresql.lock"),
				     .log_path = datadir_file(datadir, "log/postgresql.log") };
	shorten_log(cluster);
	rc = find_programs(cluster, err);
	if (rc == 0)
		rc = choose_socket_folder(cluster, err);
	if (rc == 0)
		rc = child_end_orphan("PostgreSQL", cluster->lock_path, SIGINT, ORPHAN_PATIENCE_MS, err);
	if (rc == 0 && !is_made(cluster))
		rc = make_cluster(cluster, err);
	return rc;
}

/* ---- running it ---- */

static bool takes_connections(const struct cluster *cluster)
{
	char text[1024];
	char *line = text;

	read_file(cluster->data, "postmaster.pid", text, sizeof text);
	if (strtol(text, NULL, 10) != cluster->postgres.pid)
		return false;
	for (int i = 1; line && i < PID_FILE_STATUS_LINE; i++) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return line && strncmp(line, "ready", strlen("ready")) == 0;
}

static int wait_ready(struct cluster *cluster, struct error *err)
{
	int64_t deadline_ms = clock_ms() + START_TIMEOUT_MS;
	char line[512];

	while (!takes_connections(cluster)) {
		int rc = clock_ms() >= deadline_ms ? -ERR_TIMEOUT : fiber_sleep(START_POLL_MS);

		if (rc < 0)
			return fail(err, -rc, "PostgreSQL did not become ready");
		if (!cluster->postgres.is_running) {
			log_last_line(cluster, line, sizeof line);
			return fail(err, ERR_INTERNAL,
				    "PostgreSQL ended at once (%s); its log %s ends with \"%s\"",
				    child_end_text(&cluster->postgres), cluster->log_path, line);
		}
	}
	return 0;
}

int cluster_start(struct cluster *cluster, struct error *err)
{
	char *path = xasprintf("%s/postgres", cluster->bin);
	char *argv[] = { path, "-D", cluster->data, "-k", cluster->socket_folder, NULL };
	struct child_spec spec = { .name = "PostgreSQL",
				   .executable_fd = -1,
				   .path = path,
				   .argv = argv,
				   .environment = environment,
				   .lock_path = cluster->lock_path,
				   .output_path = cluster->log_path,
				   .death_signal = SIGINT };
	int rc = child_end_orphan("PostgreSQL", cluster->lock_path, SIGINT, ORPHAN_PATIENCE_MS, err);

	if (rc == 0)
		rc = check_pid_file(cluster, err);
	if (rc == 0)
		rc = write_settings(cluster, err);
	if (rc == 0)
		rc = child_start(&cluster->postgres, &spec, err);
	xfree(path);
	return rc < 0 ? rc : wait_ready(cluster, err);
}

void cluster_stop(struct cluster *cluster)
{
	child_stop(&cluster->postgres, SIGINT, CLUSTER_PATIENCE_MS, SIGQUIT);
	rmdir(cluster->socket_folder); /* the one in /tmp; the other is not empty */
}

char *cluster_connection(const struct cluster *cluster)
{
	struct buf uri;

	buf_init(&uri, 8192);
	buf_puts(&uri, "postgresql:///ferrule?user=ferrule&host=");
	url_encode(&uri, cluster->socket_folder, "/");
	return buf_take(&uri);
}

void cluster_release(struct cluster *cluster)
{
	xfree(cluster->bin);
	xfree(cluster->data);
	xfree(cluster->socket_folder);
	xfree(cluster->lock_path);
	xfree(cluster->log_path);
	*cluster = (struct cluster){ 0 };
}
