#pragma once
/* address: connection strings with names resolved by us, so that libpq never blocks on DNS. */
#include "lib/error.h"
#include "lib/fiber.h"

/* NULL-terminated keyword and value arrays for PQconnectStartParams. */
struct db_address {
	size_t count;
	char **keywords, **values; /* owned */
};

/* Parses a libpq URI or key=value text, adds hostaddr for host names (several hosts: those that do not
 * resolve are left out) and defaults: fallback_application_name, time limits that find a dead peer,
 * gssencmode=disable. -ERR_INVALID when malformed, -ERR_DATABASE when no name resolves. Never shows the text:
 * it holds a password. */
SUSPENDS int db_address_init(struct db_address *address, const char *connection, const char *application_name,
			     struct error *err);
void db_address_release(struct db_address *address);
