#pragma once
/* rule_private: what the files of the rules engine share. See rule.h. */
#include "model/rule.h"

#define RULE_ARGUMENTS_MAX 4
/* Longest text that interpolation makes. */
#define RULE_TEXT_MAX ((size_t)64 * 1024)

/* One rule at work. */
struct rule_run {
	const struct rule *rule;
	struct inspected *inspected;
	const json_t *item; /* of the loop; NULL: in none */
};

/* In Ironic's order, which counts where arguments are given as a list. */
struct rule_argument {
	const char *name;
	bool is_required;
	bool is_formatted; /* outside loops too; in loops all are */
};

/* args: by their places in the operator's table; NULL: not given. Borrowed. */
typedef int rule_condition(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err);
typedef int rule_action(const struct rule_run *run, json_t *const *args, struct error *err);

struct rule_operator {
	const char *name;
	struct rule_argument arguments[RULE_ARGUMENTS_MAX + 1]; /* ends with a NULL name */
	rule_condition *holds;                                  /* of conditions */
	rule_action *act;                                       /* of actions */
};

/* Both tables end with a NULL name: rule_condition.c, rule_action.c. */
extern const struct rule_operator rule_conditions[], rule_actions[];
/* By name, after an optional '!' for conditions. NULL: none. */
const struct rule_operator *rule_condition_find(const char *name, bool *ret_is_inverted);
const struct rule_operator *rule_action_find(const char *name);

/* The value with the fields of its texts ("{inventory[cpu][count]}") replaced, down to its last member; a
 * text whose fields are not there stays as it is. is_null_if_missing: it becomes null if a member is missing.
 * New reference. rule_format.c */
json_t *rule_format(const struct rule_run *run, json_t *value, bool is_null_if_missing);
/* As Python's str() prints it, at most RULE_TEXT_MAX bytes; a new text (xfree). */
char *rule_text(const json_t *value);
