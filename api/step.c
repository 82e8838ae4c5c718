#include "api/step.h"

#include <stdbool.h>
#include <string.h>

#define STEP_MEMBERS 4

static bool is_interface(const char *name)
{
	static const char *const interfaces[] = {
		"bios", "deploy", "firmware", "management", "power", "raid"
	};
	bool is_found = false;

	for (size_t i = 0; name && i < sizeof interfaces / sizeof interfaces[0]; i++)
		is_found = is_found || strcmp(interfaces[i], name) == 0;
	return is_found;
}

/* A number, also one in text. */
static bool is_rank(const json_t *value)
{
	const char *text = json_string_value(value);

	if (text)
		return text[0] && strlen(text) <= 9 && strspn(text, "0123456789") == strlen(text);
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static int check_step(const json_t *step, const char *what, const char *rank, struct error *err)
{
	const char *const names[STEP_MEMBERS] = { "interface", "step", "args", rank };
	const char *name = json_string_value(json_object_get(step, "step"));

	if (!json_is_object(step))
		return fail(err, ERR_INVALID, "Schema error for %s: a step is not of type 'object'", what);
	for (size_t i = 0; i < STEP_MEMBERS; i++) {
		if (!json_object_get(step, names[i]))
			return fail(err, ERR_INVALID, "Schema error for %s: '%s' is a required property",
				    what, names[i]);
	}
	if (json_object_size(step) > STEP_MEMBERS)
		return fail(err, ERR_INVALID,
			    "Schema error for %s: a step has only interface, step, args and %s", what, rank);
	if (!is_interface(json_string_value(json_object_get(step, "interface"))))
		return fail(err, ERR_INVALID,
			    "Schema error for %s: the interface of a step is not one of "
			    "bios, deploy, firmware, management, power, raid",
			    what);
	if (!name || !name[0])
		return fail(err, ERR_INVALID, "Schema error for %s: the name of a step is not a text", what);
	if (!json_is_object(json_object_get(step, "args")))
		return fail(err, ERR_INVALID, "Schema error for %s: args of step %s is not of type 'object'",
			    what, name);
	if (!is_rank(json_object_get(step, rank)))
		return fail(err, ERR_INVALID, "Schema error for %s: %s of step %s is not a number from 0",
			    what, rank, name);
	return 0;
}

static bool is_same(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "interface"), json_object_get(b, "interface")) &&
	       json_equal(json_object_get(a, "step"), json_object_get(b, "step"));
}

int step_check_list(const json_t *steps, const char *what, const char *rank, struct error *err)
{
	if (!json_is_array(steps) || json_array_size(steps) == 0)
		return fail(err, ERR_INVALID, "Schema error for %s: steps is not a list of at least one step",
			    what);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		int rc = check_step(step, what, rank, err);

		if (rc < 0)
			return rc;
		for (size_t j = 0; j < i; j++) {
			if (is_same(step, json_array_get(steps, j)))
				return fail(err, ERR_INVALID, "Duplicate step %s of interface %s in %s",
					    json_string_value(json_object_get(step, "step")),
					    json_string_value(json_object_get(step, "interface")), what);
		}
	}
	return 0;
}
