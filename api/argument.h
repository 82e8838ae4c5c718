#pragma once
/* argument: the members of a request body, checked against a route's table. */
#include <jansson.h>
#include <stdbool.h>

#include "lib/error.h"

enum body_type { BODY_TEXT, BODY_BOOL, BODY_INT, BODY_UUID, BODY_OBJECT, BODY_LIST, BODY_ANY };

/* A row; the table ends with a NULL name. */
struct argument {
	const char *name;
	enum body_type type;
	bool is_required;
	int since; /* microversion; older: 406. 0: always */
};

/* body: an object or NULL (no body). Null is accepted for every type, as Ironic does; booleans may be words.
 * -ERR_INVALID, -ERR_MISSING, -ERR_NOT_ACCEPTABLE with Ironic's sentences. */
int argument_check(json_t *body, const struct argument *table, int version, struct error *err);
/* A text member; NULL when absent, null or of another type. Borrowed. */
const char *argument_text(const json_t *body, const char *name);
/* 1, 0, or -1 when absent or null. The member was checked. */
int argument_bool(const json_t *body, const char *name);
/* A number, also one in text; `absent` when there is none. The member was checked. */
long argument_int(const json_t *body, const char *name, long absent);
