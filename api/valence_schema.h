#pragma once
/* valence_schema: what bodies of the Valence API may hold: JSON Schema as far as Valence uses it, in tables.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

enum schema_type {
	SCHEMA_TEXT,
	SCHEMA_URL,     /* http or https, without credentials: those have members of their own */
	SCHEMA_WORD,    /* one of `words` */
	SCHEMA_OBJECT,  /* of `members`, and nothing else */
	SCHEMA_TEXTS,   /* a list of texts */
	SCHEMA_OBJECTS, /* a list of at least one such object */
	SCHEMA_ANY
};

/* A member of an object; the table ends with a NULL name. */
struct schema {
	const char *name;
	enum schema_type type;
	bool is_required;
	const struct schema *members;
	const char *const *words; /* NULL-terminated */
};

/* body: the request's, NULL when it has none. -ERR_INVALID; the sentence names the member and never shows a
 * value, which may be a secret. */
int schema_check(const json_t *body, const struct schema *members, struct error *err);

extern const struct schema schema_pod_manager[], schema_pod_manager_patch[], schema_compose[],
	schema_manage[], schema_action[], schema_register[], schema_flavor[], schema_flavor_patch[],
	schema_podm[];
