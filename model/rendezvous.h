#pragma once
/*
 * rendezvous: which live conductor a node belongs to. Highest random weight: each host's name is hashed
 * with the key, the highest hash wins; a host that leaves moves only its own nodes. API and conductors
 * must agree, so the function is part of the protocol and never changes.
 */
#include <stddef.h>
#include <stdint.h>

/* The weight of a host for a key (a node's UUID in lower case). FNV-1a over host, NUL and key, finished with
 * the mixer of SplitMix64. */
uint64_t rendezvous_weight(const char *host, const char *key);
/* Index of the host with the highest weight; of equals, the name that sorts first. count > 0. */
size_t rendezvous_pick(const char *const *hosts, size_t count, const char *key);
