#pragma once
/* resource: rows of the tables that model/resource.h describes. */
#include "db/list.h"
#include "db/made.h"
#include "model/resource.h"

#define RESOURCE_FIELD_MAX 32

/* A list of all rows, by id. */
void resource_list_init(struct list *list, const struct resource *resource);
/* Selects uuid (first) and the other wanted fields; column[] of each is set to where it stands. */
void resource_select(struct list *list, const struct resource *resource, const bool *wanted, int *column);
/* Narrows the list by a filter of the API's name; value is borrowed until list_release. node_id and
 * portgroup_id are decimal, shard and conductor_groups lists with commas. False: no such filter.
 */
bool resource_filter(struct list *list, const struct resource *resource, const char *name, const char *value);
/* Orders by that field. */
void resource_sort(struct list *list, const struct resource *resource, size_t field);
/* How the field is written: column and SQL around its parameter. */
struct change resource_change(const struct resource *resource, size_t field, const char *value);
/* The row with that uuid, or name when uuid is NULL: columns 0 and 1 are LIST_ID and LIST_KEY, then all
 * fields that have a column, at column[]. -ERR_NOT_FOUND without a sentence. */
SUSPENDS int resource_read(struct db *db, const struct resource *resource, const char *uuid, const char *name,
			   int *column, struct db_rows **ret, struct error *err);
/* How often the row that resource_read gave was changed. */
int64_t resource_version(const struct db_rows *rows);
SUSPENDS int resource_insert(struct db *db, const struct resource *resource, const struct change *changes,
			     size_t count, struct error *err);
/* *ret_done: false when the row has another version, is gone, or its node is reserved. */
SUSPENDS int resource_update(struct db *db, const struct resource *resource, int64_t id, int64_t version,
			     const struct change *changes, size_t count, bool *ret_done, struct error *err);
/* *ret_done as above. -ERR_INVALID when other rows still refer to it (23503). */
SUSPENDS int resource_delete(struct db *db, const struct resource *resource, int64_t id, int64_t version,
			     bool *ret_done, struct error *err);
/* Every row. */
SUSPENDS int resource_delete_all(struct db *db, const struct resource *resource, struct error *err);
