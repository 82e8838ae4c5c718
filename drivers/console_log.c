/*
 * console_log: what consoles say, in files: <log_dir>/<node uuid>.log, at most log_bytes, then it becomes
 * .log.1 in place of the one before. One fiber writes for all, by the thread pool; a disk that stands still
 * costs bytes of the log (and a line that says so), never a console.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/console_options.h"
#include "drivers/console_private.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* Bytes are collected so long before they are written. */
enum { COLLECT_MS = 300 };

static struct {
	bool is_running;
	struct cond written;
} writer;

/* One piece for one file; runs in the thread pool. */
struct piece {
	char *path, *old_path;
	uint8_t *data;
	size_t len;
	long limit;
	int error; /* errno; 0: written */
};

static int open_log(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
}

/* A descriptor with room for the piece, or -1. */
static int open_with_room(const struct piece *piece)
{
	struct stat status;
	int fd = open_log(piece->path);

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if (status.st_size == 0 || status.st_size + (off_t)piece->len <= piece->limit)
		return fd;
	close(fd);
	return rename(piece->path, piece->old_path) < 0 ? -1 : open_log(piece->path);
}

static void write_piece(void *arg)
{
	struct piece *piece = arg;
	int fd = open_with_room(piece);
	size_t done = 0;

	while (fd >= 0 && done < piece->len) {
		ssize_t len = write(fd, piece->data + done, piece->len - done);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		done += (size_t)len;
	}
	piece->error = done < piece->len ? errno : 0;
	if (fd >= 0)
		close(fd);
}

/* Copies what is to be written next, since the history goes on meanwhile. */
static void fill_piece(struct console *console, struct piece *piece)
{
	uint64_t start = console_history_start(&console->history);
	char note[64] = "";
	const uint8_t *data = NULL;

	if (console->logged < start) {
		snprintf(note, sizeof(note), "\r\n[console: %llu bytes were not logged]\r\n",
			 (unsigned long long)(start - console->logged));
		console->logged = start;
	}

	size_t note_len = strlen(note);
	size_t len = console_history_piece(&console->history, console->logged, &data);
	piece->data = xmalloc(note_len + len);
	memcpy(piece->data, note, note_len);
	memcpy(piece->data + note_len, data, len);
	piece->len = note_len + len;
	console->logged += len;
}

SUSPENDS static void log_console(struct console *console)
{
	struct piece piece = {
		.path = xasprintf("%s/%s.log", console_options.log_dir, console->node_uuid),
		.old_path = xasprintf("%s/%s.log.1", console_options.log_dir, console->node_uuid),
		.limit = console_options.log_bytes,
	};

	fill_piece(console, &piece);
	offload(write_piece, &piece);
	if (piece.error != 0 && !console->is_log_failing)
		log_warning("the console of node %s cannot be logged to %s: %s", console->node_uuid,
			    piece.path, strerror(piece.error));
	console->is_log_failing = piece.error != 0;
	xfree(piece.path);
	xfree(piece.old_path);
	xfree(piece.data);
}

/* One after the other, each as far as it was when its turn came. False: nothing was left. */
SUSPENDS static bool log_round(void)
{
	bool has_logged = false;

	for (struct console *console = consoles, *next; console != NULL; console = next) {
		if (console->logged < console->history.end) {
			has_logged = true;
			console->is_being_logged = true;
			log_console(console);
			console->is_being_logged = false;
		}
		next = console->next;
		if (console->is_closed && console->logged == console->history.end)
			console_free(console);
	}
	return has_logged;
}

static void run(void *arg)
{
	(void)arg;
	do {
		fiber_sleep(COLLECT_MS);
	} while (log_round());
	writer.is_running = false;
	cond_broadcast(&writer.written);
}

void console_log_wake(void)
{
	if (console_options.log_dir == NULL || writer.is_running)
		return;
	writer.is_running = true;
	fiber_spawn("console log", run, NULL);
}

void console_log_finish(void)
{
	while (writer.is_running && cond_wait(&writer.written, DEADLINE_NEVER) == 0) {
	}
}
