#include "db/made.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/xalloc.h"

#define SQL_MAX      65536
#define PREPARED_MAX 256
#define BUCKET_COUNT 64

/* Texts that were prepared once: they live as long as the process, because connections know them by name. */
struct prepared {
	struct db_statement statement;
	struct prepared *next;
};
static struct prepared *buckets[BUCKET_COUNT];
static unsigned prepared_count;

void made_init(struct made *made)
{
	buf_init(&made->sql, SQL_MAX);
	made->count = 0;
	made->is_together = false;
}

void made_release(struct made *made)
{
	buf_release(&made->sql);
}

void made_add(struct made *made, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	for (const char *mark; (mark = strstr(text, "$?")); text = mark + 2) {
		assert(made->count < MADE_PARAMETER_MAX);
		buf_append(&made->sql, text, (size_t)(mark - text));
		made->values[made->count++] = va_arg(args, const char *);
		buf_printf(&made->sql, "$%d", made->count);
	}
	va_end(args);
	buf_puts(&made->sql, text);
}

static const struct db_statement *find_prepared(const char *sql, int param_count, bool is_together)
{
	unsigned hash = 5381;

	for (const char *p = sql; *p; p++)
		hash = hash * 33 ^ (unsigned char)*p;
	struct prepared **bucket = &buckets[hash % BUCKET_COUNT];
	for (struct prepared *p = *bucket; p; p = p->next) {
		if (strcmp(p->statement.sql, sql) == 0)
			return &p->statement;
	}
	if (prepared_count == PREPARED_MAX)
		return NULL;

	struct prepared *made = xcalloc(1, sizeof *made);
	made->statement = (struct db_statement){ .name = xasprintf("made_%u", prepared_count++),
						 .sql = xstrdup(sql),
						 .param_count = param_count,
						 .is_together = is_together };
	made->next = *bucket;
	*bucket = made;
	return &made->statement;
}

int made_exec(struct made *made, struct db *db, struct db_rows **ret_rows, struct error *err)
{
	if (made->sql.overflow)
		return fail(err, ERR_INVALID, "The request names too many columns or filters.");

	struct db_statement unnamed = { .name = NULL,
					.sql = made->sql.data,
					.param_count = made->count,
					.is_together = made->is_together };
	const struct db_statement *statement =
		find_prepared(made->sql.data, made->count, made->is_together);

	return db_exec(db, statement ? statement : &unnamed, made->values, ret_rows, err);
}

static void make_insert(struct made *made, const char *table, const struct change *changes, size_t count)
{
	made_init(made);
	made_add(made, "INSERT INTO ");
	made_add(made, table);
	for (size_t i = 0; i < count; i++) {
		made_add(made, i ? ", " : " (");
		made_add(made, changes[i].column);
	}
	made_add(made, ") VALUES");
	for (size_t i = 0; i < count; i++) {
		made_add(made, i ? ", " : " (");
		made_add(made, changes[i].as ? changes[i].as : "$?", changes[i].value);
	}
	made_add(made, ")");
}

int change_insert(struct db *db, const char *table, const struct change *changes, size_t count,
		  struct error *err)
{
	struct made made;

	make_insert(&made, table, changes, count);
	int rc = made_exec(&made, db, NULL, err);
	made_release(&made);
	return rc;
}

int change_insert_row(struct db *db, const char *table, const struct change *changes, size_t count,
		      const char *returning, struct db_rows **ret_rows, struct error *err)
{
	struct made made;

	make_insert(&made, table, changes, count);
	made_add(&made, " RETURNING ");
	made_add(&made, returning);
	made.is_together = true;
	int rc = made_exec(&made, db, ret_rows, err);
	made_release(&made);
	return rc;
}

void made_add_changes(struct made *made, const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		made_add(made, ", ");
		made_add(made, changes[i].column);
		made_add(made, " = ");
		made_add(made, changes[i].as ? changes[i].as : "$?", changes[i].value);
	}
}

int change_update(struct db *db, const char *table, int64_t id, const char *guard, const char *guard_value,
		  const struct change *changes, size_t count, bool *ret_done, struct error *err)
{
	struct made made;
	struct db_rows *rows = NULL;
	char id_text[24];

	snprintf(id_text, sizeof id_text, "%" PRId64, id);
	made_init(&made);
	made_add(&made, "UPDATE ");
	made_add(&made, table);
	made_add(&made, " SET updated_at = now()");
	made_add_changes(&made, changes, count);
	made_add(&made, " WHERE id = $?::bigint", id_text);
	made_add(&made, guard, guard_value);
	int rc = made_exec(&made, db, &rows, err);
	if (rc == 0)
		*ret_done = db_affected(rows) > 0;
	db_rows_release(rows);
	made_release(&made);
	return rc;
}
