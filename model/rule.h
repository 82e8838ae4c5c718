#pragma once
/*
 * rule: inspection rules: under these conditions on what an inspection found, these actions on the node, its
 * ports, its traits and the plugin data, all in memory (model/inspected.h). Who applies them reads and
 * writes.
 *
 * Rules come from administrators; what they look at comes from a ramdisk, that is from anybody.
 * Source: Ironic's inspection rules (ironic-contract, section 3.4); docs/inspection.rst.
 */
#include <stdbool.h>

#include "model/inspected.h"

struct rule {
	const char *uuid;                   /* borrowed; for sentences */
	bool is_sensitive;                  /* sentences and the log do not tell what it says or sees */
	const json_t *conditions, *actions; /* borrowed lists, checked by rule_check */
	bool is_masked;                     /* reads stars instead of secrets in inventory and plugin data */
};

/* Operators and their arguments in both lists, NULL for one that is not to be checked. -ERR_INVALID in
 * Ironic's words. */
int rule_check(const json_t *conditions, const json_t *actions, struct error *err);
/* Does the actions if all conditions hold. -ERR_INVALID: the rule fails the inspection, or cannot be applied;
 * the actions before have been done. */
int rule_apply(const struct rule *rule, struct inspected *inspected, struct error *err);
