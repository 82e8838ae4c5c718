/* stored_steps: see stored_steps.h. */
#include "db/stored_steps.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/array.h"
#include "lib/xalloc.h"

static const struct db_statement runbook_statement = {
	.name = "stored_runbook",
	.sql = "SELECT r.steps, r.disable_ramdisk, EXISTS (SELECT 1 FROM node_traits t WHERE t.node_id = $2"
	       " AND (t.trait = r.name OR t.trait IN (SELECT json_array_elements_text(r.traits))))"
	       " FROM runbooks r WHERE r.uuid::text = lower($1) OR r.name = $1"
	       " ORDER BY r.uuid::text = lower($1) DESC LIMIT 1",
	.param_count = 2,
};

static const struct db_statement template_statement = {
	.name = "stored_template_steps",
	.sql = "SELECT coalesce(json_agg(s.step ORDER BY t.name, s.place), '[]') FROM deploy_templates t,"
	       " json_array_elements(t.steps) WITH ORDINALITY AS s (step, place) WHERE t.name = ANY ($1)",
	.param_count = 1,
};

int stored_runbook_read(struct db *db, const char *ident, int64_t node_id, struct stored_runbook *ret,
			struct error *err)
{
	struct db_rows *rows = NULL;
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, node_id);
	int rc = db_exec(db, &runbook_statement, (const char *[]){ ident, id }, &rows, err);
	if (rc == 0 && db_rows_count(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "%s", "");
	if (rc == 0)
		*ret = (struct stored_runbook){ .steps = xstrdup(db_value(rows, 0, 0)),
						.is_ramdisk_disabled = db_value_bool(rows, 0, 1),
						.is_for_node = db_value_bool(rows, 0, 2) };
	db_rows_release(rows);
	return rc;
}

void stored_runbook_release(struct stored_runbook *runbook)
{
	xfree(runbook->steps);
	runbook->steps = NULL;
}

int stored_template_steps(struct db *db, const char *const *names, size_t count, char **ret_steps,
			  struct error *err)
{
	struct db_rows *rows = NULL;
	struct array array;

	array_init(&array);
	for (size_t i = 0; i < count; i++)
		array_text(&array, names[i]);
	int rc = db_exec(db, &template_statement, (const char *[]){ array_end(&array) }, &rows, err);
	if (rc == 0)
		*ret_steps = xstrdup(db_value(rows, 0, 0));
	db_rows_release(rows);
	array_release(&array);
	return rc;
}
