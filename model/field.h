#pragma once
/* field: values of clients against a field table, with Ironic's sentences, and as text for their columns. */
#include <jansson.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "model/node.h"

/* Checks type and length. what: "node", "port", "patch" (after "Schema error for"). */
int field_check(const struct node_field_info *info, const json_t *value, const char *what, struct error *err);
/* The checked value as its column's text, in the arena; NULL for null. */
const char *field_text(const struct node_field_info *info, const json_t *value, struct arena *arena);
/* The column's text as a value; NULL text: null. New reference. */
json_t *field_value(const struct node_field_info *info, const char *text, size_t len);
/* Ironic's boolean words: 1 t true on y yes, 0 f false off n no; any case. -ERR_INVALID names the argument.
 */
int parse_bool(const char *name, const char *text, bool *ret, struct error *err);
/* "Schema error for node: Additional properties are not allowed ('x' was unexpected)". */
int field_unknown(const char *what, const char *name, struct error *err);
