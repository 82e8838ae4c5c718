#include "db/prepared.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Where the statement stands, or would stand. */
static unsigned slot_of(const struct prepared *prepared, const struct db_statement *statement)
{
	unsigned at = (unsigned)((uintptr_t)statement >> 4) * 2654435761u % PREPARED_SIZE;

	while (prepared->slots[at] != NULL && prepared->slots[at] != statement)
		at = (at + 1) % PREPARED_SIZE;
	return at;
}

bool prepared_has(const struct prepared *prepared, const struct db_statement *statement)
{
	return prepared->slots[slot_of(prepared, statement)] == statement;
}

bool prepared_has_room(const struct prepared *prepared)
{
	return prepared->count < PREPARED_MAX;
}

void prepared_add(struct prepared *prepared, const struct db_statement *statement)
{
	assert(prepared_has_room(prepared) && !prepared_has(prepared, statement));
	prepared->slots[slot_of(prepared, statement)] = statement;
	prepared->count++;
}

void prepared_remove(struct prepared *prepared, const struct db_statement *statement)
{
	unsigned hole = slot_of(prepared, statement);

	if (prepared->slots[hole] == NULL)
		return;
	prepared->slots[hole] = NULL;
	prepared->count--;
	/* Entries behind the hole may have been pushed there by what stood in it. */
	for (unsigned at = (hole + 1) % PREPARED_SIZE; prepared->slots[at] != NULL;
	     at = (at + 1) % PREPARED_SIZE) {
		const struct db_statement *moved = prepared->slots[at];
		prepared->slots[at] = NULL;
		prepared->slots[slot_of(prepared, moved)] = moved;
	}
}

void prepared_clear(struct prepared *prepared)
{
	*prepared = (struct prepared){ 0 };
}
