#pragma once
/* console_private: what console.c, console_client.c and console_log.c share. Nobody else includes it. */
#include "drivers/console.h"
#include "drivers/console_history.h"
#include "lib/loop.h"

enum { CONSOLE_DIGEST = 48, CONSOLE_NOTE = 160 };

/* Bytes of an escape sequence that has not shown yet whether it is one. */
enum console_escape { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_COMMAND };

struct console_client {
	struct console *console;
	struct console_client *next;
	int fd;
	struct fd_watch *watch;
	struct loop_timer *timer; /* of an escape sequence; made when first needed */
	uint64_t position;        /* in the history */
	enum console_escape escape;
	bool was_refused; /* told that another one writes */
	bool is_leaving;  /* to be closed when the note is out */
	char note[CONSOLE_NOTE];
	size_t note_len, note_sent;
};

struct console {
	int64_t node_id;
	char *node_uuid;
	const struct console_ops *ops;
	void *arg;
	int listen_fd;
	unsigned port;
	struct fd_watch *listen_watch;
	struct console_history history;
	struct deferred flush;
	struct console_client *clients; /* oldest first */
	unsigned client_count;
	struct console_client *writer; /* NULL: the next who types */
	bool is_linked;
	uint8_t typed[CONSOLE_TYPED_MAX];
	size_t typed_len;
	bool is_break_wanted;
	size_t break_after; /* bytes of typed that go first */
	/* console_log.c */
	uint64_t logged;
	bool is_being_logged, is_log_failing;
	bool is_stopping; /* a sweep stops it */
	bool is_closed;   /* kept only until the log has the rest */
	/* the conductor's */
	bool is_settled;
	uint64_t round;
	char digest[CONSOLE_DIGEST];
	struct console *next; /* of all, closed ones too */
};

/* All consoles. console.c */
extern struct console *consoles;
void console_free(struct console *console);
/* Forgets what was typed and not taken. */
void console_drop_typed(struct console *console);

/* console_client.c */
void console_client_accept(struct console *console);
void console_clients_flush(struct console *console);
void console_clients_close(struct console *console);
/* There is room for typing again. */
void console_clients_resume(struct console *console);

/* console_log.c: new bytes in the history. */
void console_log_wake(void);
SUSPENDS void console_log_finish(void);
