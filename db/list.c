#include "db/list.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "db/array.h"
#include "lib/xalloc.h"

#define COLUMNS_MAX 32768
#define WINDOW_MAX  1000 /* rows of a page, as a rule */

static bool needs_window(const struct list *list)
{
	return list->sort && list->order == LIST_SORTED;
}

void list_init(struct list *list, const char *from, const char *id)
{
	*list = (struct list){ .from = from, .id = id };
	buf_init(&list->columns, COLUMNS_MAX);
}

void list_release(struct list *list)
{
	buf_release(&list->columns);
	xfree(list->after_key);
	xfree(list->window.ids);
}

void list_where(struct list *list, const char *sql, const char *value)
{
	assert(list->condition_count < LIST_CONDITION_MAX);
	list->conditions[list->condition_count].sql = sql;
	list->conditions[list->condition_count++].value = value;
}

static void move_behind(struct list *list, int64_t id, const char *key)
{
	char *copy = xstrdup_or_null(key);

	xfree(list->after_key);
	list->after_key = copy;
	list->after_id = id;
	list->is_behind = true;
	list->is_done = false;
	if (list->sort)
		list->part = key ? LIST_KEYS : LIST_NULLS;
}

void list_start_after(struct list *list, int64_t id, const char *key)
{
	struct list_window *window = &list->window;

	for (int i = 0; i < window->count; i++) {
		if (window->ids[i] == id) { /* its key may have changed meanwhile */
			window->next = i + 1;
			list->is_done = false;
			return;
		}
	}
	window->count = window->next = 0;
	move_behind(list, id, key);
}

int list_start_at(struct list *list, struct db *db, const char *column, const char *uuid, struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;

	made_init(&made);
	made_add(&made, "SELECT ");
	made_add(&made, list->id);
	made_add(&made, ", ");
	made_add(&made, list->sort ? list->sort : "NULL");
	made_add(&made, " FROM ");
	made_add(&made, list->from);
	made_add(&made, " WHERE ");
	made_add(&made, column);
	made_add(&made, " = $?::uuid", uuid);
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc < 0)
		return rc;
	if (db_rows_count(rows) == 0)
		rc = -ERR_NOT_FOUND;
	else
		list_start_after(list, db_value_int(rows, 0, LIST_ID), db_value(rows, 0, LIST_KEY));
	db_rows_release(rows);
	return rc;
}

/* NULL keys sort as the smallest: first when ascending, last when descending. */
static void add_position(const struct list *list, struct made *made, const char *id_text)
{
	const char *beyond = list->is_descending ? " < " : " > ";

	made_add(made, " AND ");
	if (list->part == LIST_KEYS && !list->is_behind) {
		made_add(made, list->sort);
		made_add(made, " IS NOT NULL");
		return;
	}
	if (list->part == LIST_KEYS) {
		made_add(made, "(");
		made_add(made, list->sort);
		made_add(made, ", ");
		made_add(made, list->id);
		made_add(made, ")");
		made_add(made, beyond);
		made_add(made, "($?::", list->after_key);
		made_add(made, list->sort_type);
		made_add(made, ", $?::bigint)", id_text);
		return;
	}
	if (list->part == LIST_NULLS) {
		made_add(made, list->sort);
		made_add(made, list->is_behind ? " IS NULL AND " : " IS NULL");
	}
	if (list->is_behind) {
		made_add(made, list->id);
		made_add(made, beyond);
		made_add(made, "$?::bigint", id_text);
	}
}

/* As the indexes stand: (key NULLS FIRST, id), or (key, id) of what is never null. */
static void add_order(const struct list *list, struct made *made)
{
	made_add(made, " ORDER BY ");
	if (list->sort) {
		made_add(made, list->sort);
		made_add(made, list->is_descending ? " DESC" : " ASC");
		if (list->order != LIST_INDEXED_NOT_NULL)
			made_add(made, list->is_descending ? " NULLS LAST" : " NULLS FIRST");
		made_add(made, ", ");
	}
	made_add(made, list->id);
	made_add(made, list->is_descending ? " DESC" : " ASC");
}

static void add_conditions(const struct list *list, struct made *made)
{
	made_add(made, " FROM ");
	made_add(made, list->from);
	made_add(made, " WHERE true");
	for (int i = 0; i < list->condition_count; i++) {
		made_add(made, " AND ");
		made_add(made, list->conditions[i].sql, list->conditions[i].value,
			 list->conditions[i].value);
	}
}

static void add_columns(const struct list *list, struct made *made)
{
	made_add(made, "SELECT ");
	made_add(made, list->id);
	made_add(made, ", ");
	made_add(made, list->sort ? list->sort : "NULL");
}

static void make_select(struct list *list, struct made *made, const char *id_text, const char *count_text)
{
	add_columns(list, made);
	if (!needs_window(list))
		buf_append(&made->sql, list->columns.data, list->columns.len);
	add_conditions(list, made);
	if (list->part != LIST_WHOLE || list->is_behind)
		add_position(list, made, id_text);
	add_order(list, made);
	made_add(made, " LIMIT $?", count_text);
}

/* What follows when a chunk was not full. */
static void end_part(struct list *list)
{
	enum list_part last = list->is_descending ? LIST_NULLS : LIST_KEYS;

	if (list->part == LIST_WHOLE || list->part == last || list->order == LIST_INDEXED_NOT_NULL) {
		list->is_done = true;
		return;
	}
	list->part = last;
	list->is_behind = false;
}

static int next_of_part(struct list *list, struct db *db, int count, struct db_rows **ret, struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;
	char id_text[24], count_text[16];

	snprintf(id_text, sizeof id_text, "%" PRId64, list->after_id);
	snprintf(count_text, sizeof count_text, "%d", count);
	made_init(&made);
	make_select(list, &made, id_text, count_text);
	int rc = made_exec(&made, db, &rows, err);
	made_release(&made);
	if (rc < 0)
		return rc;

	enum list_part part = list->part;
	int last = db_rows_count(rows) - 1;
	if (last >= 0)
		move_behind(list, db_value_int(rows, last, LIST_ID), db_value(rows, last, LIST_KEY));
	if (last + 1 < count) {
		list->part = part;
		end_part(list);
	}
	*ret = rows;
	return 0;
}

static int next_in_order(struct list *list, struct db *db, int count, struct db_rows **ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc;

	do {
		db_rows_release(rows);
		rc = next_of_part(list, db, count, &rows, err);
	} while (rc == 0 && db_rows_count(rows) == 0 && !list->is_done);
	if (rc == 0)
		*ret = rows;
	return rc;
}

/* ---- without an index ---- */

static int find_window(struct list *list, struct db *db, struct error *err)
{
	struct list_window *window = &list->window;
	struct db_rows *rows;

	int rc = next_in_order(list, db, WINDOW_MAX, &rows, err);
	if (rc < 0)
		return rc;
	xfree(window->ids);
	window->count = db_rows_count(rows);
	window->next = 0;
	window->is_last = list->is_done;
	window->ids = xcalloc((size_t)window->count + 1, sizeof *window->ids);
	for (int i = 0; i < window->count; i++)
		window->ids[i] = db_value_int(rows, i, LIST_ID);
	db_rows_release(rows);
	return 0;
}

/* The rows with those ids that are still there and still pass, in that order. */
static int read_ids(struct list *list, struct db *db, const int64_t *ids, int count, struct db_rows **ret,
		    struct error *err)
{
	struct array array;
	struct made made;

	array_init(&array);
	for (int i = 0; i < count; i++)
		array_int(&array, ids[i]);
	const char *ids_text = array_end(&array);
	made_init(&made);
	add_columns(list, &made);
	buf_append(&made.sql, list->columns.data, list->columns.len);
	add_conditions(list, &made);
	made_add(&made, " AND ");
	made_add(&made, list->id);
	made_add(&made, " = ANY ($?::bigint[]) ORDER BY array_position($?::bigint[], ", ids_text, ids_text);
	made_add(&made, list->id);
	made_add(&made, ")");
	int rc = made_exec(&made, db, ret, err);
	made_release(&made);
	array_release(&array);
	return rc;
}

static int next_of_window(struct list *list, struct db *db, int count, struct db_rows **ret,
			  struct error *err)
{
	struct list_window *window = &list->window;
	int rc = window->next < window->count ? 0 : find_window(list, db, err);

	if (rc < 0)
		return rc;
	if (count > window->count - window->next)
		count = window->count - window->next;
	rc = read_ids(list, db, window->ids + window->next, count, ret, err);
	window->next += count;
	list->is_done = window->is_last && window->next == window->count;
	return rc;
}

int list_next(struct list *list, struct db *db, int count, struct db_rows **ret, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc;

	if (!needs_window(list))
		return next_in_order(list, db, count, ret, err);
	do { /* until a row is left of what was found */
		db_rows_release(rows);
		rc = next_of_window(list, db, count, &rows, err);
	} while (rc == 0 && db_rows_count(rows) == 0 && !list->is_done);
	if (rc == 0)
		*ret = rows;
	return rc;
}
