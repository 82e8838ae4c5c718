#pragma once
/* inspection_rules: the stored inspection rules of a phase, applied to a node in memory (model/rule.h). */
#include "conductor/task.h"
#include "model/inspected.h"

/* phase: "early", before the hooks, or "main", after them. The rule of the highest priority is first, of
 * equal ones the oldest. -ERR_INVALID: one fails the inspection; -ERR_DATABASE. */
SUSPENDS int inspection_rules_apply(struct job *job, const char *phase, struct inspected *inspected,
				    struct error *err);
