#include "api/step.h"

#include <stdbool.h>
#include <string.h>

#define STEP_MEMBERS 4

static bool is_interface(const char *name)
{
	static const char *const interfaces[] = {
		"bios", "deploy", "firmware", "management", "power", "raid", "vendor"
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
	const json_t *args = json_object_get(step, "args");
	bool has_default_args = strcmp(rank, "order") == 0; /* of runbooks */
	size_t known = 0;

	if (!json_is_object(step))
		return fail(err, ERR_INVALID, "Schema error for %s: a step is not of type 'object'", what);
	for (size_t i = 0; i < STEP_MEMBERS; i++) {
		bool is_there = json_object_get(step, names[i]) != NULL;

		if (!is_there && !(has_default_args && strcmp(names[i], "args") == 0))
			return fail(err, ERR_INVALID, "Schema error for %s: '%s' is a required property",
				    what, names[i]);
		known += is_there;
	}
	if (json_object_size(step) > known)
		return fail(err, ERR_INVALID,
			    "Schema error for %s: a step has only interface, step, args and %s", what, rank);
	if (!is_interface(json_string_value(json_object_get(step, "interface"))))
		return fail(err, ERR_INVALID,
			    "Schema error for %s: the interface of a step is not one of "
			    "bios, deploy, firmware, management, power, raid, vendor",
			    what);
	if (!name || !name[0])
		return fail(err, ERR_INVALID, "Schema error for %s: the name of a step is not a text", what);
	if (args && !json_is_object(args))
		return fail(err, ERR_INVALID, "Schema error for %s: args of step %s is not of type 'object'",
			    what, name);
	if (!is_rank(json_object_get(step, rank)))
		return fail(err, ERR_INVALID, "Schema error for %s: %s of step %s is not a number from 0",
			    what, rank, name);
	return 0;
}

/* Notes the step in `seen`, whose members are "interface.step"; refuses one that is there. */
static int check_first(json_t *seen, const json_t *step, const char *what, struct error *err)
{
	const char *interface = json_string_value(json_object_get(step, "interface"));
	const char *name = json_string_value(json_object_get(step, "step"));
	json_auto_t *key = json_sprintf("%s.%s", interface, name);

	if (json_object_get(seen, json_string_value(key)))
		return fail(err, ERR_INVALID, "Duplicate step %s of interface %s in %s", name, interface,
			    what);
	json_object_set_new(seen, json_string_value(key), json_true());
	return 0;
}

int step_check_list(const json_t *steps, const char *what, const char *rank, struct error *err)
{
	json_auto_t *seen = json_object();
	int rc = 0;

	if (!json_is_array(steps))
		return fail(err, ERR_INVALID, "Schema error for %s: steps is not of type 'array'", what);
	if (json_array_size(steps) == 0)
		return fail(err, ERR_INVALID, "Schema error for %s: steps: [] is too short", what);
	for (size_t i = 0; rc == 0 && i < json_array_size(steps); i++) {
		rc = check_step(json_array_get(steps, i), what, rank, err);
		if (rc == 0)
			rc = check_first(seen, json_array_get(steps, i), what, err);
	}
	return rc;
}
