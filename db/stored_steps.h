#pragma once
/* stored_steps: the lists of steps that runbooks and deploy templates keep, for those who run them. */
#include "db/db.h"

/* A runbook by uuid or name. -ERR_NOT_FOUND without a sentence. */
struct stored_runbook {
	char *steps; /* JSON text; owned: stored_runbook_release */
	bool is_ramdisk_disabled;
	bool is_for_node; /* the node has one of its traits, or a trait of its name */
};
SUSPENDS int stored_runbook_read(struct db *db, const char *ident, int64_t node_id,
				 struct stored_runbook *ret, struct error *err);
void stored_runbook_release(struct stored_runbook *runbook);

/* The steps of the deploy templates of those names, by the templates' names: one list of JSON text, "[]" when
 * there is none. *ret_steps: xfree. */
SUSPENDS int stored_template_steps(struct db *db, const char *const *names, size_t count, char **ret_steps,
				   struct error *err);
