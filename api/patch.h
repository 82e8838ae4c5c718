#pragma once
/* patch: JSON Patch (RFC 6902) as far as Ironic takes it: add, replace and remove, with its sentences. */
#include <jansson.h>
#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"

#define PATCH_ROOT_MAX 64

/* Checks the list of operations by itself: types, names, paths. From 1.98 paths may hold "~0", "~1" and ".".
 */
int patch_check(const json_t *operations, int version, struct error *err);
/* The member of the document that an operation touches: "/extra/a/b" -> "extra". False: longer than any name.
 */
bool patch_root(const json_t *operation, char root[PATCH_ROOT_MAX]);
/* Applies checked operations to document in place; on failure it is left half changed. -ERR_PATCH. */
int patch_apply(json_t *document, const json_t *operations, struct error *err);
