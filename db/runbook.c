#include "db/runbook.h"

#define NAMES "SELECT json_array_elements_text(traits)"
#define CHANGE(name_, names, also)                                                                           \
	{                                                                                                    \
		.name = name_,                                                                               \
		.sql = "UPDATE runbooks SET updated_at = now(), traits ="                                    \
		       " (SELECT coalesce(json_agg(t.name ORDER BY t.name), '[]') FROM (" names              \
		       ") t (name))"                                                                         \
		       " WHERE id = $1::bigint" also,                                                        \
		.param_count = 2,                                                                            \
	}

static const struct db_statement statements[] = {
	[RUNBOOK_TRAITS_SET] =
		CHANGE("runbook_traits_set", "SELECT DISTINCT json_array_elements_text($2::json)", ""),
	[RUNBOOK_TRAITS_ADD] = CHANGE("runbook_traits_add", NAMES " UNION SELECT $2::text", ""),
	[RUNBOOK_TRAITS_REMOVE] = CHANGE("runbook_traits_remove", NAMES " EXCEPT SELECT $2::text",
				   " AND $2::text IN (" NAMES ")"),
};

int runbook_change_traits(struct db *db, const char *id, enum runbook_change change, const char *value,
			  struct error *err)
{
	struct db_rows *rows = NULL;

	int rc = db_exec(db, &statements[change], (const char *[]){ id, value }, &rows, err);
	if (rc == 0 && db_affected(rows) == 0)
		rc = fail(err, ERR_NOT_FOUND, "%s", "");
	db_rows_release(rows);
	return rc;
}
