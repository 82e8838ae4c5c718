/* udp: batched datagrams. */
#include "drivers/ipmi/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

/* Batches per wake-up are bounded, so that a flood leaves the loop time for others. */
enum { BATCH = 64, BATCHES_PER_WAKE = 4 };

struct outgoing {
	struct udp_address to;
	size_t len;
	uint8_t data[UDP_DATAGRAM_MAX];
};

struct udp_socket {
	int fd;
	uint16_t port;
	struct fd_watch *watch;
	udp_receive_fn *receive;
	void *arg;
	struct deferred flush;
	struct outgoing *queue; /* BATCH entries; made when first needed */
	unsigned queued;
	bool is_receiving; /* inside the callback: closing is put off */
	bool is_closing;
};

bool udp_address_parse(const char *text, uint16_t port, struct udp_address *ret)
{
	*ret = (struct udp_address){ 0 };
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		return true;
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) != 1)
		return false;
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(port);
	return true;
}

bool udp_address_equal(const struct udp_address *a, const struct udp_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return a->v6.sin6_port == b->v6.sin6_port &&
	       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

uint16_t udp_address_port(const struct udp_address *address)
{
	return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

static socklen_t address_len(const struct udp_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

/* ---- receiving ---- */

/* All sockets read into the same memory: it is used up before the next wake-up. */
static struct {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct udp_address from[BATCH];
	uint8_t data[BATCH][UDP_DATAGRAM_MAX];
} inbox;

static int receive_batch(struct udp_socket *socket)
{
	for (int i = 0; i < BATCH; i++) {
		inbox.parts[i] = (struct iovec){ inbox.data[i], UDP_DATAGRAM_MAX };
		inbox.messages[i].msg_hdr = (struct msghdr){
			.msg_name = &inbox.from[i],
			.msg_namelen = sizeof(inbox.from[i]),
			.msg_iov = &inbox.parts[i],
			.msg_iovlen = 1,
		};
	}

	int count = recvmmsg(socket->fd, inbox.messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count && !socket->is_closing; i++) {
		if (!(inbox.messages[i].msg_hdr.msg_flags & MSG_TRUNC))
			socket->receive(socket->arg, &inbox.from[i], inbox.data[i],
					inbox.messages[i].msg_len);
	}
	return count;
}

static void socket_free(struct udp_socket *socket)
{
	loop_defer_cancel(&socket->flush);
	fd_watch_free(socket->watch);
	close(socket->fd);
	xfree(socket->queue);
	xfree(socket);
}

static void on_readable(int events, void *arg)
{
	struct udp_socket *socket = arg;

	(void)events;
	socket->is_receiving = true;
	for (int i = 0; i < BATCHES_PER_WAKE && !socket->is_closing; i++) {
		if (receive_batch(socket) < BATCH)
			break;
	}
	socket->is_receiving = false;
	if (socket->is_closing)
		socket_free(socket);
}

/* ---- sending ---- */

bool udp_send(struct udp_socket *socket, const struct udp_address *to, const uint8_t *data, size_t len)
{
	return sendto(socket->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, &to->any, address_len(to)) >= 0;
}

static void flush(struct udp_socket *socket)
{
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	unsigned done = 0;

	for (unsigned i = 0; i < socket->queued; i++) {
		struct outgoing *out = &socket->queue[i];
		parts[i] = (struct iovec){ out->data, out->len };
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &out->to,
			.msg_namelen = address_len(&out->to),
			.msg_iov = &parts[i],
			.msg_iovlen = 1,
		};
	}
	/* sendmmsg stops at a datagram that cannot go (no route): that one is lost, the rest goes on */
	while (done < socket->queued) {
		int count = sendmmsg(socket->fd, messages + done, socket->queued - done,
				     MSG_DONTWAIT | MSG_NOSIGNAL);
		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
			break;
		done += count > 0 ? (unsigned)count : 1;
	}
	socket->queued = 0;
}

static void on_tick_end(struct deferred *self)
{
	flush((struct udp_socket *)((char *)self - offsetof(struct udp_socket, flush)));
}

void udp_send_later(struct udp_socket *socket, const struct udp_address *to, const uint8_t *data, size_t len)
{
	if (len > UDP_DATAGRAM_MAX)
		return;
	if (socket->queue == NULL)
		socket->queue = xreallocarray(NULL, BATCH, sizeof(*socket->queue));

	struct outgoing *out = &socket->queue[socket->queued++];
	out->to = *to;
	out->len = len;
	memcpy(out->data, data, len);
	if (socket->queued == BATCH)
		flush(socket);
	else
		loop_defer(&socket->flush);
}

/* ---- life ---- */

static int open_fd(const struct udp_address *address, int receive_buffer_bytes)
{
	int on = 1, fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* FORCE passes the system's limit but takes a privilege; without it the plain option does what it may
	 */
	if (receive_buffer_bytes > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes,
						   sizeof(receive_buffer_bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(receive_buffer_bytes));
	if (bind(fd, &address->any, address_len(address)) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int udp_open(const struct udp_address *address, int receive_buffer_bytes, udp_receive_fn *receive, void *arg,
	     struct udp_socket **ret, struct error *err)
{
	struct udp_address bound = *address;
	socklen_t bound_len = sizeof(bound);
	int fd = open_fd(address, receive_buffer_bytes);

	if (fd < 0)
		return fail(err, ERR_INTERNAL, "Cannot open UDP port %u: %s", udp_address_port(address),
			    strerror(errno));
	getsockname(fd, &bound.any, &bound_len);

	struct udp_socket *socket = xcalloc(1, sizeof(*socket));
	socket->fd = fd;
	socket->port = udp_address_port(&bound);
	socket->receive = receive;
	socket->arg = arg;
	socket->flush.fn = on_tick_end;
	socket->watch = fd_watch_new(fd, on_readable, socket);
	fd_watch_set(socket->watch, FD_READ);
	*ret = socket;
	return 0;
}

void udp_close(struct udp_socket *socket)
{
	if (socket == NULL)
		return;
	socket->is_closing = true;
	if (!socket->is_receiving)
		socket_free(socket);
}

uint16_t udp_port(const struct udp_socket *socket)
{
	return socket->port;
}
