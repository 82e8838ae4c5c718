#include "tools/ferrule/datadir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xalloc.h"

static const char *const accounts[] = { "ferrule", "postgres", "nobody", NULL };
static const char *const folders[] = { "run", "log", NULL };

char *datadir_default(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (geteuid() == 0)
		return xstrdup("/var/lib/ferrule");
	if (home && home[0] == '/')
		return xasprintf("%s/.local/state/ferrule", home);
	user = getpwuid(geteuid());
	return xasprintf("%s/.local/state/ferrule", user ? user->pw_dir : "");
}

char *datadir_file(const struct datadir *datadir, const char *inner)
{
	return xasprintf("%s/%s", datadir->path, inner);
}

static void account_set(struct account *account, const struct passwd *user)
{
	account->uid = user->pw_uid;
	account->gid = user->pw_gid;
	snprintf(account->name, sizeof account->name, "%s", user->pw_name);
}

static int account_of_uid(struct account *account, uid_t uid, struct error *err)
{
	const struct passwd *user = getpwuid(uid);

	if (!user)
		return fail(err, ERR_INVALID, "User id %ld has no entry in the user database", (long)uid);
	account_set(account, user);
	return 0;
}

static int account_choose(struct account *account, struct error *err)
{
	for (size_t i = 0; accounts[i]; i++) {
		const struct passwd *user = getpwnam(accounts[i]);

		if (user && user->pw_uid != 0) {
			account_set(account, user);
			return 0;
		}
	}
	return fail(err, ERR_INVALID,
		    "Neither user ferrule nor postgres nor nobody exists to run Ferrule as");
}

/* Becomes the account in this process. */
static int account_become(const struct account *account)
{
	if (setgroups(1, &account->gid) < 0 || setresgid(account->gid, account->gid, account->gid) < 0)
		return -1;
	return setresuid(account->uid, account->uid, account->uid);
}

/* ---- reach ---- */

/* Length of the first leading folder of path that the calling process cannot pass; 0: none. Folders that
 * do not exist yet do not count. */
static size_t unreachable_prefix(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);

		if (len >= sizeof part)
			return len;
		memcpy(part, path, len);
		part[len] = '\0';
		if (access(part, X_OK) < 0)
			return errno == ENOENT ? 0 : len;
	}
	return 0;
}

/* The same, as the account: a process of its own becomes it and looks. */
static size_t unreachable_for(const struct account *account, const char *path)
{
	int ends[2];
	size_t len = 0;
	pid_t pid;

	if (geteuid() != 0)
		return unreachable_prefix(path);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return strlen(path);
	pid = fork();
	if (pid == 0) {
		len = account_become(account) < 0 ? strlen(path) : unreachable_prefix(path);
		_exit(write(ends[1], &len, sizeof len) == sizeof len ? 0 : 1);
	}
	close(ends[1]);
	if (pid < 0 || read(ends[0], &len, sizeof len) != sizeof len)
		len = strlen(path);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return len;
}

static int check_reach(const struct datadir *datadir, struct error *err)
{
	size_t len = unreachable_for(&datadir->account, datadir->path);

	if (len == 0)
		return 0;
	return fail(err, ERR_INVALID,
		    "User %s, whom PostgreSQL and Ferrule run as, cannot enter %.*s and so not use the data "
		    "folder %s: "
		    "name another one with --data-dir",
		    datadir->account.name, (int)len, datadir->path, datadir->path);
}

/* ---- the folder ---- */

static int make_parents(const char *path, struct error *err)
{
	char *part = xstrdup(path);
	int rc = 0;

	for (char *slash = strchr(part + 1, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			rc = fail(err, ERR_INVALID, "Cannot make the folder %s: %s", part, strerror(errno));
		*slash = '/';
	}
	xfree(part);
	return rc;
}

static bool folder_is_empty(int fd)
{
	DIR *dir = fdopendir(dup(fd));
	const struct dirent *entry;
	bool is_empty = true;

	while (dir && is_empty && (entry = readdir(dir)))
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	return is_empty;
}

/* An opened folder that exists: whose is it, and whose does it become? */
static int adopt_folder(struct datadir *datadir, int fd, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return fail(err, ERR_INVALID, "Cannot look at %s: %s", datadir->path, strerror(errno));
	if (geteuid() != 0) {
		if (info.st_uid != geteuid())
			return fail(err, ERR_INVALID, "The data folder %s belongs to another user",
				    datadir->path);
		return account_of_uid(&datadir->account, geteuid(), err);
	}
	if (info.st_uid != 0)
		return account_of_uid(&datadir->account, info.st_uid, err);
	if (!folder_is_empty(fd))
		return fail(err, ERR_INVALID,
			    "The data folder %s belongs to root and is not empty: name another one "
			    "with --data-dir",
			    datadir->path);
	if (fchown(fd, datadir->account.uid, datadir->account.gid) < 0 || fchmod(fd, 0700) < 0)
		return fail(err, ERR_INVALID, "Cannot give %s to user %s: %s", datadir->path,
			    datadir->account.name, strerror(errno));
	return 0;
}

static int open_folder(struct datadir *datadir, struct error *err)
{
	int rc, fd;

	if (mkdir(datadir->path, 0700) < 0 && errno != EEXIST)
		return fail(err, ERR_INVALID, "Cannot make the data folder %s: %s", datadir->path,
			    strerror(errno));
	fd = open(datadir->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(err, ERR_INVALID, "Cannot open the data folder %s: %s", datadir->path,
			    strerror(errno));
	rc = adopt_folder(datadir, fd, err);
	close(fd);
	return rc;
}

/* Absolute, without a slash at the end. */
static char *absolute_path(const char *path)
{
	char here[4096];
	char *whole;

	if (path[0] == '/' || !getcwd(here, sizeof here))
		whole = xstrdup(path);
	else
		whole = xasprintf("%s/%s", here, path);
	for (size_t len = strlen(whole); len > 1 && whole[len - 1] == '/'; len--)
		whole[len - 1] = '\0';
	return whole;
}

int datadir_prepare(struct datadir *datadir, const char *path, struct error *err)
{
	int rc;

	*datadir = (struct datadir){ .path = absolute_path(path), .lock_fd = -1 };
	if (geteuid() == 0)
		rc = account_choose(&datadir->account, err);
	else
		rc = account_of_uid(&datadir->account, geteuid(), err);
	if (rc == 0)
		rc = check_reach(datadir, err);
	if (rc == 0)
		rc = make_parents(datadir->path, err);
	if (rc == 0)
		rc = open_folder(datadir, err);
	if (rc == 0) /* once more: the owner of an existing folder may be another account */
		rc = check_reach(datadir, err);
	return rc;
}

int datadir_drop_privileges(const struct datadir *datadir, struct error *err)
{
	if (geteuid() != 0)
		return 0;
	if (account_become(&datadir->account) < 0)
		return fail(err, ERR_INTERNAL, "Cannot become user %s: %s", datadir->account.name,
			    strerror(errno));
	/* Cores and leak checkers need it; there is nothing in this process that the account may not see. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

static int make_folders(const struct datadir *datadir, struct error *err)
{
	for (size_t i = 0; folders[i]; i++) {
		char *folder = datadir_file(datadir, folders[i]);
		int rc = mkdir(folder, 0700) < 0 && errno != EEXIST
				 ? fail(err, ERR_INVALID, "Cannot make the folder %s: %s", folder,
					strerror(errno))
				 : 0;

		xfree(folder);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int lock_file(int fd, const char *path, struct error *err)
{
	char text[32] = "";

	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t got = pread(fd, text, sizeof text - 1, 0);

		return fail(err, ERR_CONFLICT,
			    "The data folder %s is in use by another ferrule standalone (process %ld)", path,
			    got > 0 ? strtol(text, NULL, 10) : 0L);
	}
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
		return fail(err, ERR_INVALID, "Cannot write into the data folder %s: %s", path,
			    strerror(errno));
	return 0;
}

int datadir_lock(struct datadir *datadir, struct error *err)
{
	char *path = datadir_file(datadir, "lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0)
		rc = fail(err, ERR_INVALID, "Cannot open %s: %s", path, strerror(errno));
	else
		rc = lock_file(fd, datadir->path, err);
	xfree(path);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	datadir->lock_fd = fd;
	return make_folders(datadir, err);
}

void datadir_release(struct datadir *datadir)
{
	if (datadir->lock_fd >= 0)
		close(datadir->lock_fd);
	datadir->lock_fd = -1;
	xfree(datadir->path);
	datadir->path = NULL;
}
