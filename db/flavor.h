#pragma once
/* flavor: what a composed node shall have, by name and uuid: rows of `flavors`. */
#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"
#include "lib/arena.h"
#include "lib/uuid.h"

struct flavor {
	char uuid[UUID_TEXT];
	const char *name;
	const char *description; /* NULL: none */
	const char *properties;  /* JSON text */
	/* read only: */
	const char *created_at, *updated_at; /* ISO 8601 in UTC; the latter may be NULL */
};

/* All, by age; uuid (valid, may be NULL): that one. Texts live in the arena. */
SUSPENDS int flavor_list(struct db *db, const char *uuid, struct arena *arena, struct flavor **ret,
			 size_t *ret_count, struct error *err);
SUSPENDS int flavor_insert(struct db *db, const struct flavor *row, struct error *err);
/* Writes what is not NULL to the row with that uuid. *ret_done: it is there. */
SUSPENDS int flavor_update(struct db *db, const struct flavor *row, bool *ret_done, struct error *err);
/* *ret_done: it was there. */
SUSPENDS int flavor_delete(struct db *db, const char *uuid, bool *ret_done, struct error *err);
