#pragma once
/* console: which nodes have their consoles enabled. */
#include <stdbool.h>

#include "db/db.h"
#include "lib/uuid.h"

#define CONSOLE_DIGEST_TEXT 33

struct console_row {
	int64_t id;
	char uuid[UUID_TEXT];
	int driver;                       /* index into drivers */
	bool is_locked;                   /* somebody works on the node */
	char digest[CONSOLE_DIGEST_TEXT]; /* of what the console depends on: another one when that has changed
					   */
};
struct console_search {
	const char *group;
	const char *const *drivers;
	size_t driver_count;
};
/* Nodes of the group with one of the drivers, by id, after that id. */
SUSPENDS int console_page(struct db *db, const struct console_search *search, int64_t after_id, size_t max,
			  struct console_row *ret, size_t *ret_count, struct error *err);
