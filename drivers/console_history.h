#pragma once
/*
 * console_history: the last bytes of a stream, by position: each reader keeps its own, and one that is too
 * slow finds its place gone. Grows up to CONSOLE_KEPT, then overwrites. No I/O; nothing suspends.
 */
#include <stddef.h>
#include <stdint.h>

enum { CONSOLE_KEPT = 64 * 1024 };

struct console_history {
	uint8_t *data; /* owned; NULL: nothing yet */
	size_t size;
	uint64_t end; /* bytes of the stream so far */
};

void console_history_release(struct console_history *history);
void console_history_append(struct console_history *history, const void *data, size_t len);
/* Position of the oldest byte kept. */
uint64_t console_history_start(const struct console_history *history);
/* The bytes from a position (of those kept, or the end) on that lie together. Returns how many; 0: none yet.
 * Valid until the next append. */
size_t console_history_piece(const struct console_history *history, uint64_t position, const uint8_t **ret);
