/* console: the ports, and who has which. See console.h. */
#include "drivers/console.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/console_options.h"
#include "drivers/console_private.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/xalloc.h"

enum { BACKLOG = 8, STOPPERS = 128 };

struct console *consoles;

static struct {
	struct map by_node; /* of those not closed */
	bool (*may_connect)(void *arg);
	void *may_connect_arg;
	unsigned next_offset; /* in the port range: the search starts there */
	uint64_t round;       /* the last that was swept */
	unsigned stoppers;
	struct cond stopped;
} all;

/* ---- ports ---- */

static socklen_t listen_address(unsigned port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, console_address(), &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	inet_pton(AF_INET6, console_address(), &six->sin6_addr);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return sizeof(*six);
}

/* A descriptor, or -1 with errno. */
static int listen_on(unsigned port)
{
	struct sockaddr_storage address;
	socklen_t len = listen_address(port, &address);
	int yes = 1, fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int listen_on_given(unsigned port, struct error *err)
{
	int fd = listen_on(port);

	if (fd >= 0)
		return fd;
	return fail(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_INTERNAL,
		    "The console cannot listen on %s port %u: %s", console_address(), port, strerror(errno));
}

static int listen_in_range(unsigned *port, struct error *err)
{
	unsigned first, last;

	if (!console_port_range(&first, &last))
		return fail(err, ERR_MISSING,
			    "Either missing 'ipmi_terminal_port' parameter in node's driver_info or "
			    "[console]port_range is not configured");
	for (unsigned i = 0; i <= last - first; i++) {
		*port = first + all.next_offset++ % (last - first + 1);
		int fd = listen_on(*port);
		if (fd >= 0)
			return fd;
		if (errno != EADDRINUSE)
			return listen_on_given(*port, err);
	}
	return fail(err, ERR_CONFLICT, "No free port available on the host in [console] port_range %s",
		    console_options.port_range);
}

static int choose_port(const struct console_place *place, unsigned *ret_port, struct error *err)
{
	*ret_port = place->port;
	if (place->port != 0)
		return listen_on_given(place->port, err);
	*ret_port = place->preferred_port;
	int fd = place->preferred_port != 0 ? listen_on(place->preferred_port) : -1;
	return fd >= 0 ? fd : listen_in_range(ret_port, err);
}

/* ---- life ---- */

static void on_connect(int events, void *arg)
{
	(void)events;
	console_client_accept(arg);
}

static void on_tick_end(struct deferred *self)
{
	console_clients_flush((struct console *)((char *)self - offsetof(struct console, flush)));
}

int console_open(const struct console_place *place, const struct console_ops *ops, void *arg,
		 struct console **ret, struct error *err)
{
	unsigned port;

	if (console_find(place->node_id) != NULL)
		return fail(err, ERR_INVALID, "Node %s has a console already", place->node_uuid);

	int fd = choose_port(place, &port, err);
	if (fd < 0)
		return fd;

	struct console *console = xcalloc(1, sizeof(*console));
	console->node_id = place->node_id;
	console->node_uuid = xstrdup(place->node_uuid);
	console->ops = ops;
	console->arg = arg;
	console->port = port;
	console->flush.fn = on_tick_end;
	console->listen_fd = fd;
	console->listen_watch = fd_watch_new(fd, on_connect, console);
	fd_watch_set(console->listen_watch, FD_READ);
	console->next = consoles;
	consoles = console;
	map_put(&all.by_node, place->node_id, console);
	*ret = console;
	return 0;
}

void console_settle(struct console *console)
{
	console->is_settled = true;
	console->round = all.round;
}

void console_close(struct console *console)
{
	fd_watch_free(console->listen_watch);
	close(console->listen_fd);
	console_clients_flush(console);
	console_clients_close(console);
	loop_defer_cancel(&console->flush);
	map_take(&all.by_node, console->node_id);
	console->is_closed = true;
	if (console_options.log_dir != NULL && console->logged < console->history.end)
		console_log_wake();
	else if (!console->is_being_logged)
		console_free(console);
}

void console_free(struct console *console)
{
	struct console **place = &consoles;

	while (*place != console)
		place = &(*place)->next;
	*place = console->next;
	console_history_release(&console->history);
	xfree(console->node_uuid);
	xfree(console);
}

unsigned console_port(const struct console *console)
{
	return console->port;
}

void *console_arg(const struct console *console, const struct console_ops *ops)
{
	return console->ops == ops ? console->arg : NULL;
}

const char *console_url(unsigned port)
{
	static char url[80];
	bool is_six = strchr(console_address(), ':') != NULL;

	snprintf(url, sizeof(url), "tcp://%s%s%s:%u", is_six ? "[" : "", console_address(), is_six ? "]" : "",
		 port);
	return url;
}

/* ---- what the machine says ---- */

void console_output(struct console *console, const void *data, size_t len)
{
	if (len == 0)
		return;
	console_history_append(&console->history, data, len);
	if (console->clients != NULL)
		loop_defer(&console->flush);
	console_log_wake();
}

void console_note(struct console *console, const char *format, ...)
{
	char text[512], line[560];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	int len = snprintf(line, sizeof(line), "\r\n[console: %s]\r\n", text);
	console_output(console, line, (size_t)len);
}

void console_drop_typed(struct console *console)
{
	console->typed_len = 0;
	console->is_break_wanted = false;
	console_clients_resume(console);
}

void console_set_linked(struct console *console, bool is_linked)
{
	console->is_linked = is_linked;
	if (!is_linked) /* what was typed was meant for what was there then */
		console_drop_typed(console);
}

/* ---- what is typed ---- */

size_t console_typed(const struct console *console, const uint8_t **ret)
{
	*ret = console->typed;
	if (console->is_break_wanted)
		return console->break_after;
	return console->typed_len;
}

void console_typed_done(struct console *console, size_t len)
{
	console->typed_len -= len;
	memmove(console->typed, console->typed + len, console->typed_len);
	if (console->is_break_wanted)
		console->break_after -= len;
	console_clients_resume(console);
}

bool console_take_break(struct console *console)
{
	if (!console->is_break_wanted || console->break_after > 0)
		return false;
	console->is_break_wanted = false;
	return true;
}

/* ---- the conductor ---- */

void console_set_permit(bool (*may_connect)(void *arg), void *arg)
{
	all.may_connect = may_connect;
	all.may_connect_arg = arg;
}

bool console_may_connect(void)
{
	return all.may_connect == NULL || all.may_connect(all.may_connect_arg);
}

struct console *console_find(int64_t node_id)
{
	return map_get(&all.by_node, node_id);
}

void console_mark(struct console *console, uint64_t round)
{
	console->round = round;
}

const char *console_digest(const struct console *console)
{
	return console->digest;
}

void console_set_digest(struct console *console, const char *digest)
{
	snprintf(console->digest, sizeof(console->digest), "%s", digest);
}

/* ---- stopping many ---- */

static bool is_due(const struct console *console, uint64_t before_round)
{
	if (console->is_closed || console->is_stopping)
		return false;
	return before_round == UINT64_MAX || (console->is_settled && console->round < before_round);
}

static struct console *next_to_stop(uint64_t before_round)
{
	struct console *console = consoles;

	while (console != NULL && !is_due(console, before_round))
		console = console->next;
	return console;
}

static void stop_some(void *arg)
{
	const uint64_t *before_round = arg;
	struct console *console;

	while ((console = next_to_stop(*before_round)) != NULL) {
		console->is_stopping = true;
		console->ops->stop(console->arg);
	}
	all.stoppers--;
	cond_broadcast(&all.stopped);
}

SUSPENDS static void stop_before(uint64_t round)
{
	if (next_to_stop(round) == NULL)
		return;
	fiber_shield_begin();
	while (all.stoppers < STOPPERS) {
		all.stoppers++;
		fiber_spawn("console stop", stop_some, &round);
	}
	while (all.stoppers > 0)
		cond_wait(&all.stopped, DEADLINE_NEVER);
	fiber_shield_end();
}

void console_sweep(uint64_t round)
{
	all.round = round;
	if (round >= 2)
		stop_before(round - 1);
}

void consoles_end(void)
{
	stop_before(UINT64_MAX);
	console_log_finish();
	if (all.by_node.count == 0)
		map_release(&all.by_node);
}
