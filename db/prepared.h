#pragma once
/* prepared: which statements the server knows by name on one connection. A hash table by their addresses. */
#include <stdbool.h>

#include "db/db.h"

enum { PREPARED_SIZE = 1024, PREPARED_MAX = PREPARED_SIZE / 2 };

/* Zeroed is empty. */
struct prepared {
	const struct db_statement *slots[PREPARED_SIZE];
	unsigned count;
};

bool prepared_has(const struct prepared *prepared, const struct db_statement *statement);
bool prepared_has_room(const struct prepared *prepared);
void prepared_add(struct prepared *prepared, const struct db_statement *statement); /* with room, once */
void prepared_remove(struct prepared *prepared, const struct db_statement *statement);
void prepared_clear(struct prepared *prepared);
