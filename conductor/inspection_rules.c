/* inspection_rules: see inspection_rules.h. */
#include "conductor/inspection_rules.h"

#include <string.h>

#include "conductor/conductor.h"
#include "conductor/inspection_options.h"
#include "db/inspection.h"
#include "lib/json.h"
#include "model/rule.h"

static bool is_masked(bool is_sensitive)
{
	const char *which = inspection_options.mask_secrets;

	return strcmp(which, "always") == 0 || (strcmp(which, "sensitive") == 0 && !is_sensitive);
}

static int parse(const struct db_rows *rows, int row, int column, json_t **ret, struct error *err)
{
	return json_parse(db_value(rows, row, column), db_value_len(rows, row, column), JSON_VALUE_DEPTH_MAX,
			  ret, err);
}

static int apply(const struct db_rows *rows, int row, struct inspected *inspected, struct error *err)
{
	bool is_sensitive = db_value_bool(rows, row, INSPECTION_RULE_SENSITIVE);
	json_t *conditions = NULL, *actions = NULL;
	int rc = parse(rows, row, INSPECTION_RULE_CONDITIONS, &conditions, err);

	if (rc == 0)
		rc = parse(rows, row, INSPECTION_RULE_ACTIONS, &actions, err);
	if (rc == 0) {
		const struct rule rule = { .uuid = db_value(rows, row, INSPECTION_RULE_UUID),
					   .is_sensitive = is_sensitive,
					   .conditions = conditions,
					   .actions = actions,
					   .is_masked = is_masked(is_sensitive) };

		rc = rule_apply(&rule, inspected, err);
	}
	json_decref(conditions);
	json_decref(actions);
	return rc;
}

int inspection_rules_apply(struct job *job, const char *phase, struct inspected *inspected, struct error *err)
{
	struct db_rows *rows = NULL;
	int rc;

	do
		rc = inspection_rules_read(job->conductor->db, phase, &rows, err);
	while (task_again(job, rc));
	for (int i = 0; rc == 0 && i < db_rows_count(rows); i++)
		rc = apply(rows, i, inspected, err);
	db_rows_release(rows);
	return rc;
}
