#pragma once
/*
 * console: serial consoles of nodes as TCP ports: many readers, one writer, what was said last for those who
 * come later, a log file. It knows no protocol: a link (drivers/ipmi/sol_link.c) brings what the machine says
 * and takes what is typed. Nothing here waits for a client: a slow reader loses bytes, and is told so.
 *
 * Who types: see docs/console.rst. Everything runs on the loop's thread; what does not say SUSPENDS may be
 * called from callbacks and from fibers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/fiber.h"

enum {
	CONSOLE_TYPED_MAX = 4096, /* typed and not taken; then the writer's connection is not read */
	CONSOLE_CLIENTS_MAX = 32
};

struct console;

/* What is behind a console. */
struct console_ops {
	/* Something was typed, or a break is wanted: console_typed and console_take_break have it. */
	void (*typed)(void *arg);
	/* Ends the link and the console, both gone on return: the node is not this conductor's any more. */
	SUSPENDS void (*stop)(void *arg);
};

/* Listens on [console] socat_address. port 0: the preferred one if it is free (0: none), else the first free
 * one of [console] port_range. node_uuid is copied. -ERR_CONFLICT when the port is in use, or all are;
 * -ERR_INVALID when the node has a console already; -ERR_MISSING when there is neither port nor range. */
struct console_place {
	int64_t node_id;
	const char *node_uuid;
	unsigned port, preferred_port;
};
int console_open(const struct console_place *place, const struct console_ops *ops, void *arg,
		 struct console **ret, struct error *err);
/* From now on a sweep may stop it: until it is called, whoever opened it still works on it. */
void console_settle(struct console *console);
/* Clients are disconnected, what is unlogged is logged in the background. */
void console_close(struct console *console);
unsigned console_port(const struct console *console);
/* The arg of console_open, when these were its ops; else NULL. */
void *console_arg(const struct console *console, const struct console_ops *ops);
/* "tcp://127.0.0.1:10000", also for a port alone; in memory that the next call reuses. */
const char *console_url(unsigned port);

/* What the machine said. */
void console_output(struct console *console, const void *data, size_t len);
/* A line of ours for all readers: "[console: ...]". */
void console_note(struct console *console, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether there is a machine to type to. Without one, what is typed is dropped, and the typist told. */
void console_set_linked(struct console *console, bool is_linked);

/* Typed bytes that lie together, 0: none; console_typed_done takes them away. A break comes when all that was
 * typed before it is taken. */
size_t console_typed(const struct console *console, const uint8_t **ret);
void console_typed_done(struct console *console, size_t len);
bool console_take_break(struct console *console);

/* ---- for the conductor ---- */

/* May links log in at BMCs now? Not while another conductor may have taken the nodes over. NULL: always. */
void console_set_permit(bool (*may_connect)(void *arg), void *arg);
bool console_may_connect(void);

/* The node's console on this conductor; NULL: none. */
struct console *console_find(int64_t node_id);
/* Marks it as wanted in this round; sweep stops those that are settled and were not marked for two rounds. */
void console_mark(struct console *console, uint64_t round);
SUSPENDS void console_sweep(uint64_t round);
/* Of what the node's properties were when it was started, as the conductor computed it; "": not said. */
const char *console_digest(const struct console *console);
void console_set_digest(struct console *console, const char *digest);
/* Stops all, many at a time, and writes their logs; for the end of the program. */
SUSPENDS void consoles_end(void);
