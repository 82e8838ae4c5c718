/* rule: see rule.h. */
#include "model/rule.h"

#include <string.h>

#include "lib/buf.h"
#include "model/rule_private.h"

/* ---- checking ---- */

static int check_count(const struct rule_operator *op, size_t count, struct error *err)
{
	struct buf missing;
	int rc = 0;

	buf_init(&missing, 256);
	for (size_t i = 0; op->arguments[i].name; i++) {
		if (i >= count && op->arguments[i].is_required)
			buf_printf(&missing, "%s%s", missing.len ? ", " : "", op->arguments[i].name);
	}
	if (missing.len)
		rc = fail(
			err, ERR_INVALID,
			"Inspection rule validation failed. Reason: Not enough arguments provided. Missing: "
			"%s (%s)",
			missing.data, op->name);
	buf_release(&missing);
	return rc;
}

static bool has_argument(const struct rule_operator *op, const char *name)
{
	bool is_found = false;

	for (const struct rule_argument *row = op->arguments; row->name; row++)
		is_found = is_found || strcmp(row->name, name) == 0;
	return is_found;
}

static int check_names(const struct rule_operator *op, const json_t *args, struct error *err)
{
	const char *name;
	json_t *value;

	for (const struct rule_argument *row = op->arguments; row->name; row++) {
		if (row->is_required && !json_object_get(args, row->name))
			return fail(err, ERR_INVALID,
				    "Inspection rule validation failed. Reason: missing required "
				    "argument(s): %s (%s)",
				    row->name, op->name);
	}
	json_object_foreach((json_t *)args, name, value)
	{
		if (!has_argument(op, name))
			return fail(err, ERR_INVALID,
				    "Inspection rule validation failed. Reason: unexpected argument(s): "
				    "%.200s (%s)",
				    name, op->name);
	}
	return 0;
}

static int check_args(const struct rule_operator *op, const json_t *args, struct error *err)
{
	return json_is_array(args) ? check_count(op, json_array_size(args), err) : check_names(op, args, err);
}

/* What an item of either list may be. */
static int check_item(const json_t *item, bool is_action, struct error *err)
{
	const char *name = json_string_value(json_object_get(item, "op"));
	const json_t *args = json_object_get(item, "args");
	const char *list = is_action ? "actions" : "conditions";
	const struct rule_operator *op = NULL;
	bool is_inverted;

	if (is_action && name && strcmp(name, "api-call") == 0)
		return fail(err, ERR_INVALID, "The action api-call of inspection rules is not supported.");
	if (name)
		op = is_action ? rule_action_find(name) : rule_condition_find(name, &is_inverted);
	if (!op)
		return fail(err, ERR_INVALID,
			    "Schema error for inspection_rule: '%s' is not a valid op in %s",
			    name ? name : "None", list);
	if (!json_is_object(args) && !json_is_array(args))
		return fail(err, ERR_INVALID,
			    "Schema error for inspection_rule: args of %s is not of type 'object', 'array'",
			    name);
	return check_args(op, args, err);
}

int rule_check(const json_t *conditions, const json_t *actions, struct error *err)
{
	const json_t *item;
	size_t i;
	int rc = 0;

	json_array_foreach(conditions, i, item)
	{
		if (rc == 0)
			rc = check_item(item, false, err);
	}
	json_array_foreach(actions, i, item)
	{
		if (rc == 0)
			rc = check_item(item, true, err);
	}
	return rc;
}

/* ---- applying ---- */

static void args_release(json_t *args[RULE_ARGUMENTS_MAX])
{
	for (size_t i = 0; i < RULE_ARGUMENTS_MAX; i++)
		json_decref(args[i]);
}

/* By place or name, interpolated. False: a required one is missing, which a check would have found. */
static bool args_take(const struct rule_run *run, const struct rule_operator *op, const json_t *given,
		      json_t *args[RULE_ARGUMENTS_MAX])
{
	bool is_empty_asked = strcmp(op->name, "is-empty") == 0;
	bool is_whole = true;

	for (size_t i = 0; i < RULE_ARGUMENTS_MAX; i++)
		args[i] = NULL;
	for (size_t i = 0; op->arguments[i].name; i++) {
		const struct rule_argument *row = &op->arguments[i];
		json_t *value =
			json_is_array(given) ? json_array_get(given, i) : json_object_get(given, row->name);

		if (value && (row->is_formatted || run->item))
			args[i] = rule_format(run, value, is_empty_asked);
		else
			args[i] = json_incref(value);
		is_whole = is_whole && (value || !row->is_required);
	}
	return is_whole;
}

static int not_checked(struct error *err)
{
	return fail(err, ERR_INVALID, "an operator or an argument is missing");
}

static int ask(const struct rule_run *run, const json_t *condition, bool *ret, struct error *err)
{
	const char *name = json_string_value(json_object_get(condition, "op"));
	bool is_inverted = false;
	const struct rule_operator *op = name ? rule_condition_find(name, &is_inverted) : NULL;
	json_t *args[RULE_ARGUMENTS_MAX];
	int rc;

	if (!op)
		return not_checked(err);
	rc = args_take(run, op, json_object_get(condition, "args"), args) ? op->holds(run, args, ret, err)
									  : not_checked(err);
	args_release(args);
	if (rc < 0)
		return fail_prefix(err, "Failed to check condition: '%s'", op->name);
	*ret = *ret != is_inverted;
	return 0;
}

/* How the answers for the items of a loop become one. */
struct joining {
	bool any, all, first, last;
};

static bool join(const struct joining *answers, const char *multiple)
{
	if (multiple && strcmp(multiple, "all") == 0)
		return answers->all;
	if (multiple && strcmp(multiple, "last") == 0)
		return answers->last;
	return answers->any; /* "first": the first that holds */
}

static int ask_each(struct rule_run *run, const json_t *condition, bool *ret, struct error *err)
{
	const json_t *loop = json_object_get(condition, "loop");
	struct joining answers = { .all = true };
	size_t count = json_is_array(loop) ? json_array_size(loop) : json_object_size(loop) ? 1 : 0;
	int rc = 0;

	if (count == 0)
		return ask(run, condition, ret, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		bool holds = false;

		run->item = json_is_array(loop) ? json_array_get(loop, i) : loop;
		rc = ask(run, condition, &holds, err);
		answers.any = answers.any || holds;
		answers.all = answers.all && holds;
		answers.last = holds;
	}
	run->item = NULL;
	*ret = join(&answers, json_string_value(json_object_get(condition, "multiple")));
	return rc;
}

static int act(const struct rule_run *run, const json_t *action, struct error *err)
{
	const char *name = json_string_value(json_object_get(action, "op"));
	const struct rule_operator *op = name ? rule_action_find(name) : NULL;
	json_t *args[RULE_ARGUMENTS_MAX];
	int rc;

	if (!op)
		return not_checked(err);
	rc = args_take(run, op, json_object_get(action, "args"), args) ? op->act(run, args, err)
								       : not_checked(err);
	args_release(args);
	if (rc < 0 && strcmp(op->name, "fail") != 0)
		return fail_prefix(err, "Failed to do %s", op->name);
	return rc;
}

static int act_each(struct rule_run *run, const json_t *action, struct error *err)
{
	const json_t *loop = json_object_get(action, "loop");
	size_t count = json_is_array(loop) ? json_array_size(loop) : json_object_size(loop) ? 1 : 0;
	int rc = 0;

	if (count == 0)
		return act(run, action, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		run->item = json_is_array(loop) ? json_array_get(loop, i) : loop;
		rc = act(run, action, err);
	}
	run->item = NULL;
	return rc;
}

/* What went wrong may quote what nobody is to read. */
static int explain(const struct rule_run *run, struct error *err)
{
	if (run->rule->is_sensitive)
		return fail(err, ERR_INVALID, "Failed to apply rule %s to node %s: it is sensitive.",
			    run->rule->uuid, run->inspected->node_uuid);
	return fail_prefix(err, "Failed to apply rule %s to node %s", run->rule->uuid,
			   run->inspected->node_uuid);
}

int rule_apply(const struct rule *rule, struct inspected *inspected, struct error *err)
{
	struct rule_run run = { .rule = rule, .inspected = inspected };
	const json_t *item;
	bool holds = true;
	int rc = 0;
	size_t i;

	json_array_foreach(rule->conditions, i, item)
	{
		if (rc == 0 && holds)
			rc = ask_each(&run, item, &holds, err);
	}
	json_array_foreach(rule->actions, i, item)
	{
		if (rc == 0 && holds)
			rc = act_each(&run, item, err);
	}
	return rc < 0 ? explain(&run, err) : 0;
}
