/* map: open addressing with linear probing; removal shifts the following slots back, so there are no
 * tombstones. */
#include "lib/map.h"

#include <assert.h>

#include "lib/xalloc.h"

#define MAP_SIZE_MIN 16

static size_t home_of(const struct map *map, int64_t key)
{
	uint64_t hash = (uint64_t)key * 0x9e3779b97f4a7c15u; /* Fibonacci hashing: ids are consecutive */

	return (size_t)(hash >> 32) & (map->size - 1);
}

static struct map_slot *slot_of(const struct map *map, int64_t key)
{
	size_t i = home_of(map, key);

	while (map->slots[i].key != 0 && map->slots[i].key != key)
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

static void grow(struct map *map)
{
	struct map old = *map;

	map->size = old.size ? old.size * 2 : MAP_SIZE_MIN;
	map->slots = xcalloc(map->size, sizeof(*map->slots));
	for (size_t i = 0; i < old.size; i++) {
		if (old.slots[i].key != 0)
			*slot_of(map, old.slots[i].key) = old.slots[i];
	}
	xfree(old.slots);
}

void map_release(struct map *map)
{
	xfree(map->slots);
	*map = (struct map){ 0 };
}

void *map_get(const struct map *map, int64_t key)
{
	return map->size ? slot_of(map, key)->value : NULL;
}

void map_put(struct map *map, int64_t key, void *value)
{
	struct map_slot *slot;

	assert(key != 0 && value);
	if (map->count * 4 >= map->size * 3)
		grow(map);
	slot = slot_of(map, key);
	if (slot->key == 0)
		map->count++;
	slot->key = key;
	slot->value = value;
}

void *map_take(struct map *map, int64_t key)
{
	struct map_slot *slot = map->size ? slot_of(map, key) : NULL;
	void *value = slot ? slot->value : NULL;
	size_t hole, i;

	if (!value)
		return NULL;
	hole = (size_t)(slot - map->slots);
	for (i = (hole + 1) & (map->size - 1); map->slots[i].key != 0; i = (i + 1) & (map->size - 1)) {
		size_t home = home_of(map, map->slots[i].key);

		/* The slot may move back unless its home lies cyclically after the hole. */
		if (((i - home) & (map->size - 1)) >= ((i - hole) & (map->size - 1))) {
			map->slots[hole] = map->slots[i];
			hole = i;
		}
	}
	map->slots[hole] = (struct map_slot){ 0 };
	map->count--;
	return value;
}

void *map_next(const struct map *map, size_t *cursor, int64_t *ret_key)
{
	while (*cursor < map->size) {
		const struct map_slot *slot = &map->slots[(*cursor)++];

		if (slot->key != 0) {
			*ret_key = slot->key;
			return slot->value;
		}
	}
	return NULL;
}
