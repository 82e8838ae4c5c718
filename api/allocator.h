#pragma once
/*
 * allocator: answers open allocations: gives each a node, or says why it gets none. No conductor is needed,
 * because only the database is touched. Every API process runs one; what they do is safe under races, and an
 * allocation whose process died is answered by another.
 */
#include "lib/fiber.h"

struct db;

void allocator_start(struct db *db);
/* Waits for the allocation in hand. */
SUSPENDS void allocator_stop(void);
/* There is a new one. */
void allocator_wake(void);
