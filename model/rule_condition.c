/* rule_condition: what conditions of inspection rules can ask. See rule_private.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/netaddr.h"
#include "lib/regex.h"
#include "lib/xalloc.h"
#include "model/rule_private.h"

/* ---- comparing ---- */

static bool is_number(const json_t *value)
{
	return json_is_number(value) || json_is_boolean(value);
}

static double number_of(const json_t *value)
{
	return json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

static int order_numbers(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t x = json_integer_value(a), y = json_integer_value(b);

		return (x > y) - (x < y);
	}
	double x = number_of(a), y = number_of(b);
	return (x > y) - (x < y);
}

/* As Python's ==. */
static bool are_equal(const json_t *a, const json_t *b)
{
	if (is_number(a) && is_number(b))
		return order_numbers(a, b) == 0;
	return json_equal(a, b);
}

/* A number, or a text that is one: interpolation makes texts of numbers. */
static bool as_number(const json_t *value, double *ret)
{
	const char *text = json_string_value(value);
	char *end;

	if (is_number(value)) {
		*ret = number_of(value);
		return true;
	}
	if (!text || strspn(text, "+-.0123456789eE") != strlen(text))
		return false;
	*ret = strtod(text, &end);
	return end != text && !*end;
}

/* Two texts as texts, all else as numbers. */
static int order(const json_t *a, const json_t *b, int *ret, struct error *err)
{
	double x, y;

	if (json_is_string(a) && json_is_string(b)) {
		*ret = strcmp(json_string_value(a), json_string_value(b));
	} else if (json_is_integer(a) && json_is_integer(b)) {
		*ret = order_numbers(a, b);
	} else if (as_number(a, &x) && as_number(b, &y)) {
		*ret = (x > y) - (x < y);
	} else {
		return fail(err, ERR_INVALID, "values of these types have no order");
	}
	return 0;
}

enum relation { RELATION_EQ, RELATION_NE, RELATION_LT, RELATION_GT, RELATION_LE, RELATION_GE };

static int relate(enum relation relation, const json_t *a, const json_t *b, bool *ret, struct error *err)
{
	bool is_less = relation == RELATION_LT || relation == RELATION_LE;
	int rc, sign = 0;

	if (relation == RELATION_EQ || relation == RELATION_NE) {
		*ret = are_equal(a, b) == (relation == RELATION_EQ);
		return 0;
	}
	rc = order(a, b, &sign, err);
	if (rc < 0)
		return rc;
	*ret = is_less ? sign < 0 : sign > 0;
	if (relation == RELATION_LE || relation == RELATION_GE)
		*ret = *ret || sign == 0;
	return 0;
}

static json_t *as_texts(const json_t *values)
{
	json_t *texts = json_array(), *value;
	size_t i;

	json_array_foreach(values, i, value)
	{
		char *text = rule_text(value);

		json_array_append_new(texts, json_string(text));
		xfree(text);
	}
	return texts;
}

/* Each value and the next. In a loop all are texts, as interpolation has made them. */
static int compare(const struct rule_run *run, json_t *const *args, enum relation relation, bool *ret,
		   struct error *err)
{
	json_t *values;
	int rc = 0;

	if (!json_is_array(args[0]))
		return fail(err, ERR_INVALID, "Expected list for 'values'");
	values = run->item || json_is_true(args[1]) ? as_texts(args[0]) : json_incref(args[0]);
	*ret = true;
	for (size_t i = 0; rc == 0 && *ret && i + 1 < json_array_size(values); i++)
		rc = relate(relation, json_array_get(values, i), json_array_get(values, i + 1), ret, err);
	json_decref(values);
	return rc;
}

/* clang-format off */
#define COMPARE(name, RELATION) \
	static int name(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err) \
	{ \
		return compare(run, args, RELATION, ret, err); \
	}
COMPARE(eq, RELATION_EQ)
COMPARE(ne, RELATION_NE)
COMPARE(lt, RELATION_LT)
COMPARE(gt, RELATION_GT)
COMPARE(le, RELATION_LE)
COMPARE(ge, RELATION_GE)
/* clang-format on */

/* ---- looking at one value ---- */

static int is_empty(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	static const char *const empty[] = { "", "None", "[]", "{}" };
	char *text = rule_text(args[0]);

	(void)run;
	(void)err;
	*ret = false;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		*ret = *ret || strcmp(text, empty[i]) == 0;
	xfree(text);
	return 0;
}

static int is_true(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	const char *text = json_string_value(args[0]);

	(void)run;
	(void)err;
	if (text)
		*ret = strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0;
	else
		*ret = is_number(args[0]) && number_of(args[0]) != 0;
	return 0;
}

static int is_false(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	const char *text = json_string_value(args[0]);

	(void)run;
	(void)err;
	if (text)
		*ret = strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0;
	else
		*ret = json_is_null(args[0]) || (is_number(args[0]) && number_of(args[0]) == 0);
	return 0;
}

static int is_none(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	(void)run;
	(void)err;
	*ret = json_is_null(args[0]);
	return 0;
}

static int one_of(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	const json_t *value;
	size_t i;

	(void)run;
	*ret = false;
	if (json_is_string(args[1]) && json_is_string(args[0]))
		*ret = strstr(json_string_value(args[1]), json_string_value(args[0])) != NULL;
	else if (args[1] && !json_is_array(args[1]))
		return fail(err, ERR_INVALID, "Expected list for 'values'");
	json_array_foreach(args[1], i, value) *ret = *ret || are_equal(args[0], value);
	return 0;
}

static int in_net(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	(void)run;
	if (!json_is_string(args[0]) || !json_is_string(args[1]))
		return fail(err, ERR_INVALID, "address and subnet must be texts");
	return netaddr_is_in(json_string_value(args[0]), json_string_value(args[1]), ret, err);
}

static int match(json_t *const *args, enum regex_mode mode, bool *ret, struct error *err)
{
	char *text;
	int rc;

	if (!json_is_string(args[1]))
		return fail(err, ERR_INVALID, "invalid regular expression: it is no text");
	text = rule_text(args[0]);
	rc = regex_matches(json_string_value(args[1]), text, mode, ret, err);
	xfree(text);
	return rc;
}

static int matches(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	(void)run;
	return match(args, REGEX_WHOLE, ret, err);
}

static int contains(const struct rule_run *run, json_t *const *args, bool *ret, struct error *err)
{
	(void)run;
	return match(args, REGEX_SEARCH, ret, err);
}

/* ---- the table ---- */

/* clang-format off */
#define VALUES  { { "values", true, true }, { "force_strings", false, false }, { 0 } }
#define VALUE   { { "value", true, true }, { 0 } }
#define PATTERN { { "value", true, true }, { "regex", true, false }, { 0 } }

const struct rule_operator rule_conditions[] = {
	{ "eq",       VALUES,  .holds = eq },
	{ "ne",       VALUES,  .holds = ne },
	{ "lt",       VALUES,  .holds = lt },
	{ "gt",       VALUES,  .holds = gt },
	{ "le",       VALUES,  .holds = le },
	{ "ge",       VALUES,  .holds = ge },
	{ "is-empty", VALUE,   .holds = is_empty },
	{ "in-net",   { { "address", true, true }, { "subnet", true, true }, { 0 } }, .holds = in_net },
	{ "is-true",  VALUE,   .holds = is_true },
	{ "is-false", VALUE,   .holds = is_false },
	{ "is-none",  VALUE,   .holds = is_none },
	{ "one-of",   { { "value", true, true }, { "values", false, false }, { 0 } }, .holds = one_of },
	{ "matches",  PATTERN, .holds = matches },
	{ "contains", PATTERN, .holds = contains },
	{ 0 }
};
/* clang-format on */

const struct rule_operator *rule_condition_find(const char *name, bool *ret_is_inverted)
{
	*ret_is_inverted = *name == '!';
	name += *ret_is_inverted;
	for (const struct rule_operator *row = rule_conditions; row->name; row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}
