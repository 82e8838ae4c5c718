#include "model/rendezvous.h"

#include <assert.h>
#include <string.h>

#include "lib/hash.h"

/* FNV alone leaves the high bits of similar keys alike, and the comparison looks at those first. */
static uint64_t mix(uint64_t hash)
{
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
	return hash ^ (hash >> 31);
}

uint64_t rendezvous_weight(const char *host, const char *key)
{
	uint64_t hash = hash_bytes(HASH_START, host, strlen(host) + 1);

	return mix(hash_text(hash, key));
}

size_t rendezvous_pick(const char *const *hosts, size_t count, const char *key)
{
	size_t best = 0;

	assert(count > 0);
	uint64_t best_weight = rendezvous_weight(hosts[0], key);
	for (size_t i = 1; i < count; i++) {
		uint64_t weight = rendezvous_weight(hosts[i], key);

		if (weight > best_weight || (weight == best_weight && strcmp(hosts[i], hosts[best]) < 0)) {
			best = i;
			best_weight = weight;
		}
	}
	return best;
}
