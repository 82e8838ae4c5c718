#include "lib/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/sanitizer.h"
#include "lib/xalloc.h"

#define FIRST_BLOCK_BYTES   ((size_t)1024)
#define LARGEST_BLOCK_BYTES ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next; /* older */
	size_t size;              /* bytes in data */
	alignas(max_align_t) char data[];
};

static size_t round_up(size_t size)
{
	const size_t mask = alignof(max_align_t) - 1;

	/* Under ASan a poisoned gap follows each allocation, so that overruns within a block are seen. */
	if (__builtin_add_overflow(size, mask + SANITIZER_GAP, &size))
		return SIZE_MAX & ~mask;
	return size & ~mask;
}

static struct arena_block *block_new(size_t size)
{
	size_t bytes;

	if (__builtin_add_overflow(size, sizeof(struct arena_block), &bytes))
		bytes = SIZE_MAX; /* refused by xmalloc */
	struct arena_block *block = xmalloc(bytes);
	block->size = size;
	sanitizer_poison(block->data, size);
	return block;
}

static size_t next_block_size(const struct arena *arena)
{
	if (!arena->blocks)
		return FIRST_BLOCK_BYTES;
	size_t size = arena->blocks->size * 2;
	return size < LARGEST_BLOCK_BYTES ? size : LARGEST_BLOCK_BYTES;
}

void arena_init(struct arena *arena)
{
	*arena = (struct arena){ 0 };
}

void arena_release(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;
		xfree(block);
		block = next;
	}
	arena_init(arena);
}

/* Puts a block of its own behind the newest, whose rest stays in use. */
static void *alloc_large(struct arena *arena, size_t rounded)
{
	struct arena_block *block = block_new(rounded);

	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = NULL;
		arena->blocks = block;
		arena->used = rounded;
	}
	return block->data;
}

static void *alloc_rounded(struct arena *arena, size_t rounded)
{
	if (!arena->blocks || arena->blocks->size - arena->used < rounded) {
		size_t size = next_block_size(arena);
		if (rounded > size / 2)
			return alloc_large(arena, rounded);
		struct arena_block *block = block_new(size);
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
	}
	void *memory = arena->blocks->data + arena->used;
	arena->used += rounded;
	return memory;
}

static void *alloc_raw(struct arena *arena, size_t size)
{
	void *memory = alloc_rounded(arena, round_up(size ? size : 1));

	sanitizer_unpoison(memory, size);
	return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(alloc_raw(arena, size), 0, size);
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	len = strnlen(text, len);
	char *copy = alloc_raw(arena, len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		len = 0;
	char *text = alloc_raw(arena, (size_t)len + 1);
	text[0] = '\0';
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}
