/*
 * console_client: the connections to a console. What a client gets comes from the history, each at its own
 * pace; what it sends is the machine's if it is the writer's, but for escape sequences. docs/console.rst
 * tells the rules.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/console_private.h"
#include "lib/xalloc.h"

enum { ESCAPE = 0x05, ESCAPE_MS = 1500, ROOM_MIN = 64, READ_MAX = 1024, IDLE_S = 60, SEND_BYTES = 65536 };

/* ---- life ---- */

static void client_close(struct console_client *client)
{
	struct console *console = client->console;
	struct console_client **place = &console->clients;

	while (*place != client)
		place = &(*place)->next;
	*place = client->next;
	console->client_count--;
	if (console->writer == client)
		console->writer = NULL;
	loop_timer_free(client->timer);
	fd_watch_free(client->watch);
	close(client->fd);
	xfree(client);
}

void console_clients_close(struct console *console)
{
	while (console->clients != NULL)
		client_close(console->clients);
}

/* Who types waits while there is no room. Others may still take over. */
static bool may_read(const struct console_client *client)
{
	const struct console *console = client->console;
	bool has_room = sizeof(console->typed) - console->typed_len >= ROOM_MIN;

	return !client->is_leaving && (has_room || (console->writer != NULL && console->writer != client));
}

static void watch(struct console_client *client, bool is_full)
{
	fd_watch_set(client->watch, (may_read(client) ? FD_READ : 0) | (is_full ? FD_WRITE : 0));
}

/* ---- to the client ---- */

static void say(struct console_client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct console_client *client, const char *format, ...)
{
	char text[CONSOLE_NOTE - 16];
	va_list args;

	if (client->note_sent < client->note_len)
		return; /* a client that does not read its notes needs no more of them */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	client->note_len =
		(size_t)snprintf(client->note, sizeof(client->note), "\r\n[console: %s]\r\n", text);
	client->note_sent = 0;
	loop_defer(&client->console->flush);
}

/* What to send next: a note of ours, else history. */
static size_t next_piece(struct console_client *client, const uint8_t **ret)
{
	const struct console_history *history = &client->console->history;
	uint64_t start = console_history_start(history);

	if (client->note_sent == client->note_len && client->position < start) {
		unsigned long long lost = start - client->position;
		client->position = start;
		say(client, "%llu bytes were dropped: this connection is too slow", lost);
	}
	if (client->note_sent < client->note_len) {
		*ret = (const uint8_t *)client->note + client->note_sent;
		return client->note_len - client->note_sent;
	}
	return client->is_leaving ? 0 : console_history_piece(history, client->position, ret);
}

/* False: the connection is dead. *ret_is_full: it takes no more now. */
static bool client_send(struct console_client *client, bool *ret_is_full)
{
	const uint8_t *data = NULL;
	size_t len;

	*ret_is_full = false;
	while ((len = next_piece(client, &data)) > 0) {
		ssize_t sent = send(client->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		*ret_is_full = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		if (sent < 0)
			return *ret_is_full;
		if (client->note_sent < client->note_len)
			client->note_sent += (size_t)sent;
		else
			client->position += (uint64_t)sent;
	}
	return !client->is_leaving;
}

static void client_flush(struct console_client *client)
{
	bool is_full;

	if (client_send(client, &is_full))
		watch(client, is_full);
	else
		client_close(client);
}

void console_clients_flush(struct console *console)
{
	for (struct console_client *client = console->clients, *next; client != NULL; client = next) {
		next = client->next;
		client_flush(client);
	}
}

/* ---- from the client ---- */

static void take_over(struct console_client *client)
{
	struct console *console = client->console;

	if (console->writer != NULL && console->writer != client) {
		say(console->writer, "another client writes now; Ctrl-E c f takes it back");
		console_drop_typed(console);
	}
	console->writer = client;
	client->was_refused = false;
	say(client, "you write");
}

static void only_read(struct console_client *client)
{
	if (client->console->writer == client)
		client->console->writer = NULL;
	say(client, "you only read; Ctrl-E c f takes over the writing");
}

static void want_break(struct console_client *client)
{
	struct console *console = client->console;

	if (console->writer != NULL && console->writer != client) {
		say(client, "another client writes: no break was sent");
	} else if (!console->is_linked) {
		say(client, "the console is not connected: no break was sent");
	} else {
		console->writer = client;
		console->is_break_wanted = true;
		console->break_after = console->typed_len;
		console->ops->typed(console->arg);
		say(client, "break");
	}
}

static void who(struct console_client *client)
{
	const struct console *console = client->console;

	say(client, "%u connections, %s, %s", console->client_count,
	    console->writer == client ? "you write"
	    : console->writer != NULL ? "another one writes"
				      : "nobody writes",
	    console->is_linked ? "the machine is connected" : "the machine is not connected");
}

static void replay(struct console_client *client)
{
	client->position = console_history_start(&client->console->history);
	loop_defer(&client->console->flush);
}

static void leave(struct console_client *client)
{
	client->is_leaving = true;
	say(client, "goodbye");
}

static void help(struct console_client *client);

static const struct {
	char letter;
	void (*run)(struct console_client *client);
	const char *help;
} commands[] = {
	{ 'f', take_over, "take over the writing" },
	{ 's', only_read, "only read" },
	{ 'l', want_break, "send a break" },
	{ 'r', replay, "show what is kept again" },
	{ 'w', who, "who is here" },
	{ '.', leave, "disconnect" },
	{ '?', help, "this help" },
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void help(struct console_client *client)
{
	char text[CONSOLE_NOTE] = "";
	size_t len = 0;

	for (size_t i = 0; i < COMMAND_COUNT && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c %s",
					i > 0 ? ", " : "Ctrl-E c: ", commands[i].letter, commands[i].help);
	say(client, "%s", text);
}

static void run_command(struct console_client *client, char letter)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (commands[i].letter == letter)
			return commands[i].run(client);
	}
	say(client, "no such command; Ctrl-E c ? lists them");
}

/* Bytes for the machine. There is room, except for who has taken over from one who filled it. */
static void type(struct console_client *client, const uint8_t *data, size_t len)
{
	struct console *console = client->console;

	if (console->writer == NULL && console->is_linked)
		console->writer = client;
	if (console->writer == client && console->is_linked) {
		if (len > sizeof(console->typed) - console->typed_len)
			return say(client, "the machine does not take what is typed; it is dropped");
		memcpy(console->typed + console->typed_len, data, len);
		console->typed_len += len;
	} else if (!client->was_refused || console->writer == client) {
		say(client, "%s",
		    console->writer != NULL && console->writer != client
			    ? "another client writes, you only read; Ctrl-E c f takes over the writing"
			    : "the machine is not connected; what you type is dropped");
		client->was_refused = true;
	}
}

/* What looked like an escape sequence was none. */
static void type_held(struct console_client *client)
{
	static const uint8_t held[] = { ESCAPE, 'c' };
	enum console_escape state = client->escape;

	client->escape = ESCAPE_NONE;
	if (state != ESCAPE_NONE)
		type(client, held, state == ESCAPE_COMMAND ? 2 : 1);
}

static void type_byte(struct console_client *client, uint8_t byte)
{
	if (client->escape == ESCAPE_COMMAND) {
		client->escape = ESCAPE_NONE;
		run_command(client, (char)byte);
	} else if (client->escape == ESCAPE_BEGUN && byte == 'c') {
		client->escape = ESCAPE_COMMAND;
	} else {
		type_held(client);
		if (byte == ESCAPE)
			client->escape = ESCAPE_BEGUN;
		else
			type(client, &byte, 1);
	}
}

static void tell_link(struct console *console)
{
	if (console->typed_len > 0)
		console->ops->typed(console->arg);
}

static void on_escape_over(void *arg)
{
	struct console_client *client = arg;

	type_held(client);
	tell_link(client->console);
}

static void time_escape(struct console_client *client)
{
	if (client->escape == ESCAPE_NONE && client->timer == NULL)
		return;
	if (client->timer == NULL)
		client->timer = loop_timer_new(on_escape_over, client);
	loop_timer_set(client->timer, client->escape != ESCAPE_NONE ? ESCAPE_MS : -1);
}

/* False: the connection is over. */
static bool client_receive(struct console_client *client)
{
	struct console *console = client->console;
	size_t room = sizeof(console->typed) - console->typed_len;
	uint8_t data[READ_MAX];

	if (!may_read(client))
		return true;
	/* a byte may bring two held ones with it */
	size_t most = room >= ROOM_MIN && room / 4 < sizeof(data) ? room / 4 : sizeof(data);
	ssize_t len = recv(client->fd, data, most, MSG_DONTWAIT);
	if (len < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	for (ssize_t i = 0; i < len; i++)
		type_byte(client, data[i]);
	time_escape(client);
	tell_link(console);
	return len > 0;
}

static void on_events(int events, void *arg)
{
	struct console_client *client = arg;

	if (events & FD_READ && !client_receive(client))
		client_close(client);
	else
		client_flush(client);
}

void console_clients_resume(struct console *console)
{
	if (sizeof(console->typed) - console->typed_len < sizeof(console->typed) / 2)
		return;
	/* by way of the flush, since a client may be in the middle of its input */
	if (console->clients != NULL)
		loop_defer(&console->flush);
}

/* ---- new ones ---- */

static void refuse(int fd)
{
	static const char text[] = "[console: too many connections]\r\n";

	(void)!send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* Dead peers shall not keep their places, nor slow ones the system's memory: the history is their buffer. */
static void set_options(int fd)
{
	int on = 1, idle_s = IDLE_S, send_bytes = SEND_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void console_client_accept(struct console *console)
{
	int fd = accept4(console->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (console->client_count >= CONSOLE_CLIENTS_MAX)
		return refuse(fd);
	set_options(fd);

	struct console_client *client = xcalloc(1, sizeof(*client)), **place = &console->clients;
	while (*place != NULL)
		place = &(*place)->next;
	*place = client;
	console->client_count++;
	client->console = console;
	client->fd = fd;
	client->position = console_history_start(&console->history);
	client->watch = fd_watch_new(fd, on_events, client);
	client_flush(client);
}
