#include "tests/support/lossy.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/xalloc.h"

struct pair {
	struct lossy *lossy;
	struct pair *next;
	int client, server;
	struct fd_watch *client_watch, *server_watch;
	struct loop_timer *end;
	bool is_mute; /* replies are lost */
};

struct lossy {
	char folder[64], connection[512], upstream[256];
	int listener;
	struct fd_watch *watch;
	struct pair *pairs;
	unsigned odds, broken;
};

static void address_set(struct sockaddr_un *address, const char *folder)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%.80s/.s.PGSQL.5432", folder);
}

static void pair_close(struct pair *pair)
{
	struct pair **at = &pair->lossy->pairs;

	while (*at != pair)
		at = &(*at)->next;
	*at = pair->next;
	fd_watch_free(pair->client_watch);
	fd_watch_free(pair->server_watch);
	loop_timer_free(pair->end);
	close(pair->client);
	close(pair->server);
	xfree(pair);
}

static void pair_end(void *arg)
{
	struct pair *pair = arg;

	pair->lossy->broken++;
	pair_close(pair);
}

/* Moves what is there. False at the end of the stream. */
static bool forward(int from, int to, bool is_lost)
{
	static char bytes[65536];
	ssize_t len = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (len <= 0)
		return len < 0 && errno == EAGAIN;
	for (ssize_t sent = 0, part; !is_lost && sent < len; sent += part) {
		part = send(to, bytes + sent, (size_t)(len - sent), MSG_NOSIGNAL);
		if (part < 0)
			return false;
	}
	return true;
}

static void on_client(int events, void *arg)
{
	struct pair *pair = arg;

	(void)events;
	if (!forward(pair->client, pair->server, false))
		pair_close(pair);
}

static void on_server(int events, void *arg)
{
	struct pair *pair = arg;

	(void)events;
	if (!pair->is_mute && pair->lossy->odds > 0 && (unsigned)random() % pair->lossy->odds == 0) {
		pair->is_mute = true;
		loop_timer_set(pair->end, 10);
	}
	if (!forward(pair->server, pair->client, pair->is_mute))
		pair_close(pair);
}

static struct fd_watch *watch(int fd, fd_watch_fn *fn, void *arg)
{
	struct fd_watch *new_watch = fd_watch_new(fd, fn, arg);

	fd_watch_set(new_watch, FD_READ);
	return new_watch;
}

static void on_connection(int events, void *arg)
{
	struct lossy *lossy = arg;
	struct sockaddr_un address;
	int client = accept(lossy->listener, NULL, NULL);

	(void)events;
	if (client < 0)
		return;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address_set(&address, lossy->upstream);
	if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(client);
		close(server);
		return;
	}
	struct pair *pair = xcalloc(1, sizeof(*pair));
	*pair = (struct pair){ .lossy = lossy, .next = lossy->pairs, .client = client, .server = server };
	lossy->pairs = pair;
	pair->end = loop_timer_new(pair_end, pair);
	pair->client_watch = watch(client, on_client, pair);
	pair->server_watch = watch(server, on_server, pair);
}

struct lossy *lossy_new(const char *connection)
{
	struct lossy *lossy = xcalloc(1, sizeof(*lossy));
	struct sockaddr_un address;
	size_t host_len = strcspn(connection + 5, " ");

	assert(strncmp(connection, "host=/", 6) == 0);
	snprintf(lossy->upstream, sizeof(lossy->upstream), "%.*s", (int)host_len, connection + 5);
	snprintf(lossy->folder, sizeof(lossy->folder), "/tmp/ferrule-lossy-XXXXXX");
	assert(mkdtemp(lossy->folder) != NULL);
	snprintf(lossy->connection, sizeof(lossy->connection), "host=%s%s", lossy->folder,
		 connection + 5 + host_len);
	lossy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	address_set(&address, lossy->folder);
	assert(bind(lossy->listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	assert(listen(lossy->listener, 20) == 0);
	lossy->watch = watch(lossy->listener, on_connection, lossy);
	return lossy;
}

const char *lossy_connection(const struct lossy *lossy)
{
	return lossy->connection;
}

unsigned lossy_set(struct lossy *lossy, unsigned odds)
{
	lossy->odds = odds;
	return lossy->broken;
}

void lossy_free(struct lossy *lossy)
{
	struct sockaddr_un address;

	while (lossy->pairs != NULL)
		pair_close(lossy->pairs);
	fd_watch_free(lossy->watch);
	close(lossy->listener);
	address_set(&address, lossy->folder);
	unlink(address.sun_path);
	rmdir(lossy->folder);
	xfree(lossy);
}
