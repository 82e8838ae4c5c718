#include "api/chunk.h"

/* Enough for both PostgreSQL and this process to be busy; each costs some 0.3 MB. */
#define PLACES 6

static struct semaphore places = { .free = PLACES };
static struct chunk *offered; /* whose lists wait for their readers, the longest first */

static void offered_remove(struct chunk *chunk)
{
	struct chunk **link = &offered;

	while (*link != chunk)
		link = &(*link)->next;
	*link = chunk->next;
	chunk->is_offered = false;
}

static void drop(struct chunk *chunk)
{
	if (chunk->is_offered)
		offered_remove(chunk);
	db_rows_release(chunk->rows);
	chunk->rows = NULL;
	chunk->has_place = false;
}

int chunk_take(struct chunk *chunk, struct error *err)
{
	int rc = 0;

	if (!semaphore_try(&places)) {
		if (offered)
			drop(offered); /* its place is ours */
		else
			rc = semaphore_take(&places, DEADLINE_NEVER);
	}
	if (rc < 0)
		return fail(err, ERR_CANCELLED, "The work was cancelled");
	chunk->has_place = true;
	return 0;
}

void chunk_give(struct chunk *chunk)
{
	if (!chunk->has_place)
		return;
	drop(chunk);
	semaphore_give(&places);
}

void chunk_offer(struct chunk *chunk)
{
	struct chunk **link = &offered;

	if (places.cond.first) { /* somebody stands in line */
		chunk_give(chunk);
		return;
	}
	while (*link)
		link = &(*link)->next;
	chunk->next = NULL;
	chunk->is_offered = true;
	*link = chunk;
}

bool chunk_keep(struct chunk *chunk)
{
	if (chunk->is_offered)
		offered_remove(chunk);
	return chunk->has_place;
}
