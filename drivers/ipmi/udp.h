#pragma once
/*
 * udp: datagram sockets on the loop, made for many small exchanges: one wake-up reads as many datagrams as
 * there are (recvmmsg), and what one tick sends leaves together (sendmmsg). Loss is left to the callers: what
 * the kernel does not take at once is dropped. Nothing suspends; the callback runs on the main stack.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/error.h"

enum { UDP_DATAGRAM_MAX = 512 }; /* longer ones are dropped on arrival */

struct udp_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};
/* From a numeric address; false when it is none. */
bool udp_address_parse(const char *text, uint16_t port, struct udp_address *ret);
bool udp_address_equal(const struct udp_address *a, const struct udp_address *b);
uint16_t udp_address_port(const struct udp_address *address);

struct udp_socket;
typedef void udp_receive_fn(void *arg, const struct udp_address *from, const uint8_t *data, size_t len);

/* Binds to the address (port 0: any). receive_buffer_bytes: wanted SO_RCVBUF, as far as the system gives it;
 * 0: the system's. */
int udp_open(const struct udp_address *address, int receive_buffer_bytes, udp_receive_fn *receive, void *arg,
	     struct udp_socket **ret, struct error *err);
void udp_close(struct udp_socket *socket); /* NULL is fine; also from within the callback */
uint16_t udp_port(const struct udp_socket *socket);

/* Sends now. False: the system did not take it. */
bool udp_send(struct udp_socket *socket, const struct udp_address *to, const uint8_t *data, size_t len);
/* Sends at the end of this tick, together with others. */
void udp_send_later(struct udp_socket *socket, const struct udp_address *to, const uint8_t *data, size_t len);
