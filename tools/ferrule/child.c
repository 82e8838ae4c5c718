#include "tools/ferrule/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/loop.h"

enum { ORPHAN_POLL_MS = 10, ORPHAN_KILL_WAIT_MS = 10000, INPUT_MAX = 4096 };

static struct child *running;

static void collect(int signum, void *arg)
{
	(void)signum;
	(void)arg;
	for (struct child **link = &running; *link;) {
		struct child *child = *link;

		if (waitpid(child->pid, &child->status, WNOHANG) != child->pid) {
			link = &child->next;
			continue;
		}
		*link = child->next;
		child->is_running = false;
		cond_broadcast(&child->ended);
	}
}

void children_init(void)
{
	loop_on_signal(SIGCHLD, collect, NULL);
}

/* What the new process needs between fork and exec, all made before the fork. */
struct launch {
	const struct child_spec *spec;
	pid_t parent;
	int input_fd;
	int output_fd; /* -1: keep ours */
	int lock_fd;   /* -1: none */
	int report_fd; /* errno of what failed; closed by a successful exec */
};

static int lock_write_pid(int fd)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return -1;
	return fcntl(fd, F_SETFD, 0); /* stays open in the program */
}

static int become(const struct launch *launch)
{
	const struct child_spec *spec = launch->spec;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, spec->death_signal) < 0)
		return -1;
	if (getppid() != launch->parent) /* died before the prctl took effect */
		_exit(1);
	if (dup2(launch->input_fd, STDIN_FILENO) < 0)
		return -1;
	if (launch->output_fd >= 0 &&
	    (dup2(launch->output_fd, STDOUT_FILENO) < 0 || dup2(launch->output_fd, STDERR_FILENO) < 0))
		return -1;
	if (launch->lock_fd >= 0 && lock_write_pid(launch->lock_fd) < 0)
		return -1;
	if (spec->executable_fd >= 0)
		return fexecve(spec->executable_fd, spec->argv,
			       spec->environment ? spec->environment : environ);
	return execve(spec->path, spec->argv, spec->environment ? spec->environment : environ);
}

static int open_input(const char *text)
{
	int ends[2];

	if (!text)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (strlen(text) > INPUT_MAX || pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (write(ends[1], text, strlen(text)) < 0) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

static int lock_open(const char *name, const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail(err, ERR_INTERNAL, "Cannot open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return fail(err, ERR_CONFLICT, "Another %s holds %s", name, path);
	}
	return fd;
}

static int launch_open(struct launch *launch, struct error *err)
{
	const struct child_spec *spec = launch->spec;

	launch->input_fd = open_input(spec->input);
	if (launch->input_fd < 0)
		return fail(err, ERR_INTERNAL, "Cannot prepare the input of %s: %s", spec->name,
			    strerror(errno));
	if (spec->output_path) {
		launch->output_fd =
			open(spec->output_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (launch->output_fd < 0)
			return fail(err, ERR_INTERNAL, "Cannot open %s: %s", spec->output_path,
				    strerror(errno));
	}
	if (spec->lock_path) {
		launch->lock_fd = lock_open(spec->name, spec->lock_path, err);
		if (launch->lock_fd < 0)
			return launch->lock_fd;
	}
	return 0;
}

static void launch_close(struct launch *launch)
{
	if (launch->input_fd >= 0)
		close(launch->input_fd);
	if (launch->output_fd >= 0)
		close(launch->output_fd);
	if (launch->lock_fd >= 0)
		close(launch->lock_fd);
}

/* Forks; *ret_errno is what kept the program from starting, 0: it runs. */
static pid_t launch_fork(struct launch *launch, int *ret_errno)
{
	int report[2];
	pid_t pid;
	ssize_t got;

	*ret_errno = 0;
	if (pipe2(report, O_CLOEXEC) < 0)
		return -1;
	launch->report_fd = report[1];
	pid = fork();
	if (pid == 0) {
		int problem;

		become(launch);
		problem = errno;
		got = write(launch->report_fd, &problem, sizeof problem);
		_exit(got == sizeof problem ? 127 : 126);
	}
	close(report[1]);
	do
		got = pid < 0 ? 0 : read(report[0], ret_errno, sizeof *ret_errno);
	while (got < 0 && errno == EINTR);
	close(report[0]);
	return pid;
}

int child_start(struct child *child, const struct child_spec *spec, struct error *err)
{
	struct launch launch = {
		.spec = spec, .parent = getpid(), .input_fd = -1, .output_fd = -1, .lock_fd = -1
	};
	int problem, rc;
	pid_t pid;

	rc = launch_open(&launch, err);
	if (rc < 0) {
		launch_close(&launch);
		return rc;
	}
	fflush(NULL);
	pid = launch_fork(&launch, &problem);
	launch_close(&launch);
	if (pid < 0)
		return fail(err, ERR_INTERNAL, "Cannot start %s: %s", spec->name, strerror(errno));
	if (problem != 0) {
		waitpid(pid, NULL, 0);
		return fail(err, ERR_INTERNAL, "Cannot run %s: %s", spec->path, strerror(problem));
	}
	*child = (struct child){ .name = spec->name, .pid = pid, .is_running = true, .next = running };
	running = child;
	return 0;
}

int child_wait(struct child *child, int64_t deadline_ms)
{
	while (child->is_running) {
		int rc = cond_wait(&child->ended, deadline_ms);

		if (rc < 0)
			return child->is_running ? rc : 0;
	}
	return 0;
}

void child_stop(struct child *child, int first_signal, int64_t patience_ms, int last_signal)
{
	if (!child->is_running)
		return;
	kill(child->pid, first_signal);
	if (child_wait(child, clock_ms() + patience_ms) == 0)
		return;
	log_warning("%s did not end within %lld s", child->name, (long long)(patience_ms / 1000));
	kill(child->pid, last_signal);
	fiber_shield_begin();
	child_wait(child, DEADLINE_NEVER);
	fiber_shield_end();
}

int child_run(const struct child_spec *spec, int64_t timeout_ms, struct error *err)
{
	struct child child = { 0 };
	int rc = child_start(&child, spec, err);

	if (rc < 0)
		return rc;
	rc = child_wait(&child, clock_ms() + timeout_ms);
	if (rc < 0) {
		child_stop(&child, SIGKILL, 0, SIGKILL);
		return fail(err, -rc, "%s was stopped: it ran for %lld s", spec->name,
			    (long long)(timeout_ms / 1000));
	}
	if (!child_ended_well(&child))
		return fail(err, ERR_INTERNAL, "%s failed: %s", spec->name, child_end_text(&child));
	return 0;
}

bool child_ended_well(const struct child *child)
{
	return !child->is_running && WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
}

const char *child_end_text(const struct child *child)
{
	static char text[64];

	if (WIFSIGNALED(child->status))
		snprintf(text, sizeof text, "signal %d (%s)", WTERMSIG(child->status),
			 strsignal(WTERMSIG(child->status)));
	else
		snprintf(text, sizeof text, "exit status %d", WEXITSTATUS(child->status));
	return text;
}

/* The process id in a lock file that somebody holds; 0: none there (yet). */
static pid_t lock_holder(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof text - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

/* Signals whoever holds the lock until deadline_ms; true when the lock is free. */
static bool orphan_signal(int fd, int signum, int64_t deadline_ms)
{
	bool is_sent = false;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		pid_t holder = lock_holder(fd);

		if (clock_ms() >= deadline_ms)
			return false;
		if (!is_sent && holder > 1)
			is_sent = kill(holder, signum) == 0;
		if (fiber_sleep(ORPHAN_POLL_MS) < 0)
			return false;
	}
	return true;
}

int child_end_orphan(const char *name, const char *lock_path, int first_signal, int64_t patience_ms,
		     struct error *err)
{
	int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_free;

	if (fd < 0)
		return fail(err, ERR_INTERNAL, "Cannot open %s: %s", lock_path, strerror(errno));
	is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (!is_free) {
		log_info("ending a %s that an earlier ferrule standalone left behind", name);
		is_free = orphan_signal(fd, first_signal, clock_ms() + patience_ms) ||
			  orphan_signal(fd, SIGKILL, clock_ms() + ORPHAN_KILL_WAIT_MS);
	}
	close(fd);
	return is_free ? 0 : fail(err, ERR_CONFLICT, "An earlier %s still runs and does not end", name);
}
