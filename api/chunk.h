#pragma once
/*
 * chunk: the rows of a list that are in memory. Few lists have some at the same time, the others stand in
 * line, so that the memory of all is bounded however many there are. A list that waits for its reader offers
 * its rows: who is next in line takes their place.
 */
#include <stdbool.h>

#include "db/db.h"

struct chunk {
	struct db_rows *rows; /* owned; NULL: none */
	int row;              /* of them: the next to be written */
	bool has_place;
	bool is_offered;
	struct chunk *next; /* among the offered */
};

/* Waits in line. The chunk has a place then, and no rows yet. 0 or -ERR_CANCELLED. */
SUSPENDS int chunk_take(struct chunk *chunk, struct error *err);
/* Releases the rows and leaves the place. Harmless without. */
void chunk_give(struct chunk *chunk);
/* Between these the rows may go. False: they have gone, and the place with them. */
void chunk_offer(struct chunk *chunk);
bool chunk_keep(struct chunk *chunk);
