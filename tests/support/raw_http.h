#pragma once
/*
 * raw_http: a client that sends exactly the bytes it is told, with blocking sockets in a thread of the
 * pool, so that the server under test runs undisturbed on the loop.
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/fiber.h"

struct raw_http {
	/* what to do */
	int port; /* on 127.0.0.1 */
	const char *send;
	size_t send_len;     /* 0: strlen(send) */
	int drip_ms;         /* one byte every so often; 0: all at once */
	bool is_half_closed; /* ends its side after sending */
	bool is_hanging_up;  /* closes after sending, without reading */
	int pause_ms;        /* before reading */
	int timeout_ms;      /* for each read; 0: 5 s */
	/* what came of it */
	char *answer; /* NUL-terminated; raw_http_release */
	size_t answer_len;
	size_t sent;           /* bytes taken by the kernel */
	bool is_eof, is_reset; /* how the server ended it; neither: timeout */
	int elapsed_ms;
};

/* Connects, sends, reads until the server closes or falls silent. */
SUSPENDS void raw_http(struct raw_http *raw);
void raw_http_release(struct raw_http *raw);
/* The statuses of all replies: "200 200 400". Bodies must not hold status lines. */
const char *raw_http_statuses(const struct raw_http *raw, char *text, size_t size);

/* Connects and nothing else; close with close(). */
int raw_http_connect(int port);
