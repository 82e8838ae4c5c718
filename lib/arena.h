#pragma once
/*
 * arena: memory with the life of one request or task. Allocations are never freed one by one;
 * arena_release frees all. The first block is small, so that an idle arena costs nothing.
 */
#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* in the newest block */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);                 /* leaves it ready for use */
void *arena_alloc(struct arena *arena, size_t size);     /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args);
