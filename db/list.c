#include "db/list.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "lib/xalloc.h"

#define COLUMNS_MAX 32768

void list_init(struct list *list, const char *from, const char *id)
{
	*list = (struct list){ .from = from, .id = id };
	buf_init(&list->columns, COLUMNS_MAX);
}

void list_release(struct list *list)
{
	buf_release(&list->columns);
	xfree(list->after_key);
}

void list_where(struct list *list, const char *sql, const char *value)
{
	assert(list->condition_count < LIST_CONDITION_MAX);
	list->conditions[list->condition_count].sql = sql;
	list->conditions[list->condition_count++].value = value;
}

void list_start_after(struct list *list, int64_t id, const char *key)
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
		if (!list->is_never_null)
			made_add(made, list->is_descending ? " NULLS LAST" : " NULLS FIRST");
		made_add(made, ", ");
	}
	made_add(made, list->id);
	made_add(made, list->is_descending ? " DESC" : " ASC");
}

static void make_select(struct list *list, struct made *made, const char *id_text, const char *count_text)
{
	made_add(made, "SELECT ");
	made_add(made, list->id);
	made_add(made, ", ");
	made_add(made, list->sort ? list->sort : "NULL");
	buf_append(&made->sql, list->columns.data, list->columns.len);
	made_add(made, " FROM ");
	made_add(made, list->from);
	made_add(made, " WHERE true");
	for (int i = 0; i < list->condition_count; i++) {
		made_add(made, " AND ");
		made_add(made, list->conditions[i].sql, list->conditions[i].value,
			 list->conditions[i].value);
	}
	if (list->part != LIST_WHOLE || list->is_behind)
		add_position(list, made, id_text);
	add_order(list, made);
	made_add(made, " LIMIT $?", count_text);
}

/* What follows when a chunk was not full. */
static void end_part(struct list *list)
{
	enum list_part last = list->is_descending ? LIST_NULLS : LIST_KEYS;

	if (list->part == LIST_WHOLE || list->part == last || list->is_never_null) {
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
		list_start_after(list, db_value_int(rows, last, LIST_ID), db_value(rows, last, LIST_KEY));
	if (last + 1 < count) {
		list->part = part;
		end_part(list);
	}
	*ret = rows;
	return 0;
}

int list_next(struct list *list, struct db *db, int count, struct db_rows **ret, struct error *err)
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
