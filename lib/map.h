#pragma once
/*
 * map: a hash map from non-zero 64-bit keys (row ids) to pointers. Zeroed is initialised. The map does not
 * own what it points to.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	int64_t key; /* 0: empty */
	void *value;
};
struct map {
	struct map_slot *slots; /* owned */
	size_t size;            /* a power of two, or 0 */
	size_t count;
};

void map_release(struct map *map);
void *map_get(const struct map *map, int64_t key);       /* NULL: absent */
void map_put(struct map *map, int64_t key, void *value); /* replaces; value is not NULL */
void *map_take(struct map *map, int64_t key);            /* removes and returns; NULL: absent */
/* Walks: start with *cursor = 0; NULL at the end. The map must not change meanwhile. */
void *map_next(const struct map *map, size_t *cursor, int64_t *ret_key);
