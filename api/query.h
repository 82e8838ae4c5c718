#pragma once
/* query: the arguments after '?', and the value types that queries and bodies share. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

#define QUERY_MAX      64
#define QUERY_ANY_NAME "*" /* a last row of this name stands for all others */

enum query_type {
	QUERY_TEXT,
	QUERY_LIST, /* words between commas; may be given more than once */
	QUERY_BOOL,
	QUERY_INT,
	QUERY_UUID,
	QUERY_DETAIL /* a boolean that is a 400 below its microversion, where all others are a 406 */
};

/* A row of a route's table; the table ends with a NULL name. */
struct query_parameter {
	const char *name;
	enum query_type type;
	int since; /* microversion; older: 406. 0: always */
};

struct query {
	struct query_pair {
		const char *name, *value; /* decoded; in the arena */
	} pairs[QUERY_MAX];
	size_t count;
};

/* Decodes text ('+' and %XX) into the arena. -ERR_INVALID: too many pairs, a broken escape, NUL or bad UTF-8.
 */
int query_parse(struct query *query, const char *text, struct arena *arena, struct error *err);
/* Checks names and types against the table (NULL: nothing is allowed), and that only lists come more than
 * once; a list becomes one value without spaces and empty words. -ERR_INVALID, -ERR_NOT_ACCEPTABLE. */
int query_check(struct query *query, const struct query_parameter *table, int version, struct arena *arena,
		struct error *err);
/* Drops parameters that the table does not know and the body has as members: the body's count, as in Ironic.
 * body: any value, may be NULL. Before query_check. */
void query_yield(struct query *query, const struct query_parameter *table, const json_t *body);
/* The last value of that name, or NULL. */
const char *query_text(const struct query *query, const char *name);
/* The next word of a list's value and its length, NULL at the end: const char *rest = value; */
const char *query_word(const char **rest, size_t *ret_len);
/* The same in lower case, cut to size - 1 bytes. False at the end. */
bool query_word_lower(const char **rest, char *word, size_t size);
/* 1, 0, or -1 when absent. The value was checked. */
int query_bool(const struct query *query, const char *name);

/* A decimal integer; one that does not fit becomes the greatest or least. -ERR_INVALID names the argument. */
int parse_int(const char *name, const char *text, long *ret, struct error *err);
