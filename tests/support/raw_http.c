#include "tests/support/raw_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/xalloc.h"

int raw_http_connect(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static void send_all(struct raw_http *raw, int fd)
{
	while (raw->sent < raw->send_len) {
		size_t len = raw->drip_ms > 0 ? 1 : raw->send_len - raw->sent;
		ssize_t sent;

		/* An answer while dripping ends it. */
		if (raw->drip_ms > 0 && wait_for(fd, POLLIN, raw->drip_ms))
			return;
		if (!wait_for(fd, POLLOUT, raw->timeout_ms))
			return;
		sent = send(fd, raw->send + raw->sent, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			return;
		raw->sent += sent > 0 ? (size_t)sent : 0;
	}
}

static void read_all(struct raw_http *raw, int fd)
{
	size_t size = 0;

	for (;;) {
		ssize_t len;

		if (raw->answer_len + 65536 >= size) {
			size = 2 * size + 131072;
			raw->answer = xrealloc(raw->answer, size);
		}
		raw->answer[raw->answer_len] = '\0';
		if (!wait_for(fd, POLLIN, raw->timeout_ms))
			return;
		len = recv(fd, raw->answer + raw->answer_len, 65536, 0);
		raw->is_eof = len == 0;
		raw->is_reset = len < 0 && errno == ECONNRESET;
		if (len <= 0)
			return;
		raw->answer_len += (size_t)len;
	}
}

static void work(void *arg)
{
	struct raw_http *raw = arg;
	int64_t begin_ms = clock_ms();
	int fd = raw_http_connect(raw->port);

	if (fd < 0) {
		raw->is_reset = true;
		return;
	}
	send_all(raw, fd);
	if (raw->is_half_closed)
		shutdown(fd, SHUT_WR);
	usleep((unsigned)raw->pause_ms * 1000);
	if (!raw->is_hanging_up)
		read_all(raw, fd);
	close(fd);
	raw->elapsed_ms = (int)(clock_ms() - begin_ms);
}

void raw_http(struct raw_http *raw)
{
	if (raw->send_len == 0)
		raw->send_len = strlen(raw->send);
	if (raw->timeout_ms == 0)
		raw->timeout_ms = 5000;
	offload(work, raw);
}

void raw_http_release(struct raw_http *raw)
{
	xfree(raw->answer);
	raw->answer = NULL;
}

const char *raw_http_statuses(const struct raw_http *raw, char *text, size_t size)
{
	const char *line = raw->answer;
	size_t len = 0;

	text[0] = '\0';
	while (line != NULL && (line = strstr(line, "HTTP/1.1 ")) != NULL && len + 5 < size) {
		line += 9;
		len += (size_t)snprintf(text + len, size - len, "%s%.3s", len > 0 ? " " : "", line);
	}
	return text;
}
