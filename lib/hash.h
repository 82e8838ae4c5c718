#pragma once
/*
 * hash: FNV-1a of 64 bits, for tables and for names that stay the same from run to run. It keeps no secret,
 * and who chooses the text chooses the hash: what must tell texts apart compares them as well.
 *
 * Source: the Internet-Draft eastlake-fnv, section 2.
 */
#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Goes on from hash, which begins as HASH_START. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = hash_bytes(hash, text, 1);
	return hash;
}

/* As the key of a map: never 0. */
static inline int64_t hash_key(uint64_t hash)
{
	return hash != 0 ? (int64_t)hash : 1;
}
